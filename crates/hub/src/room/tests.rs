//! Every interleaving of publish, look, drop and come back: whatever the order, a viewer's text is the log.

use dostyq_hub::wire::{ServerMessage, WireEvent};
use dostyq_speech::{Author, Caption, CaptionEvent, Lang, Marker, OpenCaption, SampleTime, SegmentId, TimeSpan};
use proptest::prelude::*;

use super::*;
use crate::limits::RING_EVENTS;
use crate::room_source::ring_of;
use crate::wire::WireEntry;

#[path = "../../tests/sockets/reader.rs"]
mod reader;
use reader::Reader;

pub(super) fn caption(segment: u64, lang: Lang, text: &str) -> Caption {
    Caption {
        segment: SegmentId(segment),
        revision: 0,
        lang,
        spoken: Lang::Russian,
        lang_confidence: 0.9,
        span: TimeSpan::new(SampleTime::from_millis(10), SampleTime::from_millis(20)),
        text: text.into(),
        words: Vec::new(),
        author: Author::Machine,
    }
}

pub(super) fn open(segment: u64, lang: Lang, text: &str) -> OpenCaption {
    OpenCaption {
        segment: SegmentId(segment),
        lang,
        spoken: Lang::Russian,
        span: TimeSpan::default(),
        committed: text.into(),
        tentative: String::new(),
    }
}

fn decode(text: &[u8]) -> ServerMessage {
    serde_json::from_slice(text).expect("the hub sends what its own wire can read")
}

/// A room, its log and its viewers, without threads or sockets: one step at a time.
struct Hall {
    state: RoomState,
    log: Vec<Event>,
    viewers: Vec<(Reader, Option<Cursor>)>,
    /// There was a fork: some that could go on start afresh, to be on the safe side.
    has_forked: bool,
    /// A viewer without a WebSocket, and the state of the open lines that it knows.
    poller: (Reader, Option<u64>),
}

#[derive(Clone, Debug)]
enum Step {
    Publish(CaptionEvent),
    Mark,
    /// Many events at once, more than a slow viewer is allowed to miss.
    Burst(usize),
    /// The viewer reads what is due, one batch of it.
    Look(usize),
    /// The viewer's connection breaks; what was due and not read is lost with it.
    Drop(usize),
    /// The viewer comes with what it has, whether or not it was dropped.
    Come(usize),
    /// The server starts again with the same log.
    Restart,
    /// The log is lost but for its first events, as after a restore: a new epoch begins.
    Lose {
        kept: usize,
    },
    /// Somebody else wrote more to the log than a ring holds.
    Jump,
    /// What was shown after the first events is not in the log: others were written there.
    Fork {
        kept: usize,
        others: usize,
    },
    /// The viewer without a WebSocket asks.
    Poll,
}

impl Hall {
    fn new() -> Hall {
        let reader = |languages: &[Lang], tail| (Reader { tail, ..Reader::new(languages) }, None);
        let viewers = vec![reader(&Lang::ALL, true), reader(&[Lang::Kazakh], true), reader(&[Lang::Russian], false)];
        let state = RoomState::new("Hall".into(), Epoch(7), ring_of(&[]));
        Hall { state, log: Vec::new(), viewers, has_forked: false, poller: (Reader::new(&Lang::ALL), None) }
    }

    fn append(&mut self, entry: Entry) {
        let event = Event { offset: self.state.ring.top().next(), entry };
        self.state.take(&event, EncodedEvent::new(&event));
        self.log.push(event);
    }

    fn mark(&mut self) {
        self.append(Entry::Marker { at: SampleTime::ZERO, marker: Marker::Started });
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Publish(CaptionEvent::Open(line)) => self.state.open.put(&line, Encoded::open(&line)),
            Step::Publish(CaptionEvent::Dropped(segment)) => self.state.open.drop_segment(segment),
            Step::Publish(CaptionEvent::Final(caption)) => self.append(Entry::Final(caption)),
            Step::Mark => self.mark(),
            Step::Burst(count) => (0..count).for_each(|_| self.mark()),
            Step::Look(viewer) => {
                self.look(viewer);
            }
            Step::Drop(viewer) => self.viewers[viewer].1 = None,
            Step::Come(viewer) => self.come(viewer),
            // A machine that was started again does not know of a fork before.
            Step::Restart if self.has_forked => {}
            Step::Restart => {
                self.state = RoomState::new("Hall".into(), self.state.epoch, ring_of(self.newest()));
                self.viewers.iter_mut().for_each(|(_, cursor)| *cursor = None);
            }
            Step::Lose { kept } => {
                self.has_forked = false;
                self.log.truncate(kept);
                self.replace_log(Epoch(self.state.epoch.0 + 1));
            }
            Step::Jump => {
                let first = self.state.ring.top().next().0;
                let entry = Entry::Marker { at: SampleTime::ZERO, marker: Marker::Looped };
                let event = |offset| Event { offset: Offset(offset), entry: entry.clone() };
                self.log.extend((first..first + RING_EVENTS as u64 + 1).map(event));
                self.replace_log(self.state.epoch);
            }
            Step::Fork { kept, others } => {
                self.has_forked = true;
                self.log.truncate(kept);
                for _ in 0..others {
                    let offset = Offset(self.log.len() as u64 + 1);
                    let entry = Entry::Final(caption(99, Lang::Russian, "иное"));
                    self.log.push(Event { offset, entry });
                }
                self.replace_log(self.state.epoch);
            }
            Step::Poll => self.poll(),
        }
    }

    fn replace_log(&mut self, epoch: Epoch) {
        let newest = self.newest().to_vec();
        self.state.replace_log(epoch, ring_of(&newest), &newest);
    }

    /// After the answer it holds the log and the open lines; when there was nothing to tell, it did so before.
    fn poll(&mut self) {
        let (reader, seen) = &mut self.poller;
        let before = reader.clone();
        let news = self.state.news(&reader.hello(), *seen);
        let (answer, _) = self.state.poll_answer(&"demo".parse().expect("a room"), &reader.hello());
        let answer = decode(&answer.to_vec());
        let ServerMessage::Welcome(welcome) = &answer else { panic!("{answer:?} is no answer to a poll") };
        *seen = welcome.open_version;
        reader.take(answer);
        reader.assert_holds(&self.log);
        assert_eq!(reader.open.len(), self.state.open.all(Lang::ALL.into_iter().collect()).len());
        if news == News::None {
            assert_eq!((&before.events, &before.open), (&reader.events, &reader.open), "nothing was new");
        }
    }

    fn newest(&self) -> &[Event] {
        &self.log[self.log.len().saturating_sub(RING_EVENTS)..]
    }

    /// Whether there may be more.
    fn look(&mut self, viewer: usize) -> bool {
        let (reader, cursor) = &mut self.viewers[viewer];
        let Some(at) = cursor else { return false };
        match self.state.due(at) {
            Due::Messages(messages) => {
                messages.iter().for_each(|message| reader.take(decode(message.text())));
                true
            }
            Due::Nothing => false,
            Due::Fallen => {
                *cursor = None;
                false
            }
            Due::Closing => unreachable!("nobody closes this room"),
        }
    }

    fn come(&mut self, viewer: usize) {
        let room: RoomId = "demo".parse().expect("a room");
        let (reader, cursor) = &mut self.viewers[viewer];
        let hello = reader.hello();
        let top = self.state.ring.top();
        let may_recover = hello.epoch == Some(self.state.epoch.to_string())
            && hello.offset.is_some_and(|held| held <= top && top.0 - held.0 <= RING_EVENTS as u64);
        let (welcome, at, recovery) = self.state.welcome(&room, &hello);
        let recovers = recovery == Recovery::Recovered;
        assert!(recovers == may_recover || (self.has_forked && !recovers), "recovered exactly when it can be");
        assert_eq!(recovery == Recovery::FirstVisit, hello.epoch.is_none());
        reader.take(decode(&welcome.pieces().collect::<Vec<_>>().concat()));
        *cursor = Some(at);
    }

    /// Every viewer comes to rest, coming back if it must, and holds the log and the open lines.
    fn assert_all_hold_the_log(mut self) {
        self.poll();
        for viewer in 0..self.viewers.len() {
            while self.look(viewer) {}
            if self.viewers[viewer].1.is_none() {
                self.come(viewer);
            }
            let (reader, _) = &self.viewers[viewer];
            reader.assert_holds(&self.log);
            let languages: Languages = reader.languages.iter().copied().collect();
            let open = if reader.tail { self.state.open.all(languages).len() } else { 0 };
            assert_eq!(reader.open.len(), open, "it holds the lines that are open, and no other");
        }
    }
}

fn steps() -> impl Strategy<Value = Step> {
    let lang = prop_oneof![Just(Lang::Kazakh), Just(Lang::Russian)];
    let published = (1..6u64, lang, "[а-яәі]{1,4}", 0..8).prop_map(|(segment, lang, text, kind)| match kind {
        0..3 => CaptionEvent::Open(open(segment, lang, &text)),
        3..7 => CaptionEvent::Final(caption(segment, lang, &text)),
        _ => CaptionEvent::Dropped(SegmentId(segment)),
    });
    prop_oneof![
        30 => published.prop_map(Step::Publish),
        2 => Just(Step::Mark),
        1 => prop_oneof![Just(3), Just(BACKLOG_EVENTS), Just(BACKLOG_EVENTS + 1), Just(RING_EVENTS + 1)].prop_map(Step::Burst),
        20 => (0..3usize).prop_map(Step::Look),
        6 => (0..3usize).prop_map(Step::Drop),
        10 => (0..3usize).prop_map(Step::Come),
        1 => Just(Step::Restart),
        1 => (0..20usize).prop_map(|kept| Step::Lose { kept }),
        1 => Just(Step::Jump),
        1 => (0..20usize, 0..20usize).prop_map(|(kept, others)| Step::Fork { kept, others }),
        8 => Just(Step::Poll),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn whatever_the_order_the_viewers_text_is_the_log(steps in prop::collection::vec(steps(), 0..120)) {
        let mut hall = Hall::new();
        steps.into_iter().for_each(|step| hall.step(step));
        hall.assert_all_hold_the_log();
    }
}

fn first_visit(hall: &RoomState, languages: &[Lang]) -> Cursor {
    hall.welcome(&"demo".parse().expect("a room"), &Reader::new(languages).hello()).1
}

#[test]
fn a_backlog_is_bounded_by_events_and_by_bytes_but_one_event_may_have_any_size() {
    let check = |events: usize, bytes: usize, is_fallen| {
        let mut hall = Hall::new();
        let mut cursor = first_visit(&hall.state, &Lang::ALL);
        for _ in 0..events {
            hall.append(Entry::Final(caption(1, Lang::Russian, &"x".repeat(bytes))));
        }
        assert_eq!(hall.state.due(&mut cursor) == Due::Fallen, is_fallen, "{events} events of {bytes} bytes");
    };
    check(BACKLOG_EVENTS, 1, false);
    check(BACKLOG_EVENTS + 1, 1, true);
    check(1, 2 * BACKLOG_BYTES, false);
    check(2, BACKLOG_BYTES / 2, true);
    check(2, BACKLOG_BYTES / 4, false);
}

#[test]
fn a_long_backlog_goes_out_in_batches_and_open_lines_wait_for_its_end() {
    let mut hall = Hall::new();
    let mut cursor = first_visit(&hall.state, &Lang::ALL);
    let line = open(9, Lang::Russian, "ещё");
    hall.state.open.put(&line, Encoded::open(&line));
    (0..3).for_each(|_| hall.append(Entry::Final(caption(1, Lang::Russian, &"x".repeat(BATCH_BYTES / 2)))));
    let mut kinds = Vec::new();
    while let Due::Messages(messages) = hall.state.due(&mut cursor) {
        let kind = |message: &Encoded| match decode(message.text()) {
            ServerMessage::Event(WireEvent { offset, entry: WireEntry::Final(_) }) => offset.0,
            ServerMessage::Open(line) => line.segment.0,
            other => panic!("{other:?} was not published"),
        };
        kinds.push(messages.iter().map(kind).collect::<Vec<_>>());
    }
    assert_eq!(kinds, [vec![1], vec![2], vec![3, 9]]);
}

#[test]
fn a_closing_room_gives_what_is_left_first() {
    let mut hall = Hall::new();
    let mut cursor = first_visit(&hall.state, &Lang::ALL);
    hall.mark();
    hall.state.closing = true;
    assert!(matches!(hall.state.due(&mut cursor), Due::Messages(_)));
    assert_eq!(hall.state.due(&mut cursor), Due::Closing);
}
