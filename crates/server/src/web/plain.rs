//! Captions without a WebSocket, for venues whose proxies block it: server-sent events, and long polling where even
//! those are held back. The same messages and offsets as over the WebSocket.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use dostyq_hub::wire::{CloseCode, Hello, PROTOCOL_VERSION};
use dostyq_hub::{Encoded, Follower};
use dostyq_speech::{Lang, Offset, RoomId};
use futures_util::{Stream, StreamExt, stream};
use serde::Deserialize;

use super::Shared;
use super::room_files::no_such_room;

/// How long a poll waits for news. Proxies give an answer at least half a minute.
const POLL_PATIENCE: Duration = Duration::from_secs(25);
/// Silence after which a comment is sent, so that proxies and phones know that the connection lives.
const KEEP_ALIVE: Duration = Duration::from_secs(25);
/// Seconds after which a viewer that is refused for now, or cut off, comes back; a random number below it is told.
const COME_BACK_SECS: u64 = 10;

/// What a hello says, as the query of an address.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Question {
    /// The languages wanted, with commas between.
    l: Option<String>,
    /// The epoch and the last offset that the viewer has.
    e: Option<String>,
    o: Option<u64>,
    /// The state of the open lines that it knows.
    n: Option<u64>,
    tail: Option<bool>,
    v: Option<u32>,
}

impl Question {
    fn hello(&self, headers: &HeaderMap) -> Result<Hello, String> {
        if self.v.is_some_and(|version| version != PROTOCOL_VERSION) {
            return Err(CloseCode::UnknownVersion.reason().to_owned());
        }
        // What a browser has seen of this stream is newer than the address with which it began.
        let last_seen = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.split_once(':'));
        let (epoch, offset) = match last_seen {
            Some((epoch, offset)) => (Some(epoch.to_owned()), offset.parse().ok().map(Offset)),
            None => (self.e.clone(), self.o.map(Offset)),
        };
        let languages = languages(self.l.as_deref())?;
        Ok(Hello { version: PROTOCOL_VERSION, languages, epoch, offset, tail: self.tail.unwrap_or(true) })
    }
}

/// `kk,ru` or one of them; nothing is all.
pub(super) fn languages(list: Option<&str>) -> Result<Vec<Lang>, String> {
    let Some(list) = list else { return Ok(Lang::ALL.to_vec()) };
    list.split(',').map(|name| name.parse::<Lang>().map_err(|error| format!("l={list}: {error}"))).collect()
}

type Asked = Result<Query<Question>, QueryRejection>;

#[expect(clippy::result_large_err, reason = "the refusal is sent at once")]
fn read(asked: Asked, headers: &HeaderMap) -> Result<(Question, Hello), Response> {
    let bad = |why: String| (StatusCode::BAD_REQUEST, why).into_response();
    let Query(question) = asked.map_err(|error| bad(error.body_text()))?;
    let hello = question.hello(headers).map_err(bad)?;
    Ok((question, hello))
}

/// `GET …/sse`: a message an event, the welcome first. The id of an event is `EPOCH:OFFSET`, with which the browser
/// comes back by itself.
pub(super) async fn events(
    Path(room): Path<RoomId>,
    State(site): Shared,
    headers: HeaderMap,
    asked: Asked,
) -> Response {
    let hello = match read(asked, &headers) {
        Ok((_, hello)) => hello,
        Err(refusal) => return refusal,
    };
    let (welcome, follower) = match site.hub.join(&room, &hello) {
        Ok(joined) => joined,
        Err(code) => return refusal(&room, code),
    };
    let Ok(welcome) = String::from_utf8(welcome) else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let (epoch, top) = (follower.epoch().to_string(), follower.offset());
    let first = Event::default().id(format!("{epoch}:{}", top.0)).retry(come_back()).data(welcome);
    let events = stream::iter([Ok::<_, Infallible>(first)]).chain(live(follower, epoch));
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
    // Proxies of the nginx family hold a stream back until a buffer is full, unless they are told.
    let answer = [(header::CACHE_CONTROL, "no-store"), (header::HeaderName::from_static("x-accel-buffering"), "no")];
    (answer, Sse::new(events).keep_alive(keep_alive)).into_response()
}

/// Ends when the viewer is to come back.
fn live(follower: Follower, epoch: String) -> impl Stream<Item = Result<Event, Infallible>> {
    let batches = stream::unfold(follower, async |mut follower| {
        let messages = follower.next().await.ok()?;
        Some((stream::iter(messages), follower))
    });
    batches.flatten().map(move |message: Encoded| {
        let event = Event::default().data(message.as_str());
        Ok(match message.offset() {
            Some(offset) => event.id(format!("{epoch}:{}", offset.0)),
            None => event,
        })
    })
}

/// `GET …/poll`: a welcome with what the viewer lacks, as soon as there is something.
pub(super) async fn poll(Path(room): Path<RoomId>, State(site): Shared, headers: HeaderMap, asked: Asked) -> Response {
    let (question, hello) = match read(asked, &headers) {
        Ok(read) => read,
        Err(refusal) => return refusal,
    };
    match site.hub.poll(&room, &hello, question.n, POLL_PATIENCE).await {
        Ok(answer) => {
            let kind = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
            (kind, answer).into_response()
        }
        Err(code) => refusal(&room, code),
    }
}

fn refusal(room: &RoomId, code: CloseCode) -> Response {
    match code {
        CloseCode::UnknownRoom => no_such_room(room),
        CloseCode::Restart | CloseCode::Busy => {
            let wait = [(header::RETRY_AFTER, come_back().as_secs().to_string())];
            (StatusCode::SERVICE_UNAVAILABLE, wait, code.reason()).into_response()
        }
        _ => (StatusCode::BAD_REQUEST, code.reason()).into_response(),
    }
}

/// Spread, so that a hall does not come back in one burst.
fn come_back() -> Duration {
    Duration::from_millis(rand::random_range(1000..COME_BACK_SECS * 1000))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn question(query: &str) -> Question {
        let address = format!("/?{query}").parse().expect("an address");
        Query::<Question>::try_from_uri(&address).expect("a query").0
    }

    /// Languages, epoch, offset, and whether open lines are wanted.
    type Wanted<'a> = (&'a [Lang], Option<&'a str>, Option<u64>, bool);

    #[test]
    fn a_query_says_what_a_hello_says() {
        let check = |query, last_seen: &'static str, expect: Result<Wanted<'_>, &str>| {
            let mut headers = HeaderMap::new();
            if !last_seen.is_empty() {
                headers.insert("last-event-id", HeaderValue::from_static(last_seen));
            }
            match (question(query).hello(&headers), expect) {
                (Ok(hello), Ok((languages, epoch, offset, tail))) => {
                    let seen = (hello.languages.as_slice(), hello.epoch.as_deref(), hello.offset, hello.tail);
                    assert_eq!(seen, (languages, epoch, offset.map(Offset), tail), "{query} {last_seen}");
                }
                (Err(error), Err(part)) => assert!(error.contains(part), "{error}"),
                (hello, expect) => panic!("{query} {last_seen}: {hello:?}, not {expect:?}"),
            }
        };
        check("", "", Ok((&Lang::ALL, None, None, true)));
        check("l=ru&tail=false", "", Ok((&[Lang::Russian], None, None, false)));
        check("l=kk,ru&e=0a&o=41", "", Ok((&Lang::ALL, Some("0a"), Some(41), true)));
        check("l=kk&e=0a&o=41", "0b:7", Ok((&[Lang::Kazakh], Some("0b"), Some(7), true)));
        check("l=kk", "0b:x", Ok((&[Lang::Kazakh], Some("0b"), None, true)));
        check("l=kk&e=0a&o=41", "nothing", Ok((&[Lang::Kazakh], Some("0a"), Some(41), true)));
        check("l=en", "", Err("l=en"));
        check("l=", "", Err("l="));
        check("v=2", "", Err("version 1"));
    }
}
