use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use dostyq_capture::{CaptureError, Meter};
use dostyq_prepared::OnAir;
use dostyq_recognise::{Heard, Verdict};
use dostyq_speech::{AudioFrame, Effort, LangChoice};
use serde::Serialize;

use crate::interpreter::Doubt;

/// How a room is doing, for the crew. Written by the room's threads, read by the operator's page.
#[derive(Debug, Default)]
pub struct RoomStatus(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    meter: Meter,
    now: Snapshot,
}

/// What the operator's page shows of a room.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Snapshot {
    /// Seconds on the room's clock.
    clock_secs: f64,
    /// Loudness of the latest frame, dBFS.
    rms_dbfs: f32,
    peak_dbfs: f32,
    /// The latest peaks were cut off: turn the gain down.
    is_clipping: bool,
    /// Nothing has been heard for ten seconds: a muted or wrong input.
    is_silent: bool,
    /// Somebody speaks.
    is_voice: bool,
    /// Utterances that have ended and wait to be recognised.
    waiting_finals: u64,
    /// The rung of the degradation ladder.
    effort: Effort,
    /// Utterances lost because the recogniser failed.
    lost_utterances: u64,
    /// Seconds from the end of the latest finished utterance to its caption.
    final_lag_secs: Option<f64>,
    /// Segments recognised, those that came to nothing, those that stayed untranslated.
    segments: u64,
    empty_segments: u64,
    untranslated_segments: u64,
    /// Translations that lack a number or a term of their source or have another number, and the latest of them.
    doubtful_translations: u64,
    doubt: Option<Doubt>,
    /// Sentences whose translation was in the memory.
    remembered_sentences: u64,
    /// Whether a prepared speech is on air, and where in it the speaker is; none where none is loaded.
    on_air: Option<OnAir>,
    /// Hypotheses thrown out, by cause.
    rejected: BTreeMap<&'static str, u64>,
    /// What the operator says about the language spoken.
    language: LangChoice,
    /// The language of the latest segment and its probability.
    lang: Option<(&'static str, f32)>,
    /// The latest trouble of the source, in words.
    trouble: Option<String>,
    /// The source has ended.
    has_ended: bool,
}

impl RoomStatus {
    pub(crate) fn snapshot(&self) -> Snapshot {
        self.lock().now.clone()
    }

    pub(crate) fn heard(&self, frame: &AudioFrame, voice: f32) {
        let mut inner = self.lock();
        let reading = inner.meter.push(frame);
        let now = &mut inner.now;
        now.clock_secs = frame.span().end.as_secs();
        (now.rms_dbfs, now.peak_dbfs) = (reading.level.rms_dbfs, reading.level.peak_dbfs);
        (now.is_clipping, now.is_silent) = (reading.is_clipping, reading.is_silent);
        now.is_voice = voice >= 0.5;
    }

    pub(crate) fn final_waits(&self) {
        self.lock().now.waiting_finals += 1;
    }

    pub(crate) fn answered(&self, verdict: &Verdict, heard: Option<&Heard>, lag_secs: f64) {
        let now = &mut self.lock().now;
        if verdict.heard.is_err() && verdict.utterance.is_final {
            now.lost_utterances += 1;
        }
        if let Some(cause) = heard.and_then(|heard| heard.rejection) {
            *now.rejected.entry(cause.name()).or_default() += 1;
        }
        if !verdict.utterance.is_final {
            return;
        }
        now.waiting_finals = now.waiting_finals.saturating_sub(1);
        match heard.map(|heard| &heard.transcript) {
            Some(transcript) if !transcript.committed.is_empty() => {
                now.segments += 1;
                now.final_lag_secs = Some(lag_secs);
                now.lang = Some((transcript.lang.code(), transcript.lang_confidence));
            }
            _ => now.empty_segments += 1,
        }
    }

    pub(crate) fn set_language(&self, choice: LangChoice) {
        self.lock().now.language = choice;
    }

    pub(crate) fn set_on_air(&self, on_air: Option<OnAir>) {
        self.lock().now.on_air = on_air;
    }

    pub(crate) fn set_effort(&self, effort: Effort) {
        self.lock().now.effort = effort;
    }

    pub(crate) fn not_translated(&self) {
        self.lock().now.untranslated_segments += 1;
    }

    pub(crate) fn remembered(&self, sentences: usize) {
        self.lock().now.remembered_sentences += sentences as u64;
    }

    pub(crate) fn doubted(&self, doubt: Doubt) {
        let now = &mut self.lock().now;
        now.doubtful_translations += 1;
        now.doubt = Some(doubt);
    }

    pub(crate) fn source_trouble(&self, error: &CaptureError) {
        self.lock().now.trouble = Some(error.to_string());
    }

    /// The latest trouble of the source, in words.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.lock().now.trouble.clone()
    }

    pub(crate) fn ended(&self, trouble: Option<String>) {
        let now = &mut self.lock().now;
        now.has_ended = true;
        now.trouble = trouble.or(now.trouble.take());
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A plain value that every critical section leaves whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
