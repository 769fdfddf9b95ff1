use std::sync::Arc;
use std::time::Duration;

use cpu_time::ThreadTime;
use dostyq_translate::{Direction, Glossary, Knowledge, LiveText, Translator, numbers};

use super::bleu::Bleu;
use super::chrf::Chrf;
use super::erasure::Erasure;
use super::lag::Lag;
use super::pairs::Pair;
use crate::eval::score::{Quantiles, quantiles};

/// What a test set comes to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Figures {
    pub(super) bleu: f64,
    pub(super) chrf: f64,
    pub(super) chrfpp: f64,
    pub(super) number_accuracy: Option<f64>,
    pub(super) term_accuracy: Option<f64>,
    /// Of a sentence, or with a live policy of an update.
    pub(super) latency_ms: Quantiles,
    pub(super) normalised_erasure: Option<f64>,
    /// Words of the source by which what is shown is behind, on average.
    pub(super) words_behind: Option<f64>,
    /// The translations, in the order of the pairs.
    pub(super) hypotheses: Vec<String>,
}

/// Translates each sentence at once.
pub(super) fn whole(
    translator: &mut dyn Translator,
    pairs: &[Pair],
    direction: Direction,
    knowledge: &Arc<Knowledge>,
) -> anyhow::Result<Figures> {
    let mut scores = Scores::default();
    for pair in pairs {
        let source = pair.text(direction.from);
        let translated = scores.charge(|| translator.translate_with(source, direction, knowledge))?.text;
        scores.add(pair, direction, translated, &knowledge.glossary);
    }
    Ok(scores.figures())
}

/// Translates each sentence as it grows by a word at a time; what counts is what stays on the screen.
pub(super) fn live(
    translator: &mut dyn Translator,
    pairs: &[Pair],
    direction: Direction,
    knowledge: &Arc<Knowledge>,
) -> anyhow::Result<Figures> {
    let mut scores = Scores::default();
    let (mut erasure, mut lag) = (Erasure::default(), Lag::default());
    for pair in pairs {
        let mut live = LiveText::new(direction.from, Arc::clone(knowledge));
        let mut outputs = Vec::new();
        let source = pair.text(direction.from);
        for said in beginnings(source) {
            outputs.push(scores.charge(|| live.grow(translator, said))?);
        }
        let shown = scores.charge(|| live.finish(translator, source))?.text;
        lag.add(&outputs, &shown);
        outputs.push(shown.clone());
        erasure.add(&outputs);
        scores.add(pair, direction, shown, &knowledge.glossary);
    }
    Ok(Figures { normalised_erasure: erasure.normalised(), words_behind: lag.mean(), ..scores.figures() })
}

/// The text up to the end of each of its words.
fn beginnings(text: &str) -> impl Iterator<Item = &str> {
    let is_space = |at: usize| text[at..].starts_with(char::is_whitespace);
    let ends = text.char_indices().filter(move |(at, c)| {
        let after = at + c.len_utf8();
        !c.is_whitespace() && (after == text.len() || is_space(after))
    });
    ends.map(|(at, c)| &text[..at + c.len_utf8()])
}

/// How many of the things that a translation should keep it has kept.
#[derive(Clone, Copy, Debug, Default)]
struct Share {
    right: usize,
    wanted: usize,
}

impl Share {
    fn add(&mut self, right: usize, wanted: usize) {
        self.right += right;
        self.wanted += wanted;
    }

    fn value(self) -> Option<f64> {
        (self.wanted > 0).then(|| self.right as f64 / self.wanted as f64)
    }
}

#[derive(Debug, Default)]
struct Scores {
    bleu: Bleu,
    chrf: Chrf,
    latencies: Vec<Duration>,
    hypotheses: Vec<String>,
    numbers: Share,
    terms: Share,
}

impl Scores {
    /// Does the work and keeps what it took of this thread's processor time. Shared machines stall, so wall time would
    /// say little.
    fn charge<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let began = ThreadTime::now();
        let result = work();
        self.latencies.push(began.elapsed());
        result
    }

    fn add(&mut self, pair: &Pair, direction: Direction, hypothesis: String, glossary: &Glossary) {
        let (source, reference) = (pair.text(direction.from), pair.text(direction.to));
        self.bleu.add(&hypothesis, reference);
        self.chrf.add(&hypothesis, reference);
        let numbers = numbers::accuracy(source, &hypothesis, direction);
        self.numbers.add(numbers.right, numbers.wanted);
        let terms = glossary.accuracy(source, &hypothesis, direction);
        self.terms.add(terms.right, terms.wanted);
        self.hypotheses.push(hypothesis);
    }

    fn figures(self) -> Figures {
        Figures {
            bleu: self.bleu.score(),
            chrf: self.chrf.chrf(),
            chrfpp: self.chrf.chrf_plus_plus(),
            number_accuracy: self.numbers.value(),
            term_accuracy: self.terms.value(),
            latency_ms: quantiles(self.latencies.iter().map(|latency| latency.as_secs_f64() * 1000.0).collect()),
            normalised_erasure: None,
            words_behind: None,
            hypotheses: self.hypotheses,
        }
    }
}

#[cfg(test)]
mod tests;
