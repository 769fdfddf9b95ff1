//! Values become text once; every viewer gets the same bytes.

use dostyq_speech::{Event, Lang, Offset, OpenCaption, SegmentId};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::wire::{ServerMessage, Welcome, WireEntry, WireEvent};

/// A message as text, shared by all who get it: a clone costs a reference count.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Encoded(Utf8Bytes);

impl Encoded {
    pub(crate) fn new(message: &ServerMessage) -> Encoded {
        let text = serde_json::to_string(message).expect("the wire's types hold nothing that JSON cannot say");
        Encoded(text.into())
    }

    pub(crate) fn open(line: &OpenCaption) -> Encoded {
        Encoded::new(&ServerMessage::Open(line.into()))
    }

    pub(crate) fn dropped(segment: SegmentId) -> Encoded {
        Encoded::new(&ServerMessage::Drop { segment })
    }

    pub(crate) fn text(&self) -> &Utf8Bytes {
        &self.0
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The fields without the message's own tag and the opening brace, as they stand in a welcome.
    fn fields(&self) -> &str {
        self.0.split_once(',').map_or("", |(_tag, fields)| fields)
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
    head: String,
    events: Vec<Encoded>,
    open: Vec<Encoded>,
}

impl EncodedWelcome {
    /// A welcome whose lists are still empty, and what belongs into them, in the viewer's languages.
    pub(crate) fn new(welcome: Welcome, events: Vec<Encoded>, open: Vec<Encoded>) -> EncodedWelcome {
        debug_assert!(welcome.events.is_empty() && welcome.open.is_empty());
        let text = Encoded::new(&ServerMessage::Welcome(welcome));
        let head = text.0.strip_suffix(EMPTY_LISTS).expect("the two lists are the last fields of a welcome");
        EncodedWelcome { head: head.to_owned(), events, open }
    }

    /// The text of the message, in order.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = &str> {
        let head = [self.head.as_str(), EVENTS];
        head.into_iter().chain(list(&self.events)).chain([OPEN]).chain(list(&self.open)).chain([END])
    }
}

const EMPTY_LISTS: &str = r#""ev":[],"open":[]}"#;
const EVENTS: &str = r#""ev":["#;
const OPEN: &str = r#"],"open":["#;
const END: &str = "]}";

fn list(items: &[Encoded]) -> impl Iterator<Item = &str> {
    let separators = std::iter::once("{").chain(std::iter::repeat(",{"));
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
                events: events.iter().map(WireEvent::from).collect(),
                open: open.clone(),
            };
            let everything = Languages::from_iter(Lang::ALL);
            let pieces = EncodedWelcome::new(
                Welcome { events: Vec::new(), open: Vec::new(), ..whole.clone() },
                events.iter().map(|event| EncodedEvent::new(event).for_languages(everything).clone()).collect(),
                open.into_iter().map(|line| Encoded::new(&ServerMessage::Open(line))).collect(),
            );
            let text: String = pieces.pieces().collect();
            assert_eq!(text, Encoded::new(&ServerMessage::Welcome(whole)).text().as_str());
        }
    }
}
