//! A glossary file, in either of its forms, becomes terms; what is wrong with a line is told and the others are read.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Term;

/// The most words of a term: a longer one is a sentence that has lost its tabs.
const MOST_WORDS: usize = 8;

/// Something in a glossary file that was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, and what to do.
    pub reason: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, line {}: {}", self.path.display(), self.line, self.reason)
    }
}

/// The terms of a file's contents, which are TOML if its name says so and TSV otherwise, and what was not read.
pub(super) fn parse(path: &Path, contents: &[u8]) -> (Vec<Term>, Vec<Problem>) {
    let is_toml = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
    let entries = if is_toml { toml_entries(contents) } else { tsv_entries(contents) };
    let mut terms: Vec<(usize, Term)> = Vec::new();
    let mut problems = Vec::new();
    for (line, entry) in entries {
        match entry.and_then(|term| checked(term, line, &terms)) {
            Ok(term) => terms.push((line, term)),
            Err(reason) => problems.push(Problem { path: path.to_owned(), line, reason }),
        }
    }
    (terms.into_iter().map(|(_, term)| term).collect(), problems)
}

/// What the lines of a file hold, each with its number.
type Entries = Vec<(usize, Result<Term, String>)>;

fn lines(contents: &[u8]) -> impl Iterator<Item = (usize, Result<&str, String>)> {
    let contents = contents.strip_prefix("\u{feff}".as_bytes()).unwrap_or(contents);
    contents.split(|byte| *byte == b'\n').enumerate().map(|(index, line)| {
        let line = std::str::from_utf8(line).map_err(|_| "it is not text in UTF-8: save the file as UTF-8".to_owned());
        (index + 1, line.map(|line| line.trim_end_matches('\r')))
    })
}

fn tsv_entries(contents: &[u8]) -> Entries {
    let has_content = |line: &str| !line.trim().is_empty() && !line.starts_with('#');
    let lines = lines(contents).filter(|(_, line)| line.as_ref().map_or(true, |line| has_content(line)));
    lines.map(|(number, line)| (number, line.and_then(tsv_term))).collect()
}

fn tsv_term(line: &str) -> Result<Term, String> {
    let mut columns = line.split('\t').map(str::trim);
    let (kazakh, Some(russian)) = (columns.next().unwrap_or_default(), columns.next()) else {
        let reason = "has no tab: write the Kazakh form, a tab and the Russian form";
        return Err(format!("«{}» {reason}", shortened(line)));
    };
    let notes = columns.filter(|column| !column.is_empty()).collect::<Vec<_>>().join(" ");
    let (russian, keep) = if russian == "=" { (kazakh, true) } else { (russian, false) };
    Ok(Term { kazakh: kazakh.to_owned(), russian: russian.to_owned(), notes, keep })
}

/// One `[[term]]` of a TOML file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(default)]
    kk: String,
    #[serde(default)]
    ru: String,
    #[serde(default)]
    notes: String,
    #[serde(default)]
    keep: bool,
}

/// Each `[[term]]` is read for itself, so that a mistake in one costs only that one.
fn toml_entries(contents: &[u8]) -> Entries {
    let mut entries = Entries::new();
    let mut block: Option<(usize, String)> = None;
    for (number, line) in lines(contents) {
        match (line, &mut block) {
            (Err(reason), _) => entries.push((number, Err(reason))),
            (Ok(line), _) if line.split('#').next().unwrap_or_default().trim() == "[[term]]" => {
                entries.extend(block.replace((number, String::new())).map(|(at, text)| toml_term(at, &text)));
            }
            (Ok(line), Some((_, text))) => {
                text.push('\n');
                text.push_str(line);
            }
            (Ok(line), None) if line.trim().is_empty() || line.trim_start().starts_with('#') => {}
            (Ok(line), None) => {
                let reason = "stands before the first [[term]]: write [[term]] above each term";
                entries.push((number, Err(format!("«{}» {reason}", shortened(line)))));
            }
        }
    }
    entries.extend(block.map(|(at, text)| toml_term(at, &text)));
    entries.sort_by_key(|(line, _)| *line);
    entries
}

fn toml_term(first: usize, text: &str) -> (usize, Result<Term, String>) {
    let entry = toml::from_str::<Entry>(text).map(|entry| {
        let russian = if entry.keep && entry.ru.is_empty() { entry.kk.clone() } else { entry.ru };
        let kazakh = if entry.keep && entry.kk.is_empty() { russian.clone() } else { entry.kk };
        Term { kazakh: kazakh.trim().into(), russian: russian.trim().into(), notes: entry.notes, keep: entry.keep }
    });
    match entry {
        Ok(term) => (first, Ok(term)),
        Err(error) => {
            let before = error.span().map_or(0, |span| text[..span.start.min(text.len())].matches('\n').count());
            let reason = "a term has kk = \"…\", ru = \"…\" and perhaps notes = \"…\" and keep = true";
            (first + before, Err(format!("{}: {reason}", error.message())))
        }
    }
}

fn checked(mut term: Term, line: usize, before: &[(usize, Term)]) -> Result<Term, String> {
    let forms = || [&term.kazakh, &term.russian].into_iter().filter(|form| !form.is_empty());
    if forms().next().is_none() {
        return Err("it has no term: write the Kazakh form, a tab and the Russian form".to_owned());
    }
    if let Some(form) = forms().find(|form| !form.contains(char::is_alphanumeric)) {
        return Err(format!("«{form}» has neither letters nor digits: write the term in words"));
    }
    if let Some(form) = forms().find(|form| form.contains(char::is_control)) {
        return Err(format!("«{}» has a control character in it: type the line anew", shortened(form)));
    }
    if let Some(form) = forms().find(|form| form.split_whitespace().count() > MOST_WORDS) {
        return Err(format!("«{}» has more than {MOST_WORDS} words: a term is shorter", shortened(form)));
    }
    if term.keep && term.kazakh != term.russian {
        return Err(format!("«{}» is to be kept as it is, but has another Russian form: give one", term.kazakh));
    }
    let is_same = |other: &Term| other.kazakh == term.kazakh && other.russian == term.russian;
    if let Some((there, _)) = before.iter().find(|(_, other)| is_same(other)) {
        return Err(format!("«{}» is in line {there} already: take line {line} out", term.kazakh));
    }
    // Nobody writes a Latin name otherwise for the other language.
    let is_cyrillic = |c: char| c.is_alphabetic() && !c.is_ascii();
    term.keep |= term.kazakh == term.russian && !term.kazakh.contains(is_cyrillic);
    Ok(term)
}

/// The beginning of a line, to find it by.
fn shortened(line: &str) -> String {
    let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.chars().count() <= 40 { line } else { line.chars().take(39).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, contents: &[u8]) -> (Vec<String>, Vec<String>) {
        let (terms, problems) = parse(Path::new(name), contents);
        let told = |term: &Term| format!("{}|{}|{}|{}", term.kazakh, term.russian, term.notes, term.keep);
        (terms.iter().map(told).collect(), problems.iter().map(Problem::to_string).collect())
    }

    fn check(name: &str, contents: &str, terms: &[&str], problems: &[&str]) {
        let (found, told) = read(name, contents.as_bytes());
        assert_eq!(found, terms, "{contents}");
        assert_eq!(told.len(), problems.len(), "{told:?}");
        told.iter().zip(problems).for_each(|(told, expect)| assert!(told.contains(expect), "{told}"));
    }

    #[test]
    fn a_table_is_read_and_its_bad_lines_are_named() {
        check(
            "g.tsv",
            "\u{feff}# kk\tru\nмектеп\tшкола\r\n\nАтырау\tАтырау\tқала\nDostyq\t=\nGoogle\tGoogle\n\tДигиум\n",
            &[
                "мектеп|школа||false",
                "Атырау|Атырау|қала|false",
                "Dostyq|Dostyq||true",
                "Google|Google||true",
                "|Дигиум||false",
            ],
            &[],
        );
        check(
            "g.tsv",
            "мектеп школа\nел\tстрана\nел\tстрана\n\t\tжазба\n!\t?\nа ә б в г ғ д е ё\tмного\n\t=\n",
            &["ел|страна||false"],
            &[
                "g.tsv, line 1: «мектеп школа» has no tab",
                "g.tsv, line 3: «ел» is in line 2 already",
                "g.tsv, line 4: it has no term",
                "g.tsv, line 5: «!» has neither letters nor digits",
                "g.tsv, line 6: «а ә б в г ғ д е ё» has more than 8 words",
                "g.tsv, line 7: it has no term",
            ],
        );
        let (terms, problems) = read("g.tsv", b"\xff\xfe\n\xd0\xb5\xd0\xbb\t\xd0\xb4\xd0\xb0\n");
        assert_eq!((terms.len(), &*problems[0]), (1, "g.tsv, line 1: it is not text in UTF-8: save the file as UTF-8"));
    }

    #[test]
    fn toml_is_read_term_by_term() {
        check(
            "g.toml",
            "# terms\n[[term]] # first\nkk = \"мектеп\"\nru = \"школа\"\nnotes = \"жалпы\"\n\n[[term]]\nkk = \"Dostyq\"\nkeep = true\n",
            &["мектеп|школа|жалпы|false", "Dostyq|Dostyq||true"],
            &[],
        );
        check(
            "g.toml",
            "kk = \"x\"\n[[term]]\nkk = \"ел\"\nru = страна\n[[term]]\nkz = \"ел\"\n[[term]]\nkk = \"ел\"\nru = \"страна\"\n\
             [[term]]\nkk = \"а\"\nru = \"б\"\nkeep = true\n[[term]]\n",
            &["ел|страна||false"],
            &[
                "g.toml, line 1: «kk = \"x\"» stands before the first [[term]]",
                "g.toml, line 4: ",
                "g.toml, line 6: unknown field `kz`",
                "g.toml, line 10: «а» is to be kept as it is, but has another Russian form",
                "g.toml, line 14: it has no term",
            ],
        );
    }
}
