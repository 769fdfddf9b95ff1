//! A room and its copy on another machine, to which events and open lines come on different ways: whatever is late, the
//! copy never opens a line that it saw finished, and in the end it is the same.

use std::collections::VecDeque;

use dostyq_speech::{CaptionEvent, SegmentId};
use proptest::prelude::*;

use super::tests::{caption, open};
use super::*;
use crate::room_source::ring_of;

#[derive(Clone, Debug)]
enum Step {
    Publish(CaptionEvent),
    /// The next event reaches the copy.
    Event,
    /// The next message about open lines reaches it, or is lost on the way.
    Partial {
        is_lost: bool,
    },
    /// All open lines are told again, as they are every second.
    Tell,
    /// The copy begins anew with what the log holds.
    Restart,
}

struct Pair {
    room: RoomState,
    copy: RoomState,
    log: Vec<Event>,
    partials: VecDeque<Partial>,
}

fn state(log: &[Event]) -> RoomState {
    RoomState::new(String::new(), Epoch(1), ring_of(log))
}

impl Pair {
    fn step(&mut self, step: Step) {
        match step {
            Step::Publish(CaptionEvent::Open(line)) => self.room.open.put(&line, Encoded::open(&line)),
            Step::Publish(CaptionEvent::Dropped(segment)) => self.room.open.drop_segment(segment),
            Step::Publish(CaptionEvent::Final(line)) => {
                let event = Event { offset: self.room.ring.top().next(), entry: Entry::Final(line) };
                self.room.take(&event, EncodedEvent::new(&event));
                self.log.push(event);
            }
            Step::Event => {
                if let Some(event) = self.log.get(self.copy.ring.top().0 as usize) {
                    self.copy.take(event, EncodedEvent::new(event));
                }
            }
            Step::Partial { is_lost } => {
                if let Some(partial) = self.partials.pop_front().filter(|_| !is_lost) {
                    self.hold(partial);
                }
            }
            Step::Tell => {}
            Step::Restart => self.copy = state(&self.log),
        }
        self.partials.push_back(self.room.partial());
    }

    fn hold(&mut self, partial: Partial) {
        let before: Vec<_> = self.copy.partial().open.iter().map(|line| (line.segment, line.lang)).collect();
        let (told_at, shown) = (partial.after, self.copy.ring.top());
        self.copy.hold(partial);
        for line in self.copy.partial().open {
            let is_new = !before.contains(&(line.segment, line.lang));
            let finishes = |event: &&Event| {
                let Entry::Final(caption) = &event.entry else { return false };
                event.offset > told_at
                    && event.offset <= shown
                    && (caption.segment, caption.lang) == (line.segment, line.lang)
            };
            assert!(
                !is_new || !self.log.iter().any(|event| finishes(&event)),
                "a line that was finished is open again"
            );
        }
    }
}

fn steps() -> impl Strategy<Value = Step> {
    let lang = prop_oneof![Just(Lang::Kazakh), Just(Lang::Russian)];
    let published = (1..5u64, lang, "[а-яәі]{1,2}", 0..8).prop_map(|(segment, lang, text, kind)| match kind {
        0..4 => CaptionEvent::Open(open(segment, lang, &text)),
        4..7 => CaptionEvent::Final(caption(segment, lang, &text)),
        _ => CaptionEvent::Dropped(SegmentId(segment)),
    });
    prop_oneof![
        10 => published.prop_map(Step::Publish),
        6 => Just(Step::Event),
        8 => (0..4u8).prop_map(|fate| Step::Partial { is_lost: fate == 0 }),
        2 => Just(Step::Tell),
        1 => Just(Step::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_copy_never_reopens_a_line_and_becomes_the_same(steps in prop::collection::vec(steps(), 0..150)) {
        let mut pair = Pair { room: state(&[]), copy: state(&[]), log: Vec::new(), partials: VecDeque::new() };
        steps.into_iter().for_each(|step| pair.step(step));
        while pair.copy.ring.top() < pair.room.ring.top() {
            pair.step(Step::Event);
        }
        pair.hold(pair.room.partial());
        prop_assert_eq!(pair.copy.partial(), pair.room.partial());
    }
}

#[test]
fn what_is_told_again_is_not_sent_again() {
    let mut pair = Pair { room: state(&[]), copy: state(&[]), log: Vec::new(), partials: VecDeque::new() };
    pair.step(Step::Publish(CaptionEvent::Open(open(1, Lang::Russian, "да"))));
    pair.hold(pair.room.partial());
    let version = pair.copy.open.version();
    pair.hold(pair.room.partial());
    assert_eq!(pair.copy.open.version(), version);
    // Another life of the log is another room.
    pair.hold(Partial { epoch: Epoch(2).to_string(), after: Offset(0), open: Vec::new() });
    assert_eq!(pair.copy.partial().open.len(), 1);
}

#[test]
fn machines_tell_one_another_in_the_form_of_the_protocol() {
    let mut room = state(&[]);
    let line = open(3, Lang::Russian, "да");
    room.open.put(&line, Encoded::open(&line));
    let told = r#"{"e":"00000000000000000000000000000001","o":0,"open":[{"seg":3,"lang":"ru","src":"ru","t0":0,"t1":0,"c":"да","d":""}]}"#;
    assert_eq!(serde_json::to_string(&room.partial()).expect("JSON"), told);
    assert_eq!(serde_json::from_str::<Partial>(told).expect("a partial"), room.partial());
}
