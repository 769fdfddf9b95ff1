use serde::{Deserialize, Serialize};

use crate::{SampleTime, TimeSpan};

/// The number of a stretch of speech in its room, from 1, in the order of speech.
///
/// A caption and its translation carry the same id: it is what lays the two languages side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SegmentId(pub u64);

/// A stretch of speech, whole or still growing.
#[derive(Clone, Debug, PartialEq)]
pub struct Utterance {
    /// Its number in the room.
    pub segment: SegmentId,
    /// The moment of the first sample, pre-roll included.
    pub start: SampleTime,
    /// 16 kHz mono samples in [-1, 1], pre-roll and trailing silence included.
    pub samples: Vec<f32>,
    /// Where voice was heard, from the first to the last voiced window; inside the samples.
    pub voiced: TimeSpan,
    /// Seconds of sound that were judged to be voice; at most the length of `voiced`.
    pub voiced_secs: f64,
    /// Up to where the room had been heard when this was handed over: past the end by the silence that closed it.
    pub heard_until: SampleTime,
    /// True once, for the last and longest form of the utterance.
    pub is_final: bool,
}

impl Utterance {
    /// The stretch that the samples cover.
    pub fn span(&self) -> TimeSpan {
        TimeSpan::new(self.start, self.start + self.samples.len() as u64)
    }
}
