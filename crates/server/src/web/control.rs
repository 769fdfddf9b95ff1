use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use dostyq_speech::{LangChoice, RoomId};
use serde::Deserialize;

use super::room_files::no_such_room;
use super::{Hall, Shared, Site};
use crate::access::Principal;

/// What an operator says about the language spoken.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LanguageOrder {
    language: LangChoice,
}

/// The room that an operator gives orders to; without such a room, the refusal.
#[expect(clippy::result_large_err, reason = "the refusal is sent at once")]
pub(super) fn commanded<'a>(site: &'a Site, room: &RoomId) -> Result<&'a Hall, Response> {
    site.halls.get(room).ok_or_else(|| no_such_room(room))
}

/// Sets the language that is spoken in a room: `kk`, `ru`, or `auto`.
pub(super) async fn language(
    Path(room): Path<RoomId>,
    State(site): Shared,
    Extension(who): Extension<Principal>,
    order: Result<Json<LanguageOrder>, JsonRejection>,
) -> Response {
    let hall = match commanded(&site, &room) {
        Ok(hall) => hall,
        Err(refusal) => return refusal,
    };
    match order {
        Ok(Json(order)) => {
            hall.control.set_language(order.language);
            hall.status.set_language(order.language);
            tracing::info!("room {room}: the language spoken is now {}, says token {}", order.language, who.token);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => (StatusCode::BAD_REQUEST, error.body_text()).into_response(),
    }
}
