//! Leads a search to terms: not by pasting them, but by making what begins and goes on with a stem likelier. The
//! endings are the model's.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::pattern::{Pattern, Progress};
use super::pieces::Pieces;
use super::words::{Word, plain, words};

/// How strongly a search is led, in natural logarithms of probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Strength {
    /// What beginning a term is worth. More puts it too early, before its place in the sentence has come.
    pub(crate) start: f32,
    /// What leaving a term that was begun costs. Much, because a name that the model does not know is unlikely at each
    /// of its pieces.
    pub(crate) leave: f32,
}

impl Default for Strength {
    fn default() -> Self {
        Strength { start: 2.0, leave: 6.0 }
    }
}

/// Letters with which a term counts as begun in earnest: «На» may become any name, «Наза» hardly another.
const IN_EARNEST: usize = 4;

/// The terms that a translation is to have, as one model writes them; none by default.
#[derive(Clone, Debug, Default)]
pub struct Bias {
    pieces: Arc<Pieces>,
    terms: Vec<Pattern>,
    strength: Strength,
    /// The term that is to come next, whatever its probability.
    demanded: Option<usize>,
}

/// Where a text in the making stands with a term.
struct Standing {
    /// The tokens that go on with the term, with the letters of it that there are then.
    steps: BTreeMap<u32, usize>,
    /// The letters of it that there are.
    letters: usize,
    /// Whether a word that belongs to the term may go on with its endings.
    is_ending: bool,
    is_done: bool,
}

impl Bias {
    pub(crate) fn new(pieces: Arc<Pieces>, terms: Vec<Pattern>, strength: Strength) -> Bias {
        Bias { pieces, terms, strength, demanded: None }
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
                self.demand(logits, &standing);
                continue;
            }
            let value = |letters: usize| letters.min(IN_EARNEST) as f32 / IN_EARNEST as f32;
            let is_begun = standing.letters > 0 && !standing.is_ending;
            let lost =
                if is_begun { value(standing.letters) * (self.strength.start + self.strength.leave) } else { 0.0 };
            for (token, logit) in (0..).zip(logits.iter_mut()) {
                *logit += match standing.steps.get(&token) {
                    Some(letters) => self.strength.start * (value(*letters) - value(standing.letters)),
                    None => -lost,
                };
            }
        }
    }

    /// Leaves only what goes on with a term, or with the endings of a word inside it.
    fn demand(&self, logits: &mut [f32], standing: &Standing) {
        for (token, logit) in (0..).zip(logits.iter_mut()) {
            let text = self.pieces.text(token);
            let is_of_an_ending = standing.is_ending && text.starts_with(char::is_alphabetic);
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
        let nowhere = Standing { steps: BTreeMap::new(), letters: 0, is_ending: false, is_done: false };
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
                Standing { steps, letters, is_ending: true, is_done: false }
            }
            // The endings of the last word: it is there, and how it ends is the model's to say. It counts as there only
            // when it is a form of the term: «ел» may still become «елу».
            Progress::Ending { word } => {
                let is_done = open.is_some_and(|open| term.may_end(word, open));
                Standing { letters: before(word + 1), is_ending: true, is_done, ..nowhere }
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
                let made = Word { plain: plain(&written), span: 0..written.len(), text: &written, is_open: true };
                if term.is_on_the_way(word, &made) {
                    let letters = before + written.chars().count().min(stem.chars().count());
                    steps.insert(token, letters);
                }
            }
        }
        steps
    }
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
        Bias::new(pieces.into(), vec![Pattern::new(term, Lang::Russian, false)], Strength { start: 2.0, leave: 6.0 })
    }

    fn check(term: &str, tokens: &[u32], expect: &[(u32, f32)], others: f32) {
        let mut logits = [0.0; TOKENS.len()];
        bias(term).apply(&mut logits, tokens);
        for (token, logit) in (0..).zip(logits) {
            let expect = expect.iter().find(|(at, _)| *at == token).map_or(others, |(_, bonus)| *bonus);
            assert_eq!(logit, expect, "{term} {tokens:?}: {:?}", TOKENS[token as usize]);
        }
    }

    #[test]
    fn a_stem_is_led_to_and_its_ending_is_free() {
        // At the beginning, and behind another word: whole stems are worth more than parts.
        check("школа", &[0], &[(2, 2.0), (3, 1.5), (5, 2.0)], 0.0);
        check("школа", &[0, 1], &[(2, 2.0), (3, 1.5), (5, 2.0)], 0.0);
        // Inside the stem: whatever leaves it is unlikely.
        check("школа", &[0, 1, 3], &[(4, 0.5)], -6.0);
        // Behind it, and when it is there, everything goes.
        check("школа", &[0, 1, 2], &[], 0.0);
        check("школа", &[0, 1, 2, 6], &[], 0.0);
        check("школа", &[0, 1, 2, 6, 8], &[], 0.0);
        check("школа", &[0, 1, 5, 1], &[], 0.0);
        // Another word is not the term.
        check("школа", &[0, 7], &[(2, 2.0), (3, 1.5), (5, 2.0)], 0.0);
    }

    #[test]
    fn the_next_word_of_a_term_is_led_to_when_this_one_may_end() {
        check("молодёжная политика", &[0, 10, 11], &[], 0.0);
        check("молодёжная политика", &[0, 10, 11, 13], &[(12, 0.0)], 0.0);
        check("молодёжная политика", &[0, 10, 11, 13, 8], &[(12, 0.0)], -8.0);
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
    }
}
