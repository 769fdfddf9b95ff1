use std::sync::Arc;
use std::time::Instant;

use axum::Extension;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dostyq_hub::wire::CloseCode;
use dostyq_hub::{refuse_viewer, serve_tcp_viewer, serve_viewer, websocket_config};
use hyper::upgrade::{OnUpgrade, Parts};
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::client::Client;
use super::door::stream::{Entered, Stream};
use super::{Shared, Site, origin};

/// What the system may hold for a viewer: some hundred lines. It is told half of what it takes, which includes its own
/// bookkeeping.
const SEND_BYTES: usize = 32 * 1024;
/// How long a viewer's machine may leave data unacknowledged before its connection is given up.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: std::time::Duration = std::time::Duration::from_secs(25);

/// The handshake of RFC 6455, section 4.2, by hand: axum's own brings an older tungstenite than the hub speaks.
pub(super) async fn upgrade(
    Path(room): Path<String>,
    State(site): Shared,
    Extension(client): Extension<Client>,
    request: Request,
) -> Response {
    if !origin::is_welcome(request.headers(), &site) {
        site.guards.refusals.origins.add();
        // A page of another site may not read a hall's captions through a visitor's browser.
        return (StatusCode::FORBIDDEN, "captions are for pages of this server alone: see web.origins").into_response();
    }
    // Behind a proxy all viewers share its connections' address; here it is known for whom it speaks.
    let place = client.is_proxied.then(|| site.guards.addresses.enter(client.address, Instant::now()));
    if let Some(None) = place {
        site.guards.refusals.sockets.add();
        return turn_away(site, request, CloseCode::Busy);
    }
    take_over(request, move |Entered { stream, place: own }, read| async move {
        let _places = (place, own);
        match stream {
            Stream::Plain(stream) => {
                tune(&stream);
                serve_tcp_viewer(&site.hub, &room, stream, read).await;
            }
            // Boxed, so that the plain ones do not carry its size.
            Stream::Tls(stream) => {
                tune(stream.get_ref().0);
                let serving = async { serve_viewer(&site.hub, &room, web_socket(stream, read).await).await };
                Box::pin(serving).await;
            }
        }
    })
}

/// Whether somebody wants to speak WebSocket.
pub(super) fn is_handshake(headers: &HeaderMap) -> bool {
    handshake(headers).is_ok()
}

/// Says why with a code of the WebSocket, which a browser can read.
pub(super) fn turn_away(site: Arc<Site>, request: Request, code: CloseCode) -> Response {
    take_over(request, move |Entered { stream, .. }, read| async move {
        match stream {
            Stream::Plain(stream) => refuse_viewer(&site.hub, code, web_socket(stream, read).await).await,
            Stream::Tls(stream) => refuse_viewer(&site.hub, code, web_socket(stream, read).await).await,
        }
    })
}

/// Answers a handshake, and does `then` with the connection and what was read of it beyond the handshake.
fn take_over<F, Work>(mut request: Request, then: F) -> Response
where
    F: FnOnce(Entered, Vec<u8>) -> Work + Send + 'static,
    Work: Future<Output = ()> + Send,
{
    let key = match handshake(request.headers()) {
        Ok(key) => key,
        Err(refusal) => return refusal.into_response(),
    };
    let Some(upgrade) = request.extensions_mut().remove::<OnUpgrade>() else {
        return (StatusCode::UPGRADE_REQUIRED, "this address is for WebSockets").into_response();
    };
    tokio::spawn(async move {
        let upgraded = match upgrade.await {
            Ok(upgraded) => upgraded,
            Err(error) => return tracing::debug!("a viewer left during the handshake: {error}"),
        };
        let (entered, read) = match upgraded.downcast::<TokioIo<Entered>>() {
            // The bytes are copied, since HTTP's whole buffer stays for as long as a part of it does.
            Ok(Parts { io, read_buf, .. }) => (io.into_inner(), read_buf.to_vec()),
            Err(_) => return tracing::error!("a connection did not come through the door"),
        };
        then(entered, read).await;
    });
    let answer = [
        (header::CONNECTION, HeaderValue::from_static("Upgrade")),
        (header::UPGRADE, HeaderValue::from_static("websocket")),
        (header::SEC_WEBSOCKET_ACCEPT, key),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, answer).into_response()
}

/// A WebSocket whose peer may have said something right behind its handshake. Boxed, so that a viewer does not carry what
/// only its beginning needs.
async fn web_socket<S: AsyncRead + AsyncWrite + Unpin>(stream: S, read: Vec<u8>) -> WebSocketStream<S> {
    Box::pin(WebSocketStream::from_partially_read(stream, read, Role::Server, Some(websocket_config()))).await
}

/// Sets a viewer's connection up: lines go out as they come instead of waiting for the acknowledgement of the ones
/// before; what waits in the system for a viewer that does not read is bounded, and one that vanished is noticed.
fn tune(stream: &TcpStream) {
    let socket = SockRef::from(stream);
    let tuned = socket.set_tcp_nodelay(true).and_then(|()| socket.set_send_buffer_size(SEND_BYTES));
    #[cfg(target_os = "linux")]
    let tuned = tuned.and_then(|()| socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED)));
    if let Err(error) = tuned {
        tracing::debug!("a viewer's socket keeps the system's settings: {error}");
    }
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
        check(set("upgrade", "h2c"), Err(StatusCode::UPGRADE_REQUIRED));
        check(set("sec-websocket-version", "8"), Err(StatusCode::BAD_REQUEST));
        check(|h| drop(h.remove("sec-websocket-key")), Err(StatusCode::BAD_REQUEST));
    }
}
