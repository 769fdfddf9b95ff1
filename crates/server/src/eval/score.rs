//! The figures of `scripts/score_trace.py`, computed here as well and one more; a test holds the two together.

use std::collections::BTreeMap;

use dostyq_speech::Lang;
use serde::{Deserialize, Serialize};

use crate::trace::TraceLine;

/// What was said in a recording, and when.
#[derive(Debug, Deserialize)]
pub(crate) struct Reference {
    pub(crate) segments: Vec<ReferenceSegment>,
}

/// A stretch of speech in one language.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ReferenceSegment {
    pub(crate) start: f64,
    pub(crate) end: f64,
    pub(crate) lang: Lang,
    pub(crate) text: String,
    #[serde(default)]
    pub(crate) words: Vec<(String, f64, f64)>,
}

/// The median and the 95th percentile, in the unit of the values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Quantiles {
    pub(crate) p50: Option<f64>,
    pub(crate) p95: Option<f64>,
}

/// All figures; `None` where one cannot be had.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Figures {
    pub(crate) reference_words: usize,
    pub(crate) wer: Option<f64>,
    pub(crate) cer: Option<f64>,
    pub(crate) language_accuracy: Option<f64>,
    pub(crate) lost_segments: usize,
    pub(crate) captions: usize,
    pub(crate) captions_without_speech: usize,
    pub(crate) committed_changed: usize,
    pub(crate) normalised_erasure: Option<f64>,
    pub(crate) first_display_s: Quantiles,
    pub(crate) commit_s: Quantiles,
    pub(crate) final_s: Quantiles,
    pub(crate) matched_words: usize,
    /// Share of the reference words that cannot change any more within a second of their end, before or after it.
    pub(crate) within_a_second: Option<f64>,
}

/// Longest reference, in letters, whose character errors are counted: the table grows with the square.
const MOST_CHARACTERS: usize = 12_000;

/// A finished segment.
struct Final<'a> {
    line: &'a TraceLine,
    words: Vec<String>,
}

/// Scores a trace, in the order of display, against a reference.
pub(crate) fn score(trace: &[TraceLine], reference: &Reference) -> Figures {
    let mut segments: BTreeMap<u64, Vec<&TraceLine>> = BTreeMap::new();
    for line in trace {
        segments.entry(line.seg).or_default().push(line);
    }
    let (mut changed, mut erased, mut shown) = (0, 0, 0);
    let mut finals = Vec::new();
    for lines in segments.values() {
        let views: Vec<_> = lines.iter().map(|line| visible(line)).collect();
        let kept: Vec<_> = lines.iter().map(|line| normalise(&line.committed)).collect();
        changed += kept.windows(2).filter(|pair| common_prefix(&pair[0], &pair[1]) < pair[0].len()).count();
        erased += views.windows(2).map(|pair| pair[0].len() - common_prefix(&pair[0], &pair[1])).sum::<usize>();
        if let Some(line) = lines.iter().rev().find(|line| line.is_final) {
            let words = visible(line);
            shown += words.len();
            finals.push(Final { line, words });
        }
    }
    finals.sort_by(|a, b| a.line.start.total_cmp(&b.line.start));

    let heard: Vec<(&str, usize, usize)> = finals
        .iter()
        .enumerate()
        .flat_map(|(f, finished)| finished.words.iter().enumerate().map(move |(w, word)| (word.as_str(), f, w)))
        .collect();
    let said: Vec<(String, Option<f64>)> = reference.segments.iter().flat_map(reference_words).collect();
    let (heard_words, said_words): (Vec<&str>, Vec<&str>) =
        (heard.iter().map(|h| h.0).collect(), said.iter().map(|s| s.0.as_str()).collect());
    let (errors, pairs) = align(&heard_words, &said_words);
    let letters = |words: &[&str]| words.concat().chars().collect::<Vec<char>>();
    let said_letters = letters(&said_words);
    let character_errors =
        (said_letters.len() <= MOST_CHARACTERS).then(|| align(&letters(&heard_words), &said_letters).0);

    let (mut first, mut commit) = (Vec::new(), Vec::new());
    for (h, s) in &pairs {
        let (_, f, w) = heard[*h];
        let Some(end) = said[*s].1 else { continue };
        let finished = &finals[f];
        let lines = &segments[&finished.line.seg];
        let wanted = &finished.words[..=w];
        let mut stable = None;
        for line in lines {
            let is_there = visible(line).get(..=w) == Some(wanted);
            stable = if is_there { stable.or(Some(line.at)) } else { None };
        }
        first.extend(stable.map(|at| at - end));
        let done = lines.iter().find(|line| line.is_final || normalise(&line.committed).len() > w);
        commit.extend(done.map(|line| line.at - end));
    }

    let in_time = commit.iter().filter(|late: &&f64| late.abs() <= 1.0).count();

    let (mut right, mut lost) = (0, 0);
    for segment in &reference.segments {
        let best = finals
            .iter()
            .map(|finished| (overlap(segment, finished.line), finished))
            .filter(|(overlap, _)| *overlap > 0.0)
            // The first of equals, as the other scorer has it.
            .fold(None, |best: Option<(f64, &Final<'_>)>, next| best.filter(|b| b.0 >= next.0).or(Some(next)));
        match best {
            None => lost += 1,
            Some((_, finished)) => right += usize::from(finished.line.lang == segment.lang.code()),
        }
    }
    let covered = |finished: &Final<'_>| -> Option<f64> {
        let ends = reference.segments.iter().filter(|s| overlap(s, finished.line) > 0.0).map(|s| s.end);
        ends.max_by(f64::total_cmp)
    };
    let closing = finals.iter().filter_map(|f| covered(f).map(|end| f.line.at - end)).collect();
    let share = |part: usize, whole: usize| (whole > 0).then(|| round(part as f64 / whole as f64, 4));
    Figures {
        reference_words: said.len(),
        wer: share(errors, said.len()),
        cer: character_errors.and_then(|errors| share(errors, said_letters.len())),
        language_accuracy: share(right, reference.segments.len()),
        lost_segments: lost,
        captions: finals.len(),
        captions_without_speech: finals.iter().filter(|f| covered(f).is_none()).count(),
        committed_changed: changed,
        normalised_erasure: share(erased, shown),
        first_display_s: quantiles(first),
        commit_s: quantiles(commit),
        final_s: quantiles(closing),
        matched_words: pairs.len(),
        within_a_second: share(in_time, said.len()),
    }
}

/// Words in small letters without punctuation, `ё` as `е`, stress marks dropped.
fn normalise(text: &str) -> Vec<String> {
    let text = text.to_lowercase().replace('ё', "е").replace('\u{301}', "");
    let is_letter = |c: char| c.is_ascii_alphanumeric() || ('а'..='я').contains(&c) || "әғқңөұүһі".contains(c);
    text.split(|c| !is_letter(c)).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// All words of a line, the tail included.
fn visible(line: &TraceLine) -> Vec<String> {
    normalise(&format!("{} {}", line.committed, line.tentative))
}

/// The words of a segment with the moments at which they end.
fn reference_words(segment: &ReferenceSegment) -> Vec<(String, Option<f64>)> {
    if segment.words.is_empty() {
        return normalise(&segment.text).into_iter().map(|word| (word, None)).collect();
    }
    let timed = segment.words.iter().map(|(text, _, end)| (normalise(text), *end));
    timed.flat_map(|(words, end)| words.into_iter().map(move |word| (word, Some(end)))).collect()
}

/// Levenshtein's distance of two sequences, and the pairs of equal items on one best path.
fn align<T: PartialEq>(a: &[T], b: &[T]) -> (usize, Vec<(usize, usize)>) {
    let width = b.len() + 1;
    let mut table = vec![0u32; (a.len() + 1) * width];
    for (j, cell) in table[..width].iter_mut().enumerate() {
        *cell = j as u32;
    }
    for i in 1..=a.len() {
        table[i * width] = i as u32;
        for j in 1..=b.len() {
            let substitute = table[(i - 1) * width + j - 1] + u32::from(a[i - 1] != b[j - 1]);
            let up = table[(i - 1) * width + j] + 1;
            let left = table[i * width + j - 1] + 1;
            table[i * width + j] = substitute.min(up).min(left);
        }
    }
    let at = |i: usize, j: usize| table[i * width + j];
    let (mut pairs, mut i, mut j) = (Vec::new(), a.len(), b.len());
    while i > 0 && j > 0 {
        if a[i - 1] == b[j - 1] && at(i, j) == at(i - 1, j - 1) {
            pairs.push((i - 1, j - 1));
            (i, j) = (i - 1, j - 1);
        } else if at(i, j) == at(i - 1, j - 1) + 1 {
            (i, j) = (i - 1, j - 1);
        } else if at(i, j) == at(i - 1, j) + 1 {
            i -= 1;
        } else {
            j -= 1;
        }
    }
    pairs.reverse();
    (at(a.len(), b.len()) as usize, pairs)
}

fn common_prefix(a: &[String], b: &[String]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

fn overlap(segment: &ReferenceSegment, line: &TraceLine) -> f64 {
    segment.end.min(line.end) - segment.start.max(line.start)
}

/// The median and the 95th percentile of some values, linear between two of them, to milliseconds.
pub(crate) fn quantiles(mut values: Vec<f64>) -> Quantiles {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let place = (values.len().checked_sub(1)? as f64) * share;
        let (floor, ceiling) = (place.floor() as usize, place.ceil() as usize);
        Some(round(values[floor] + (values[ceiling] - values[floor]) * place.fract(), 3))
    };
    Quantiles { p50: at(0.5), p95: at(0.95) }
}

fn round(value: f64, digits: i32) -> f64 {
    let scale = 10f64.powi(digits);
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(at: f64, seg: u64, committed: &str, tentative: &str, is_final: bool) -> TraceLine {
        let (committed, tentative) = (committed.to_owned(), tentative.to_owned());
        TraceLine { at, seg, committed, tentative, is_final, lang: "ru", start: seg as f64, end: seg as f64 + 0.9 }
    }

    fn reference() -> Reference {
        let word = |text: &str, start, end| (text.to_owned(), start, end);
        Reference {
            segments: vec![ReferenceSegment {
                start: 1.0,
                end: 1.8,
                lang: Lang::Russian,
                text: "Ещё раз".into(),
                words: vec![word("Ещё", 1.0, 1.4), word("раз.", 1.4, 1.8)],
            }],
        }
    }

    #[test]
    fn a_small_trace_is_scored_by_hand() {
        let trace =
            [line(1.9, 1, "", "ещё ряд", false), line(2.2, 1, "еще", "раз", false), line(2.6, 1, "еще раз", "", true)];
        let figures = score(&trace, &reference());
        assert_eq!((figures.wer, figures.cer, figures.language_accuracy), (Some(0.0), Some(0.0), Some(1.0)));
        assert_eq!(figures.normalised_erasure, Some(0.5), "one word of two was taken back");
        // "еще" was there from 1.9 on, 0.5 s after its end; "раз" from 2.2 on, 0.4 s after.
        assert_eq!(figures.first_display_s, Quantiles { p50: Some(0.45), p95: Some(0.495) });
        assert_eq!(figures.commit_s, Quantiles { p50: Some(0.8), p95: Some(0.8) });
        assert_eq!(figures.final_s.p50, Some(0.8));
    }

    #[test]
    fn what_is_wrong_is_counted() {
        let trace = [line(3.0, 2, "а", "", false), line(3.5, 2, "б", "", true)];
        let figures = score(&trace, &reference());
        assert_eq!((figures.committed_changed, figures.captions_without_speech, figures.lost_segments), (1, 1, 1));
        assert_eq!(figures.wer, Some(1.0));
        let nothing = score(&[], &Reference { segments: Vec::new() });
        assert_eq!((nothing.wer, nothing.normalised_erasure, nothing.final_s.p50), (None, None, None));
    }
}
