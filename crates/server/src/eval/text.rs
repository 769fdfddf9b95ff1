//! `dostyq eval text`: how well sentences with a reference are translated, in figures equal to sacrebleu's.

mod bleu;
mod chrf;
mod erasure;
mod lag;
mod ngrams;
mod pairs;
mod run;

use anyhow::Context;
use dostyq_translate::{Direction, Search};
use serde::Serialize;

use super::peak_memory_mb;
use super::score::Quantiles;
use crate::cli::EvalText;
use crate::engines::open_translation;
use crate::{glossary, say};
use run::Figures;

/// The figures as `--json` prints them.
#[derive(Debug, Serialize)]
struct Report {
    name: String,
    direction: String,
    pairs: usize,
    bleu: f64,
    chrf: f64,
    chrfpp: f64,
    number_accuracy: Option<f64>,
    term_accuracy: Option<f64>,
    /// Processor time of a sentence, or with `--live` of an update.
    latency_ms: Quantiles,
    normalised_erasure: Option<f64>,
    /// With `--live`: how far what is shown is behind what was said, on average, in words of the source.
    words_behind: Option<f64>,
    /// The most memory that the program has had; null where the system does not tell.
    peak_memory_mb: Option<f64>,
}

/// Translates the source column and compares it with the other one.
pub(crate) fn run(options: &EvalText) -> anyhow::Result<()> {
    let direction = Direction { from: options.from, to: options.to.unwrap_or(options.from.other()) };
    anyhow::ensure!(direction.from != direction.to, "--from and --to are the same language: name the other one");
    let mut pairs = pairs::read(&options.file)?;
    pairs.truncate(options.first.unwrap_or(usize::MAX));
    let search = if options.greedy { Search::GREEDY } else { Search::default() };
    let mut translator = open_translation(&options.model, Some(direction), search)?;
    let terms = glossary::read_for_session(options.glossary.as_deref(), &[])?;
    let evaluate = if options.live { run::live } else { run::whole };
    let figures = evaluate(&mut translator, &pairs, direction, &terms.translated)?;
    if let Some(path) = &options.hypotheses {
        let text: String = figures.hypotheses.iter().map(|line| format!("{line}\n")).collect();
        std::fs::write(path, text)
            .with_context(|| format!("{} cannot be written: choose another with --hypotheses", path.display()))?;
    }
    let name = options.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let report = Report::new(name, direction, &figures);
    say(&if options.json { serde_json::to_string(&report)? } else { table(&report) });
    Ok(())
}

impl Report {
    fn new(name: String, direction: Direction, figures: &Figures) -> Report {
        let round = |value: f64, scale: f64| (value * scale).round() / scale;
        Report {
            name,
            direction: direction.to_string(),
            pairs: figures.hypotheses.len(),
            bleu: round(figures.bleu, 100.0),
            chrf: round(figures.chrf, 100.0),
            chrfpp: round(figures.chrfpp, 100.0),
            number_accuracy: figures.number_accuracy.map(|share| round(share, 10_000.0)),
            term_accuracy: figures.term_accuracy.map(|share| round(share, 10_000.0)),
            latency_ms: figures.latency_ms,
            normalised_erasure: figures.normalised_erasure.map(|share| round(share, 10_000.0)),
            words_behind: figures.words_behind.map(|words| round(words, 100.0)),
            peak_memory_mb: peak_memory_mb(),
        }
    }
}

fn table(report: &Report) -> String {
    let number = |value: Option<f64>, digits: usize| value.map_or("–".into(), |value| format!("{value:.digits$}"));
    let percent = |share: Option<f64>| share.map_or("–".into(), |share| format!("{:.1} %", share * 100.0));
    let Quantiles { p50, p95 } = report.latency_ms;
    let columns = [
        ("text", report.name.clone()),
        ("direction", report.direction.clone()),
        ("pairs", report.pairs.to_string()),
        ("BLEU", format!("{:.2}", report.bleu)),
        ("chrF", format!("{:.2}", report.chrf)),
        ("chrF++", format!("{:.2}", report.chrfpp)),
        ("numbers", percent(report.number_accuracy)),
        ("terms", percent(report.term_accuracy)),
        ("ms p50/p95", format!("{} / {}", number(p50, 0), number(p95, 0))),
        ("erasure", number(report.normalised_erasure, 2)),
        ("words behind", number(report.words_behind, 1)),
        ("MB", number(report.peak_memory_mb, 0)),
    ];
    let row = |cells: Vec<&str>| format!("| {} |", cells.join(" | "));
    let head = row(columns.iter().map(|(name, _)| *name).collect());
    let body = row(columns.iter().map(|(_, value)| value.as_str()).collect());
    format!("{head}\n|{}\n{body}", "---|".repeat(columns.len()))
}

#[cfg(test)]
mod tests;
