//! A recording played again and again for as long as a session lasts: does memory grow, do times drift?

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dostyq_capture::{CaptureError, FileOptions, Looped, Source};
use dostyq_speech::{AudioFrame, Marker, SampleTime};
use serde::Serialize;

use super::memory_mb;
use super::score::{Reference, ReferenceSegment};
use crate::trace::TraceLine;

/// Silence between two plays.
const PAUSE: Duration = Duration::from_secs(1);

/// What a long session shows besides the figures of every recording.
#[derive(Debug, Serialize)]
pub(super) struct Endurance {
    minutes: f64,
    /// The most by which the first caption of a play begins earlier or later than that of the first play.
    drift_ms: f64,
    /// Resident memory at the end of the first play and of the last one.
    memory_mb_first: Option<f64>,
    memory_mb_last: Option<f64>,
}

/// Notes of a session, shared by the source that plays and whoever reads them at the end.
#[derive(Clone, Debug, Default)]
pub(super) struct Session(Arc<Mutex<Notes>>);

#[derive(Debug, Default)]
struct Notes {
    /// When each play began.
    starts: Vec<SampleTime>,
    /// Resident memory at the end of each play.
    memory_mb: Vec<Option<f64>>,
}

/// Whole plays of a recording until a time is over.
pub(super) struct Repeated {
    looped: Looped,
    until: SampleTime,
    session: Session,
}

impl Session {
    /// A source that plays the recording until so many minutes are over and it is at its end.
    pub(super) fn play(&self, recording: &Path, minutes: u32) -> Result<Repeated, CaptureError> {
        self.notes().starts.push(SampleTime::ZERO);
        let looped = Looped::open(recording, FileOptions::default(), PAUSE)?;
        Ok(Repeated { looped, until: SampleTime::from_secs(f64::from(minutes) * 60.0), session: self.clone() })
    }

    /// What was said in the whole session.
    pub(super) fn reference(&self, once: &Reference) -> Reference {
        let starts: Vec<f64> = self.notes().starts.iter().map(|start| start.as_secs()).collect();
        let shifted = |start: f64, segment: &ReferenceSegment| ReferenceSegment {
            start: segment.start + start,
            end: segment.end + start,
            words: segment.words.iter().map(|(word, from, to)| (word.clone(), from + start, to + start)).collect(),
            ..segment.clone()
        };
        let all = starts.iter().flat_map(|start| once.segments.iter().map(move |segment| shifted(*start, segment)));
        Reference { segments: all.collect() }
    }

    pub(super) fn report(&self, trace: &[TraceLine], sound_secs: f64) -> Endurance {
        let notes = self.notes();
        let starts: Vec<f64> = notes.starts.iter().map(|start| start.as_secs()).collect();
        let first_caption = |from: f64| {
            let finals = trace.iter().filter(|line| line.is_final && line.start >= from);
            finals.map(|line| line.start - from).min_by(f64::total_cmp)
        };
        let firsts: Vec<f64> = starts.iter().filter_map(|start| first_caption(*start)).collect();
        let drift = firsts.iter().map(|first| (first - firsts[0]).abs()).fold(0.0, f64::max);
        Endurance {
            minutes: (sound_secs / 6.0).round() / 10.0,
            drift_ms: (drift * 1_000.0).round(),
            memory_mb_first: notes.memory_mb.first().copied().flatten(),
            memory_mb_last: notes.memory_mb.last().copied().flatten(),
        }
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source for Repeated {
    fn next_frame(&mut self) -> Result<Option<AudioFrame>, CaptureError> {
        let frame = self.looped.next_frame()?;
        if let Some((at, Marker::Looped)) = self.looped.take_marker() {
            let mut notes = self.session.notes();
            notes.memory_mb.push(memory_mb("VmRSS:"));
            if at >= self.until {
                return Ok(None);
            }
            notes.starts.push(at);
        }
        Ok(frame)
    }

    fn take_marker(&mut self) -> Option<(SampleTime, Marker)> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dostyq_speech::Lang;

    #[test]
    fn whole_plays_are_counted_until_the_time_is_over() {
        let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/speech/demo.flac");
        let session = Session::default();
        let mut source = session.play(Path::new(demo), 1).expect("the demo recording");
        let mut sound = 0.0;
        while let Some(frame) = source.next_frame().expect("it plays") {
            sound = frame.span().end.as_secs();
        }
        let segment =
            ReferenceSegment { start: 1.0, end: 2.0, lang: Lang::Russian, text: "да".into(), words: Vec::new() };
        let reference = session.reference(&Reference { segments: vec![segment] });
        assert_eq!(reference.segments.len(), 2, "54 s twice is over a minute");
        let period = reference.segments[1].start - reference.segments[0].start;
        assert!((sound - 2.0 * period).abs() < 0.1, "{sound} s of sound, {period} s a play");
    }
}
