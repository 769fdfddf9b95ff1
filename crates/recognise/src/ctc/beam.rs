use std::collections::HashMap;

use ndarray::ArrayView2;

use super::decode::{Decoded, align, tokens_of};

/// Prefix beam search (Graves 2012, "Supervised sequence labelling with recurrent neural networks"; in the form of
/// Hannun et al. 2014, "First-pass large vocabulary continuous speech recognition using bi-directional recurrent DNNs",
/// without a language model).
///
/// Where greedy decoding follows one alignment, this adds up all alignments of a text, for the `width` likeliest
/// beginnings of a text, at least 1. Each token's frames are those of the text's likeliest alignment. `log_probs` and
/// `blank` are as in [`greedy`](super::decode::greedy).
pub(super) fn beam_search(log_probs: ArrayView2<'_, f32>, blank: usize, width: usize) -> Decoded {
    let mut texts = Texts::default();
    let mut beam = vec![Prefix { text: Texts::EMPTY, blank: 0.0, label: f64::NEG_INFINITY }];
    for row in log_probs.rows() {
        let mut candidates = Vec::new();
        let places: HashMap<usize, usize> = beam.iter().enumerate().map(|(place, p)| (p.text, place)).collect();
        // For each prefix, the prefixes of the beam that are one token longer.
        let mut longer: Vec<Vec<(usize, usize)>> = vec![Vec::new(); beam.len()];
        for (place, prefix) in beam.iter().enumerate() {
            let score = |token: usize| f64::from(row[token]);
            let last = texts.last(prefix.text);
            candidates.push(Candidate {
                text: prefix.text,
                token: None,
                blank: prefix.total() + score(blank),
                label: last.map_or(f64::NEG_INFINITY, |last| prefix.label + score(last)),
            });
            if let Some(shorter) = texts.shorter(prefix.text).and_then(|text| places.get(&text)) {
                longer[*shorter].push((last.unwrap_or(blank), place));
            }
        }
        for (place, prefix) in beam.iter().enumerate() {
            let last = texts.last(prefix.text);
            for (token, score) in row.iter().enumerate().filter(|(token, _)| *token != blank) {
                // A token is heard twice only if there is a blank between.
                let before = if last == Some(token) { prefix.blank } else { prefix.total() };
                let label = before + f64::from(*score);
                match longer[place].iter().find(|(last, _)| *last == token) {
                    // The longer prefix stands in the beam already: one text, one sum.
                    Some((_, other)) => candidates[*other].label = log_add(candidates[*other].label, label),
                    None => {
                        let (text, blank) = (prefix.text, f64::NEG_INFINITY);
                        candidates.push(Candidate { text, token: Some(token), blank, label });
                    }
                }
            }
        }
        // A stable order, so that equals are taken the same way every time.
        candidates.sort_by(|a, b| b.total().total_cmp(&a.total()));
        candidates.truncate(width.max(1));
        beam.clear();
        beam.extend(candidates.iter().map(|c| Prefix {
            text: c.token.map_or(c.text, |token| texts.grown(c.text, token)),
            blank: c.blank,
            label: c.label,
        }));
    }
    let best = &beam[0];
    let labels = texts.tokens(best.text);
    let tokens = tokens_of(log_probs, &align(log_probs, &labels, blank), blank);
    Decoded { tokens, log_probability: best.total() as f32 }
}

/// A beginning of a text in the beam, with the natural log-probabilities of its alignments.
struct Prefix {
    text: usize,
    /// Of those that end in a blank.
    blank: f64,
    /// Of those that end in the text's last token.
    label: f64,
}

/// A prefix after the next frame: one of the beam, or one of the beam and a token.
struct Candidate {
    text: usize,
    token: Option<usize>,
    blank: f64,
    label: f64,
}

impl Prefix {
    fn total(&self) -> f64 {
        log_add(self.blank, self.label)
    }
}

impl Candidate {
    fn total(&self) -> f64 {
        log_add(self.blank, self.label)
    }
}

/// All texts that ever stood in the beam, each once, as a tree: a text is a shorter one and a token.
#[derive(Default)]
struct Texts {
    /// The shorter text and the last token of each text but the empty one, which is before the first.
    nodes: Vec<(usize, usize)>,
    numbers: HashMap<(usize, usize), usize>,
}

impl Texts {
    /// The number of the text without tokens; text `n` is described by `nodes[n - 1]`.
    const EMPTY: usize = 0;

    fn shorter(&self, text: usize) -> Option<usize> {
        (text != Texts::EMPTY).then(|| self.nodes[text - 1].0)
    }

    fn last(&self, text: usize) -> Option<usize> {
        (text != Texts::EMPTY).then(|| self.nodes[text - 1].1)
    }

    /// The text with one more token.
    fn grown(&mut self, text: usize, token: usize) -> usize {
        *self.numbers.entry((text, token)).or_insert_with(|| {
            self.nodes.push((text, token));
            self.nodes.len()
        })
    }

    fn tokens(&self, text: usize) -> Vec<usize> {
        let texts = std::iter::successors(Some(text), |text| self.shorter(*text));
        let mut tokens: Vec<usize> = texts.filter_map(|text| self.last(text)).collect();
        tokens.reverse();
        tokens
    }
}

/// The logarithm of the sum of two exponentials.
fn log_add(a: f64, b: f64) -> f64 {
    let (more, less) = if a > b { (a, b) } else { (b, a) };
    if less == f64::NEG_INFINITY { more } else { more + (less - more).exp().ln_1p() }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::super::decode::greedy;
    use super::*;

    /// Probabilities of `[a, b, blank]`, frame by frame.
    fn matrix(rows: &[[f32; 3]]) -> Array2<f32> {
        let values = rows.iter().flatten().map(|p| p.ln()).collect();
        Array2::from_shape_vec((rows.len(), 3), values).expect("three to a row")
    }

    fn labels(found: &Decoded) -> Vec<usize> {
        found.tokens.iter().map(|token| token.id).collect()
    }

    /// The likeliest text of a small matrix and its log-probability, from every path there is.
    fn exhaustive(log_probs: &Array2<f32>) -> (Vec<usize>, f64) {
        let (frames, tokens) = log_probs.dim();
        let blank = tokens - 1;
        let mut sums: HashMap<Vec<usize>, f64> = HashMap::new();
        for number in 0..tokens.pow(frames as u32) {
            let path: Vec<usize> = (0..frames).map(|frame| number / tokens.pow(frame as u32) % tokens).collect();
            let probability: f64 =
                path.iter().enumerate().map(|(frame, token)| f64::from(log_probs[[frame, *token]])).sum::<f64>().exp();
            let mut text = path.clone();
            text.dedup();
            text.retain(|token| *token != blank);
            *sums.entry(text).or_default() += probability;
        }
        let best = sums.into_iter().max_by(|a, b| a.1.total_cmp(&b.1)).expect("there is always the empty text");
        (best.0, best.1.ln())
    }

    #[test]
    fn many_alignments_of_one_text_outweigh_the_best_single_one() {
        // The best path is two blanks, 0.36; "a" is heard in three ways, 0.16 + 2 × 0.24 = 0.64.
        let log_probs = matrix(&[[0.4, 0.0, 0.6], [0.4, 0.0, 0.6]]);
        assert_eq!(labels(&greedy(log_probs.view(), 2)), [0usize; 0]);
        let found = beam_search(log_probs.view(), 2, 4);
        assert_eq!(labels(&found), [0]);
        assert!((found.log_probability - 0.64f32.ln()).abs() < 1e-6, "{}", found.log_probability);
    }

    #[test]
    fn a_token_is_said_twice_only_across_a_blank() {
        let check = |rows: &[[f32; 3]], expect: &[usize]| {
            assert_eq!(labels(&beam_search(matrix(rows).view(), 2, 8)), expect, "{rows:?}");
        };
        check(&[[0.9, 0.05, 0.05], [0.9, 0.05, 0.05]], &[0]);
        check(&[[0.9, 0.05, 0.05], [0.05, 0.05, 0.9], [0.9, 0.05, 0.05]], &[0, 0]);
        check(&[[0.9, 0.05, 0.05], [0.05, 0.9, 0.05]], &[0, 1]);
        check(&[], &[]);
    }

    #[test]
    fn frames_are_those_of_the_likeliest_alignment() {
        let log_probs = matrix(&[[0.1, 0.1, 0.8], [0.8, 0.1, 0.1], [0.7, 0.1, 0.2], [0.1, 0.1, 0.8], [0.2, 0.7, 0.1]]);
        let found = beam_search(log_probs.view(), 2, 8);
        let frames: Vec<_> = found.tokens.iter().map(|token| (token.id, token.first, token.last)).collect();
        assert_eq!(frames, [(0, 1, 2), (1, 4, 4)]);
        assert_eq!(found.tokens[0].log_probability, 0.8f32.ln());
    }

    #[test]
    fn a_wide_beam_finds_what_all_paths_together_say() {
        let mut state = 11u32;
        for _ in 0..60 {
            let mut rows = Array2::<f32>::from_shape_fn((6, 4), |_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / 16_777_216.0 + 0.01
            });
            for mut row in rows.rows_mut() {
                let sum = row.sum();
                row.mapv_inplace(|p| (p / sum).ln());
            }
            let found = beam_search(rows.view(), 3, 10_000);
            let (text, log_probability) = exhaustive(&rows);
            assert_eq!(labels(&found), text);
            assert!((f64::from(found.log_probability) - log_probability).abs() < 1e-4);
            // A narrow beam may find a worse text and sums less, never more.
            assert!(beam_search(rows.view(), 3, 2).log_probability <= found.log_probability + 1e-5);
        }
    }
}
