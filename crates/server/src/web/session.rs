//! Signing in and out: a token becomes a cookie, and the code of a room as well.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use dostyq_speech::RoomId;
use serde::{Deserialize, Serialize};

use super::client::Client;
use super::guesses::Guesses;
use super::room_files::no_such_room;
use super::{Shared, Site, cookies};
use crate::access::{Principal, Role, SESSION_SECS};

/// How long a browser need not say a room's code again.
const CODE_SECS: i64 = 30 * 24 * 3600;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Login {
    token: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SaidCode {
    code: String,
}

/// What a page may know of who it is shown to.
#[derive(Debug, Serialize)]
struct Session {
    /// Absent when nobody is signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Role>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Absent for all rooms.
    #[serde(skip_serializing_if = "Option::is_none")]
    rooms: Option<Vec<RoomId>>,
    /// The SHA-256 of the server's certificate, to compare with what the browser shows; absent without TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
}

fn session(site: &Site, who: Option<&Principal>) -> Response {
    let encryption = site.guards.encryption.as_ref();
    let session = Session {
        role: who.map(|who| who.role),
        name: who.map(|who| who.name.clone()),
        rooms: who.and_then(|who| who.rooms.clone()),
        fingerprint: encryption.map(|encryption| encryption.current().fingerprint()),
    };
    ([(header::CACHE_CONTROL, "no-store")], Json(session)).into_response()
}

/// `GET /api/v1/session`.
pub(super) async fn show(State(site): Shared, who: Option<Extension<Principal>>) -> Response {
    session(&site, who.as_deref())
}

/// `POST /api/v1/login`: a token, of any role, becomes a session.
pub(super) async fn login(
    State(site): Shared,
    Extension(client): Extension<Client>,
    said: Result<Json<Login>, JsonRejection>,
) -> Response {
    let guesses = &site.guards.tokens;
    if !guesses.may_try(client.address, Instant::now()) {
        return too_often(&site);
    }
    let token = match said {
        Ok(Json(Login { token })) => token,
        // What the body holds is not repeated: it may be most of a token.
        Err(_) => return (StatusCode::BAD_REQUEST, "write {\"token\": \"…\"}").into_response(),
    };
    let own = Arc::clone(&site);
    let begun = tokio::task::spawn_blocking(move || {
        let store = &own.access.store;
        let Some(who) = store.by_token(token.trim())? else { return anyhow::Ok(None) };
        Ok(Some((store.begin_session(&who.token)?, who)))
    });
    match begun.await {
        Ok(Ok(Some((secret, who)))) => {
            tracing::info!("token {} signs in from {}", who.token, client.address);
            let cookie = cookies::given(cookies::session(client), secret.reveal(), SESSION_SECS, client);
            with_cookie(session(&site, Some(&who)), cookie)
        }
        Ok(Ok(None)) => wrong(&site, guesses, client, "this token opens nothing: it is mistyped, over or revoked"),
        Ok(Err(error)) => {
            tracing::error!("nobody can sign in: {error:#}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// `POST /api/v1/logout`.
pub(super) async fn logout(State(site): Shared, Extension(client): Extension<Client>, headers: HeaderMap) -> Response {
    let name = cookies::session(client);
    if let Some(secret) = cookies::find(&headers, name).map(str::to_owned) {
        let ended = tokio::task::spawn_blocking(move || site.access.store.end_session(&secret)).await;
        if !matches!(ended, Ok(Ok(()))) {
            return (StatusCode::INTERNAL_SERVER_ERROR, "the session cannot be ended now").into_response();
        }
    }
    with_cookie(StatusCode::NO_CONTENT.into_response(), cookies::given(name, "", 0, client))
}

/// `POST /api/v1/rooms/ROOM/code`: who says the code of a room is let in, with this browser, for a month.
pub(super) async fn code(
    Path(room): Path<RoomId>,
    State(site): Shared,
    Extension(client): Extension<Client>,
    said: Result<Json<SaidCode>, JsonRejection>,
) -> Response {
    if !site.hub.has_room(&room) {
        return no_such_room(&room);
    }
    if !site.access.is_closed(&room) {
        return StatusCode::NO_CONTENT.into_response();
    }
    let guesses = &site.guards.codes;
    if !guesses.may_try(client.address, Instant::now()) {
        return too_often(&site);
    }
    let Ok(Json(SaidCode { code })) = said else {
        return (StatusCode::BAD_REQUEST, "write {\"code\": \"…\"}").into_response();
    };
    match site.access.stamp(&room, &code) {
        Some(stamp) => {
            let cookie = cookies::given(&cookies::of_room(&room, client), &stamp, CODE_SECS, client);
            with_cookie(StatusCode::NO_CONTENT.into_response(), cookie)
        }
        None => wrong(&site, guesses, client, "this is not the code of the room"),
    }
}

fn wrong(site: &Site, guesses: &Guesses, client: Client, words: &'static str) -> Response {
    guesses.was_wrong(client.address, Instant::now());
    site.guards.refusals.guesses.add();
    (StatusCode::UNAUTHORIZED, words).into_response()
}

fn too_often(site: &Site) -> Response {
    site.guards.refusals.guesses.add();
    let wait = [(header::RETRY_AFTER, "10")];
    (StatusCode::TOO_MANY_REQUESTS, wait, "too many wrong tries from here: wait a little").into_response()
}

fn with_cookie(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    let Some(cookie) = cookie else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}
