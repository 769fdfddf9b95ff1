use std::fmt;
use std::ops::{Add, Sub};

use serde::{Deserialize, Serialize};

/// Samples a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SampleRate(pub u32);

/// The rate of all sound after capture: what the voice detector and both recognisers were trained on.
pub const SAMPLE_RATE: SampleRate = SampleRate(16_000);

const SAMPLES_PER_MILLI: u64 = SAMPLE_RATE.0 as u64 / 1000;

/// A moment on a room's one clock: the count of 16 kHz samples since the room's sound began.
///
/// Wall time never enters: a cheap sound card is 100 ppm off, which is 1.4 s in four hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SampleTime(pub u64);

impl SampleTime {
    /// The first sample of a room.
    pub const ZERO: SampleTime = SampleTime(0);

    /// The moment `millis` milliseconds after the start.
    pub const fn from_millis(millis: u64) -> Self {
        SampleTime(millis * SAMPLES_PER_MILLI)
    }

    /// The moment `seconds` after the start; negative and non-finite values count as the start.
    pub fn from_secs(seconds: f64) -> Self {
        // A float-to-integer cast saturates and takes NaN to zero, which is what the sentence above says.
        SampleTime((seconds * f64::from(SAMPLE_RATE.0)).round() as u64)
    }

    /// Whole milliseconds since the start, rounded down.
    pub const fn as_millis(self) -> u64 {
        self.0 / SAMPLES_PER_MILLI
    }

    /// Seconds since the start.
    pub fn as_secs(self) -> f64 {
        self.0 as f64 / f64::from(SAMPLE_RATE.0)
    }

    /// The samples from `earlier` to here; zero when `earlier` is in fact later.
    pub const fn samples_since(self, earlier: SampleTime) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Later by a count of samples.
impl Add<u64> for SampleTime {
    type Output = SampleTime;
    fn add(self, samples: u64) -> SampleTime {
        SampleTime(self.0 + samples)
    }
}

/// Earlier by a count of samples, stopping at the start.
impl Sub<u64> for SampleTime {
    type Output = SampleTime;
    fn sub(self, samples: u64) -> SampleTime {
        SampleTime(self.0.saturating_sub(samples))
    }
}

impl fmt::Display for SampleTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.as_millis();
        let (seconds, minutes, hours) = (millis / 1000, millis / 60_000, millis / 3_600_000);
        write!(f, "{hours:02}:{:02}:{:02}.{:03}", minutes % 60, seconds % 60, millis % 1000)
    }
}

/// A stretch of a room's sound; `end` is the first sample after it and never before `start`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TimeSpan {
    /// The first sample.
    pub start: SampleTime,
    /// The first sample after the stretch.
    pub end: SampleTime,
}

impl TimeSpan {
    /// The stretch from `start` to `end`; an `end` before `start` makes it empty.
    pub fn new(start: SampleTime, end: SampleTime) -> Self {
        TimeSpan { start, end: end.max(start) }
    }

    /// Length in samples.
    pub const fn length(self) -> u64 {
        self.end.samples_since(self.start)
    }

    /// Length in whole milliseconds, rounded down.
    pub const fn length_millis(self) -> u64 {
        self.length() / SAMPLES_PER_MILLI
    }

    /// Length in seconds.
    pub fn length_secs(self) -> f64 {
        SampleTime(self.length()).as_secs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_reads_as_a_clock() {
        let check = |millis, expect| assert_eq!(SampleTime::from_millis(millis).to_string(), expect);
        check(0, "00:00:00.000");
        check(61_001, "00:01:01.001");
        check(3_600_000 * 27 + 59, "27:00:00.059");
    }

    #[test]
    fn seconds_that_make_no_sense_are_the_start() {
        for seconds in [-1.0, f64::NAN, f64::NEG_INFINITY] {
            assert_eq!(SampleTime::from_secs(seconds), SampleTime::ZERO);
        }
        assert_eq!(SampleTime::from_secs(0.5).as_millis(), 500);
    }

    #[test]
    fn a_span_is_never_negative() {
        let span = TimeSpan::new(SampleTime(20), SampleTime(10));
        assert_eq!((span.length(), span.end), (0, SampleTime(20)));
        assert_eq!(SampleTime(5) - 9, SampleTime::ZERO);
    }
}
