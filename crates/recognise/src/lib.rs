//! An utterance, growing, becomes committed words and a tentative tail, with language, times and confidence.
//!
//! ```text
//! Utterance ─► Recogniser (an engine: Whisper, CTC) ─► Recognition ─► guard ─► StreamingPolicy ─► Transcript
//!                     ▲ language, committed words ─────────────────────────────┘
//! ```
//! - [`Recogniser`] is the engine's trait; [`Whisper`] and [`CtcRecogniser`] are engines. They are told the words that
//!   are already committed and go on from them.
//! - [`LanguageRouter`] decides between Kazakh and Russian, utterance by utterance, with some inertia; where a speaker goes
//!   over to the other language for a clause, [`Heard::switched_at`] says so.
//! - [`guard`] throws out what was not said: loops, boilerplate, guesses over silence; each rejection has a cause.
//! - [`StreamingPolicy`] commits the words on which two successive hypotheses agree, and never takes one back.
//! - [`Listener`] joins them for one room; [`RecogniserThread`] gives all rooms their fair share of one engine.
//!
//! The policy is the same for all engines and pure, so it can be tried on words alone:
//!
//! ```
//! use dostyq_recognise::StreamingPolicy;
//! use dostyq_speech::{Hypothesis, Lang, SampleTime, SegmentId, TimeSpan, Word};
//!
//! let hypothesis = |text: &str| Hypothesis {
//!     lang: Lang::Russian,
//!     lang_confidence: 0.995,
//!     words: text
//!         .split(' ')
//!         .enumerate()
//!         .map(|(i, word)| Word {
//!             text: word.into(),
//!             span: TimeSpan::new(SampleTime::from_millis(i as u64 * 400), SampleTime::from_millis(i as u64 * 400 + 300)),
//!             confidence: 0.9,
//!         })
//!         .collect(),
//! };
//! let mut policy = StreamingPolicy::new(SegmentId(1));
//! let first = policy.grow(&hypothesis("добрый день уважа"), SampleTime::from_millis(1200));
//! assert_eq!(first.committed.len(), 0, "one hypothesis proves nothing");
//! let second = policy.grow(&hypothesis("добрый день уважаемые гости"), SampleTime::from_millis(1700));
//! assert_eq!(dostyq_speech::join_words(&second.committed), "добрый день");
//! assert_eq!(dostyq_speech::join_words(&second.tentative), "уважаемые", "the last word may be half a word yet");
//! ```
//!
//! It captures no sound, finds no utterances, translates nothing and shows nothing.

mod ctc;
mod distance;
mod expected;
mod glossary;
pub mod guard;
mod ladder;
mod language;
mod listener;
mod loudness;
mod policy;
mod recogniser;
mod switch;
mod thread;
mod times;
mod turns;
mod whisper;
mod workload;

pub use ctc::{CtcOptions, CtcRecogniser};
pub use expected::ExpectedText;
pub use glossary::Glossary;
pub use ladder::Ladder;
pub use language::{LangScores, LanguageRouter};
pub use listener::{Heard, Listener};
pub use policy::StreamingPolicy;
pub use recogniser::{EngineSet, RecogniseError, Recogniser, Recognition, Request, Signals};
pub use thread::{Job, RecogniserThread, Reopen, Verdict};
pub use turns::{Turn, Turns};
pub use whisper::{Whisper, WhisperOptions};
pub use workload::{Pulse, Workload};
