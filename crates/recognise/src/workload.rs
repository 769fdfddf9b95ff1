use std::collections::BTreeMap;

use dostyq_speech::{Effort, SampleTime, Utterance};

use crate::{Ladder, Turns};

/// Shortest time between two drafts of a room, in seconds: more often than that flickers.
const SHORTEST_STRIDE: f64 = 0.4;
/// Longest one, in seconds: a line that grows more slowly might as well come whole.
const LONGEST_STRIDE: f64 = 4.0;
/// Time that a round of drafts gets, in times of what it costs. What is over is for finals, which then hardly wait for a
/// draft to end.
const SPARE: f64 = 1.15;
/// How much rarer drafts are on the rung [`Effort::FewerDrafts`] and below.
const FEWER: f64 = 2.5;
/// Seconds after its latest draft for which a room counts as one in which somebody speaks.
const ACTIVE: f64 = 3.0;
/// Weight of the newest draft in the mean of their costs.
const NEWEST: f64 = 0.25;

/// What a room may do now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pulse {
    /// The rung of the degradation ladder, the same for all rooms of an engine.
    pub effort: Effort,
    /// A draft that is handed in now would be heard soon.
    pub is_ready: bool,
    /// Seconds that should lie between two drafts, 0.4 to 4.
    pub stride: f64,
    /// Where the speaker was found to have gone over to the other language; told once.
    pub switched_at: Option<SampleTime>,
}

/// The work of one engine for all its rooms: whose turn it is, how often drafts are made, and what is given up when the
/// machine is too slow. Pure: its caller says what time it is, in seconds on any clock that never runs backwards.
#[derive(Debug, Default)]
pub struct Workload {
    turns: Turns<Utterance>,
    ladder: Ladder,
    /// The mean of what the latest drafts cost, in seconds.
    draft_cost: f64,
    /// When each room handed in its latest draft.
    latest_drafts: BTreeMap<usize, f64>,
    /// Changes of language of which the rooms have not been told.
    switches: BTreeMap<usize, SampleTime>,
}

impl Workload {
    /// A workload that may give up what the ladder says.
    pub fn new(ladder: Ladder) -> Workload {
        Workload { ladder, ..Workload::default() }
    }

    /// Whose turn it is.
    pub fn turns(&mut self) -> &mut Turns<Utterance> {
        &mut self.turns
    }

    /// The rung of the ladder.
    pub fn effort(&self) -> Effort {
        self.ladder.effort()
    }

    /// Looks at the time; rooms do so with each frame that they hear.
    pub fn pulse(&mut self, room: usize, now: f64) -> Pulse {
        self.ladder.observe(now, self.turns.longest_wait(now));
        let effort = self.ladder.effort();
        self.latest_drafts.retain(|_, latest| now - *latest < ACTIVE);
        let others = self.latest_drafts.keys().filter(|other| **other != room).count();
        let fewer = if effort >= Effort::FewerDrafts { FEWER } else { 1.0 };
        let round = self.draft_cost * (1 + others) as f64 * SPARE;
        let stride = (round.max(SHORTEST_STRIDE) * fewer).min(LONGEST_STRIDE);
        let is_ready = effort < Effort::FinalsOnly && self.turns.is_ready(room);
        Pulse { effort, is_ready, stride, switched_at: self.switches.remove(&room) }
    }

    /// A room's speaker went over to the other language.
    pub fn switched(&mut self, room: usize, at: SampleTime) {
        self.switches.insert(room, at);
    }

    /// Takes an utterance in.
    pub fn submit(&mut self, room: usize, utterance: Utterance, now: f64) {
        if !utterance.is_final {
            self.latest_drafts.insert(room, now);
        }
        self.turns.submit(room, utterance, now);
    }

    /// The engine is done with a room's job, which took it so many seconds.
    pub fn done(&mut self, room: usize, is_final: bool, cost: f64) {
        self.turns.done(room);
        if !is_final {
            let is_first = self.draft_cost == 0.0;
            self.draft_cost += (cost - self.draft_cost) * if is_first { 1.0 } else { NEWEST };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dostyq_speech::{SegmentId, TimeSpan};

    fn utterance(is_final: bool) -> Utterance {
        Utterance {
            segment: SegmentId(1),
            start: SampleTime::ZERO,
            samples: Vec::new(),
            voiced: TimeSpan::default(),
            voiced_secs: 0.0,
            heard_until: SampleTime::ZERO,
            is_final,
        }
    }

    /// The stride of a room after so many rooms made a draft of this cost.
    fn check_stride(rooms: usize, cost: f64, expect: f64) {
        let mut workload = Workload::default();
        for room in 0..rooms {
            workload.turns().join(room);
            workload.submit(room, utterance(false), 10.0);
            let (taken, _) = workload.turns().take().expect("a draft waits");
            workload.done(taken, false, cost);
        }
        let pulse = workload.pulse(0, 11.0);
        assert!(pulse.is_ready && (pulse.stride - expect).abs() < 1e-9, "{rooms} rooms, {cost} s: {}", pulse.stride);
    }

    #[test]
    fn drafts_leave_time_for_finals() {
        check_stride(1, 0.1, 0.4);
        check_stride(1, 1.0, SPARE);
        check_stride(3, 0.5, 1.5 * SPARE);
        check_stride(6, 2.0, 4.0);
    }

    #[test]
    fn a_final_that_waits_too_long_makes_drafts_rarer_and_then_stops_them() {
        let mut workload = Workload::default();
        workload.turns().join(0);
        workload.submit(0, utterance(true), 0.0);
        let mut efforts: Vec<Effort> = (0..60).map(|half| workload.pulse(0, f64::from(half) / 2.0).effort).collect();
        efforts.dedup();
        use Effort::{FewerDrafts, FinalsOnly, Full, ShorterUtterances, SourceOnly};
        assert_eq!(efforts, [Full, FewerDrafts, ShorterUtterances, FinalsOnly, SourceOnly]);
        assert!(!workload.pulse(0, 31.0).is_ready);
    }
}
