use std::time::Duration;

use cpu_time::ThreadTime;
use dostyq_translate::{Direction, LiveText, Translator};

use super::Checks;
use super::bleu::Bleu;
use super::chrf::Chrf;
use super::erasure::Erasure;
use super::pairs::Pair;
use crate::eval::score::{Quantiles, quantiles};

/// A way to show the translation of a sentence while it is still being said.
///
/// The evaluation charges the processor time of the calling thread, so the work must be done there.
pub(super) trait LivePolicy {
    /// A new sentence, of which nothing has been said.
    fn begin(&mut self, direction: Direction);
    /// All that a viewer sees of the translation now that so much of the sentence has been said.
    fn grow(&mut self, source: &str) -> anyhow::Result<String>;
    /// What stays on the screen of the whole sentence.
    fn finish(&mut self, source: &str) -> anyhow::Result<String>;
}

/// What a live room shows.
pub(super) struct Committed<'t> {
    translator: &'t mut dyn Translator,
    live: LiveText,
}

impl<'t> Committed<'t> {
    pub(super) fn new(translator: &'t mut dyn Translator, direction: Direction) -> Committed<'t> {
        Committed { translator, live: LiveText::new(direction.from) }
    }
}

impl LivePolicy for Committed<'_> {
    fn begin(&mut self, direction: Direction) {
        self.live = LiveText::new(direction.from);
    }

    fn grow(&mut self, source: &str) -> anyhow::Result<String> {
        Ok(self.live.grow(self.translator, source)?)
    }

    fn finish(&mut self, source: &str) -> anyhow::Result<String> {
        let next = LiveText::new(self.live.from());
        let live = std::mem::replace(&mut self.live, next);
        Ok(live.finish(self.translator, source)?)
    }
}

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
    /// The translations, in the order of the pairs.
    pub(super) hypotheses: Vec<String>,
}

/// Translates each sentence at once.
pub(super) fn whole(
    translator: &mut dyn Translator,
    pairs: &[Pair],
    direction: Direction,
    checks: &mut Checks,
) -> anyhow::Result<Figures> {
    let mut scores = Scores::default();
    for pair in pairs {
        let source = pair.text(direction.from);
        let translated = scores.charge(|| translator.translate(source, direction.from, direction.to))?;
        scores.add(pair, direction, translated, checks);
    }
    Ok(scores.figures())
}

/// Translates each sentence as it grows by a word at a time; what counts is what stays on the screen.
pub(super) fn live(
    policy: &mut dyn LivePolicy,
    pairs: &[Pair],
    direction: Direction,
    checks: &mut Checks,
) -> anyhow::Result<Figures> {
    let mut scores = Scores::default();
    let mut erasure = Erasure::default();
    for pair in pairs {
        policy.begin(direction);
        let mut outputs = Vec::new();
        let source = pair.text(direction.from);
        for said in beginnings(source) {
            outputs.push(scores.charge(|| policy.grow(said))?);
        }
        let shown = scores.charge(|| policy.finish(source))?;
        outputs.push(shown.clone());
        erasure.add(&outputs);
        scores.add(pair, direction, shown, checks);
    }
    Ok(Figures { normalised_erasure: erasure.normalised(), ..scores.figures() })
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

#[derive(Debug, Default)]
struct Scores {
    bleu: Bleu,
    chrf: Chrf,
    latencies: Vec<Duration>,
    hypotheses: Vec<String>,
    numbers: Option<(usize, usize)>,
    terms: Option<(usize, usize)>,
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

    fn add(&mut self, pair: &Pair, direction: Direction, hypothesis: String, checks: &mut Checks) {
        let (source, reference) = (pair.text(direction.from), pair.text(direction.to));
        self.bleu.add(&hypothesis, reference);
        self.chrf.add(&hypothesis, reference);
        for (total, check) in [(&mut self.numbers, &mut checks.numbers), (&mut self.terms, &mut checks.terms)] {
            let Some(check) = check else { continue };
            let tally = check(source, &hypothesis);
            let (right, all) = total.unwrap_or_default();
            *total = Some((right + tally.right, all + tally.all));
        }
        self.hypotheses.push(hypothesis);
    }

    fn figures(self) -> Figures {
        let share = |total: Option<(usize, usize)>| {
            total.filter(|(_, all)| *all > 0).map(|(right, all)| right as f64 / all as f64)
        };
        Figures {
            bleu: self.bleu.score(),
            chrf: self.chrf.chrf(),
            chrfpp: self.chrf.chrf_plus_plus(),
            number_accuracy: share(self.numbers),
            term_accuracy: share(self.terms),
            latency_ms: quantiles(self.latencies.iter().map(|latency| latency.as_secs_f64() * 1000.0).collect()),
            normalised_erasure: None,
            hypotheses: self.hypotheses,
        }
    }
}

#[cfg(test)]
mod tests;
