//! Every tag of the wire, version 1. No other file knows one; `docs/protocol.md` is written from this one, the
//! browser's `web/assets/lib/protocol.js` mirrors it, and the tests of both read `tests/golden/wire-v1.json`.
//!
//! A WebSocket text message is one JSON object. Both sides ignore fields, messages and kinds of event that they do
//! not know, so that a later server may say more. Tags are short because a hall of phones reads them ten times a
//! second over one radio.

use dostyq_speech::{Author, Caption, Effort, Entry, Event, Lang, Marker, Offset, OpenCaption, RoomId, SegmentId};
use serde::{Deserialize, Deserializer, Serialize};

/// The version that `hello` and `welcome` name. It changes only when an old client would misread a message.
pub const PROTOCOL_VERSION: u32 = 1;

/// What a viewer says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "lowercase")]
pub enum ClientMessage {
    /// The first message, and the only one of its kind.
    Hello(Hello),
    /// The answer to [`ServerMessage::Ping`].
    Pong,
    /// A message of a later version; ignored.
    #[serde(other)]
    Unknown,
}

/// What a viewer wants, and what it has already.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    /// [`PROTOCOL_VERSION`].
    #[serde(rename = "v")]
    pub version: u32,
    /// The languages wanted; at least one.
    #[serde(rename = "l")]
    pub languages: Vec<Lang>,
    /// The epoch of what the viewer has; absent at its first visit and after it changed its languages. A text that
    /// is no epoch is an epoch nobody knows, so that a viewer with a spoilt memory starts afresh instead of being
    /// turned away for ever.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<String>,
    /// The last offset that the viewer has of that epoch.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<Offset>,
    /// Whether it wants lines that are still being spoken; it does when it does not say. `false` saves nine tenths of
    /// the data.
    #[serde(default = "yes")]
    pub tail: bool,
}

fn yes() -> bool {
    true
}

impl ClientMessage {
    /// Reads a text message; the error is the code to close with.
    pub fn decode(text: &str) -> Result<ClientMessage, CloseCode> {
        // The version comes first: a hello of another version may have other fields, and is not a bad message.
        #[derive(Deserialize)]
        struct Opening {
            t: String,
            v: Option<u32>,
        }
        let opening: Opening = serde_json::from_str(text).map_err(|_| CloseCode::BadMessage)?;
        if opening.t == "hello" && opening.v.is_some_and(|version| version != PROTOCOL_VERSION) {
            return Err(CloseCode::UnknownVersion);
        }
        match serde_json::from_str(text) {
            Ok(ClientMessage::Hello(hello)) if hello.languages.is_empty() => Err(CloseCode::BadMessage),
            Ok(message) => Ok(message),
            Err(_) => Err(CloseCode::BadMessage),
        }
    }
}

/// What the hub says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "lowercase")]
pub enum ServerMessage {
    /// The answer to hello: the state of the room.
    Welcome(Welcome),
    /// The next event of the log.
    #[serde(rename = "ev")]
    Event(WireEvent),
    /// A line that is still being spoken; it replaces the one of the same segment and language.
    Open(WireOpen),
    /// An open segment came to nothing: its open lines go, in every language. A final line of it stays.
    Drop {
        /// The segment.
        #[serde(rename = "seg")]
        segment: SegmentId,
    },
    /// Are you there? The viewer answers [`ClientMessage::Pong`].
    Ping,
    /// A message of a later version; ignored.
    #[serde(other)]
    Unknown,
}

/// The state of a room, such that what the viewer has and `events` together are the log up to `top`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Welcome {
    /// [`PROTOCOL_VERSION`].
    #[serde(rename = "v")]
    pub version: u32,
    /// The room.
    #[serde(rename = "s")]
    pub room: RoomId,
    /// Its name for people.
    pub title: String,
    /// The epoch of its log, 32 hexadecimal digits.
    #[serde(rename = "e")]
    pub epoch: String,
    /// The offset of the last event; it is the last of `events` or what the viewer had.
    #[serde(rename = "o")]
    pub top: Offset,
    /// True: `events` is exactly what the viewer missed. False: the viewer forgets what it had, and `events` is the
    /// newest part of the log.
    #[serde(rename = "rec")]
    pub recovered: bool,
    /// In the answer to a poll alone: which state of the open lines this is. The next poll says it, so that it is
    /// answered when they change.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub open_version: Option<u64>,
    /// Events in order, without gaps.
    #[serde(rename = "ev")]
    pub events: Vec<WireEvent>,
    /// Every open line in the viewer's languages; it drops those it had.
    pub open: Vec<WireOpen>,
}

/// An event of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WireEvent {
    /// Its place in the log.
    #[serde(rename = "o")]
    pub offset: Offset,
    /// What it holds.
    #[serde(flatten)]
    pub entry: WireEntry,
}

/// What an event holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "k", rename_all = "lowercase")]
pub enum WireEntry {
    /// A finished line.
    Final(WireFinal),
    /// Something that happened to the room.
    Marker(WireMarker),
    /// An event of a language that the viewer did not ask for; it keeps the offsets without gaps. A kind that a
    /// viewer does not know is read as this.
    #[serde(other)]
    Skip,
}

/// A finished line in one language.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WireFinal {
    /// The segment; the same in both languages.
    #[serde(rename = "seg")]
    pub segment: SegmentId,
    /// 0, and one more for each correction.
    #[serde(rename = "rev")]
    pub revision: u32,
    /// The language of the text.
    pub lang: Lang,
    /// The language spoken; the text is a translation where the two differ.
    #[serde(rename = "src")]
    pub spoken: Lang,
    /// The probability that `spoken` is right, 0.5 to 1, to a thousandth.
    #[serde(rename = "lc")]
    pub lang_confidence: f32,
    /// When it began, in milliseconds on the room's clock.
    #[serde(rename = "t0")]
    pub start_millis: u64,
    /// When it ended.
    #[serde(rename = "t1")]
    pub end_millis: u64,
    /// The text.
    pub text: String,
    /// Who wrote it; absent for the machine.
    #[serde(
        rename = "by",
        default,
        skip_serializing_if = "Author::is_machine",
        deserialize_with = "author_or_machine"
    )]
    pub author: Author,
    /// The words with their times; none for a translation.
    #[serde(rename = "w", default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<WireWord>,
}

/// A word: its text, start and end in milliseconds on the room's clock, and confidence, 0 to 1, to a thousandth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WireWord(pub String, pub u64, pub u64, pub f32);

/// Something that happened to the room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WireMarker {
    /// What.
    #[serde(rename = "m")]
    pub marker: WireMarkerKind,
    /// When, in milliseconds on the room's clock.
    #[serde(rename = "at")]
    pub at_millis: u64,
    /// How much sound was missing; with `gap` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub millis: Option<u64>,
    /// How much of its work the server does from now on; with `effort` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effort: Option<Effort>,
    /// Whether a prepared speech writes the captions from now on; with `script` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<bool>,
}

/// What can happen to a room; see [`Marker`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WireMarkerKind {
    /// Capture began.
    Started,
    /// The source came to its end.
    Ended,
    /// A recording began again from its start.
    Looped,
    /// Sound was missing.
    Gap,
    /// The server gave work up, or took it up again.
    Effort,
    /// A prepared speech goes on air or off.
    Script,
    /// A marker of a later version; the viewer shows nothing for it.
    #[serde(other)]
    Unknown,
}

/// A line that is still being spoken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WireOpen {
    /// The segment.
    #[serde(rename = "seg")]
    pub segment: SegmentId,
    /// The language of the text.
    pub lang: Lang,
    /// The language spoken.
    #[serde(rename = "src")]
    pub spoken: Lang,
    /// When it began, in milliseconds on the room's clock.
    #[serde(rename = "t0")]
    pub start_millis: u64,
    /// How far it is spoken.
    #[serde(rename = "t1")]
    pub end_millis: u64,
    /// Text that will never change.
    #[serde(rename = "c")]
    pub committed: String,
    /// The best guess at what follows it.
    #[serde(rename = "d")]
    pub tentative: String,
}

/// What a machine of a cluster tells the others of the lines that are being spoken in its room: all of them, whole, so
/// that one that is lost on the way is made good by the next. Viewers never see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Partial {
    /// The epoch of the room's log.
    #[serde(rename = "e")]
    pub epoch: String,
    /// The offset up to which the log was shown when these lines were open. A line that a later event finished is not
    /// opened again by it.
    #[serde(rename = "o")]
    pub after: Offset,
    /// Every open line, in every language.
    pub open: Vec<WireOpen>,
}

/// A line of the list of rooms, `GET /api/v1/rooms`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomSummary {
    /// The room.
    pub room: RoomId,
    /// Its name for people.
    pub title: String,
    /// How many are watching.
    pub viewers: usize,
}

/// Why the hub closes a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum CloseCode {
    /// The server stops or restarts.
    Restart = 1012,
    /// The hub has as many viewers as it may.
    Busy = 1013,
    /// No hello came in time.
    HelloLate = 3000,
    /// The viewer reads too slowly to be kept live.
    Slow = 3008,
    /// The viewer stopped answering pings.
    Silent = 3012,
    /// A message that is not of this protocol.
    BadMessage = 4500,
    /// A version that this server does not speak.
    UnknownVersion = 4501,
    /// A room that is not here.
    UnknownRoom = 4502,
    /// More messages than any viewer has reason to send.
    Flood = 4503,
    /// A room that asks for its code, which the viewer has not said.
    NoAccess = 4504,
}

impl CloseCode {
    /// All codes, in the order of their numbers.
    pub const ALL: [CloseCode; 10] = [
        CloseCode::Restart,
        CloseCode::Busy,
        CloseCode::HelloLate,
        CloseCode::Slow,
        CloseCode::Silent,
        CloseCode::BadMessage,
        CloseCode::UnknownVersion,
        CloseCode::UnknownRoom,
        CloseCode::Flood,
        CloseCode::NoAccess,
    ];

    /// The number on the wire.
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// What the close frame says beside the number, for whoever looks at the network tab.
    pub const fn reason(self) -> &'static str {
        match self {
            CloseCode::Restart => "the server restarts: come back in a moment",
            CloseCode::Busy => "the server is full: come back later",
            CloseCode::HelloLate => "no hello came in time: come back and say hello first",
            CloseCode::Slow => "too slow to stay live: come back and catch up",
            CloseCode::Silent => "no answer to pings: come back",
            CloseCode::BadMessage => "not a message of this protocol",
            CloseCode::UnknownVersion => "this server speaks version 1: load the page again",
            CloseCode::UnknownRoom => "no such room",
            CloseCode::Flood => "too many messages",
            CloseCode::NoAccess => "this room asks for its code",
        }
    }

    /// Whether a viewer that was closed with this number comes back by itself: all but 3500–3999 and 4500–4999.
    pub const fn reconnects(number: u16) -> bool {
        !matches!(number, 3500..=3999 | 4500..=4999)
    }
}

impl From<&Event> for WireEvent {
    fn from(event: &Event) -> WireEvent {
        let entry = match &event.entry {
            Entry::Final(caption) => WireEntry::Final(caption.into()),
            Entry::Marker { at, marker } => {
                let bare =
                    |marker| WireMarker { marker, at_millis: at.as_millis(), millis: None, effort: None, on: None };
                WireEntry::Marker(match marker {
                    Marker::Started => bare(WireMarkerKind::Started),
                    Marker::Ended => bare(WireMarkerKind::Ended),
                    Marker::Looped => bare(WireMarkerKind::Looped),
                    Marker::Gap { millis } => WireMarker { millis: Some(*millis), ..bare(WireMarkerKind::Gap) },
                    Marker::Effort { effort } => WireMarker { effort: Some(*effort), ..bare(WireMarkerKind::Effort) },
                    Marker::Script { is_on_air } => WireMarker { on: Some(*is_on_air), ..bare(WireMarkerKind::Script) },
                })
            }
        };
        WireEvent { offset: event.offset, entry }
    }
}

impl From<&Caption> for WireFinal {
    fn from(caption: &Caption) -> WireFinal {
        let word = |word: &dostyq_speech::Word| {
            let (start, end) = (word.span.start.as_millis(), word.span.end.as_millis());
            WireWord(word.text.clone(), start, end, to_thousandths(word.confidence))
        };
        WireFinal {
            segment: caption.segment,
            revision: caption.revision,
            lang: caption.lang,
            spoken: caption.spoken,
            lang_confidence: to_thousandths(caption.lang_confidence),
            start_millis: caption.span.start.as_millis(),
            end_millis: caption.span.end.as_millis(),
            text: caption.text.clone(),
            author: caption.author,
            words: caption.words.iter().map(word).collect(),
        }
    }
}

impl From<&OpenCaption> for WireOpen {
    fn from(line: &OpenCaption) -> WireOpen {
        WireOpen {
            segment: line.segment,
            lang: line.lang,
            spoken: line.spoken,
            start_millis: line.span.start.as_millis(),
            end_millis: line.span.end.as_millis(),
            committed: line.committed.clone(),
            tentative: line.tentative.clone(),
        }
    }
}

/// An author of a later version is not known here; the line is one all the same.
fn author_or_machine<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Author, D::Error> {
    let name = String::deserialize(deserializer)?;
    Ok([Author::Memory, Author::Script].into_iter().find(|author| author.name() == name).unwrap_or_default())
}

/// A probability in three digits: more would be noise, and paid for by every phone. What is no number becomes 0,
/// because JSON has no other way to say it.
fn to_thousandths(probability: f32) -> f32 {
    let rounded = (probability.clamp(0.0, 1.0) * 1000.0).round() / 1000.0;
    if rounded.is_nan() { 0.0 } else { rounded }
}
