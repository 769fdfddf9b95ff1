//! Translations that are known already, and win over the machine.

mod align;
mod import;
mod sentence;
mod side;
mod tmx;
mod tsv;
mod words;

#[cfg(test)]
mod tests;

use dostyq_speech::Lang;

pub use import::{Imported, MAX_FILE_BYTES, MAX_NAMED_FAULTS, MemoryFault};

use crate::{Direction, TranslateError, split_sentences};
use sentence::{Sentence, tidy};
use side::Side;

/// The most pairs that a memory holds, some 130 MB of them. A crew that brings more has taken over an agency's whole
/// archive, of which a hall needs the part about its own subject.
pub const MAX_PAIRS: usize = 100_000;

/// The longest text of a pair, characters: more than any sentence has, so that a file without line breaks is noticed.
pub const MAX_TEXT_CHARS: usize = 2_000;

/// How alike a sentence and one of the memory must be, by default: 0.85 allows one misspelt word in five.
pub const DEFAULT_THRESHOLD: f32 = 0.85;

/// Pairs of a Kazakh and a Russian sentence that say the same, to be looked up in either direction.
///
/// A sentence is found when it is the same as one of the memory but for upper and lower case, white space,
/// punctuation, quotes and ё for е; a question mark counts. It is also found, as a near match, when all that differs
/// is how a word is misspelt or misheard, and filler words: numbers, names, negations and whole words must be the
/// same, whatever the likeness, because a caption with another meaning is worse than a clumsy one.
///
/// ```
/// use dostyq_speech::Lang;
/// use dostyq_translate::{Direction, Memory};
///
/// let mut memory = Memory::default();
/// memory.add("Форумға қош келдіңіздер!", "Добро пожаловать на форум!")?;
/// let direction = Direction { from: Lang::Russian, to: Lang::Kazakh };
/// let found = memory.find("добро пожаловать, на форум", direction).expect("punctuation does not matter");
/// assert_eq!((found.text, found.similarity), ("Форумға қош келдіңіздер!", 1.0));
/// assert!(memory.find("Добро пожаловать на форум?", direction).is_none());
/// # Ok::<(), dostyq_translate::TranslateError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Memory {
    pairs: Vec<Pair>,
    kazakh: Side,
    russian: Side,
    threshold: f32,
}

#[derive(Clone, Debug)]
struct Pair {
    kazakh: Box<str>,
    russian: Box<str>,
}

/// Where a translation comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Origin {
    /// A person wrote it.
    Memory {
        /// How like the sentence is to the one that was translated: above 0, and 1 when they are the same.
        similarity: f32,
    },
    /// A model made it.
    Machine,
}

/// A sentence of the memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found<'m> {
    /// Its translation.
    pub text: &'m str,
    /// The sentence itself, as the memory has it.
    pub source: &'m str,
    /// How like it is to the one looked up: from the threshold to 1, which means the same.
    pub similarity: f32,
}

/// The translation of a sentence, or of a whole text that the memory knows.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The translation; none of a sentence without words.
    pub text: String,
    /// Who made it.
    pub origin: Origin,
}

impl Default for Memory {
    fn default() -> Self {
        Memory::with_threshold(DEFAULT_THRESHOLD)
    }
}

impl Memory {
    /// An empty memory that finds sentences at least so alike, 0.5 to 1; 1 finds the same ones alone.
    pub fn with_threshold(threshold: f32) -> Memory {
        let threshold = threshold.clamp(0.5, 1.0);
        Memory { pairs: Vec::new(), kazakh: Side::new(Lang::Kazakh), russian: Side::new(Lang::Russian), threshold }
    }

    /// How many pairs it holds.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether it holds no pair.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Takes a pair in; it can be found from now on. Of several translations of a sentence the newest counts.
    ///
    /// # Errors
    /// [`TranslateError::MemoryPair`] when a text has no word or more than [`MAX_TEXT_CHARS`] characters,
    /// [`TranslateError::MemoryFull`] when there are [`MAX_PAIRS`] already; nothing has changed then.
    pub fn add(&mut self, kazakh: &str, russian: &str) -> Result<(), TranslateError> {
        let (kazakh, russian) = (tidy(kazakh), tidy(russian));
        let of_kazakh = sentence_of(&kazakh, Lang::Kazakh)?;
        let of_russian = sentence_of(&russian, Lang::Russian)?;
        let pair = Pair { kazakh: kazakh.into(), russian: russian.into() };
        let known = self.kazakh.same(&of_kazakh).filter(|known| self.russian.same(&of_russian) == Some(*known));
        if let Some(known) = known {
            // The same pair, perhaps with better punctuation.
            self.pairs[known as usize] = pair;
            return Ok(());
        }
        if self.pairs.len() >= MAX_PAIRS {
            return Err(TranslateError::MemoryFull { most: MAX_PAIRS });
        }
        self.pairs.push(pair);
        self.kazakh.push(&of_kazakh);
        self.russian.push(&of_russian);
        Ok(())
    }

    /// The translation of a sentence that is known, or is near enough to one.
    pub fn find(&self, text: &str, direction: Direction) -> Option<Found<'_>> {
        if direction.from == direction.to {
            return None;
        }
        let side = match direction.from {
            Lang::Kazakh => &self.kazakh,
            Lang::Russian => &self.russian,
        };
        let sentence = Sentence::read(text, direction.from);
        if sentence.is_empty() {
            return None;
        }
        let same = side.same(&sentence).map(|pair| (pair, 1.0));
        let (pair, similarity) = same.or_else(|| side.nearest(&sentence, self.threshold))?;
        let pair = &self.pairs[pair as usize];
        let (source, text) = match direction.from {
            Lang::Kazakh => (&pair.kazakh, &pair.russian),
            Lang::Russian => (&pair.russian, &pair.kazakh),
        };
        Some(Found { text, source, similarity })
    }

    /// Translates a text: what is known, as a whole or sentence by sentence, from here, and the rest by `machine`,
    /// which gets a sentence a call.
    ///
    /// # Errors
    /// The machine's.
    pub fn translate(
        &self,
        text: &str,
        direction: Direction,
        machine: &mut dyn FnMut(&str) -> Result<String, TranslateError>,
    ) -> Result<Vec<Part>, TranslateError> {
        let known = |text: &str| {
            let found = self.find(text, direction)?;
            Some(Part { text: found.text.to_owned(), origin: Origin::Memory { similarity: found.similarity } })
        };
        if let Some(part) = known(text) {
            return Ok(vec![part]);
        }
        let translate = |sentence| match known(sentence) {
            Some(part) => Ok(part),
            None => Ok(Part { text: machine(sentence)?, origin: Origin::Machine }),
        };
        split_sentences(text).into_iter().map(translate).collect()
    }
}

fn sentence_of(text: &str, lang: Lang) -> Result<Sentence, TranslateError> {
    let refuse = |reason: String| Err(TranslateError::MemoryPair { reason });
    let language = match lang {
        Lang::Kazakh => "Kazakh",
        Lang::Russian => "Russian",
    };
    if text.chars().count() > MAX_TEXT_CHARS {
        return refuse(format!("its {language} text is longer than {MAX_TEXT_CHARS} characters"));
    }
    let sentence = Sentence::read(text, lang);
    if sentence.is_empty() {
        return refuse(format!("its {language} text has no words"));
    }
    Ok(sentence)
}
