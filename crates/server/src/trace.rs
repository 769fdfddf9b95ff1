use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use dostyq_speech::{Lang, SampleTime, SegmentId, Transcript, join_words};
use serde::Serialize;

/// What viewers could see of a segment in the language spoken from a moment on, as `scripts/score_trace.py` reads it.
/// All times are seconds since the source began.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct TraceLine {
    /// When it could be seen.
    pub(crate) at: f64,
    pub(crate) seg: u64,
    pub(crate) committed: String,
    pub(crate) tentative: String,
    #[serde(rename = "final")]
    pub(crate) is_final: bool,
    pub(crate) lang: &'static str,
    /// When it was spoken.
    pub(crate) start: f64,
    pub(crate) end: f64,
}

impl TraceLine {
    /// A segment is taken off the screens, committed words included.
    pub(crate) fn withdrawn(at: f64, segment: SegmentId) -> TraceLine {
        TraceLine {
            at,
            seg: segment.0,
            committed: String::new(),
            tentative: String::new(),
            is_final: false,
            lang: Lang::Russian.code(),
            start: 0.0,
            end: 0.0,
        }
    }

    /// What a transcript shows `at` seconds after the source began, at `begin` on the room's clock; nothing when it has
    /// no words, since that is no caption.
    pub(crate) fn of(at: f64, transcript: &Transcript, begin: SampleTime) -> Option<TraceLine> {
        if transcript.committed.is_empty() && transcript.tentative.is_empty() {
            return None;
        }
        let secs = |moment: SampleTime| SampleTime(moment.samples_since(begin)).as_secs();
        Some(TraceLine {
            at,
            seg: transcript.segment.0,
            committed: join_words(&transcript.committed),
            tentative: join_words(&transcript.tentative),
            is_final: transcript.is_final,
            lang: transcript.lang.code(),
            start: secs(transcript.span.start),
            end: secs(transcript.span.end),
        })
    }
}

/// A file of trace lines, JSON Lines.
pub struct Trace {
    path: PathBuf,
    file: BufWriter<File>,
    has_failed: bool,
}

impl Trace {
    /// Creates the file, over an older one.
    pub fn create(path: &Path) -> anyhow::Result<Trace> {
        let file = File::create(path)
            .with_context(|| format!("the trace {} cannot be written: check its folder", path.display()))?;
        Ok(Trace { path: path.to_owned(), file: BufWriter::new(file), has_failed: false })
    }

    /// Writes a line, so that a reader finds it whole.
    pub(crate) fn write(&mut self, line: &TraceLine) {
        let mut text = match serde_json::to_string(line) {
            Ok(text) => text,
            Err(error) => return self.report(&error.into()),
        };
        text.push('\n');
        if let Err(error) = self.file.write_all(text.as_bytes()).and_then(|()| self.file.flush()) {
            self.report(&error);
        }
    }

    /// A trace that cannot be written is no reason to stop captions, but it is said, once.
    fn report(&mut self, error: &std::io::Error) {
        if !self.has_failed {
            self.has_failed = true;
            tracing::error!("the trace {} is incomplete ({error})", self.path.display());
        }
    }
}
