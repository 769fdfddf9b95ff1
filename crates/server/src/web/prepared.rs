//! The operator loads a prepared speech, looks at its pairs, puts it to use, and says who writes the captions.
//!
//! Every call is for operators alone, also those that read: a speech is nobody's business before it is held.

use std::sync::Arc;

use axum::Json;
use axum::extract::multipart::{Multipart, MultipartRejection};
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use dostyq_prepared::{CheckView, Choice, PreparedSpeech};
use dostyq_speech::RoomId;
use serde::Deserialize;

use super::Shared;
use super::control::commanded;

/// Bytes of both files together, at the most (16 MiB and what surrounds them).
pub(super) const MOST_BYTES: usize = (16 << 20) + (64 << 10);

/// What an operator says about who writes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChoiceOrder {
    choice: Choice,
}

/// The speech that is loaded, as pairs; 204 where there is none.
pub(super) async fn show(Path(room): Path<RoomId>, State(site): Shared) -> Response {
    match commanded(&site, &room) {
        Ok(hall) => hall
            .prompter
            .speech()
            .map_or_else(|| StatusCode::NO_CONTENT.into_response(), |speech| Json(speech.check()).into_response()),
        Err(refusal) => refusal,
    }
}

/// Reads the files `kk` and `ru` of a form, or one of them, and shows their pairs. Nothing is put to use.
pub(super) async fn read(
    Path(room): Path<RoomId>,
    State(site): Shared,
    form: Result<Multipart, MultipartRejection>,
) -> Response {
    if let Err(refusal) = commanded(&site, &room) {
        return refusal;
    }
    let files = match form {
        Ok(form) => files(form).await,
        Err(error) => Err(error.body_text()),
    };
    let (kk, ru) = match files {
        Ok(files) => files,
        Err(reason) => return (StatusCode::BAD_REQUEST, reason).into_response(),
    };
    let pairing = move || PreparedSpeech::of_files(borrowed(kk.as_ref()), borrowed(ru.as_ref()));
    // A long speech takes a second to pair.
    match tokio::task::spawn_blocking(pairing).await {
        Ok(Ok(speech)) => Json(speech.check()).into_response(),
        Ok(Err(error)) => (StatusCode::UNPROCESSABLE_ENTITY, error.to_string()).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// Puts a speech to use, as it was checked and perhaps corrected; it takes the place of the one before, also on air.
pub(super) async fn load(
    Path(room): Path<RoomId>,
    State(site): Shared,
    view: Result<Json<CheckView>, JsonRejection>,
) -> Response {
    let view = match view {
        Ok(Json(view)) => view,
        Err(error) => return (StatusCode::BAD_REQUEST, error.body_text()).into_response(),
    };
    match PreparedSpeech::of_check(view) {
        Ok(speech) => replace(&site, &room, Some(speech)).await,
        Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, error.to_string()).into_response(),
    }
}

/// Takes the speech away; the machine writes.
pub(super) async fn unload(Path(room): Path<RoomId>, State(site): Shared) -> Response {
    replace(&site, &room, None).await
}

/// Says who writes: `auto`, `script` or `machine`.
pub(super) async fn choose(
    Path(room): Path<RoomId>,
    State(site): Shared,
    order: Result<Json<ChoiceOrder>, JsonRejection>,
) -> Response {
    match (commanded(&site, &room), order) {
        (Err(refusal), _) => refusal,
        (Ok(hall), Ok(Json(order))) => {
            hall.prompter.choose(order.choice);
            tracing::info!("room {room}: captions are written by {:?}", order.choice);
            StatusCode::NO_CONTENT.into_response()
        }
        (Ok(_), Err(error)) => (StatusCode::BAD_REQUEST, error.body_text()).into_response(),
    }
}

async fn replace(site: &super::Site, room: &RoomId, speech: Option<PreparedSpeech>) -> Response {
    let prompter = match commanded(site, room) {
        Ok(hall) => Arc::clone(&hall.prompter),
        Err(refusal) => return refusal,
    };
    let pairs = speech.as_ref().map_or(0, |speech| speech.pairs().len());
    // It is kept on the disk.
    match tokio::task::spawn_blocking(move || prompter.load(speech)).await {
        Ok(Ok(())) => {
            tracing::info!("room {room}: a prepared speech of {pairs} pairs is loaded");
            StatusCode::NO_CONTENT.into_response()
        }
        Ok(Err(error)) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}")).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// A file with its name.
type File = (String, Vec<u8>);

fn borrowed(file: Option<&File>) -> Option<(&str, &[u8])> {
    file.map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
}

/// The files of a form.
async fn files(mut form: Multipart) -> Result<(Option<File>, Option<File>), String> {
    let (mut kk, mut ru) = (None, None);
    while let Some(field) = form.next_field().await.map_err(|error| error.body_text())? {
        let place = match field.name() {
            Some("kk") => &mut kk,
            Some("ru") => &mut ru,
            other => return Err(format!("the form has a field {other:?}: it takes the files kk and ru")),
        };
        let name = field.file_name().unwrap_or_default().to_owned();
        let bytes = field.bytes().await.map_err(|error| error.body_text())?;
        // What a browser sends of a file that was not chosen.
        if !name.is_empty() || !bytes.is_empty() {
            *place = Some((name, bytes.to_vec()));
        }
    }
    Ok((kk, ru))
}
