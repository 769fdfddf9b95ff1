//! `dostyq eval speech`: how well and how quickly recordings are captioned, by the code that `serve` runs.

mod charge;
mod endurance;
mod offline;
mod score;
mod script;
mod simulation;
pub(crate) mod text;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use dostyq_capture::{FileOptions, FileSource, Source};
use serde::Serialize;

use crate::cli::EvalSpeech;
use crate::config::Models as ModelChoice;
use crate::engines::Models;
use crate::glossary;
use crate::say;
use crate::trace::{Trace, TraceLine};
use charge::Charge;
use endurance::{Endurance, Session};
use score::{Figures, Reference, score};
use simulation::{Machine, Outcome, Simulation};

/// One recording's figures, as `--json` prints them.
#[derive(Serialize)]
struct Report {
    recording: String,
    #[serde(flatten)]
    figures: Figures,
    /// What was charged over the length of the sound, for one of the rooms.
    rtf: Option<f64>,
    /// The most memory that the program has had so far; absent where the system does not tell.
    peak_memory_mb: Option<f64>,
    rejected: BTreeMap<&'static str, u64>,
    /// By how much the finished translation came later than its finished source; absent where nothing is live.
    translation_s: Option<score::Quantiles>,
    /// Steps of the degradation ladder, each with its second, as `12.3 fewer-drafts`; absent where nothing is live.
    ladder: Option<Vec<String>>,
    /// When the prepared speech went on air and off, as `12.3 on`; with `--script` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    on_air: Option<Vec<String>>,
    /// With `--minutes` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    endurance: Option<Endurance>,
}

/// Every recording of the folder that has a reference beside it.
pub(crate) fn run(options: &EvalSpeech) -> anyhow::Result<()> {
    let recordings = recordings(&options.folder)?;
    if let Some(folder) = &options.trace {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("the folder {} cannot be made: choose another with --trace", folder.display()))?;
    }
    let chosen = ModelChoice { speech: options.speech.clone(), threads: options.threads, ..ModelChoice::default() };
    let cores = std::thread::available_parallelism().map_or(1, usize::from).min(chosen.speech_threads());
    let mut models = Models::open(&chosen)?;
    if !options.json {
        say(&table_head());
    }
    for (recording, reference) in recordings {
        let name = recording.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let reference = read_reference(&reference)?;
        let (report, trace) = if options.offline {
            offline::report(&mut models, &recording, &reference, name)?
        } else {
            live(&mut models, &recording, &reference, name, options, cores)?
        };
        if let Some(folder) = &options.trace {
            let mut file = Trace::create(&folder.join(format!("{}.jsonl", report.recording)))?;
            trace.iter().for_each(|line| file.write(line));
        }
        say(&if options.json { serde_json::to_string(&report)? } else { table_row(&report) });
    }
    Ok(())
}

fn live(
    models: &mut Models,
    recording: &Path,
    reference: &Reference,
    name: String,
    options: &EvalSpeech,
    cores: usize,
) -> anyhow::Result<(Report, Vec<TraceLine>)> {
    let charge = if options.wall { Charge::Wall } else { Charge::Processor { cores } };
    let terms = glossary::read_for_session(options.glossary.as_deref(), &[])?;
    let speech = options.script.as_deref().map(|script| script::speech(script, reference)).transpose()?;
    let ladder = models.ladder();
    let mut simulation = Simulation::new(Machine::of(models), ladder, charge);
    let session = Session::default();
    for _ in 0..options.rooms {
        let source: Box<dyn Source> = match options.minutes {
            Some(minutes) => Box::new(session.play(recording, minutes)?),
            None => Box::new(FileSource::open(recording, FileOptions::default())?),
        };
        simulation.add(source, options.lang, &terms, speech.as_ref())?;
    }
    let mut trace = Vec::new();
    let Outcome { rooms, charged } = simulation.run(&mut |room, line| {
        if room == 0 {
            trace.push(line);
        }
    })?;
    // All rooms hear the same; the first one is as good as any, and its viewers waited for the others too.
    let room = rooms.into_iter().next().context("there is no room: --rooms wants 1 or more")?;
    let endurance = options.minutes.map(|_| session.report(&trace, room.sound_secs));
    let figures = match options.minutes {
        Some(_) => score(&trace, &session.reference(reference)),
        None => score(&trace, reference),
    };
    let report = Report {
        recording: name,
        figures,
        rtf: (room.sound_secs > 0.0).then(|| (charged / room.sound_secs * 1000.0).round() / 1000.0),
        peak_memory_mb: peak_memory_mb(),
        rejected: room.rejected,
        translation_s: Some(score::quantiles(room.translation_secs)),
        ladder: Some(room.ladder.iter().map(|(at, effort)| format!("{at:.1} {effort}")).collect()),
        on_air: speech.map(|_| script::told(&room.on_air)),
        endurance,
    };
    Ok((report, trace))
}

/// The recordings of a folder, each with its reference `NAME.json`, by name.
fn recordings(folder: &Path) -> anyhow::Result<Vec<(PathBuf, PathBuf)>> {
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("the folder {} cannot be read: check the path", folder.display()))?;
    let mut found: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension != "json"))
        .map(|path| (path.clone(), path.with_extension("json")))
        .filter(|(_, reference)| reference.is_file())
        .collect();
    found.sort();
    if found.is_empty() {
        anyhow::bail!("{} has no recording with a reference: NAME.flac beside NAME.json", folder.display());
    }
    Ok(found)
}

fn read_reference(path: &Path) -> anyhow::Result<Reference> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is no reference timeline", path.display()))
}

/// The largest resident set that this process has had.
fn peak_memory_mb() -> Option<f64> {
    memory_mb("VmHWM:")
}

/// A line of the system's account of this process.
fn memory_mb(name: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kilobytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some((kilobytes / 1024.0).round())
}

const COLUMNS: [&str; 12] = [
    "recording",
    "wer",
    "cer",
    "lang",
    "lost",
    "ghosts",
    "changed",
    "erasure",
    "first p50/p95",
    "commit p50/p95",
    "final p50/p95",
    "rtf",
];

fn table_head() -> String {
    format!("| {} |\n|{}", COLUMNS.join(" | "), "---|".repeat(COLUMNS.len()))
}

fn table_row(report: &Report) -> String {
    let figures = &report.figures;
    let percent = |share: Option<f64>| share.map_or("–".into(), |share| format!("{:.1} %", share * 100.0));
    let number = |value: Option<f64>| value.map_or("–".into(), |value| format!("{value:.2}"));
    let pair = |q: score::Quantiles| format!("{} / {}", number(q.p50), number(q.p95));
    let cells = [
        report.recording.clone(),
        percent(figures.wer),
        percent(figures.cer),
        percent(figures.language_accuracy),
        figures.lost_segments.to_string(),
        figures.captions_without_speech.to_string(),
        figures.committed_changed.to_string(),
        number(figures.normalised_erasure),
        pair(figures.first_display_s),
        pair(figures.commit_s),
        pair(figures.final_s),
        number(report.rtf),
    ];
    format!("| {} |", cells.join(" | "))
}
