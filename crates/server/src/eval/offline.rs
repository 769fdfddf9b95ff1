use std::path::Path;

use dostyq_capture::{FileOptions, FileSource, Source};
use dostyq_speech::SampleTime;

use super::score::{Reference, score};
use super::{Report, peak_memory_mb};
use crate::engines::Models;
use crate::trace::TraceLine;

/// Sound on either side of a clip that is decoded with it, samples (0.3 s).
const MARGIN: u64 = 4_800;

/// The figures of decoding each reference clip by itself, whole and with a beam of five: the best that the model can do,
/// against which live captions are compared. Its language is given; times mean nothing and are left out.
pub(super) fn report(
    models: &mut Models,
    recording: &Path,
    reference: &Reference,
    name: String,
) -> anyhow::Result<(Report, Vec<TraceLine>)> {
    let mut source = FileSource::open(recording, FileOptions::default())?;
    let mut samples = Vec::new();
    while let Some(frame) = source.next_frame()? {
        samples.extend(frame.samples);
    }
    let mut trace = Vec::new();
    for (i, segment) in reference.segments.iter().enumerate() {
        let from = (SampleTime::from_secs(segment.start) - MARGIN).0 as usize;
        let to = ((SampleTime::from_secs(segment.end) + MARGIN).0 as usize).min(samples.len());
        let lang = segment.lang;
        trace.push(TraceLine {
            at: segment.end,
            seg: i as u64 + 1,
            committed: models.recognisers.usual.decode_whole(&samples[from.min(to)..to], lang)?,
            tentative: String::new(),
            is_final: true,
            lang: lang.code(),
            start: segment.start,
            end: segment.end,
        });
    }
    let mut figures = score(&trace, reference);
    (figures.first_display_s, figures.commit_s, figures.final_s) = Default::default();
    let report = Report {
        recording: name,
        figures,
        rtf: None,
        peak_memory_mb: peak_memory_mb(),
        rejected: Default::default(),
        translation_s: None,
        ladder: None,
        on_air: None,
        endurance: None,
    };
    Ok((report, trace))
}
