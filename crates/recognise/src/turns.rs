use std::collections::{BTreeMap, VecDeque};

use dostyq_speech::Utterance;

/// Final utterances of one room that may wait; when they are this many, the room's capture waits (a recording) or the
/// backlog is the operator's to see (a live desk). 64 utterances are several minutes of speech.
const WAITING_FINALS: usize = 64;

/// A job of an engine that rooms share.
pub trait Turn {
    /// Whether it must be answered; one that need not is out of date as soon as the next one comes.
    fn is_final(&self) -> bool;
}

impl Turn for Utterance {
    fn is_final(&self) -> bool {
        self.is_final
    }
}

/// Whose job an engine does next. Pure: who carries it out is another matter.
///
/// Each room has at most one waiting draft (a newer one replaces it) and a queue of finals, none of which is dropped.
/// Rooms take turns; finals go before drafts.
#[derive(Debug)]
pub struct Turns<J> {
    rooms: BTreeMap<usize, Waiting<J>>,
    /// The room from which the next job is looked for.
    next: usize,
}

#[derive(Debug)]
struct Waiting<J> {
    /// Each with the moment at which it was handed in.
    finals: VecDeque<(f64, J)>,
    draft: Option<J>,
    /// What the engine works on for the room now.
    heard: Option<Heard>,
}

#[derive(Clone, Copy, Debug)]
enum Heard {
    Draft,
    /// A final, with the moment at which it was handed in.
    Final(f64),
}

impl<J> Default for Turns<J> {
    fn default() -> Self {
        Turns { rooms: BTreeMap::new(), next: 0 }
    }
}

impl<J: Turn> Turns<J> {
    /// A room may hand in jobs from now on.
    pub fn join(&mut self, room: usize) {
        self.rooms.entry(room).or_insert(Waiting { finals: VecDeque::new(), draft: None, heard: None });
    }

    /// Forgets a room and what it has waiting.
    pub fn leave(&mut self, room: usize) {
        self.rooms.remove(&room);
    }

    /// Whether a room has joined and not left.
    pub fn knows(&self, room: usize) -> bool {
        self.rooms.contains_key(&room)
    }

    /// Whether a room may hand in another final.
    pub fn has_place(&self, room: usize) -> bool {
        self.rooms.get(&room).is_some_and(|waiting| waiting.finals.len() < WAITING_FINALS)
    }

    /// Takes a job in at the moment `now`, in seconds on any clock that never runs backwards; one of a room that
    /// never joined is dropped. Ask [`has_place`](Self::has_place) first.
    pub fn submit(&mut self, room: usize, job: J, now: f64) {
        let Some(waiting) = self.rooms.get_mut(&room) else { return };
        if job.is_final() {
            // The final says all that the draft would have said.
            waiting.draft = None;
            waiting.finals.push_back((now, job));
        } else {
            waiting.draft = Some(job);
        }
    }

    /// The next job; the room counts as being heard until [`done`](Self::done).
    pub fn take(&mut self) -> Option<(usize, J)> {
        let from = self.next;
        let order = || self.rooms.range(from..).chain(self.rooms.range(..from));
        let room = order()
            .find(|(_, waiting)| !waiting.finals.is_empty())
            .or_else(|| order().find(|(_, waiting)| waiting.draft.is_some()))
            .map(|(room, _)| *room)?;
        self.next = room + 1;
        let waiting = self.rooms.get_mut(&room)?;
        let job = match waiting.finals.pop_front() {
            Some((since, job)) => {
                waiting.heard = Some(Heard::Final(since));
                job
            }
            None => {
                waiting.heard = Some(Heard::Draft);
                waiting.draft.take()?
            }
        };
        Some((room, job))
    }

    /// The engine is done with the room's job.
    pub fn done(&mut self, room: usize) {
        if let Some(waiting) = self.rooms.get_mut(&room) {
            waiting.heard = None;
        }
    }

    /// Whether a room is not being heard and has no final waiting, so that a draft makes sense; it replaces the one that
    /// waits.
    pub fn is_ready(&self, room: usize) -> bool {
        self.rooms.get(&room).is_some_and(|waiting| waiting.heard.is_none() && waiting.finals.is_empty())
    }

    /// How long the oldest final of all rooms that has no answer has waited at the moment `now`; 0 when there is none.
    pub fn longest_wait(&self, now: f64) -> f64 {
        let since = self.rooms.values().flat_map(|waiting| {
            let heard =
                waiting.heard.and_then(|heard| if let Heard::Final(since) = heard { Some(since) } else { None });
            heard.into_iter().chain(waiting.finals.front().map(|(since, _)| *since))
        });
        since.map(|since| now - since).fold(0.0, f64::max)
    }

    /// Whether something of a room that must be answered is waiting or being heard.
    pub fn is_owed(&self, room: usize) -> bool {
        self.rooms.get(&room).is_some_and(|waiting| waiting.heard.is_some() || !waiting.finals.is_empty())
    }

    /// Forgets everything that waits; the number of finals among it.
    pub fn clear(&mut self) -> usize {
        let forget = |waiting: &mut Waiting<J>| {
            waiting.draft = None;
            std::mem::take(&mut waiting.finals).len()
        };
        self.rooms.values_mut().map(forget).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dostyq_speech::{SampleTime, SegmentId, TimeSpan};

    /// A script such as "a1? a2! b1!": the room, the segment, a draft (?) or a final (!). All are handed in, then taken
    /// one after another.
    fn check(script: &str, expect: &str) {
        let mut turns = Turns::default();
        let letters = |room: usize| char::from(b'a' + room as u8);
        for job in script.split(' ') {
            let (room, segment) = ((job.as_bytes()[0] - b'a') as usize, u64::from(job.as_bytes()[1] - b'0'));
            turns.join(room);
            let utterance = Utterance {
                segment: SegmentId(segment),
                start: SampleTime::ZERO,
                samples: Vec::new(),
                voiced: TimeSpan::default(),
                voiced_secs: 0.0,
                heard_until: SampleTime::ZERO,
                is_final: job.ends_with('!'),
            };
            turns.submit(room, utterance, 0.0);
        }
        let mut taken = Vec::new();
        while let Some((room, utterance)) = turns.take() {
            assert!(!turns.is_ready(room) && turns.is_owed(room));
            turns.done(room);
            let sign = if utterance.is_final { '!' } else { '?' };
            taken.push(format!("{}{}{sign}", letters(room), utterance.segment.0));
        }
        assert_eq!(taken.join(" "), expect, "{script}");
    }

    #[test]
    fn finals_go_first_and_rooms_take_turns() {
        check("a1! a2! a3! b1!", "a1! b1! a2! a3!");
        check("a1? b1!", "b1! a1?");
        check("a1? b1? c1?", "a1? b1? c1?");
        check("b1! a1! c1! b2!", "a1! b1! c1! b2!");
    }

    #[test]
    fn a_newer_draft_replaces_the_waiting_one_and_a_final_makes_it_needless() {
        check("a1? a1? a2?", "a2?");
        check("a1? a1!", "a1!");
        check("a1! a2?", "a1! a2?");
    }

    #[test]
    fn what_waits_can_be_forgotten() {
        let mut turns = Turns::<Utterance>::default();
        assert!(!turns.knows(0) && !turns.has_place(0) && !turns.is_ready(0), "a room that never joined");
        turns.join(0);
        assert!(turns.has_place(0) && turns.is_ready(0) && !turns.is_owed(0));
        assert_eq!(turns.clear(), 0);
    }
}
