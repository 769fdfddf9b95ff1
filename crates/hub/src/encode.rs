//! Values become text once; every viewer gets the same bytes.

use std::sync::LazyLock;

use bytes::Bytes;
use dostyq_speech::{Event, Lang, Offset, OpenCaption, SegmentId};

use crate::frame::{Part, head};
use crate::wire::{ServerMessage, Welcome, WireEntry, WireEvent};

/// A message as the frame that is written to a socket, shared by all who get it: a clone costs a reference count.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoded {
    frame: Bytes,
    /// Of the event that it carries.
    offset: Option<Offset>,
    /// Where the text begins in it.
    head: u8,
}

impl Encoded {
    pub(crate) fn new(message: &ServerMessage) -> Encoded {
        let text = serde_json::to_string(message).expect("the wire's types hold nothing that JSON cannot say");
        let mut frame = head(Part::Whole, text.len());
        let head = frame.len() as u8; // At most 10.
        frame.extend_from_slice(text.as_bytes());
        let offset = match message {
            ServerMessage::Event(event) => Some(event.offset),
            _ => None,
        };
        Encoded { frame: frame.into(), offset, head }
    }

    pub(crate) fn open(line: &OpenCaption) -> Encoded {
        Encoded::new(&ServerMessage::Open(line.into()))
    }

    pub(crate) fn dropped(segment: SegmentId) -> Encoded {
        Encoded::new(&ServerMessage::Drop { segment })
    }

    /// Are you there?
    pub(crate) fn ping() -> &'static Encoded {
        static PING: LazyLock<Encoded> = LazyLock::new(|| Encoded::new(&ServerMessage::Ping));
        &PING
    }

    /// The message as JSON, one object.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.text()).expect("it was made of a string")
    }

    /// The offset of the event that it carries; none for a message that is not in the log.
    pub fn offset(&self) -> Option<Offset> {
        self.offset
    }

    pub(crate) fn frame(&self) -> &Bytes {
        &self.frame
    }

    /// The message itself, in UTF-8.
    pub(crate) fn text(&self) -> &[u8] {
        &self.frame[self.head as usize..]
    }

    /// Bytes of the text.
    pub(crate) fn len(&self) -> usize {
        self.text().len()
    }

    /// The fields without the message's own tag and the opening brace, as they stand in a welcome.
    fn fields(&self) -> &[u8] {
        let text = self.text();
        text.iter().position(|&byte| byte == b',').map_or(&[], |comma| &text[comma + 1..])
    }
}

/// An event of the log as the viewers of each language get it.
#[derive(Clone, Debug)]
pub(crate) struct EncodedEvent {
    pub(crate) offset: Offset,
    /// None: it concerns every viewer.
    lang: Option<Lang>,
    whole: Encoded,
    skip: Encoded,
}

impl EncodedEvent {
    pub(crate) fn new(event: &Event) -> EncodedEvent {
        let wire = WireEvent::from(event);
        let lang = match &wire.entry {
            WireEntry::Final(line) => Some(line.lang),
            WireEntry::Marker(_) | WireEntry::Skip => None,
        };
        let skip = WireEvent { offset: event.offset, entry: WireEntry::Skip };
        EncodedEvent {
            offset: event.offset,
            lang,
            whole: Encoded::new(&ServerMessage::Event(wire)),
            skip: Encoded::new(&ServerMessage::Event(skip)),
        }
    }

    /// The event for a viewer of these languages: whole, or a marker that keeps its offsets without gaps.
    pub(crate) fn for_languages(&self, languages: Languages) -> &Encoded {
        if self.lang.is_none_or(|lang| languages.contains(lang)) { &self.whole } else { &self.skip }
    }

    /// Whether viewers are told the same by it.
    pub(crate) fn is_same(&self, other: &EncodedEvent) -> bool {
        self.whole == other.whole
    }

    pub(crate) fn len(&self) -> usize {
        self.whole.len() + self.skip.len()
    }
}

/// The languages that a viewer asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Languages(u8);

impl Languages {
    pub(crate) fn contains(self, lang: Lang) -> bool {
        self.0 & (1 << lang as u8) != 0
    }
}

impl FromIterator<Lang> for Languages {
    fn from_iter<I: IntoIterator<Item = Lang>>(languages: I) -> Self {
        Languages(languages.into_iter().fold(0, |bits, lang| bits | 1 << lang as u8))
    }
}

/// A welcome in pieces: its events are the shared ones, so that 5,000 viewers who come back at once do not hold 5,000
/// copies of the last minutes.
#[derive(Debug)]
pub(crate) struct EncodedWelcome {
    /// The message with empty lists, cut off before them.
    head: Vec<u8>,
    events: Vec<Encoded>,
    open: Vec<Encoded>,
}

impl EncodedWelcome {
    /// A welcome whose lists are still empty, and what belongs into them, in the viewer's languages.
    pub(crate) fn new(welcome: Welcome, events: Vec<Encoded>, open: Vec<Encoded>) -> EncodedWelcome {
        debug_assert!(welcome.events.is_empty() && welcome.open.is_empty());
        let text = Encoded::new(&ServerMessage::Welcome(welcome));
        let head = text.text().strip_suffix(EMPTY_LISTS).expect("the two lists are the last fields of a welcome");
        EncodedWelcome { head: head.to_owned(), events, open }
    }

    /// The text of the message, whole.
    pub(crate) fn to_vec(&self) -> Vec<u8> {
        self.pieces().collect::<Vec<_>>().concat()
    }

    /// The text of the message, in order.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let head = [self.head.as_slice(), EVENTS];
        head.into_iter().chain(list(&self.events)).chain([OPEN]).chain(list(&self.open)).chain([END])
    }
}

const EMPTY_LISTS: &[u8] = br#""ev":[],"open":[]}"#;
const EVENTS: &[u8] = br#""ev":["#;
const OPEN: &[u8] = br#"],"open":["#;
const END: &[u8] = b"]}";

fn list(items: &[Encoded]) -> impl Iterator<Item = &[u8]> {
    let separators = std::iter::once(&b"{"[..]).chain(std::iter::repeat(&b",{"[..]));
    separators.zip(items).flat_map(|(separator, item)| [separator, item.fields()])
}

#[cfg(test)]
mod tests {
    use dostyq_speech::{Entry, Marker, SampleTime};

    use super::*;
    use crate::wire::{PROTOCOL_VERSION, WireOpen};

    #[test]
    fn a_welcome_in_pieces_is_the_welcome() {
        let marker = |offset| Event {
            offset: Offset(offset),
            entry: Entry::Marker { at: SampleTime::from_millis(7), marker: Marker::Gap { millis: 40 } },
        };
        let line = WireOpen {
            segment: SegmentId(3),
            lang: Lang::Kazakh,
            spoken: Lang::Kazakh,
            start_millis: 10,
            end_millis: 20,
            committed: "он, \"бір\"".into(),
            tentative: String::new(),
        };
        for count in 0..3 {
            let events: Vec<Event> = (1..=count).map(marker).collect();
            let open = vec![line.clone(); count as usize];
            let whole = Welcome {
                version: PROTOCOL_VERSION,
                room: "demo".parse().expect("a room"),
                title: "Зал \"А\", \"ev\":[],\"open\":[]}".into(),
                epoch: "0a".repeat(16),
                top: Offset(count),
                recovered: count == 1,
                open_version: None,
                events: events.iter().map(WireEvent::from).collect(),
                open: open.clone(),
            };
            let everything = Languages::from_iter(Lang::ALL);
            let pieces = EncodedWelcome::new(
                Welcome { events: Vec::new(), open: Vec::new(), ..whole.clone() },
                events.iter().map(|event| EncodedEvent::new(event).for_languages(everything).clone()).collect(),
                open.into_iter().map(|line| Encoded::new(&ServerMessage::Open(line))).collect(),
            );
            let text = pieces.pieces().collect::<Vec<_>>().concat();
            assert_eq!(text, Encoded::new(&ServerMessage::Welcome(whole)).text());
        }
    }
}
