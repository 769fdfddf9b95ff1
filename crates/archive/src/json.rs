use dostyq_log::Anchor;
use dostyq_speech::{Caption, Entry, Event, Marker, Word};
use serde::Serialize;

use crate::Session;

/// A session as JSON, in the form that the documentation of this crate lays down, indented for people.
pub fn json(session: &Session) -> String {
    let document = Document {
        format: "dostyq-session",
        version: 1,
        room: session.room.as_str(),
        epoch: session.head.epoch.to_string(),
        started_at_millis: session.head.started_at_millis,
        anchors: session.anchors.iter().map(AnchorField::from).collect(),
        events: session.events.iter().map(EventField::from).collect(),
    };
    let mut text = serde_json::to_string_pretty(&document).expect("structs of texts and numbers are always JSON");
    text.push('\n');
    text
}

// These mirror the values of `speech` on purpose: a file that people keep for years must not change its form because
// a type inside the program did.

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    version: u32,
    room: &'a str,
    epoch: String,
    started_at_millis: u64,
    anchors: Vec<AnchorField>,
    events: Vec<EventField<'a>>,
}

#[derive(Serialize)]
struct AnchorField {
    at_millis: u64,
    unix_millis: u64,
}

#[derive(Serialize)]
struct EventField<'a> {
    offset: u64,
    #[serde(flatten)]
    entry: EntryField<'a>,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum EntryField<'a> {
    Final(CaptionField<'a>),
    Marker {
        at_millis: u64,
        marker: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        gap_millis: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        effort: Option<&'static str>,
    },
}

#[derive(Serialize)]
struct CaptionField<'a> {
    segment: u64,
    revision: u32,
    lang: &'static str,
    spoken: &'static str,
    lang_confidence: f32,
    start_millis: u64,
    end_millis: u64,
    text: &'a str,
    author: &'static str,
    words: Vec<WordField<'a>>,
}

#[derive(Serialize)]
struct WordField<'a> {
    text: &'a str,
    start_millis: u64,
    end_millis: u64,
    confidence: f32,
}

impl From<&Anchor> for AnchorField {
    fn from(anchor: &Anchor) -> AnchorField {
        AnchorField { at_millis: anchor.at.as_millis(), unix_millis: anchor.unix_millis }
    }
}

impl<'a> From<&'a Event> for EventField<'a> {
    fn from(event: &'a Event) -> EventField<'a> {
        let entry = match &event.entry {
            Entry::Final(caption) => EntryField::Final(caption.into()),
            Entry::Marker { at, marker } => {
                let (marker, gap_millis, effort) = match marker {
                    Marker::Started => ("started", None, None),
                    Marker::Ended => ("ended", None, None),
                    Marker::Looped => ("looped", None, None),
                    Marker::Gap { millis } => ("gap", Some(*millis), None),
                    Marker::Effort { effort } => ("effort", None, Some(effort.name())),
                    Marker::Script { is_on_air: true } => ("script-on-air", None, None),
                    Marker::Script { is_on_air: false } => ("script-off-air", None, None),
                };
                EntryField::Marker { at_millis: at.as_millis(), marker, gap_millis, effort }
            }
        };
        EventField { offset: event.offset.0, entry }
    }
}

impl<'a> From<&'a Caption> for CaptionField<'a> {
    fn from(caption: &'a Caption) -> CaptionField<'a> {
        CaptionField {
            segment: caption.segment.0,
            revision: caption.revision,
            lang: caption.lang.code(),
            spoken: caption.spoken.code(),
            lang_confidence: caption.lang_confidence,
            start_millis: caption.span.start.as_millis(),
            end_millis: caption.span.end.as_millis(),
            text: &caption.text,
            author: caption.author.name(),
            words: caption.words.iter().map(WordField::from).collect(),
        }
    }
}

impl<'a> From<&'a Word> for WordField<'a> {
    fn from(word: &'a Word) -> WordField<'a> {
        WordField {
            text: &word.text,
            start_millis: word.span.start.as_millis(),
            end_millis: word.span.end.as_millis(),
            confidence: word.confidence,
        }
    }
}
