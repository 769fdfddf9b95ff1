//! HTTP: pages, the list of rooms, the socket of a viewer, exports. Inference never runs here.

mod control;
mod history;
mod pages;
mod plain;
mod prepared;
mod room_files;
mod socket;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router, middleware};
use dostyq_hub::Hub;
use dostyq_log::EventLog;
use dostyq_speech::RoomId;
use tokio::net::{TcpListener, TcpSocket};

use crate::Stop;
use crate::operator_key::OperatorKey;
use crate::pipeline::RoomControl;
use crate::prompter::Prompter;
use crate::status::RoomStatus;

/// What the pages are made of.
pub(crate) struct Site {
    pub(crate) hub: Hub,
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) halls: BTreeMap<RoomId, Hall>,
    pub(crate) operator_key: OperatorKey,
    /// The address that phones reach, without a slash at the end.
    pub(crate) base: String,
}

/// A room that runs, to those who look after it.
pub(crate) struct Hall {
    pub(crate) status: Arc<RoomStatus>,
    pub(crate) control: RoomControl,
    pub(crate) prompter: Arc<Prompter>,
}

type Shared = State<Arc<Site>>;

/// Nothing but what this server itself serves may be loaded, run or connected to.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; \
    img-src 'self' data:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'self'";

/// Serves until the stop flag is raised; the sockets of viewers are the hub's to close.
pub(crate) async fn serve(listener: TcpListener, site: Site, stop: Stop) {
    let router = router(Arc::new(site));
    let stopped = async move {
        // A flag that is looked at needs no runtime on the threads that raise it.
        while !stop.is_raised() {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stopped).await {
        tracing::error!("the web server stopped: {error}");
    }
}

fn router(site: Arc<Site>) -> Router {
    Router::new()
        .route("/", get(pages::index))
        .route("/operator", get(pages::operator))
        .route("/r/{room}", get(pages::phone))
        .route("/r/{room}/screen", get(pages::screen))
        .route("/r/{room}/qr.svg", get(room_files::qr))
        .route("/assets/{*path}", get(pages::asset))
        .route("/api/v1/rooms", get(rooms))
        .route("/api/v1/rooms/{room}/ws", get(socket::upgrade))
        .route("/api/v1/rooms/{room}/sse", get(plain::events))
        .route("/api/v1/rooms/{room}/poll", get(plain::poll))
        .route("/api/v1/rooms/{room}/history", get(history::history))
        .route("/api/v1/rooms/{room}/status", get(room_files::status))
        .route("/api/v1/rooms/{room}/language", put(control::language))
        .route(
            "/api/v1/rooms/{room}/prepared",
            get(prepared::show)
                .put(prepared::load)
                .delete(prepared::unload)
                .layer(DefaultBodyLimit::max(prepared::MOST_BYTES)),
        )
        .route(
            "/api/v1/rooms/{room}/prepared/read",
            post(prepared::read).layer(DefaultBodyLimit::max(prepared::MOST_BYTES)),
        )
        .route("/api/v1/rooms/{room}/prepared/choice", put(prepared::choose))
        .route("/api/v1/rooms/{room}/export/{file}", get(room_files::export))
        .fallback(pages::not_found)
        .layer(middleware::map_response(with_security_headers))
        .with_state(site)
}

async fn rooms(State(site): Shared) -> Response {
    // A machine of a cluster that does not know its rooms yet must not say that there are none.
    if !site.hub.is_door_open() {
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "2")], "the rooms are not known yet")
            .into_response();
    }
    ([(header::CACHE_CONTROL, "no-store")], Json(site.hub.rooms())).into_response()
}

async fn with_security_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// Connections that may wait to be taken: a hall that comes back at once after a restart is one burst.
const BACKLOG: u32 = 4096;

/// Listens on a port for many viewers. Must be called within a runtime.
pub(crate) fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // As TcpListener::bind does: a restart need not wait for the connections of the run before.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Why a port cannot be had, with what to do about it.
pub(crate) fn cannot_listen(address: SocketAddr, error: &std::io::Error) -> String {
    let remedy = match error.kind() {
        std::io::ErrorKind::AddrInUse => "another program uses the port: stop it or set server.listen to another",
        std::io::ErrorKind::PermissionDenied => "this user may not use the port: set server.listen to one from 1024 on",
        std::io::ErrorKind::AddrNotAvailable => {
            "this machine does not have the address: set server.listen to 0.0.0.0:8080"
        }
        _ => "set server.listen to another address",
    };
    format!("cannot listen on {address} ({error}); {remedy}")
}

#[cfg(test)]
mod tests;
