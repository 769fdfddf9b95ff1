//! What a port that is encrypted says to plain HTTP.

use axum::Router;
use axum::http::uri::{Authority, PathAndQuery};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

/// Sends everyone to the same address with `https`.
pub(super) fn router() -> Router {
    Router::new().fallback(elsewhere)
}

async fn elsewhere(uri: Uri, headers: HeaderMap) -> Response {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.and_then(|host| host.parse::<Authority>().ok());
    let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let words = "this port speaks HTTPS alone: begin the address with https://";
    match host {
        // Not for ever: the hall may do without encryption tomorrow.
        Some(host) => (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, format!("https://{host}{path}"))], words)
            .into_response(),
        None => (StatusCode::BAD_REQUEST, words).into_response(),
    }
}
