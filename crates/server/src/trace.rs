use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use dostyq_speech::{SampleTime, Transcript, join_words};
use serde::Serialize;

/// A file with a line for each change of a caption in the language spoken, as `scripts/score_trace.py` reads it.
pub struct Trace {
    path: PathBuf,
    file: BufWriter<File>,
    has_failed: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    at: f64,
    seg: u64,
    committed: &'a str,
    tentative: &'a str,
    #[serde(rename = "final")]
    is_final: bool,
    lang: &'a str,
    start: f64,
    end: f64,
}

impl Trace {
    /// Creates the file, over an older one.
    pub fn create(path: &Path) -> anyhow::Result<Trace> {
        let file = File::create(path)
            .with_context(|| format!("the trace {} cannot be written: check its folder", path.display()))?;
        Ok(Trace { path: path.to_owned(), file: BufWriter::new(file), has_failed: false })
    }

    /// Writes what a transcript showed `at` seconds after the source began; its own times count from there as well.
    /// One that shows nothing is no caption.
    pub(crate) fn write(&mut self, at: f64, transcript: &Transcript, begin: SampleTime) {
        if transcript.committed.is_empty() && transcript.tentative.is_empty() {
            return;
        }
        let secs = |moment: SampleTime| SampleTime(moment.samples_since(begin)).as_secs();
        let line = Line {
            at,
            seg: transcript.segment.0,
            committed: &join_words(&transcript.committed),
            tentative: &join_words(&transcript.tentative),
            is_final: transcript.is_final,
            lang: transcript.lang.code(),
            start: secs(transcript.span.start),
            end: secs(transcript.span.end),
        };
        let written = serde_json::to_writer(&mut self.file, &line)
            .map_err(Into::into)
            .and_then(|()| self.file.write_all(b"\n"))
            .and_then(|()| self.file.flush());
        self.report(written);
    }

    /// A trace that cannot be written is no reason to stop captions, but it is said, once.
    fn report(&mut self, written: std::io::Result<()>) {
        if let Err(error) = written
            && !self.has_failed
        {
            self.has_failed = true;
            tracing::error!("the trace {} is incomplete ({error})", self.path.display());
        }
    }
}
