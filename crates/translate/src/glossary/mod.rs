//! The names and terms of an event, in both languages: found in a text in all their forms.

mod bias;
mod file;
mod kazakh;
mod pattern;
mod pieces;
mod russian;
mod words;

use std::ops::Range;
use std::path::Path;

use dostyq_speech::Lang;

use crate::{Direction, TranslateError};
pub use bias::Bias;
pub use file::Problem;
pub(crate) use kazakh::is_case_ending;
pub(crate) use pattern::Pattern;
pub(crate) use pieces::Pieces;
pub(crate) use words::{Word, plain, words};

/// A term as it is to be written in each language, in its dictionary form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// In Kazakh; empty when only the Russian form is known, which then serves recognition alone.
    pub kazakh: String,
    /// In Russian; empty when only the Kazakh form is known.
    pub russian: String,
    /// What people who edit the glossary should know; not used.
    pub notes: String,
    /// Whether it is written in both languages to the letter, as brands, codes and addresses are.
    pub keep: bool,
}

impl Term {
    /// Its form in a language, perhaps empty.
    pub fn form(&self, lang: Lang) -> &str {
        match lang {
            Lang::Kazakh => &self.kazakh,
            Lang::Russian => &self.russian,
        }
    }
}

/// The names and terms of a room.
///
/// A file is one of two forms. TSV has a term a line: Kazakh, tab, Russian and, if there is more to say, tab and notes;
/// `=` for the Russian form keeps the term to the letter; a form may be empty; lines that begin with `#` are comments.
/// TOML has a `[[term]]` each, with `kk`, `ru`, `notes` and `keep = true`. A Latin name that is the same on both sides
/// is kept to the letter too; a Cyrillic one takes each language's endings («Астанада», «в Астане»).
///
/// A text has a term when it has a form of it: Kazakh endings behind the last word, Russian cases of every word.
/// Derived words are not forms: «мектепалды» and «школьный» are not «мектеп» and «школа».
///
/// ```
/// use dostyq_speech::Lang;
/// use dostyq_translate::{Direction, Glossary};
///
/// let (glossary, problems) = Glossary::parse("room.tsv".as_ref(), "мектеп\tшкола\nел\n".as_bytes());
/// assert_eq!(problems[0].to_string(), "room.tsv, line 2: «ел» has no tab: write the Kazakh form, a tab and the Russian form");
/// let found = glossary.find("Мектептерде жаңа жыл.", Direction { from: Lang::Kazakh, to: Lang::Russian });
/// assert_eq!(found[0].term.russian, "школа");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Glossary {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    term: Term,
    kazakh: Pattern,
    russian: Pattern,
}

/// A term that was found in a source text.
#[derive(Clone, Debug)]
pub struct Found<'g> {
    /// The term.
    pub term: &'g Term,
    /// Where, in bytes of the text.
    pub span: Range<usize>,
    pub(crate) target: &'g Pattern,
}

/// How the terms of some texts fared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TermCount {
    /// Terms that the source has and can be translated, each counted once a text.
    pub wanted: usize,
    /// Those of them that the translation has, in one of their forms.
    pub right: usize,
    /// Terms that the translation has and the source has not.
    pub inserted: usize,
}

impl Glossary {
    /// A glossary of these terms.
    pub fn new(terms: impl IntoIterator<Item = Term>) -> Glossary {
        let entry = |term: Term| Entry {
            kazakh: Pattern::new(&term.kazakh, Lang::Kazakh, term.keep),
            russian: Pattern::new(&term.russian, Lang::Russian, term.keep),
            term,
        };
        Glossary { entries: terms.into_iter().map(entry).collect() }
    }

    /// Reads a file. A line that is of no use is among the problems, and the rest is read; only a file that cannot be
    /// opened is an error.
    pub fn read(path: &Path) -> Result<(Glossary, Vec<Problem>), TranslateError> {
        let contents = std::fs::read(path)
            .map_err(|error| TranslateError::Glossary { path: path.to_owned(), reason: error.to_string() })?;
        Ok(Glossary::parse(path, &contents))
    }

    /// Reads a file's contents; its name decides the form and is what the problems name.
    pub fn parse(path: &Path, contents: &[u8]) -> (Glossary, Vec<Problem>) {
        let (terms, problems) = file::parse(path, contents);
        (Glossary::new(terms), problems)
    }

    /// Whether there are no terms.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The terms.
    pub fn terms(&self) -> impl Iterator<Item = &Term> {
        self.entries.iter().map(|entry| &entry.term)
    }

    /// All forms in which names and terms are written, of both languages, each once: what recognition is to know.
    pub fn spoken(&self) -> Vec<&str> {
        let mut spoken: Vec<&str> = Vec::new();
        for form in self.terms().flat_map(|term| [term.kazakh.as_str(), term.russian.as_str()]) {
            if !form.is_empty() && !spoken.contains(&form) {
                spoken.push(form);
            }
        }
        spoken
    }

    /// The terms of a source text that have a form in the other language, in the order of the text, each once. Where
    /// several begin at one word, the longest counts, and none begins inside another.
    pub fn find(&self, text: &str, direction: Direction) -> Vec<Found<'_>> {
        let words = words(text);
        let mut found: Vec<Found> = Vec::new();
        let mut at = 0;
        while at < words.len() {
            let here = self.entries.iter().filter(|entry| entry.pattern(direction.from).opens(&words[at..]));
            let Some(longest) = here.rev().max_by_key(|entry| entry.pattern(direction.from).len()) else {
                at += 1;
                continue;
            };
            let after = at + longest.pattern(direction.from).len();
            let target = longest.pattern(direction.to);
            if target.len() > 0 && !found.iter().any(|other| other.term == &longest.term) {
                let span = words[at].span.start..words[after - 1].span.end;
                found.push(Found { term: &longest.term, span, target });
            }
            at = after;
        }
        found
    }

    /// The terms of a source text that its translation lacks.
    pub fn missed(&self, source: &str, target: &str, direction: Direction) -> Vec<&Term> {
        let target = words(target);
        let found = self.find(source, direction).into_iter();
        found.filter(|found| !found.target.is_in(&target)).map(|found| found.term).collect()
    }

    /// How the terms fared in a translation. A term that is inside another in the translation does not count as
    /// inserted.
    pub fn accuracy(&self, source: &str, target: &str, direction: Direction) -> TermCount {
        let wanted = self.find(source, direction).len();
        let missed = self.missed(source, target, direction).len();
        let source = words(source);
        let has = |entry: &Entry| entry.pattern(direction.from).is_in(&source);
        let back = Direction { from: direction.to, to: direction.from };
        let there = self.find(target, back);
        let is_same = |a: &Term, b: &Term| a.form(direction.to) == b.form(direction.to);
        let inserted = there
            .iter()
            .filter(|found| !self.entries.iter().any(|entry| is_same(&entry.term, found.term) && has(entry)));
        TermCount { wanted, right: wanted - missed, inserted: inserted.count() }
    }
}

impl Entry {
    fn pattern(&self, lang: Lang) -> &Pattern {
        match lang {
            Lang::Kazakh => &self.kazakh,
            Lang::Russian => &self.russian,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KK_RU: Direction = Direction { from: Lang::Kazakh, to: Lang::Russian };
    const RU_KK: Direction = Direction { from: Lang::Russian, to: Lang::Kazakh };

    fn glossary() -> Glossary {
        let table = "ел\tстрана\nмектеп\tшкола\nжастар саясаты\tмолодёжная политика\nжастар\tмолодёжь\n\
                     Dostyq\t=\n\tДигиум\nмемлекет\tстрана\n";
        let (glossary, problems) = Glossary::parse(Path::new("g.tsv"), table.as_bytes());
        assert!(problems.is_empty(), "{problems:?}");
        glossary
    }

    #[test]
    fn terms_are_found_in_order_the_longest_first() {
        let check = |text: &str, direction, expect: &[&str]| {
            let glossary = glossary();
            let found = glossary.find(text, direction);
            assert_eq!(found.iter().map(|found| &*found.term.kazakh).collect::<Vec<_>>(), expect, "{text}");
        };
        check(
            "Елімізде жастар саясаты, мектептер мен жастар бар.",
            KK_RU,
            &["ел", "жастар саясаты", "мектеп", "жастар"],
        );
        check("Dostyq-тің мектебі, мектеп.", KK_RU, &["Dostyq", "мектеп"]);
        check("В молодёжной политике страны молодежь", RU_KK, &["жастар саясаты", "ел", "жастар"]);
        check("Компания Дигиум", RU_KK, &[]);
        check("Елу мектепалды", KK_RU, &[]);
        check("", KK_RU, &[]);
    }

    #[test]
    fn what_is_missing_or_too_much_is_counted() {
        let check = |source: &str, target: &str, wanted, right, inserted| {
            let count = glossary().accuracy(source, target, KK_RU);
            assert_eq!(count, TermCount { wanted, right, inserted }, "{source} {target}");
        };
        check("Елде мектептер көп.", "В стране много школ.", 2, 2, 0);
        check("Елде мектептер көп.", "В городе много колледжей.", 2, 0, 0);
        check("Қалада үй көп.", "В стране много школ.", 0, 0, 2);
        check("Мемлекет бар.", "Есть страна.", 1, 1, 0);
        assert_eq!(glossary().missed("Елде мектеп", "школа", KK_RU)[0].russian, "страна");
    }

    #[test]
    fn one_reading_serves_recognition_too() {
        assert_eq!(glossary().spoken()[..4], ["ел", "страна", "мектеп", "школа"]);
        assert!(glossary().spoken().contains(&"Дигиум"));
        assert_eq!(glossary().spoken().iter().filter(|form| **form == "страна").count(), 1);
    }

    #[test]
    fn a_file_that_is_missing_is_named() {
        let error = Glossary::read(Path::new("nowhere.tsv")).expect_err("there is none").to_string();
        assert!(error.contains("nowhere.tsv"), "{error}");
    }
}
