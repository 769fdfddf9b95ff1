//! The log of a room becomes files that people keep: SRT, WebVTT and JSON.
//!
//! [`read_session`] reads a room out of any [`EventLog`](dostyq_log::EventLog); the caller lays its captions out as
//! cues; [`write_exports`] writes them down in every format, each file whole or not at all.
//!
//! ```
//! use dostyq_archive::{srt, vtt};
//! use dostyq_speech::{Cue, CueLine, Lang, SampleTime, SegmentId, TimeSpan};
//!
//! let cue = Cue {
//!     segment: SegmentId(1),
//!     span: TimeSpan::new(SampleTime::from_millis(500), SampleTime::from_millis(2000)),
//!     lines: vec![CueLine { lang: Lang::Kazakh, text: "Қайырлы таң!".into() }],
//! };
//! assert_eq!(srt(&[cue.clone()]), "1\r\n00:00:00,500 --> 00:00:02,000\r\nҚайырлы таң!\r\n\r\n");
//! assert_eq!(vtt(&[cue]), "WEBVTT\n\n00:00:00.500 --> 00:00:02.000\nҚайырлы таң!\n\n");
//! ```
//!
//! # The JSON session
//!
//! All times ending in `_millis` are milliseconds since the room's sound began, except `started_at_millis` and
//! `unix_millis`, which are Unix time. Fields may be added; a change of meaning raises `version`.
//!
//! | field | value |
//! |---|---|
//! | `format`, `version` | `"dostyq-session"`, `1` |
//! | `room` | the name of the room |
//! | `epoch` | 32 hexadecimal digits: which life of the room's log the offsets belong to |
//! | `started_at_millis` | the wall time at which the room's sound began |
//! | `anchors` | pairs of `at_millis` and `unix_millis`: how the sound card's clock ran against the wall clock |
//! | `events` | the whole log in order, corrected captions and their corrections both |
//!
//! Each event has its `offset` (1, 2, 3 …) and a `kind`:
//!
//! | `kind` | further fields |
//! |---|---|
//! | `"final"` | `segment`, `revision` (0, and one more for each correction), `lang` and `spoken` (`kk` or `ru`; where they differ it is a translation), `lang_confidence` (0.5 to 1), `start_millis`, `end_millis`, `text`, `author` (`machine`, `memory`: a sentence of it was in the translation memory, `script`: it is that of a prepared speech), `words`: each `text`, `start_millis`, `end_millis`, `confidence` (0 to 1) |
//! | `"marker"` | `at_millis`, `marker`: `started`, `ended`, `looped`, `gap` (with `gap_millis`), `effort` (with `effort`), `script-on-air` or `script-off-air` |
//!
//! What it does not do: it decides no line breaks and no times on screen (cues come laid out), keeps no audio and
//! opens no socket.

mod error;
mod export;
mod frame;
mod json;
mod session;
mod srt;
mod vtt;

pub use error::{ArchiveError, Result};
pub use export::{Exports, write_exports};
pub use json::json;
pub use session::{Session, collect, read_session};
pub use srt::srt;
pub use vtt::vtt;
