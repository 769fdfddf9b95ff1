use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dostyq_speech::{LangChoice, RoomId};
use serde::Deserialize;

use super::room_files::no_such_room;
use super::{Hall, Shared, Site};

/// What an operator says about the language spoken.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LanguageOrder {
    language: LangChoice,
}

#[expect(clippy::result_large_err, reason = "the refusal is sent at once")]
/// The room that an operator gives orders to; without the operator's key, or without such a room, the refusal.
pub(super) fn commanded<'a>(site: &'a Site, headers: &HeaderMap, room: &RoomId) -> Result<&'a Hall, Response> {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if !site.operator_key.opens(authorization) {
        let reason = "only the operator's link, which the server prints at its start, can do that";
        return Err((StatusCode::UNAUTHORIZED, reason).into_response());
    }
    site.halls.get(room).ok_or_else(|| no_such_room(room))
}

/// Sets the language that is spoken in a room: `kk`, `ru`, or `auto`. Wants the operator's key in the `Authorization`
/// header, which no other site can make a browser send.
pub(super) async fn language(
    Path(room): Path<RoomId>,
    State(site): Shared,
    headers: HeaderMap,
    order: Result<Json<LanguageOrder>, JsonRejection>,
) -> Response {
    let hall = match commanded(&site, &headers, &room) {
        Ok(hall) => hall,
        Err(refusal) => return refusal,
    };
    match order {
        Ok(Json(order)) => {
            hall.control.set_language(order.language);
            hall.status.set_language(order.language);
            tracing::info!("room {room}: the language spoken is now {}", order.language);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => (StatusCode::BAD_REQUEST, error.body_text()).into_response(),
    }
}
