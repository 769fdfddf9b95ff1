use dostyq_speech::Effort;

/// Seconds that a finished utterance may wait before the machine counts as too slow.
const LATE: f64 = 5.0;
/// Seconds of waiting below which the machine has room to spare.
const PROMPT: f64 = 1.5;
/// Seconds that a step down gets to show its effect before the next one.
const SETTLE: f64 = 4.0;
/// Seconds of prompt work before a step up is tried.
const PATIENCE: f64 = 15.0;
/// The longest such time: it doubles each time a step up turns out to be too much, so that the hall does not see-saw.
const LONGEST_PATIENCE: f64 = 120.0;
/// A step down this many seconds after a step up takes it back.
const RELAPSE: f64 = 60.0;

/// The degradation ladder: how much work is given up when the machine is too slow, one step after the other, and how it
/// is taken up again. Pure: it takes the time from its caller.
///
/// The measure is how long the oldest finished utterance has waited for its words. Drafts are no measure: they take
/// whatever time finals leave.
#[derive(Clone, Debug)]
pub struct Ladder {
    rungs: Vec<Effort>,
    at: usize,
    /// When the present rung was reached.
    since: f64,
    /// Whether the latest step went up.
    has_climbed: bool,
    /// Since when work has been prompt.
    prompt_since: Option<f64>,
    patience: f64,
}

impl Ladder {
    /// A ladder of these rungs, in the order of [`Effort`]; it always has the top one.
    pub fn new(rungs: impl IntoIterator<Item = Effort>) -> Ladder {
        let mut rungs: Vec<Effort> = rungs.into_iter().chain([Effort::Full]).collect();
        rungs.sort();
        rungs.dedup();
        Ladder { rungs, at: 0, since: 0.0, has_climbed: false, prompt_since: None, patience: PATIENCE }
    }

    /// The present rung.
    pub fn effort(&self) -> Effort {
        self.rungs[self.at]
    }

    /// Takes the time `now` and how long the oldest finished utterance has waited, both in seconds; returns the new rung
    /// when a step is taken.
    pub fn observe(&mut self, now: f64, waited: f64) -> Option<Effort> {
        if waited >= PROMPT {
            self.prompt_since = None;
        }
        let is_lowest = self.at + 1 == self.rungs.len();
        if waited >= LATE && !is_lowest && (now - self.since >= SETTLE || self.has_climbed) {
            let relapses = self.has_climbed && now - self.since < RELAPSE;
            self.patience = if relapses { (self.patience * 2.0).min(LONGEST_PATIENCE) } else { PATIENCE };
            return Some(self.step_to(self.at + 1, now));
        }
        if waited < PROMPT {
            let since = *self.prompt_since.get_or_insert(now);
            if self.at > 0 && now - since.max(self.since) >= self.patience {
                return Some(self.step_to(self.at - 1, now));
            }
        }
        None
    }

    fn step_to(&mut self, rung: usize, now: f64) -> Effort {
        self.has_climbed = rung < self.at;
        (self.at, self.since) = (rung, now);
        self.rungs[rung]
    }
}

impl Default for Ladder {
    /// All rungs that need no second speech model.
    fn default() -> Ladder {
        Ladder::new(Effort::ALL.into_iter().filter(|rung| *rung != Effort::LighterModel))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Effort::{FewerDrafts, FinalsOnly, Full, ShorterUtterances, SourceOnly};

    /// Observes once a second; a script of (seconds, waiting). Returns the steps with the second of each.
    fn check(mut ladder: Ladder, script: &[(u32, f64)], expect: &[(u32, Effort)]) {
        let mut steps = Vec::new();
        let mut now = 10;
        for (secs, waited) in script {
            for _ in 0..*secs {
                steps.extend(ladder.observe(f64::from(now), *waited).map(|rung| (now, rung)));
                now += 1;
            }
        }
        assert_eq!(steps, expect, "{script:?}");
    }

    #[test]
    fn a_machine_that_keeps_up_stays_at_the_top() {
        check(Ladder::default(), &[(600, 0.5), (600, 4.0)], &[]);
    }

    #[test]
    fn one_step_after_another_and_back_again() {
        check(
            Ladder::default(),
            &[(30, 6.0), (60, 0.5)],
            &[
                (10, FewerDrafts),
                (14, ShorterUtterances),
                (18, FinalsOnly),
                (22, SourceOnly),
                (55, FinalsOnly),
                (70, ShorterUtterances),
                (85, FewerDrafts),
            ],
        );
    }

    #[test]
    fn a_step_up_that_was_too_much_is_tried_later() {
        check(
            Ladder::new([FinalsOnly]),
            &[(1, 6.0), (17, 0.5), (1, 6.0), (32, 0.5), (1, 6.0), (70, 0.5)],
            &[(10, FinalsOnly), (26, Full), (28, FinalsOnly), (59, Full), (61, FinalsOnly), (122, Full)],
        );
    }
}
