//! Transcripts and translations become caption events in both languages, and captions become cues that can be read.
//!
//! [`Captioner`] is the live half: it turns growing transcripts into open lines and finished ones into captions, and
//! lays each translation beside its source. [`reflow_one`] and [`reflow_bilingual`] are the archive's half: they cut
//! finished captions into timed cues of at most two lines, by [`ReadingRules`].
//!
//! ```
//! use dostyq_caption::{Captioner, ReadingRules, reflow_bilingual};
//! use dostyq_speech::{Author, CaptionEvent, Lang, SampleTime, SegmentId, TimeSpan, Transcript, Translation, Word};
//!
//! let span = TimeSpan::new(SampleTime::from_millis(1000), SampleTime::from_millis(2500));
//! let words = vec![Word { text: "Рахмет!".into(), span, confidence: 0.9 }];
//! let segment = SegmentId(1);
//!
//! let mut captioner = Captioner::new();
//! let mut events = captioner.push_transcript(Transcript {
//!     segment, lang: Lang::Kazakh, lang_confidence: 0.97, span, committed: words, tentative: vec![], is_final: true,
//!     author: Author::Machine,
//! });
//! events.extend(captioner.push_translation(Translation {
//!     segment,
//!     lang: Lang::Russian,
//!     text: "Спасибо!".into(),
//!     is_final: true,
//!     author: Author::Memory,
//! }));
//!
//! let captions: Vec<_> = events
//!     .into_iter()
//!     .filter_map(|event| match event { CaptionEvent::Final(caption) => Some(caption), _ => None })
//!     .collect();
//! let cues = reflow_bilingual(&captions, &ReadingRules::default());
//! let lines: Vec<_> = cues[0].lines.iter().map(|line| (line.lang.code(), line.text.as_str())).collect();
//! assert_eq!((lines, cues[0].span), (vec![("kk", "Рахмет!"), ("ru", "Спасибо!")], span));
//! ```
//!
//! What it does not do: no input or output, no threads, no waiting, no clock; it cannot block and cannot fail. It
//! does not spell, punctuate or capitalise, and writes no file format.

mod captioner;
mod layout;
mod text;

pub use captioner::{Captioner, MAX_FINISHED, MAX_OPEN, Oddities};
pub use layout::{ReadingRules, break_lines, reflow_bilingual, reflow_one};
