use crate::{SampleTime, TimeSpan};

/// A piece of sound on the room's clock.
#[derive(Clone, Debug, PartialEq)]
pub struct AudioFrame {
    /// The moment of the first sample.
    pub start: SampleTime,
    /// 16 kHz mono samples in [-1, 1].
    pub samples: Vec<f32>,
}

impl AudioFrame {
    /// The stretch that the frame covers.
    pub fn span(&self) -> TimeSpan {
        TimeSpan::new(self.start, self.start + self.samples.len() as u64)
    }
}

/// How loud a piece of sound is, in decibels below full scale; digital silence is [`Level::SILENCE`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// Root mean square, dBFS, at most 0 for samples in [-1, 1].
    pub rms_dbfs: f32,
    /// Largest sample magnitude, dBFS. Not a true (oversampled) peak.
    pub peak_dbfs: f32,
}

impl Level {
    /// The floor: what digital silence and an empty piece measure, so that no meter has to draw minus infinity.
    pub const SILENCE: Level = Level { rms_dbfs: -120.0, peak_dbfs: -120.0 };

    /// Measures samples in [-1, 1].
    pub fn of(samples: &[f32]) -> Level {
        if samples.is_empty() {
            return Level::SILENCE;
        }
        let power = samples.iter().map(|s| f64::from(*s) * f64::from(*s)).sum::<f64>() / samples.len() as f64;
        let peak = samples.iter().fold(0.0f32, |peak, s| peak.max(s.abs()));
        Level { rms_dbfs: (10.0 * power.log10()).max(-120.0) as f32, peak_dbfs: (20.0 * peak.log10()).max(-120.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_those_of_the_textbook() {
        let sine: Vec<f32> = (0..16_000).map(|i| (i as f32 * 0.05 * std::f32::consts::TAU).sin()).collect();
        let level = Level::of(&sine);
        assert!((level.rms_dbfs + 3.01).abs() < 0.05, "a full-scale sine is 3 dB below full scale: {level:?}");
        assert!(level.peak_dbfs.abs() < 0.05, "{level:?}");
        assert_eq!(Level::of(&[0.0; 100]), Level::SILENCE);
        assert_eq!(Level::of(&[]), Level::SILENCE);
    }
}
