use dostyq_speech::Word;

use crate::distance::to_beginnings;

/// Most terms that an engine is reminded of at once: each costs it a few tokens, and the more there are, the sooner it
/// writes one that nobody said.
const MOST_REMINDERS: usize = 6;
/// Share of letters in which heard words may differ from a term and still be taken for it.
const NEAR: f32 = 0.34;
/// Letters below which a term is too short to be told from other words by its sound.
const LEAST_LETTERS: usize = 5;

/// Names and terms of the event, as they are to be written.
///
/// The whole list is never put before the engine: it would cost time, and Whisper writes what it was just reminded of.
/// Instead, what was heard is compared with the list, and the engine is reminded of the few terms that sound like it but
/// were written otherwise; then it hears again and decides by the sound.
#[derive(Clone, Debug, Default)]
pub struct Glossary {
    terms: Vec<Term>,
}

#[derive(Clone, Debug)]
struct Term {
    text: String,
    /// Its sound, word by word.
    sound: Vec<Vec<char>>,
}

impl Glossary {
    /// A glossary of these terms, each of one or more words; those with fewer than 5 letters are left out.
    pub fn new<T: Into<String>>(terms: impl IntoIterator<Item = T>) -> Glossary {
        let terms = terms.into_iter().map(|text| {
            let text: String = text.into();
            let sound = text.split_whitespace().map(sound).filter(|word| !word.is_empty()).collect();
            Term { text, sound }
        });
        Glossary { terms: terms.filter(|term| term.sound.concat().len() >= LEAST_LETTERS).collect() }
    }

    /// Whether there is nothing to be reminded of.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The terms that sound like something in `words` but are not written so, the nearest first, at most 6.
    pub fn reminders(&self, words: &[Word]) -> Vec<String> {
        let heard: Vec<Vec<char>> = words.iter().map(|word| sound(&word.text)).collect();
        let mut near: Vec<(f32, &Term)> = self
            .terms
            .iter()
            .filter_map(|term| term.distance_in(&heard).map(|distance| (distance, term)))
            .filter(|(distance, term)| *distance <= NEAR && !term.is_written_in(words))
            .collect();
        near.sort_by(|a, b| a.0.total_cmp(&b.0));
        near.into_iter().take(MOST_REMINDERS).map(|(_, term)| term.text.clone()).collect()
    }
}

impl Term {
    /// How far the nearest stretch of what was heard is from the term, as a share of the term's letters. A name may be
    /// heard as one word more or less than it has.
    fn distance_in(&self, heard: &[Vec<char>]) -> Option<f32> {
        let wanted = self.sound.concat();
        let words = self.sound.len();
        let lengths = words.saturating_sub(1).max(1)..=words + 1;
        let stretches = lengths.flat_map(|length| heard.windows(length));
        let distance = |stretch: &[Vec<char>]| {
            let stretch = stretch.concat();
            let distances = to_beginnings(&wanted, &stretch, |a, b| a == b);
            // An ending is no difference: «Тоқаевтың» is a form of «Тоқаев».
            let without_ending = distances[stretch.len().min(wanted.len() + 1)];
            without_ending.min(distances[stretch.len()]) as f32 / wanted.len() as f32
        };
        stretches.map(distance).min_by(f32::total_cmp)
    }

    /// Whether the term stands there letter for letter, with an ending perhaps.
    fn is_written_in(&self, words: &[Word]) -> bool {
        let letters = |text: &str| -> String {
            text.to_lowercase().chars().filter(|c| c.is_alphanumeric() || c.is_whitespace()).collect()
        };
        let term = letters(&self.text);
        let heard = words.iter().map(|word| letters(&word.text)).collect::<Vec<_>>().join(" ");
        heard.match_indices(&term).any(|(at, _)| at == 0 || heard[..at].ends_with(' '))
    }
}

/// A word by its sound, roughly: small letters, Kazakh ones as the Russian ones in which a Russian ear writes them,
/// voiced consonants as voiceless ones, unstressed vowels that sound alike as one.
fn sound(word: &str) -> Vec<char> {
    let alike = |c: char| match c {
        'ә' | 'о' | 'ө' => 'а',
        'қ' | 'г' | 'ғ' => 'к',
        'ң' => 'н',
        'ұ' | 'ү' | 'ю' => 'у',
        'һ' => 'х',
        'і' | 'ы' | 'е' | 'ё' | 'э' | 'й' => 'и',
        'я' => 'а',
        'б' => 'п',
        'в' => 'ф',
        'д' => 'т',
        'ж' => 'ш',
        'з' => 'с',
        other => other,
    };
    let mut letters: Vec<char> =
        word.to_lowercase().chars().filter(|c| c.is_alphanumeric() && !matches!(c, 'ь' | 'ъ')).map(alike).collect();
    letters.dedup();
    letters
}

#[cfg(test)]
mod tests {
    use super::*;
    use dostyq_speech::TimeSpan;

    fn check(terms: &[&str], heard: &str, expect: &[&str]) {
        let words: Vec<Word> = heard
            .split_whitespace()
            .map(|w| Word { text: w.into(), span: TimeSpan::default(), confidence: 0.5 })
            .collect();
        assert_eq!(Glossary::new(terms.iter().copied()).reminders(&words), expect, "{heard:?}");
    }

    #[test]
    fn what_sounds_like_a_term_is_a_reminder_of_it() {
        let names = ["Қасым-Жомарт Тоқаев", "Атырау", "Дигиум"];
        check(&names, "слово имеет касым жомар такаев", &["Қасым-Жомарт Тоқаев"]);
        check(&names, "в городе Отырау", &["Атырау"]);
        check(&names, "компания Диги ум начала", &["Дигиум"]);
        check(&names, "касым жомар такаев в Отырау", &["Атырау", "Қасым-Жомарт Тоқаев"]);
    }

    #[test]
    fn what_is_written_rightly_or_sounds_otherwise_is_none() {
        let names = ["Атырау", "Дигиум", "Ер"];
        check(&names, "город Атырау и его гости", &[]);
        check(&names, "Атырауда болдық", &[]);
        check(&names, "добрый день уважаемые гости", &[]);
        check(&names, "ер", &[]);
        check(&[], "добрый день", &[]);
        check(&names, "", &[]);
    }
}
