//! A term in one language, as all the forms in which a text may have it.

use dostyq_speech::Lang;

use super::words::{Word, plain, words};
use super::{kazakh, russian};

/// The words of a term with their forms.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    words: Vec<Form>,
}

/// A word of a term.
#[derive(Clone, Debug)]
struct Form {
    kind: Kind,
    /// Whether the term writes it with a capital letter, as names are.
    is_capital: bool,
    /// Whether the term writes it with ё.
    has_yo: bool,
}

#[derive(Clone, Debug)]
enum Kind {
    Kazakh(kazakh::Noun),
    Russian(russian::Noun),
    /// A word that does not change inside its term: all but the last of a Kazakh one.
    Fixed(String),
    /// A word that is written as it is, to the letter, perhaps with an ending behind it.
    Verbatim(String),
}

/// How far a text has come with a term.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Progress {
    /// The text has it.
    Done,
    /// The text ends inside the stem of the word `word`, or before it, `letters` letters being there.
    Inside {
        /// Which word of the term, from 0.
        word: usize,
        /// How many letters of it there are; 0 at its beginning.
        letters: usize,
    },
    /// The text ends behind the stem of the word `word`, inside its endings or at their end.
    Ending {
        /// Which word of the term, from 0.
        word: usize,
    },
}

impl Pattern {
    /// The forms of a term; those of a verbatim one are the text itself, with endings behind it at most.
    pub(crate) fn new(term: &str, lang: Lang, is_verbatim: bool) -> Pattern {
        let found = words(term);
        let last = found.len().saturating_sub(1);
        let form = |(place, word): (usize, &Word)| {
            let kind = match lang {
                _ if is_verbatim => Kind::Verbatim(word.text.to_owned()),
                Lang::Kazakh if place < last => Kind::Fixed(word.plain.clone()),
                Lang::Kazakh => Kind::Kazakh(kazakh::Noun::new(&word.plain, last > 0)),
                Lang::Russian => Kind::Russian(russian::Noun::new(&word.plain)),
            };
            let is_capital = word.text.starts_with(char::is_uppercase);
            Form { kind, is_capital, has_yo: word.text.contains(['ё', 'Ё']) }
        };
        Pattern { words: found.iter().enumerate().map(form).collect() }
    }

    /// How many words the term has.
    pub(crate) fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether the first of `words` and those after it are the term.
    pub(crate) fn opens(&self, words: &[Word]) -> bool {
        self.len() > 0
            && words.len() >= self.len()
            && self.words.iter().zip(words).all(|(form, word)| form.is_form(word))
    }

    /// Whether the term is somewhere in `words`.
    pub(crate) fn is_in(&self, words: &[Word]) -> bool {
        (0..words.len()).any(|at| self.opens(&words[at..]))
    }

    /// How far a text in the making, which `words` are of, has come.
    pub(crate) fn progress(&self, words: &[Word]) -> Progress {
        let (closed, open) = match words.split_last() {
            Some((last, before)) if last.is_open => (before, Some(last)),
            _ => (words, None),
        };
        if self.is_in(closed) {
            return Progress::Done;
        }
        // The longest beginning of the term that the text ends with.
        for count in (0..self.len()).rev().filter(|count| *count <= closed.len()) {
            let before = &closed[closed.len() - count..];
            if !self.words.iter().zip(before).all(|(form, word)| form.is_form(word)) {
                continue;
            }
            let form = &self.words[count];
            match open {
                None => return Progress::Inside { word: count, letters: 0 },
                Some(open) if form.may_become_form(open) => return Progress::Ending { word: count },
                Some(open) if form.is_begun_by(open) => {
                    return Progress::Inside { word: count, letters: form.written(open).chars().count() };
                }
                Some(_) => {}
            }
        }
        // The last word is another: the term begins behind it, with its first word.
        Progress::Inside { word: 0, letters: 0 }
    }

    /// Whether the word `word`, which is `text`, may end there.
    pub(crate) fn may_end(&self, word: usize, text: &Word) -> bool {
        self.words.get(word).is_some_and(|form| form.is_form(text))
    }

    /// Whether the word `word`, which `text` is the beginning of, may still become a form of its own.
    pub(crate) fn is_on_the_way(&self, word: usize, text: &Word) -> bool {
        self.words.get(word).is_some_and(|form| form.may_become_form(text) || form.is_begun_by(text))
    }

    /// The stems of the word `word`, as pieces of a tokenizer are compared with them: in small letters unless the term
    /// is verbatim.
    pub(crate) fn stems(&self, word: usize) -> Vec<String> {
        match self.words.get(word).map(|form| &form.kind) {
            Some(Kind::Kazakh(noun)) => noun.stems().map(str::to_owned).collect(),
            Some(Kind::Russian(noun)) => noun.stems().map(str::to_owned).collect(),
            Some(Kind::Fixed(text) | Kind::Verbatim(text)) => vec![text.clone()],
            None => Vec::new(),
        }
    }

    /// Whether the word `word` may be written with ё.
    pub(crate) fn has_yo(&self, word: usize) -> bool {
        self.words.get(word).is_some_and(|form| form.has_yo)
    }

    /// Whether the word `word` has to be written with a capital letter.
    pub(crate) fn is_capital(&self, word: usize) -> bool {
        self.words.get(word).is_some_and(|form| form.is_capital)
    }
}

impl Form {
    fn is_form(&self, word: &Word) -> bool {
        match &self.kind {
            Kind::Kazakh(noun) => noun.is_form(&word.plain),
            Kind::Russian(noun) => noun.is_form(&word.plain),
            Kind::Fixed(text) => *text == word.plain,
            Kind::Verbatim(text) => word.text.strip_prefix(&**text).is_some_and(is_ending),
        }
    }

    fn may_become_form(&self, word: &Word) -> bool {
        match &self.kind {
            Kind::Kazakh(noun) => noun.may_become_form(&word.plain),
            Kind::Russian(noun) => noun.may_become_form(&word.plain),
            Kind::Fixed(_) | Kind::Verbatim(_) => self.is_form(word),
        }
    }

    /// Whether the word is the beginning of a stem, and less than the stem.
    fn is_begun_by(&self, word: &Word) -> bool {
        let begun = self.written(word);
        let begins = |stem: &str| stem.len() > begun.len() && stem.starts_with(&*begun);
        match &self.kind {
            Kind::Kazakh(noun) => noun.stems().any(begins),
            Kind::Russian(noun) => noun.stems().any(begins),
            Kind::Fixed(text) | Kind::Verbatim(text) => begins(text),
        }
    }

    fn written(&self, word: &Word) -> String {
        if matches!(self.kind, Kind::Verbatim(_)) { word.text.to_owned() } else { word.plain.clone() }
    }
}

/// The most letters of an ending behind a verbatim term, as in «Dostyq-тың» and «Google-дың».
const LONGEST_ENDING: usize = 8;

/// Whether what stands behind a verbatim term may be an ending of it: nothing, or a few small Cyrillic letters.
fn is_ending(rest: &str) -> bool {
    let letters = rest.strip_prefix(['-', '\'', '’']).unwrap_or(rest);
    let is_cyrillic = |c: char| c.is_lowercase() && !c.is_ascii();
    letters.chars().count() <= LONGEST_ENDING && letters.chars().all(is_cyrillic) && plain(letters) == letters
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lang: Lang, term: &str, with: &[&str], without: &[&str]) {
        let pattern = Pattern::new(term, lang, false);
        with.iter().for_each(|text| assert!(pattern.is_in(&words(text)), "{term} is in: {text}"));
        without.iter().for_each(|text| assert!(!pattern.is_in(&words(text)), "{term} is not in: {text}"));
    }

    #[test]
    fn terms_of_several_words_are_found_in_their_forms() {
        check(
            Lang::Kazakh,
            "жастар саясаты",
            &["Жастар саясатында жаңалық көп.", "Бұл — жастар саясатының өзегі", "«Жастар саясаты»"],
            &["жастардың саясаты", "жастар саясат", "жастар және саясаты"],
        );
        check(
            Lang::Russian,
            "молодёжная политика",
            &["в молодежной политике", "Молодёжную политику обсудили", "о молодёжных политиках"],
            &["молодежь и политика", "политика молодежная", "молодёжный политолог"],
        );
        check(
            Lang::Russian,
            "Министерство образования",
            &["в Министерстве образования", "министерству образования"],
            &["министерство и образование"],
        );
        check(Lang::Russian, "Касым-Жомарт Токаев", &["Касым-Жомартом Токаевым"], &["Токаев"]);
    }

    #[test]
    fn verbatim_terms_are_found_to_the_letter() {
        let pattern = Pattern::new("Dostyq Hub", Lang::Kazakh, true);
        let check = |text: &str, expect| assert_eq!(pattern.is_in(&words(text)), expect, "{text}");
        check("Бүгін Dostyq Hub ашылды.", true);
        check("«Dostyq Hub-тың» иесі", true);
        check("Dostyq Hubта", true);
        check("dostyq hub", false);
        check("Dostyq Hubble", false);
        check("Dostyq Hub-тыңқұлағыболып", false);
    }

    #[test]
    fn a_text_in_the_making_is_followed() {
        let pattern = Pattern::new("государственный язык", Lang::Russian, false);
        let check = |text: &str, expect| assert_eq!(pattern.progress(&words(text)), expect, "{text:?}");
        check("", Progress::Inside { word: 0, letters: 0 });
        check("Он знает", Progress::Inside { word: 0, letters: 0 });
        check("Он знает госу", Progress::Inside { word: 0, letters: 4 });
        check("Он знает государственн", Progress::Ending { word: 0 });
        check("Он знает государственным", Progress::Ending { word: 0 });
        check("Он знает государственным ", Progress::Inside { word: 1, letters: 0 });
        check("о государственном я", Progress::Inside { word: 1, letters: 1 });
        check("о государственном язык", Progress::Ending { word: 1 });
        check("о государственном языке", Progress::Ending { word: 1 });
        check("о государственном языковом", Progress::Inside { word: 0, letters: 0 });
        check("о государственном языке.", Progress::Done);
        check("о государственном языке и", Progress::Done);
    }
}
