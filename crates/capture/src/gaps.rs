use dostyq_speech::{Marker, SampleTime, TimeSpan};

use crate::framer::Framer;

/// Silence that stands for missing sound: counted for ever, and told once.
#[derive(Debug, Default)]
pub(crate) struct Gaps {
    /// The gap that has not been told yet: its beginning, and its length in samples.
    untold: Option<(SampleTime, u64)>,
    total: u64,
}

impl Gaps {
    /// Counts `samples` of silence at `at`. A gap that finds another one untold is added to it, so that nothing
    /// piles up under a caller who never asks.
    pub(crate) fn add(&mut self, at: SampleTime, samples: u64) {
        self.total += samples;
        let (start, length) = self.untold.unwrap_or((at, 0));
        self.untold = Some((start, length + samples));
    }

    /// Puts `samples` of silence on the clock and counts them.
    pub(crate) fn fill(&mut self, samples: u64, framer: &mut Framer) {
        if samples > 0 {
            self.add(framer.end(), samples);
            framer.push_silence(samples);
        }
    }

    /// The gap that has not been told yet.
    pub(crate) fn take(&mut self) -> Option<(SampleTime, Marker)> {
        let (start, length) = self.untold.take()?;
        Some((start, Marker::Gap { millis: TimeSpan::new(start, start + length).length_millis() }))
    }

    /// All silence so far, in samples.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_told_once_and_gaps_add_up() {
        let mut gaps = Gaps::default();
        assert_eq!(gaps.take(), None);
        gaps.add(SampleTime(1000), 160);
        gaps.add(SampleTime(2000), 320);
        assert_eq!(gaps.take(), Some((SampleTime(1000), Marker::Gap { millis: 30 })));
        assert_eq!(gaps.take(), None);
        gaps.add(SampleTime(9000), 16);
        assert_eq!(gaps.take(), Some((SampleTime(9000), Marker::Gap { millis: 1 })));
        assert_eq!(gaps.total(), 496);
    }
}
