//! Names must survive a translation: those of a text are looked for in its translation.
//!
//! A name is a word with a capital letter inside a sentence, or one in Latin letters. Kazakh and Russian spell and
//! inflect names differently, so it is their sound that is compared (`sound`). Names that the languages translate
//! («Біріккен Ұлттар Ұйымы», «Мәскеу») are known by tables (`known`); what stands in quotes may be translated, and
//! abbreviations in Cyrillic letters are, so neither is looked for.

mod known;
mod sound;
mod stems;

use std::collections::HashSet;
use std::ops::Range;

use dostyq_speech::Lang;

use crate::Direction;
use crate::glossary::{Word, words};
use sound::{is_alike, sound};
use stems::stems;

/// How the names of some texts fared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameCount {
    /// Names of the source, each once.
    pub wanted: usize,
    /// Those of them that the translation lacks, as the source writes them.
    pub lost: Vec<String>,
}

/// Looks for the names of a text in its translation.
///
/// ```
/// use dostyq_speech::Lang;
/// use dostyq_translate::{Direction, names};
///
/// let direction = Direction { from: Lang::Kazakh, to: Lang::Russian };
/// let source = "Енді сөз кезегі Нұрлан Әбіловке беріледі.";
/// assert!(names::check(source, "Слово предоставляется Нурлану Абилову.", direction).lost.is_empty());
/// assert_eq!(names::check(source, "Слово предоставляется Нурлану.", direction).lost, ["Әбіловке"]);
/// ```
pub fn check(source: &str, target: &str, direction: Direction) -> NameCount {
    let (wanted, lost) = look_for(source, target, direction);
    NameCount { wanted, lost: lost.into_iter().map(|span| source[span].to_owned()).collect() }
}

/// How many names a text has, each counted once, and where those are that its translation lacks.
pub(crate) fn look_for(source: &str, target: &str, direction: Direction) -> (usize, Vec<Range<usize>>) {
    let theirs = Target::of(target, direction.to);
    let mut seen = HashSet::new();
    let names: Vec<Word<'_>> =
        names(source, direction.from).into_iter().filter(|name| seen.insert(name.plain.clone())).collect();
    let mut lost = Vec::new();
    let mut counted = 0;
    // Latin words in a row are one title, which is there if any of it is: «The Daily Show» is partly translated.
    let is_one_title = |a: &Word<'_>, b: &Word<'_>| {
        a.text.is_ascii() && b.text.is_ascii() && source[a.span.end..b.span.start].trim().is_empty()
    };
    for title in names.chunk_by(is_one_title) {
        counted += 1;
        if !title.iter().any(|name| theirs.has(&name.plain, direction)) {
            lost.push(title[0].span.start..title[title.len() - 1].span.end);
        }
    }
    (counted, lost)
}

/// The words of a translation, and the sounds of what they may be forms of.
struct Target {
    words: Vec<(String, Vec<Vec<char>>)>,
}

impl Target {
    fn of(text: &str, lang: Lang) -> Target {
        let plain: Vec<String> = words(text).into_iter().map(|word| word.plain).collect();
        // «Ресей-Қазақстан» is two names, «Нью-Йорк» one; «Нурсултан» may be written as two words.
        let parts = plain.iter().filter(|word| word.contains('-')).flat_map(|word| word.split('-')).map(str::to_owned);
        let joined = plain.windows(2).map(|pair| pair.concat());
        let all: Vec<String> = parts.chain(joined).collect();
        let all = plain.iter().cloned().chain(all).filter(|word| !word.is_empty());
        Target { words: all.map(|word| (sounds(&word, lang), word)).map(|(sounds, word)| (word, sounds)).collect() }
    }

    fn has(&self, name: &str, direction: Direction) -> bool {
        let ours = sounds(name, direction.from);
        let is_here = |(word, theirs): &(String, Vec<Vec<char>>)| {
            known::are_one(name, word, direction.from)
                || ours.iter().any(|ours| theirs.iter().any(|theirs| is_alike(ours, theirs)))
        };
        let is_long = |part: &&str| part.chars().count() > 2;
        self.words.iter().any(is_here)
            || name.contains('-')
                && name.split('-').filter(is_long).all(|part| {
                    known::is_common(&stems(part, direction.from), direction.from) || self.has(part, direction)
                })
    }
}

/// The sounds of all that a name may be without its endings.
fn sounds(name: &str, lang: Lang) -> Vec<Vec<char>> {
    let mut sounds: Vec<Vec<char>> = stems(name, lang).iter().map(|stem| sound(stem)).collect();
    sounds.dedup();
    sounds
}

/// The names of a text that are to be found in its translation.
fn names(text: &str, lang: Lang) -> Vec<Word<'_>> {
    let mut is_quoted = false;
    let mut end = 0;
    let mut is_first = true;
    let mut names = Vec::new();
    for word in words(text) {
        let between = &text[end..word.span.start];
        for mark in between.chars() {
            match mark {
                '«' | '“' | '„' => is_quoted = true,
                '»' | '”' => is_quoted = false,
                '"' => is_quoted = !is_quoted,
                _ => {}
            }
        }
        let opens = is_first || between.contains(['.', '!', '?', '…', ':', ';', '\n', '(', '—', '–', '-']);
        let is_latin = word.text.chars().any(|c| c.is_ascii_uppercase()) && word.text.is_ascii();
        let is_sought =
            if is_latin { is_latin_name(word.text) } else { !opens && !is_quoted && is_capitalised(word.text) };
        end = word.span.end;
        is_first = false;
        if is_sought && !known::is_common(&stems(&word.plain, lang), lang) {
            names.push(word);
        }
    }
    names
}

fn is_latin_name(word: &str) -> bool {
    word.chars().filter(char::is_ascii_alphabetic).count() > 1 && !word.chars().all(|c| "IVXLCM".contains(c))
}

/// Whether a word has a capital first and small letters behind it.
fn is_capitalised(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some_and(char::is_uppercase)
        && letters.clone().filter(|c| c.is_lowercase()).count() > 1
        && !letters.any(|c| c.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KK_RU: Direction = Direction { from: Lang::Kazakh, to: Lang::Russian };
    const RU_KK: Direction = Direction { from: Lang::Russian, to: Lang::Kazakh };

    #[test]
    fn names_are_told_from_other_words() {
        let check = |text: &str, expect: &[&str]| {
            let found: Vec<&str> = names(text, Lang::Russian).into_iter().map(|name| name.text).collect();
            assert_eq!(found, expect, "{text}");
        };
        check("Слово берёт Нурлан Абилов. Пожалуйста!", &["Нурлан", "Абилов"]);
        check("Нурлан пришёл.", &[]);
        check("Он сказал: Хорошо. «Зелёный шанырак» — Да", &[]);
        check("в ООН и на YouTube, COVID-19, XXI век", &["YouTube", "COVID-19"]);
        check("Глава Национального банка", &[]);
        check("", &[]);
    }

    #[test]
    fn names_are_found_in_either_spelling_and_form() {
        let same = |kazakh: &str, russian: &str| {
            assert_eq!(check(kazakh, russian, KK_RU).lost, [""; 0], "{kazakh} {russian}");
            assert_eq!(check(russian, kazakh, RU_KK).lost, [""; 0], "{russian} {kazakh}");
        };
        same("Бүгін Қасым-Жомарт Тоқаевтың жолдауы", "Сегодня послание Касым-Жомарта Токаева");
        same("Ол Ақтөбе облысынан Мәскеуге келді", "Он приехал в Москву из Актюбинской области");
        same("Біз Google-мен жұмыс істейміз", "Мы работаем с Гуглом");
        same("Енді Айгүл Бекова сөйлейді", "Теперь говорит Айгуль Бекова");
        same("Бұл Ресей-Қазақстан шекарасы", "Это граница России и Казахстана");
    }

    #[test]
    fn a_name_that_is_not_there_is_told() {
        let lost = |source: &str, target: &str, expect: &[&str]| {
            assert_eq!(check(source, target, KK_RU).lost, expect, "{source} {target}");
        };
        lost("Енді Айгүл Бекова сөйлейді", "Теперь говорит Айнур Бекова", &["Айгүл"]);
        lost("Енді Айгүл Бекова мен Айгүл сөйлейді", "Теперь говорит она", &["Айгүл", "Бекова"]);
        lost("Біз YouTube арнасын аштық", "Мы открыли канал", &["YouTube"]);
        lost("Ол Мәскеуге келді", "Он приехал в Минск", &["Мәскеуге"]);
    }
}
