use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dostyq_hub::{Hub, serve_tcp_viewer, serve_viewer, websocket_config};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto::upgrade::{Parts, downcast};
use socket2::SockRef;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::Shared;

/// What the system may hold for a viewer: some hundred lines. It is told half of what it takes, which includes its own
/// bookkeeping.
const SEND_BYTES: usize = 32 * 1024;
/// How long a viewer's machine may leave data unacknowledged before its connection is given up.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: std::time::Duration = std::time::Duration::from_secs(25);

/// The handshake of RFC 6455, section 4.2, by hand: axum's own brings an older tungstenite than the hub speaks.
pub(super) async fn upgrade(Path(room): Path<String>, State(site): Shared, mut request: Request) -> Response {
    let headers = request.headers();
    let key = match handshake(headers) {
        Ok(key) => key,
        Err(refusal) => return refusal.into_response(),
    };
    let Some(upgrade) = request.extensions_mut().remove::<OnUpgrade>() else {
        return (StatusCode::UPGRADE_REQUIRED, "this address is for WebSockets").into_response();
    };
    tokio::spawn(async move {
        match upgrade.await {
            Ok(upgraded) => serve(&site.hub, &room, upgraded).await,
            Err(error) => tracing::debug!("a viewer left during the handshake: {error}"),
        }
    });
    let answer = [
        (header::CONNECTION, HeaderValue::from_static("Upgrade")),
        (header::UPGRADE, HeaderValue::from_static("websocket")),
        (header::SEC_WEBSOCKET_ACCEPT, key),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, answer).into_response()
}

async fn serve(hub: &Hub, room: &str, upgraded: Upgraded) {
    match downcast::<TokioIo<TcpStream>>(upgraded) {
        Ok(Parts { io, read_buf, .. }) => {
            let stream = io.into_inner();
            if let Err(error) = tune(&stream) {
                tracing::debug!("a viewer's socket keeps the system's settings: {error}");
            }
            serve_tcp_viewer(hub, room, stream, read_buf).await;
        }
        // What is no plain connection keeps hyper's wrapping. Boxed, so that the others do not carry its size.
        Err(upgraded) => Box::pin(serve_wrapped(hub, room, TokioIo::new(upgraded))).await,
    }
}

async fn serve_wrapped(hub: &Hub, room: &str, stream: TokioIo<Upgraded>) {
    let socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(websocket_config())).await;
    serve_viewer(hub, room, socket).await;
}

/// Sets a viewer's connection up: lines go out as they come instead of waiting for the acknowledgement of the ones
/// before; what waits in the system for a viewer that does not read is bounded, and one that vanished is noticed.
fn tune(stream: &TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    socket.set_send_buffer_size(SEND_BYTES)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED))?;
    Ok(())
}

/// Checks a handshake; returns the accept key.
fn handshake(headers: &HeaderMap) -> Result<HeaderValue, (StatusCode, &'static str)> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or_default();
    let has_token = |name, token: &str| text(name).split(',').any(|part| part.trim().eq_ignore_ascii_case(token));
    if !has_token(header::CONNECTION, "upgrade") || !has_token(header::UPGRADE, "websocket") {
        return Err((StatusCode::UPGRADE_REQUIRED, "this address is for WebSockets"));
    }
    if text(header::SEC_WEBSOCKET_VERSION) != "13" {
        return Err((StatusCode::BAD_REQUEST, "only version 13 of WebSocket is spoken here"));
    }
    // A page of another site may not read a hall's captions through a visitor's browser.
    let origin = text(header::ORIGIN);
    let origin_host = origin.split_once("://").map(|(_, host)| host);
    if !origin.is_empty() && origin_host != Some(text(header::HOST)) {
        return Err((StatusCode::FORBIDDEN, "captions are for pages of this server alone"));
    }
    let key =
        headers.get(header::SEC_WEBSOCKET_KEY).ok_or((StatusCode::BAD_REQUEST, "the WebSocket key is missing"))?;
    HeaderValue::from_str(&derive_accept_key(key.as_bytes()))
        .map_err(|_| (StatusCode::BAD_REQUEST, "the WebSocket key makes no sense"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(change: impl FnOnce(&mut HeaderMap), expect: Result<&'static str, StatusCode>) {
        let mut headers = HeaderMap::new();
        let pairs = [
            ("host", "hall.example:8080"),
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        for (name, value) in pairs {
            headers.insert(name, HeaderValue::from_static(value));
        }
        change(&mut headers);
        let answer = handshake(&headers).map_err(|(status, _)| status);
        assert_eq!(answer, expect.map(HeaderValue::from_static));
    }

    #[test]
    fn the_example_of_the_rfc_is_answered_as_there() {
        check(|_| (), Ok("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    }

    #[test]
    fn what_is_no_handshake_from_here_is_refused() {
        let set =
            |name: &'static str, value| move |h: &mut HeaderMap| drop(h.insert(name, HeaderValue::from_static(value)));
        check(set("origin", "http://hall.example:8080"), Ok("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        check(set("origin", "http://elsewhere.example"), Err(StatusCode::FORBIDDEN));
        check(set("origin", "null"), Err(StatusCode::FORBIDDEN));
        check(set("upgrade", "h2c"), Err(StatusCode::UPGRADE_REQUIRED));
        check(set("sec-websocket-version", "8"), Err(StatusCode::BAD_REQUEST));
        check(|h| drop(h.remove("sec-websocket-key")), Err(StatusCode::BAD_REQUEST));
    }
}
