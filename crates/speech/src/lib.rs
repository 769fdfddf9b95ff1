//! The values that travel through Dostyq: sound, words, captions, with their times, languages and ids.
//!
//! Every stage speaks in these types and in nothing else, so a stage knows its input and its output and none of
//! its neighbours. Nothing here computes more than a conversion or a cut into sentences, opens a file or starts a thread.
//!
//! ```
//! use dostyq_speech::{Lang, SampleTime, TimeSpan, Word};
//!
//! let span = TimeSpan::new(SampleTime::from_millis(500), SampleTime::from_millis(900));
//! let word = Word { text: "дружба".into(), span, confidence: 0.9 };
//! assert_eq!(word.span.length_millis(), 400);
//! assert_eq!(Lang::Russian.other(), Lang::Kazakh);
//! ```

mod audio;
mod caption;
mod effort;
mod lang;
mod log_entry;
mod sentences;
mod time;
mod transcript;
mod translation;
mod utterance;

pub use audio::{AudioFrame, Level};
pub use caption::{Author, Caption, CaptionEvent, Cue, CueLine, OpenCaption};
pub use effort::Effort;
pub use lang::{Lang, LangChoice, UnknownLang};
pub use log_entry::{Entry, Epoch, Event, Marker, Offset, RoomId, UnfitRoomId};
pub use sentences::split_sentences;
pub use time::{SAMPLE_RATE, SampleRate, SampleTime, TimeSpan};
pub use transcript::{Hypothesis, Transcript, Word, join_words};
pub use translation::Translation;
pub use utterance::{SegmentId, Utterance};
