//! What a room said before the part that a welcome brings: pages of its log, which never change.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dostyq_hub::wire::{WireEntry, WireEvent};
use dostyq_log::EventLog;
use dostyq_speech::{Lang, Offset, RoomId};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::Shared;
use super::room_files::no_such_room;

/// Events of a page. Page *n* holds the offsets 256 *n* + 1 to 256 (*n* + 1), so that all viewers ask for the same ones.
const PAGE: u64 = 256;
/// Pages that are read at once: more would only wait for the same disk.
static READERS: Semaphore = Semaphore::const_new(4);
/// How long a page may wait for its turn.
const TURN_WITHIN: Duration = Duration::from_secs(5);
/// A year: as good as for ever.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// The same in the caches of viewers alone, for a room that is not open to everyone.
const FOR_EVER_PRIVATELY: &str = "private, max-age=31536000, immutable";

#[derive(Debug, Deserialize)]
pub(super) struct Question {
    /// The page ends before this offset; without it, with the newest event.
    before: Option<u64>,
    /// The epoch that the offset belongs to.
    e: Option<String>,
    /// The languages wanted, with commas between.
    l: Option<String>,
}

/// A part of the log.
#[derive(Debug, PartialEq, Serialize)]
struct Page {
    /// The epoch.
    e: String,
    /// In order, without gaps.
    ev: Vec<WireEvent>,
    /// What to ask for next; absent at the beginning of the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<u64>,
}

/// A page and whether it stays as it is.
struct Answer {
    page: Page,
    is_settled: bool,
}

/// `GET …/history?before=OFFSET&e=EPOCH&l=kk,ru`.
pub(super) async fn history(
    Path(room): Path<RoomId>,
    State(site): Shared,
    headers: HeaderMap,
    asked: Result<Query<Question>, QueryRejection>,
) -> Response {
    let bad = |why: String| (StatusCode::BAD_REQUEST, why).into_response();
    let question = match asked {
        Ok(Query(question)) => question,
        Err(error) => return bad(error.body_text()),
    };
    let languages = match super::plain::languages(question.l.as_deref()) {
        Ok(languages) => languages,
        Err(why) => return bad(why),
    };
    if !site.hub.has_room(&room) {
        return no_such_room(&room);
    }
    let Ok(Ok(_turn)) = timeout(TURN_WITHIN, READERS.acquire()).await else {
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")], "too many ask for old captions: later")
            .into_response();
    };
    let takes_gzip = takes_gzip(&headers);
    let log = Arc::clone(&site.log);
    let for_ever = if site.access.is_closed(&room) { FOR_EVER_PRIVATELY } else { FOR_EVER };
    // Reading the log and packing it takes a disk and a processor: not on a socket's thread.
    let made = tokio::task::spawn_blocking(move || {
        let answer = page(log.as_ref(), &room, &question, &languages)?;
        answer.map(|answer| packed(&answer, takes_gzip)).transpose()
    });
    match made.await {
        Ok(Ok(Some((body, is_settled)))) => {
            let caching = if is_settled { for_ever } else { "no-store" };
            let kind = [
                (header::CONTENT_TYPE, "application/json"),
                (header::CACHE_CONTROL, caching),
                (header::VARY, "accept-encoding"),
            ];
            let mut response = (kind, body).into_response();
            if takes_gzip {
                response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            }
            response
        }
        Ok(Ok(None)) => (StatusCode::GONE, "that log was lost or replaced: say hello again").into_response(),
        Ok(Err(error)) => {
            tracing::error!("a page of old captions cannot be read: {error:#}");
            (StatusCode::INTERNAL_SERVER_ERROR, "the log cannot be read now").into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let lists = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip")) && parts.all(|part| part != "q=0")
    })
}

/// None when the question is about another epoch.
fn page(log: &dyn EventLog, room: &RoomId, question: &Question, languages: &[Lang]) -> anyhow::Result<Option<Answer>> {
    let head = log.open(room)?;
    let epoch = head.epoch.to_string();
    if question.e.as_ref().is_some_and(|asked| *asked != epoch) {
        return Ok(None);
    }
    let newest = head.top.0 + 1;
    let before = question.before.unwrap_or(newest).clamp(1, newest);
    // The offset before the first one of the page.
    let start = before.saturating_sub(2) / PAGE * PAGE;
    let events = log.read(room, Offset(start), (before - 1 - start) as usize)?;
    let ev = events.iter().map(|event| seen(WireEvent::from(event), languages)).collect();
    let is_settled = question.e.is_some() && question.before == Some(before);
    let page = Page { e: epoch, ev, before: (start > 0).then_some(start + 1) };
    Ok(Some(Answer { page, is_settled }))
}

fn seen(event: WireEvent, languages: &[Lang]) -> WireEvent {
    match &event.entry {
        WireEntry::Final(line) if !languages.contains(&line.lang) => WireEvent { entry: WireEntry::Skip, ..event },
        _ => event,
    }
}

fn packed(answer: &Answer, as_gzip: bool) -> anyhow::Result<(Vec<u8>, bool)> {
    let text = serde_json::to_vec(&answer.page)?;
    if !as_gzip {
        return Ok((text, answer.is_settled));
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&text)?;
    Ok((encoder.finish()?, answer.is_settled))
}

#[cfg(test)]
mod tests {
    use dostyq_log::SqliteLog;
    use dostyq_speech::{Entry, Marker, SampleTime};

    use super::*;

    #[test]
    fn pages_follow_one_another_to_the_beginning_and_stay() {
        let folder = tempfile::tempdir().expect("a folder");
        let log = SqliteLog::open_file(folder.path().join("log.db")).expect("a log");
        let room: RoomId = "demo".parse().expect("a room");
        let epoch = log.open(&room).expect("a room").epoch.to_string();
        let entry = Entry::Marker { at: SampleTime::ZERO, marker: Marker::Looped };
        let check = |before, e: Option<&str>, expect: Option<(std::ops::Range<u64>, Option<u64>, bool)>| {
            let question = Question { before, e: e.map(str::to_owned), l: None };
            let answer = page(&log, &room, &question, &Lang::ALL).expect("the log is read");
            let seen = answer.map(|Answer { page, is_settled }| {
                assert_eq!(page.e, epoch);
                (page.ev.iter().map(|event| event.offset.0).collect::<Vec<_>>(), page.before, is_settled)
            });
            let expect = expect.map(|(offsets, before, is_settled)| (offsets.collect(), before, is_settled));
            assert_eq!(seen, expect, "before {before:?}");
        };
        check(None, None, Some((1..1, None, false)));
        for _ in 0..PAGE + 4 {
            log.append(&room, &entry).expect("the log takes it");
        }
        let same = Some(epoch.as_str());
        check(None, None, Some((257..261, Some(257), false)));
        check(Some(257), None, Some((1..257, None, false)));
        check(Some(257), same, Some((1..257, None, true)));
        check(Some(261), same, Some((257..261, Some(257), true)));
        check(Some(262), same, Some((257..261, Some(257), false)));
        check(Some(u64::MAX), same, Some((257..261, Some(257), false)));
        check(Some(258), same, Some((257..258, Some(257), true)));
        check(Some(3), same, Some((1..3, None, true)));
        check(Some(1), same, Some((1..1, None, true)));
        check(Some(0), same, Some((1..1, None, false)));
        check(Some(3), Some("another"), None);
    }
}
