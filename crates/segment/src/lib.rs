//! Frames become utterances: voice activity, pre-roll, endpoint, forced cut.
//!
//! [`SileroVad`] says how likely each 32 ms window is to be voice; [`Segmenter`] decides from those probabilities
//! where an utterance begins and ends. The segmenter is a pure state machine: it sees only values, so every rule
//! below can be tested with a table.
//!
//! ```
//! use dostyq_segment::{Segmenter, SegmenterOptions, WINDOW};
//! use dostyq_speech::{AudioFrame, SampleTime, SegmentId};
//!
//! let mut segmenter = Segmenter::new(SegmenterOptions::default(), SegmentId(1));
//! let mut ended = Vec::new();
//! // One second of silence, one of voice, one of silence.
//! for i in 0..94u64 {
//!     let frame = AudioFrame { start: SampleTime(i * WINDOW as u64), samples: vec![0.0; WINDOW] };
//!     let voice = if (31..63).contains(&i) { 0.9 } else { 0.01 };
//!     ended.extend(segmenter.push(&frame, voice));
//! }
//! assert_eq!(ended.len(), 1);
//! assert!(ended[0].start.as_millis() < 1000, "the pre-roll keeps the first word");
//! ```
//!
//! It does not capture, resample or recognise, and it keeps no sound beyond the open utterance and its pre-roll.

mod segmenter;
mod silero;

pub use segmenter::{Segmenter, SegmenterOptions};
pub use silero::{SileroVad, VadError};

/// Samples in the window that the voice detector judges: 512 at 16 kHz, 32 ms. Frames from capture have this length.
pub const WINDOW: usize = 512;
