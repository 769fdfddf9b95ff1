use std::time::Instant;

use dostyq_speech::SampleTime;

/// A time without a device. The clock does not stop for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Absence {
    /// When the last sound came.
    pub(super) since: Instant,
    /// Where the clock stood then.
    pub(super) position: SampleTime,
}

impl Absence {
    /// The silence that is due by `now`, in samples, when the clock stands at `reached`.
    pub(super) fn owed(&self, now: Instant, reached: SampleTime) -> u64 {
        let passed = SampleTime::from_secs(now.saturating_duration_since(self.since).as_secs_f64());
        (self.position + passed.0).samples_since(reached)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn silence_is_owed_for_the_time_that_passed() {
        let since = Instant::now();
        let absence = Absence { since, position: SampleTime(1_000) };
        let check = |millis, reached, expect| {
            assert_eq!(absence.owed(since + Duration::from_millis(millis), SampleTime(reached)), expect);
        };
        check(0, 1_000, 0);
        check(500, 1_000, 8_000);
        check(500, 9_000, 0);
        check(501, 9_000, 16);
        // Told more than was due already: the clock waits.
        check(500, 9_500, 0);
        assert_eq!(absence.owed(since - Duration::from_millis(5), SampleTime(1_000)), 0);
    }
}
