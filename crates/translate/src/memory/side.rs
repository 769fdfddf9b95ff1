use std::collections::HashMap;
use std::sync::Arc;

use dostyq_speech::Lang;

use super::align::{Item, similarity};
use super::sentence::Sentence;
use super::words::{is_filler, is_slip};

/// Longer sentences are found only when they are the same.
const MAX_NEAR_WORDS: usize = 64;
/// Sentences that one look-up looks at, those with its rarest words first. More share all of their words only with
/// others of the kind of «и я это знаю», where a near match is worth little.
const MAX_LOOKED_AT: usize = 8_192;
/// Sentences that one look-up compares word by word, those with most words in common.
const MAX_COMPARED: usize = 32;

/// The sentences of one language, by their words.
#[derive(Clone, Debug)]
pub(super) struct Side {
    lang: Lang,
    numbers: HashMap<Arc<str>, u32>,
    words: Vec<Known>,
    /// By pair.
    sentences: Vec<Stored>,
    /// The newest pair of each sentence.
    same: HashMap<Arc<[u32]>, u32>,
}

/// A word that the memory knows.
#[derive(Clone, Debug)]
struct Known {
    text: Arc<str>,
    /// The pairs that have it, in order, each once.
    pairs: Vec<u32>,
}

#[derive(Clone, Debug)]
struct Stored {
    words: Arc<[u32]>,
    /// A bit for each of the first 64 words.
    fixed: u64,
}

impl Side {
    pub(super) fn new(lang: Lang) -> Side {
        Side { lang, numbers: HashMap::new(), words: Vec::new(), sentences: Vec::new(), same: HashMap::new() }
    }

    /// Takes in the sentence of the next pair.
    pub(super) fn push(&mut self, sentence: &Sentence) {
        let pair = self.sentences.len() as u32;
        let is_near = sentence.words.len() <= MAX_NEAR_WORDS;
        let (mut words, mut fixed) = (Vec::with_capacity(sentence.words.len()), 0);
        for (place, word) in sentence.words.iter().enumerate() {
            let number = self.number(&word.text);
            words.push(number);
            let pairs = &mut self.words[number as usize].pairs;
            if is_near {
                fixed |= u64::from(word.is_fixed) << place;
                if pairs.last() != Some(&pair) {
                    pairs.push(pair);
                }
            }
        }
        let words: Arc<[u32]> = words.into();
        self.same.insert(Arc::clone(&words), pair);
        self.sentences.push(Stored { words, fixed });
    }

    fn number(&mut self, word: &str) -> u32 {
        if let Some(number) = self.numbers.get(word) {
            return *number;
        }
        let (text, number): (Arc<str>, u32) = (word.into(), self.words.len() as u32);
        self.numbers.insert(Arc::clone(&text), number);
        self.words.push(Known { text, pairs: Vec::new() });
        number
    }

    /// The newest pair with the same sentence.
    pub(super) fn same(&self, sentence: &Sentence) -> Option<u32> {
        let words: Option<Vec<u32>> =
            sentence.words.iter().map(|word| self.numbers.get(&*word.text).copied()).collect();
        self.same.get(words?.as_slice()).copied()
    }

    /// The most similar sentence that is at least so similar, the newest of equals.
    pub(super) fn nearest(&self, sentence: &Sentence, threshold: f32) -> Option<(u32, f32)> {
        let length = sentence.words.len();
        if length > MAX_NEAR_WORDS {
            return None;
        }
        // Even if every letter were right, more changed words than these would bring the mean below the threshold.
        let share = 2.0 - 2.0 * threshold;
        let most_of = |length: usize| (length as f32 * share + 1e-4) as usize;
        let items: Vec<Item<'_>> = sentence.words.iter().map(|word| self.item(word)).collect();
        let mut best: Option<(u32, f32)> = None;
        for pair in self.candidates(&items, share, most_of(length)) {
            let stored = &self.sentences[pair as usize];
            let others: Vec<Item<'_>> = (0..stored.words.len()).map(|place| self.stored_item(stored, place)).collect();
            let most = most_of(length.max(others.len()));
            let is_slip = |a: &str, b: &str| is_slip(a, b, self.lang);
            let Some(similarity) = similarity(&items, &others, most, is_slip) else { continue };
            let is_better = best.is_none_or(|(pair_before, before)| (similarity, pair) > (before, pair_before));
            if similarity >= threshold && is_better {
                best = Some((pair, similarity));
            }
        }
        best
    }

    /// The pairs that are worth comparing with a sentence of which `most` words may be changed.
    ///
    /// Of any `most + 1` of its words, a sentence that is near has at least one, so it is enough to look at those that
    /// have one of the rarest (the prefix filter of Chaudhuri, Ganti and Kaushik, ICDE 2006).
    fn candidates(&self, items: &[Item<'_>], share: f32, most: usize) -> Vec<u32> {
        let mut known: Vec<u32> = items.iter().filter_map(|item| item.known).collect();
        known.sort_unstable();
        known.dedup();
        let mut unknown: Vec<&str> = items.iter().filter(|item| item.known.is_none()).map(|item| item.text).collect();
        unknown.sort_unstable();
        unknown.dedup();
        let Some(looked_for) = (most + 1).checked_sub(unknown.len()) else { return Vec::new() };
        let mut rare = known.clone();
        rare.sort_by_key(|number| self.words[*number as usize].pairs.len());
        rare.truncate(looked_for);

        let wanted = (known.len() + unknown.len()).saturating_sub(most);
        let mut found: Vec<(usize, u32)> = Vec::new();
        let pairs = rare.iter().flat_map(|number| self.words[*number as usize].pairs.iter().rev());
        for pair in pairs.take(MAX_LOOKED_AT) {
            let words = &self.sentences[*pair as usize].words;
            let longer = words.len().max(items.len());
            if longer - words.len().min(items.len()) > (longer as f32 * share + 1e-4) as usize {
                continue;
            }
            let common = known.iter().filter(|number| words.contains(number)).count();
            if common >= wanted {
                found.push((common, *pair));
            }
        }
        found.sort_unstable_by(|a, b| b.cmp(a));
        found.dedup();
        found.truncate(MAX_COMPARED);
        found.into_iter().map(|(_, pair)| pair).collect()
    }

    fn item<'w>(&self, word: &'w super::sentence::Word) -> Item<'w> {
        Item {
            known: self.numbers.get(&*word.text).copied(),
            text: &word.text,
            is_fixed: word.is_fixed,
            is_filler: is_filler(&word.text, self.lang),
        }
    }

    fn stored_item(&self, stored: &Stored, place: usize) -> Item<'_> {
        let number = stored.words[place];
        let text = &*self.words[number as usize].text;
        let is_fixed = stored.fixed >> place & 1 == 1;
        Item { known: Some(number), text, is_fixed, is_filler: is_filler(text, self.lang) }
    }
}
