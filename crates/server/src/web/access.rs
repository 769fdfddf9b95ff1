//! Who may do what: every route has its row in `routes.rs`, and nothing is routed without one.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use dostyq_hub::wire::CloseCode;
use dostyq_speech::RoomId;

use super::client::Client;
use super::door::Peer;
use super::{Site, cookies, origin, socket};
use crate::access::{Principal, Role};

/// How long the body of an order may take: a prepared speech of 16 MB over a slow line.
const ORDER_WITHIN: Duration = Duration::from_secs(120);

/// What a route asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// Nothing.
    Nothing,
    /// That the room is open, or its code, or a token of any role for this room.
    Watching,
    /// That the room is open, or a token of an archivist or operator for this room.
    Taking,
    /// A token of an operator for this room.
    Directing,
}

/// What a row of the table guards.
#[derive(Clone)]
pub(super) struct Guarded {
    pub(super) site: Arc<Site>,
    pub(super) needs: Needs,
    /// Bytes that the body of an order may have.
    pub(super) order_bytes: usize,
}

/// Lets a request pass to its handler, with the [`Client`] and, if it is somebody's, the [`Principal`] in its extensions.
pub(super) async fn check(
    State(Guarded { site, needs, order_bytes }): State<Guarded>,
    params: Result<RawPathParams, RawPathParamsRejection>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(peer) = request.extensions().get::<Peer>().copied() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let client = Client::of(peer, request.headers(), &site.guards.web.trusted_proxies);
    let is_order = !matches!(*request.method(), Method::GET | Method::HEAD);
    if is_order && !origin::is_welcome(request.headers(), &site) {
        site.guards.refusals.origins.add();
        return (StatusCode::FORBIDDEN, "orders are taken from pages of this server alone: see web.origins")
            .into_response();
    }
    // One that is announced need not be waited for.
    if announced(request.headers()).is_some_and(|length| length > order_bytes as u64) {
        site.guards.refusals.requests.add();
        return (StatusCode::PAYLOAD_TOO_LARGE, format!("at most {order_bytes} bytes are taken here")).into_response();
    }
    let (principal, is_by_cookie) = match identify(&site, request.headers(), client).await {
        Ok(identified) => identified,
        Err(trouble) => return trouble,
    };
    if is_order && is_by_cookie && !origin::is_deliberate(request.headers()) {
        site.guards.refusals.origins.add();
        let reason = "a browser that is signed in sends orders with the header X-Dostyq, which no other site can";
        return (StatusCode::FORBIDDEN, reason).into_response();
    }
    let room = room_of(params.as_ref().ok());
    let stamp = room.as_ref().and_then(|room| cookies::find(request.headers(), &cookies::of_room(room, client)));
    if !may(&site, needs, room.as_ref(), principal.as_ref(), stamp) {
        site.guards.refusals.access.add();
        // A browser can read the code of a WebSocket, but not the status of a handshake that was refused.
        if socket::is_handshake(request.headers()) {
            return socket::turn_away(site, request, CloseCode::NoAccess);
        }
        return refusal(needs, principal.is_some());
    }
    let extensions = request.extensions_mut();
    extensions.insert(client);
    if let Some(principal) = principal {
        extensions.insert(principal);
    }
    if !is_order {
        return next.run(request).await;
    }
    match tokio::time::timeout(ORDER_WITHIN, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            site.guards.refusals.requests.add();
            (StatusCode::REQUEST_TIMEOUT, "the order did not come whole within two minutes").into_response()
        }
    }
}

/// How long the body says that it is.
fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Who sends a request, and whether a cookie says so; the answer when that cannot be found out.
async fn identify(
    site: &Arc<Site>,
    headers: &HeaderMap,
    client: Client,
) -> Result<(Option<Principal>, bool), Response> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned);
    let cookie = cookies::find(headers, cookies::session(client)).map(str::to_owned);
    let is_by_cookie = bearer.is_none();
    let Some(secret) = bearer.or(cookie) else { return Ok((None, false)) };
    let site = Arc::clone(site);
    // The tokens are on a disk.
    let found = tokio::task::spawn_blocking(move || {
        let store = &site.access.store;
        if is_by_cookie { store.by_session(&secret) } else { store.by_token(&secret) }
    });
    match found.await {
        Ok(Ok(principal)) => Ok((principal, is_by_cookie)),
        Ok(Err(error)) => {
            tracing::error!("the tokens cannot be read: {error:#}");
            Err((StatusCode::INTERNAL_SERVER_ERROR, "the tokens cannot be read now").into_response())
        }
        Err(_) => Err(StatusCode::INTERNAL_SERVER_ERROR.into_response()),
    }
}

/// The room that the address names, if it names one as a room can be called; what does not is answered by the handler.
fn room_of(params: Option<&RawPathParams>) -> Option<RoomId> {
    params?.iter().find(|(name, _)| *name == "room").and_then(|(_, room)| room.parse().ok())
}

fn may(site: &Site, needs: Needs, room: Option<&RoomId>, who: Option<&Principal>, stamp: Option<&str>) -> bool {
    let who = who.filter(|who| room.is_none_or(|room| who.is_for(room)));
    let has_role = |roles: &[Role]| who.is_some_and(|who| roles.contains(&who.role));
    let is_open = room.is_none_or(|room| !site.access.is_closed(room));
    match needs {
        Needs::Nothing => true,
        Needs::Watching => {
            let is_stamped = room.zip(stamp).is_some_and(|(room, stamp)| site.access.is_stamp(room, stamp));
            is_open || who.is_some() || is_stamped
        }
        Needs::Taking => is_open || has_role(&[Role::Archivist, Role::Operator]),
        Needs::Directing => has_role(&[Role::Operator]),
    }
}

fn refusal(needs: Needs, is_known: bool) -> Response {
    let reason = match needs {
        Needs::Nothing | Needs::Watching => "this room asks for its code: open its page and say it",
        Needs::Taking => "only an archivist or an operator of this room can take its captions away",
        Needs::Directing => "only the operator's link, which the server prints at its start, can do that",
    };
    if is_known {
        (StatusCode::FORBIDDEN, reason).into_response()
    } else {
        (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer")], reason).into_response()
    }
}
