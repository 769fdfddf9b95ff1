//! HTTP: pages, the list of rooms, the socket of a viewer, exports. Inference never runs here.

mod access;
mod client;
mod control;
mod cookies;
mod door;
mod guards;
mod guesses;
mod history;
mod origin;
mod pages;
mod plain;
mod prepared;
mod refusals;
mod room_files;
mod routes;
mod session;
mod socket;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dostyq_hub::Hub;
use dostyq_log::EventLog;
use dostyq_speech::RoomId;
use tokio::net::{TcpListener, TcpSocket};

pub(crate) use self::guards::Guards;
use crate::access::Access;
use crate::pipeline::RoomControl;
use crate::prompter::Prompter;
use crate::status::RoomStatus;
use crate::{Stop, open_files};

/// What the pages are made of.
pub(crate) struct Site {
    pub(crate) hub: Hub,
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) halls: BTreeMap<RoomId, Hall>,
    pub(crate) access: Access,
    pub(crate) guards: Guards,
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

/// Headers of every answer, besides those of HTTP itself.
const SECURITY_HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=(), screen-wake-lock=(self)",
    ),
];

/// Serves until the stop flag is raised; the sockets of viewers are the hub's to close.
pub(crate) async fn serve(listener: TcpListener, site: Site, stop: Stop) {
    open_files::allow_or_warn(site.guards.web.max_viewers);
    serve_site(listener, Arc::new(site), stop).await;
}

async fn serve_site(listener: TcpListener, site: Arc<Site>, stop: Stop) {
    let door = site.guards.door(routes::router(&site));
    let keeping =
        site.guards.encryption.as_ref().map(|encryption| tokio::spawn(Arc::clone(encryption.current()).keep()));
    tokio::select! {
        () = door.open(listener, stop) => {}
        () = site.guards.refusals.tell(&site.hub) => {}
    }
    if let Some(keeping) = keeping {
        keeping.abort();
    }
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
    for (name, value) in SECURITY_HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
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
