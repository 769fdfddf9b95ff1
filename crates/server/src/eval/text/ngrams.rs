use std::collections::HashMap;
use std::hash::Hash;

/// How often each run of `length` items occurs; none in a text that is shorter.
pub(super) fn count<T: Hash + Eq>(items: &[T], length: usize) -> HashMap<&[T], u64> {
    let mut counts = HashMap::new();
    for ngram in items.windows(length) {
        *counts.entry(ngram).or_default() += 1;
    }
    counts
}

/// What the n-grams of one length add up to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count {
    /// In the hypotheses.
    pub(super) hypothesis: u64,
    /// In the references.
    pub(super) reference: u64,
    /// In both, each at most as often as it occurs in the reference.
    pub(super) matches: u64,
}

impl Count {
    pub(super) fn add<T: Hash + Eq>(&mut self, hypothesis: &HashMap<&[T], u64>, reference: &HashMap<&[T], u64>) {
        self.hypothesis += hypothesis.values().sum::<u64>();
        self.reference += reference.values().sum::<u64>();
        let common = |(ngram, n): (&&[T], &u64)| reference.get(*ngram).map_or(0, |m| *n.min(m));
        self.matches += hypothesis.iter().map(common).sum::<u64>();
    }
}

/// White space as Python has it, which is ours and four separators of old.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_match_counts_as_often_as_the_reference_has_it() {
        let check = |hypothesis: &str, reference: &str, length, expect| {
            let letters = |text: &str| text.chars().collect::<Vec<_>>();
            let (hypothesis, reference) = (letters(hypothesis), letters(reference));
            let mut counts = Count::default();
            counts.add(&count(&hypothesis, length), &count(&reference, length));
            assert_eq!((counts.hypothesis, counts.reference, counts.matches), expect);
        };
        check("", "аб", 1, (0, 2, 0));
        check("ааа", "аб", 1, (3, 2, 1));
        check("аба", "баб", 2, (2, 2, 2));
        check("аб", "аб", 3, (0, 0, 0));
    }
}
