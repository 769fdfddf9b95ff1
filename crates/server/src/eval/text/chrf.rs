use super::ngrams::{Count, count, is_space};

/// Runs of characters up to this length count.
const LONGEST_CHARACTERS: usize = 6;
/// In chrF++, runs of words up to this length count as well.
const LONGEST_WORDS: usize = 2;
/// Recall weighs as much as this many precisions, squared.
const BETA: f64 = 2.0;

/// chrF2 and chrF2++ of a corpus against one reference a segment, 0 to 100: the values of sacrebleu 2.6.0 under the
/// signatures `nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no` and the same with `nw:2`.
///
/// Popović, "chrF: character n-gram F-score for automatic MT evaluation", WMT 2015, and "chrF++: words helping
/// character n-grams", WMT 2017.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chrf {
    /// By the length of the n-gram, from 1.
    characters: [Count; LONGEST_CHARACTERS],
    words: [Count; LONGEST_WORDS],
}

impl Chrf {
    /// Counts one segment.
    pub(crate) fn add(&mut self, hypothesis: &str, reference: &str) {
        add(&mut self.characters, &letters(hypothesis), &letters(reference));
        add(&mut self.words, &words(hypothesis), &words(reference));
    }

    /// The score by characters alone.
    pub(crate) fn chrf(&self) -> f64 {
        score(self.characters.iter())
    }

    /// The score by characters and words.
    pub(crate) fn chrf_plus_plus(&self) -> f64 {
        score(self.characters.iter().chain(&self.words))
    }
}

fn add<T: std::hash::Hash + Eq>(orders: &mut [Count], hypothesis: &[T], reference: &[T]) {
    for (order, length) in orders.iter_mut().zip(1..) {
        let (hypothesis, reference) = (count(hypothesis, length), count(reference, length));
        // A reference too short for the n-gram says nothing about the hypothesis.
        if !reference.is_empty() {
            order.add(&hypothesis, &reference);
        }
    }
}

/// F-score of the precision and recall that are each the mean over all lengths that occur on both sides.
fn score<'c>(orders: impl Iterator<Item = &'c Count>) -> f64 {
    let (mut precision, mut recall, mut effective) = (0.0, 0.0, 0.0);
    for order in orders.filter(|order| order.hypothesis > 0 && order.reference > 0) {
        precision += order.matches as f64 / order.hypothesis as f64;
        recall += order.matches as f64 / order.reference as f64;
        effective += 1.0;
    }
    if precision + recall == 0.0 {
        return 0.0;
    }
    let (precision, recall) = (precision / effective, recall / effective);
    let factor = BETA * BETA;
    100.0 * (1.0 + factor) * precision * recall / (factor * precision + recall)
}

fn letters(text: &str) -> Vec<char> {
    text.chars().filter(|c| !is_space(*c)).collect()
}

/// The words, with one ASCII mark at the end or else at the beginning taken off: `(hi)` becomes `(hi` and `)`.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for word in text.split(is_space).filter(|word| !word.is_empty()) {
        let is_long = word.chars().nth(1).is_some();
        if is_long && word.ends_with(|c: char| c.is_ascii_punctuation()) {
            words.extend([&word[..word.len() - 1], &word[word.len() - 1..]]);
        } else if is_long && word.starts_with(|c: char| c.is_ascii_punctuation()) {
            words.extend([&word[..1], &word[1..]]);
        } else {
            words.push(word);
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mark_is_taken_off_a_word() {
        let check = |text, expect: &[&str]| assert_eq!(words(text), expect, "{text:?}");
        check("", &[]);
        check("Сәлем, (достар)!", &["Сәлем", ",", "(достар)", "!"]);
        check("(достар «бар» ?", &["(", "достар", "«бар»", "?"]);
        check("!! .", &["!", "!", "."]);
    }

    #[test]
    fn alike_is_a_hundred_and_nothing_is_zero() {
        let check = |hypothesis, reference, expect: f64| {
            let mut chrf = Chrf::default();
            chrf.add(hypothesis, reference);
            assert!((chrf.chrf() - expect).abs() < 1e-9, "{hypothesis:?} {}", chrf.chrf());
            assert!((chrf.chrf_plus_plus() - expect).abs() < 1e-9, "{hypothesis:?} {}", chrf.chrf_plus_plus());
        };
        check("", "", 0.0);
        check("", "қазақ", 0.0);
        check("қазақ", "", 0.0);
        check("қазақ тілі", "қазақ тілі", 100.0);
        check("ё", "ж", 0.0);
    }
}
