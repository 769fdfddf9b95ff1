//! Leads a search to terms: not by pasting them, but by making what begins and goes on with a stem likelier. The
//! endings are the model's.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::pattern::{Pattern, Progress};
use super::pieces::Pieces;
use super::words::{Word, plain, words};

/// What leaving a term that was begun costs, in natural logarithms of probability. A name that the model does not know is
/// unlikely at each of its pieces. Nothing is given for beginning one: that put terms before their place came, and again
/// at their place (dostyq-mini, 69 terms of its corpus each way: 22 and 10 twice in a sentence with 2 for beginning, 15
/// and 7 with nothing, chrF 0.6 and −0.1 better); what is then lacking is demanded.
const LEAVE: f32 = 6.0;

/// Letters with which a term counts as begun in earnest: «На» may become any name, «Наза» hardly another.
const IN_EARNEST: usize = 4;

/// The terms that a translation is to have, as one model writes them; none by default.
#[derive(Clone, Debug, Default)]
pub struct Bias {
    pieces: Arc<Pieces>,
    terms: Vec<Pattern>,
    /// The term that is to come next, whatever its probability.
    demanded: Option<usize>,
}

/// Where a text in the making stands with a term.
struct Standing {
    /// The tokens that go on with the term, with the letters of it that there are then.
    steps: BTreeMap<u32, usize>,
    /// The letters of it that there are.
    letters: usize,
    /// The word of the term, and what is written of it, whose endings may follow.
    ending: Option<(usize, String)>,
    is_done: bool,
}

impl Bias {
    pub(crate) fn new(pieces: Arc<Pieces>, terms: Vec<Pattern>) -> Bias {
        Bias { pieces, terms, demanded: None }
    }

    /// Whether there is nothing to lead to.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The same with one term, by its place, that has to come next.
    pub(crate) fn demanding(&self, term: usize) -> Bias {
        Bias { demanded: Some(term), ..self.clone() }
    }

    /// The places of the terms that a translation lacks.
    pub(crate) fn missing(&self, tokens: &[u32]) -> Vec<usize> {
        let text = self.pieces.join(tokens) + ".";
        let words = words(&text);
        (0..self.terms.len()).filter(|term| !self.terms[*term].is_in(&words)).collect()
    }

    /// Changes the logits of what follows `tokens`.
    pub(crate) fn apply(&self, logits: &mut [f32], tokens: &[u32]) {
        if self.is_empty() {
            return;
        }
        let text = self.pieces.join(tokens);
        for (place, term) in self.terms.iter().enumerate() {
            let standing = self.standing(term, &text);
            if standing.is_done {
                continue;
            }
            if self.demanded == Some(place) {
                self.demand(logits, term, &standing);
                continue;
            }
            if standing.letters > 0 && standing.ending.is_none() {
                let cost = LEAVE * standing.letters.min(IN_EARNEST) as f32 / IN_EARNEST as f32;
                let others = (0..).zip(logits.iter_mut()).filter(|(token, _)| !standing.steps.contains_key(token));
                others.for_each(|(_, logit)| *logit -= cost);
            }
        }
    }

    /// Leaves only what goes on with a term, or with the endings of a word inside it.
    fn demand(&self, logits: &mut [f32], term: &Pattern, standing: &Standing) {
        for (token, logit) in (0..).zip(logits.iter_mut()) {
            let is_of_an_ending = standing.ending.as_ref().is_some_and(|(word, written)| {
                let piece = self.pieces.text(token);
                piece.starts_with(char::is_alphabetic)
                    && term.is_on_the_way(*word, &open_word(&[written, piece].concat()))
            });
            if !standing.steps.contains_key(&token) && !is_of_an_ending {
                *logit = f32::NEG_INFINITY;
            }
        }
    }

    /// The tokens that may begin or go on with a term behind `tokens`, with the letters of it that there are then.
    pub(crate) fn steps(&self, term: usize, tokens: &[u32]) -> BTreeMap<u32, usize> {
        self.standing(&self.terms[term], &self.pieces.join(tokens)).steps
    }

    /// How many letters so many fall short of a term that has begun in earnest.
    pub(crate) fn letters_lacking(letters: usize) -> usize {
        IN_EARNEST.saturating_sub(letters)
    }

    /// Whether a token begins a word.
    pub(crate) fn begins_a_word(&self, token: u32) -> bool {
        !self.pieces.text(token).starts_with(char::is_alphanumeric)
    }

    fn standing(&self, term: &Pattern, text: &str) -> Standing {
        let words = words(text);
        let open = words.last().filter(|word| word.is_open);
        let before = |word: usize| (0..word).map(|word| shortest(&term.stems(word))).sum::<usize>();
        let written = |word: usize| open.map(|open| (word, open.text.to_owned()));
        let nowhere = Standing { steps: BTreeMap::new(), letters: 0, ending: None, is_done: false };
        match term.progress(&words) {
            Progress::Done => Standing { is_done: true, ..nowhere },
            Progress::Inside { word, letters } => {
                let begun = open.filter(|_| letters > 0).map_or("", |word| word.text);
                let steps = self.along(term, word, begun, text, before(word));
                Standing { steps, letters: before(word) + letters, ..nowhere }
            }
            Progress::Ending { word } if word + 1 < term.len() => {
                let is_whole = open.is_some_and(|open| term.may_end(word, open));
                let letters = before(word + 1);
                let steps = if is_whole { self.along(term, word + 1, "", text, letters) } else { BTreeMap::new() };
                Standing { steps, letters, ending: written(word), is_done: false }
            }
            // The endings of the last word: it is there, and how it ends is the model's to say. It counts as there only
            // when it is a form of the term: «ел» may still become «елу».
            Progress::Ending { word } => {
                let is_done = open.is_some_and(|open| term.may_end(word, open));
                Standing { letters: before(word + 1), ending: written(word), is_done, ..nowhere }
            }
        }
    }

    /// The tokens that go on with the word `word` of a term, of which `begun` is written at the end of `text`.
    fn along(&self, term: &Pattern, word: usize, begun: &str, text: &str, before: usize) -> BTreeMap<u32, usize> {
        let is_at_a_gap = text.ends_with([' ', '«', '“', '"', '(', '/']);
        let gap = if begun.is_empty() && !is_at_a_gap { " " } else { "" };
        let mut steps = BTreeMap::new();
        for stem in term.stems(word) {
            let Some(rest) = plain(&stem).strip_prefix(&plain(begun)).map(str::to_owned) else { continue };
            let wanted = [gap, &rest].concat();
            for token in self.pieces.along(&wanted) {
                let piece = self.pieces.text(token);
                let written = [begun, piece.trim_start()].concat();
                let is_lower = begun.is_empty() && !written.starts_with(char::is_uppercase) && !written.is_empty();
                // «Студёнт» is plainly «студент», but no word.
                let is_misspelt = piece.contains('ё') && !term.has_yo(word);
                if (term.is_capital(word) && is_lower) || is_misspelt || written.len() == begun.len() {
                    continue;
                }
                if term.is_on_the_way(word, &open_word(&written)) {
                    let letters = before + written.chars().count().min(stem.chars().count());
                    steps.insert(token, letters);
                }
            }
        }
        steps
    }
}

/// A word in the making that stands alone.
fn open_word(text: &str) -> Word<'_> {
    Word { text, plain: plain(text), span: 0..text.len(), is_open: true }
}

fn shortest(stems: &[String]) -> usize {
    stems.iter().map(|stem| stem.chars().count()).min().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use dostyq_speech::Lang;

    use super::*;

    const TOKENS: [&str; 14] =
        ["", "▁в", "▁школ", "▁шко", "ла", "▁школа", "е", "▁школьн", ".", "▁мо", "▁молодеж", "н", "▁полити", "ой"];

    fn bias(term: &str) -> Bias {
        let pieces = Pieces::new(TOKENS.iter().map(|token| Some((*token).to_owned())));
        Bias::new(pieces.into(), vec![Pattern::new(term, Lang::Russian, false)])
    }

    /// The tokens that lose what leaving costs, as a share of it; with all others at no loss.
    fn check(term: &str, tokens: &[u32], unhindered: &[u32], share: f32) {
        let mut logits = [0.0; TOKENS.len()];
        bias(term).apply(&mut logits, tokens);
        for (token, logit) in (0..).zip(logits) {
            let expect = if unhindered.contains(&token) { 0.0 } else { -LEAVE * share };
            assert_eq!(logit, expect, "{term} {tokens:?}: {:?}", TOKENS[token as usize]);
        }
    }

    #[test]
    fn a_stem_that_was_begun_is_hard_to_leave_and_its_ending_is_free() {
        // Nothing is begun.
        check("школа", &[0], &[], 0.0);
        check("школа", &[0, 1], &[], 0.0);
        check("школа", &[0, 7], &[], 0.0);
        // Inside the stem.
        check("школа", &[0, 1, 3], &[4], 0.75);
        // Behind it, and when it is there, everything goes.
        check("школа", &[0, 1, 2], &[], 0.0);
        check("школа", &[0, 1, 2, 6], &[], 0.0);
        check("школа", &[0, 1, 2, 6, 8], &[], 0.0);
        check("школа", &[0, 1, 5, 1], &[], 0.0);
    }

    #[test]
    fn the_next_word_of_a_term_follows_when_this_one_may_end() {
        check("молодёжная политика", &[0, 10, 11], &[], 0.0);
        check("молодёжная политика", &[0, 10, 11, 13], &[], 0.0);
        check("молодёжная политика", &[0, 10, 11, 13, 8], &[12], 1.0);
        assert!(bias("молодёжная политика").steps(0, &[0, 10, 11, 13]).contains_key(&12));
        assert!(!bias("молодёжная политика").steps(0, &[0, 10, 11]).contains_key(&12));
    }

    #[test]
    fn beginnings_are_known_with_their_letters() {
        let steps = |term: &str, tokens: &[u32]| bias(term).steps(0, tokens).into_iter().collect::<Vec<_>>();
        assert_eq!(steps("школа", &[0, 1]), [(2, 4), (3, 3), (5, 4)]);
        assert_eq!(steps("школа", &[0, 1, 3]), [(4, 4)]);
        assert_eq!(steps("университет", &[0, 1]), []);
    }

    #[test]
    fn what_is_missing_is_known_and_can_be_demanded() {
        assert_eq!(bias("школа").missing(&[0, 1, 7]), [0; 1]);
        assert_eq!(bias("школа").missing(&[0, 1, 2, 6]), [0; 0]);
        let mut logits = [0.0; TOKENS.len()];
        bias("школа").demanding(0).apply(&mut logits, &[0]);
        let allowed: Vec<usize> = (0..TOKENS.len()).filter(|token| logits[*token] == 0.0).collect();
        assert_eq!(allowed.len() + 11, TOKENS.len());
        assert!(logits[2].is_finite() && logits[3].is_finite() && logits[5].is_finite());
        // Inside the term only its next word may follow, and before that an ending that is one.
        let mut logits = [0.0; TOKENS.len()];
        bias("молодёжная политика").demanding(0).apply(&mut logits, &[0, 10, 11]);
        assert!(logits[13].is_finite() && logits[4].is_infinite() && logits[12].is_infinite());
    }
}
