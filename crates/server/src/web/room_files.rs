use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use dostyq_speech::RoomId;
use qrcode::QrCode;
use qrcode::render::svg;

use super::Shared;
use crate::export;

/// The address of the phone page as a QR code.
pub(super) async fn qr(Path(room): Path<RoomId>, State(site): Shared) -> Response {
    if !site.hub.has_room(&room) {
        return no_such_room(&room);
    }
    match QrCode::new(format!("{}/r/{room}", site.base)) {
        Ok(code) => {
            let image = code.render::<svg::Color<'_>>().quiet_zone(true).min_dimensions(240, 240).build();
            ([(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "no-cache")], image).into_response()
        }
        Err(error) => {
            (StatusCode::INTERNAL_SERVER_ERROR, format!("no QR code can hold the address: {error}")).into_response()
        }
    }
}

/// How the room is doing, for the operator's page.
pub(super) async fn status(Path(room): Path<RoomId>, State(site): Shared) -> Response {
    match site.halls.get(&room) {
        Some(hall) => ([(header::CACHE_CONTROL, "no-store")], Json(hall.status.snapshot())).into_response(),
        None => no_such_room(&room),
    }
}

/// The captions so far as a file: `kk.srt`, `ru.srt`, `bilingual.srt`, the same as `.vtt`.
pub(super) async fn export(Path((room, file)): Path<(RoomId, String)>, State(site): Shared) -> Response {
    if !site.hub.has_room(&room) {
        return no_such_room(&room);
    }
    let log = std::sync::Arc::clone(&site.log);
    let name = room.clone();
    // Reading the log and laying it out takes a disk and a processor: not on a socket's thread.
    let written = tokio::task::spawn_blocking(move || export::one(log.as_ref(), &name, &file)).await;
    match written {
        Ok(Ok(Some((kind, text)))) => {
            ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")], text).into_response()
        }
        Ok(Ok(None)) => {
            (StatusCode::NOT_FOUND, "there are kk, ru and bilingual, each as .srt and .vtt").into_response()
        }
        Ok(Err(error)) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}")).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

pub(super) fn no_such_room(room: &RoomId) -> Response {
    (StatusCode::NOT_FOUND, format!("there is no room \"{room}\"; the rooms are at /")).into_response()
}
