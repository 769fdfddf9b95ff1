//! What the viewers are shown, and how they tell from it when it was published.

use std::time::{SystemTime, UNIX_EPOCH};

use dostyq_hub::wire::{ServerMessage, WireEvent};
use dostyq_speech::{Author, Caption, Entry, Event, Lang, Offset, SampleTime, SegmentId, TimeSpan};

/// Stands before the moment of publication in a text.
const STAMP: char = '@';

/// A finished line that says in its text when it was published; about 300 bytes on the wire.
pub(super) fn line(number: u64) -> Caption {
    let (lang, text) = match number % 2 {
        0 => (Lang::Kazakh, "Құрметті қонақтар, бүгін біз екі тілде бірдей сөйлейтін залдың есігін ашамыз"),
        _ => (Lang::Russian, "Уважаемые гости, сегодня мы открываем двери зала, где говорят на двух языках"),
    };
    let start = number * 1500;
    Caption {
        segment: SegmentId(number / 2 + 1),
        revision: 0,
        lang,
        spoken: Lang::Russian,
        lang_confidence: 0.987,
        span: TimeSpan::new(SampleTime::from_millis(start), SampleTime::from_millis(start + 1400)),
        text: format!("{text} {STAMP}{}", now_micros()),
        words: Vec::new(),
        author: Author::Machine,
    }
}

/// The same as a message of the wire, for a server that carries bytes and knows nothing of captions.
pub(super) fn message(offset: u64, caption: Caption) -> String {
    let event = Event { offset: Offset(offset), entry: Entry::Final(caption) };
    serde_json::to_string(&ServerMessage::Event(WireEvent::from(&event)))
        .expect("the wire's own types have a JSON form")
}

/// Microseconds of wall time; publisher and viewers are on one machine and read one clock.
pub(super) fn now_micros() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// What a viewer needs of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Event {
        offset: u64,
        /// When it was published; a mark for a line of another language does not say.
        published: Option<u64>,
    },
    Ping,
    Other,
}

/// Reads a message without building what it says: thousands of viewers share one thread.
pub(super) fn see(message: &str) -> Seen {
    if let Some(event) = message.strip_prefix(r#"{"t":"ev","o":"#) {
        let published = message.rsplit_once(STAMP).and_then(|(_, stamp)| leading_number(stamp));
        return leading_number(event).map_or(Seen::Other, |offset| Seen::Event { offset, published });
    }
    if message.starts_with(r#"{"t":"ping""#) { Seen::Ping } else { Seen::Other }
}

fn leading_number(text: &str) -> Option<u64> {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_viewer_sees_offset_and_moment() {
        let before = now_micros();
        let text = message(41, line(7));
        assert!((240..=400).contains(&text.len()), "{} bytes: {text}", text.len());
        match see(&text) {
            Seen::Event { offset: 41, published: Some(moment) } => assert!((before..=now_micros()).contains(&moment)),
            other => panic!("{other:?} in {text}"),
        }
    }

    #[test]
    fn messages_are_told_apart() {
        let check = |message, expect| assert_eq!(see(message), expect, "{message}");
        check(r#"{"t":"ev","o":50,"k":"skip"}"#, Seen::Event { offset: 50, published: None });
        check(r#"{"t":"ping"}"#, Seen::Ping);
        check(r#"{"t":"open","seg":3}"#, Seen::Other);
        check(r#"{"t":"ev","o":x"#, Seen::Other);
        check("", Seen::Other);
    }
}
