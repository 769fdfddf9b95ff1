use super::ngrams::{Count, count, is_space};

/// Word n-grams up to this length count.
const LONGEST: usize = 4;

/// BLEU of a corpus against one reference a segment, 0 to 100: the value of sacrebleu 2.6.0 under the signature
/// `nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp`.
///
/// Papineni and others, "BLEU: a method for automatic evaluation of machine translation", ACL 2002; smoothing is the
/// third method of Chen and Cherry, WMT 2014, which is that of mteval-v13a.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bleu {
    hypothesis_words: u64,
    reference_words: u64,
    /// By the length of the n-gram, from 1.
    orders: [Count; LONGEST],
}

impl Bleu {
    /// Counts one segment.
    pub(crate) fn add(&mut self, hypothesis: &str, reference: &str) {
        let (hypothesis, reference) = (tokenise(hypothesis), tokenise(reference));
        self.hypothesis_words += hypothesis.len() as u64;
        self.reference_words += reference.len() as u64;
        for (order, length) in self.orders.iter_mut().zip(1..) {
            order.add(&count(&hypothesis, length), &count(&reference, length));
        }
    }

    /// The score of all segments together.
    pub(crate) fn score(&self) -> f64 {
        if self.orders.iter().all(|order| order.matches == 0) {
            return 0.0;
        }
        let mut logarithms = 0.0;
        let mut smoothing = 1.0;
        for order in self.orders {
            if order.hypothesis == 0 {
                // No segment is as long as the n-gram: without an effective order, that is no score.
                return 0.0;
            }
            let matches = if order.matches == 0 {
                // Each length without a match counts half as much as the one before it.
                smoothing *= 2.0;
                1.0 / smoothing
            } else {
                order.matches as f64
            };
            logarithms += (100.0 * matches / order.hypothesis as f64).ln();
        }
        self.brevity_penalty() * (logarithms / LONGEST as f64).exp()
    }

    /// Takes from a translation what it gained by leaving words out.
    fn brevity_penalty(&self) -> f64 {
        if self.hypothesis_words >= self.reference_words {
            return 1.0;
        }
        // There is a word, for otherwise there would be no match.
        (1.0 - self.reference_words as f64 / self.hypothesis_words as f64).exp()
    }
}

/// The tokens of mteval-v13a: ASCII punctuation stands alone, but for apostrophes, hyphens between letters, and full
/// stops and commas inside numbers. Other punctuation, such as « and —, stays with its word.
fn tokenise(text: &str) -> Vec<String> {
    let text = text.trim_end_matches(is_space).replace("<skipped>", "").replace("-\n", "").replace('\n', " ");
    let text = text.replace("&quot;", "\"").replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">");
    let mut chars = vec![' '];
    for c in text.chars() {
        if is_set_apart(c) {
            chars.extend([' ', c, ' ']);
        } else {
            chars.push(c);
        }
    }
    chars.push(' ');
    // Three passes, as the original has them: where marks follow one another, the result depends on it.
    let is_point = |c: char| matches!(c, '.' | ',');
    let chars = pairwise(&chars, |a, b| (!a.is_ascii_digit() && is_point(b)).then_some([a, ' ', b, ' ']));
    let chars = pairwise(&chars, |a, b| (is_point(a) && !b.is_ascii_digit()).then_some([' ', a, ' ', b]));
    let chars = pairwise(&chars, |a, b| (a.is_ascii_digit() && b == '-').then_some([a, ' ', b, ' ']));
    let text: String = chars.into_iter().collect();
    text.split(is_space).filter(|token| !token.is_empty()).map(str::to_owned).collect()
}

fn is_set_apart(c: char) -> bool {
    matches!(c, '{'..='~' | '['..='`' | ' '..='&' | '('..='+' | ':'..='@' | '/')
}

/// Replaces pairs of neighbours from left to right; the second of a replaced pair is not the first of another.
fn pairwise(chars: &[char], replace: impl Fn(char, char) -> Option<[char; 4]>) -> Vec<char> {
    let mut out = Vec::with_capacity(chars.len() * 2);
    let mut rest = chars;
    while let [first, after @ ..] = rest {
        match after.first().and_then(|second| replace(*first, *second)) {
            Some(replaced) => {
                out.extend(replaced);
                rest = &after[1..];
            }
            None => {
                out.push(*first);
                rest = after;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_those_of_mteval() {
        let check = |text, expect: &[&str]| assert_eq!(tokenise(text), expect, "{text:?}");
        check("", &[]);
        check(" \n", &[]);
        check("Сәлем, достар!", &["Сәлем", ",", "достар", "!"]);
        check("3,5 млн. 10.000", &["3,5", "млн", ".", "10.000"]);
        check("Да...", &["Да", ".", ".", "."]);
        check("2019-2020 жж.", &["2019", "-", "2020", "жж", "."]);
        check("из-за «него» — 5 %", &["из-за", "«него»", "—", "5", "%"]);
        check("R&amp;D (a/b)", &["R", "&", "D", "(", "a", "/", "b", ")"]);
        check("don't", &["don't"]);
        check(".5,", &[".", "5", ","]);
    }

    #[test]
    fn nothing_in_common_is_zero() {
        let score = |hypothesis, reference| {
            let mut bleu = Bleu::default();
            bleu.add(hypothesis, reference);
            bleu.score()
        };
        assert_eq!(Bleu::default().score(), 0.0);
        assert_eq!(score("", "бір екі үш төрт"), 0.0);
        assert_eq!(score("бес", "бір екі үш төрт"), 0.0);
        assert_eq!(score("бір екі үш", "бір екі үш"), 0.0, "shorter than four words has no 4-gram");
        assert!((score("бір екі үш төрт", "бір екі үш төрт") - 100.0).abs() < 1e-9);
    }
}
