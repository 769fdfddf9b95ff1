//! Time that passes only while somebody speaks.

use std::collections::VecDeque;

use dostyq_speech::SampleTime;

/// Moments that are remembered: at one a frame of 32 ms, the last minute and a half.
const MOST_MOMENTS: usize = 3_000;

/// Seconds of voice up to each of the latest moments.
#[derive(Clone, Debug, Default)]
pub(crate) struct VoiceClock {
    moments: VecDeque<(SampleTime, f64)>,
}

impl VoiceClock {
    /// The room has been heard up to `now`; since the moment before, somebody spoke or nobody did.
    pub(crate) fn advance(&mut self, now: SampleTime, is_voiced: bool) {
        let (before, voiced) = self.moments.back().copied().unwrap_or((now, 0.0));
        if now < before || (now == before && !self.moments.is_empty()) {
            return;
        }
        let passed = SampleTime(now.samples_since(before)).as_secs();
        if self.moments.len() == MOST_MOMENTS {
            self.moments.pop_front();
        }
        self.moments.push_back((now, voiced + if is_voiced { passed } else { 0.0 }));
    }

    /// The moment up to which the room has been heard.
    pub(crate) fn now(&self) -> SampleTime {
        self.moments.back().map_or(SampleTime::ZERO, |moment| moment.0)
    }

    /// Seconds of voice up to a moment; that of the nearest one that is remembered.
    pub(crate) fn voiced(&self, at: SampleTime) -> f64 {
        let place = self.moments.partition_point(|moment| moment.0 < at);
        let nearest = self.moments.get(place).or(self.moments.back());
        nearest.map_or(0.0, |moment| moment.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_takes_no_time() {
        let mut clock = VoiceClock::default();
        let at = |tenths: u64| SampleTime::from_millis(tenths * 100);
        for tenth in 0..=30 {
            clock.advance(at(tenth), !(11..=20).contains(&tenth));
        }
        let check = |tenths, expect: f64| assert!((clock.voiced(at(tenths)) - expect).abs() < 1e-9, "{tenths}");
        check(10, 1.0);
        check(20, 1.0);
        check(25, 1.5);
        check(99, 2.0);
        assert_eq!(clock.now(), at(30));
    }

    #[test]
    fn it_forgets_and_never_runs_back() {
        let mut clock = VoiceClock::default();
        for moment in 0..10_000 {
            clock.advance(SampleTime(moment * 512), true);
        }
        clock.advance(SampleTime(5), true);
        assert_eq!((clock.moments.len(), clock.now()), (MOST_MOMENTS, SampleTime(9_999 * 512)));
    }
}
