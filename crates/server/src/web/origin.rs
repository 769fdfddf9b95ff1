//! Whether a page of this server, or of one that is named in the configuration, makes the browser ask.

use axum::http::{HeaderMap, HeaderValue, header};

use super::Site;

/// Programs send no `Origin`; browsers do with every WebSocket and every order.
pub(super) fn is_welcome(headers: &HeaderMap, site: &Site) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    let own = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let is_own = origin.split_once("://").is_some_and(|(_, host)| own == Some(host));
    is_own || origin == site.base || site.guards.web.origins.iter().any(|named| named == origin)
}

/// Whether a request with a session's cookie was meant: forms and pictures of other sites cannot set this header, and
/// cannot pretend to be of the same origin.
pub(super) fn is_deliberate(headers: &HeaderMap) -> bool {
    headers.contains_key("x-dostyq") || headers.get("sec-fetch-site") == Some(&HeaderValue::from_static("same-origin"))
}
