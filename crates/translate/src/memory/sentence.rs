use dostyq_speech::Lang;

use super::words::is_filler;

/// What of a sentence counts when it is compared with another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sentence {
    pub(super) words: Vec<Word>,
}

/// A word, a number, or a sign that means something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// In small letters, with е for ё; of a number, with `.` for its decimal comma.
    pub(super) text: String,
    /// Whether it means something else when it is written in another way: a number, a sign, or a word with a capital
    /// letter, which may be a name. The first word of a sentence may be one as well.
    pub(super) is_fixed: bool,
}

/// Signs that are no mere punctuation. A question mark is one: it may be all that tells a question from a statement.
const SIGNS: &str = "?%‰°$€£₸₽№+=<>×÷&@#^|\\*~_";

impl Sentence {
    pub(super) fn read(text: &str, lang: Lang) -> Sentence {
        let chars = plain(text);
        let mut words = Vec::new();
        let mut at = 0;
        while let Some(c) = chars.get(at).copied() {
            let before = at.checked_sub(1).map(|before| chars[before]);
            let after = chars.get(at + 1).copied();
            let is_minus = matches!(c, '-' | '−' | '–')
                && !before.is_some_and(char::is_alphanumeric)
                && after.is_some_and(|after| after.is_ascii_digit());
            if c.is_alphanumeric() {
                let end = end_of_word(&chars, at);
                words.push(word(&chars[at..end], chars.get(end) == Some(&'.'), words.is_empty(), lang));
                at = end;
                continue;
            }
            // What is asked twice is asked once.
            let is_again = c == '?' && words.last().is_some_and(|last: &Word| last.text == "?");
            if is_minus {
                words.push(Word { text: "-".into(), is_fixed: true });
            } else if SIGNS.contains(c) && !is_again {
                words.push(Word { text: c.into(), is_fixed: true });
            }
            at += 1;
        }
        if words.iter().all(|word| word.text == "?") {
            words.clear();
        }
        Sentence { words }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }
}

/// One space between words, none around them, no invisible characters.
pub(super) fn tidy(text: &str) -> String {
    let text: String = text.chars().filter(|c| !is_invisible(*c)).collect();
    text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Soft hyphens, joiners, direction marks, byte order marks.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}')
}

/// The characters with `й` and `ё` in one piece and without stress marks.
fn plain(text: &str) -> Vec<char> {
    let mut chars: Vec<char> = Vec::with_capacity(text.len());
    for c in text.chars().filter(|c| !is_invisible(*c)) {
        let whole = match (chars.last(), c) {
            (Some('и'), '\u{306}') => Some('й'),
            (Some('И'), '\u{306}') => Some('Й'),
            _ => None,
        };
        match whole {
            Some(whole) => {
                chars.pop();
                chars.push(whole);
            }
            // A stress mark, or the dots of an ё, which count no more than those of the letter in one piece.
            None if ('\u{300}'..='\u{36f}').contains(&c) => {}
            None => chars.push(c),
        }
    }
    chars
}

/// Where the word or number that begins at `start` ends. A number goes on behind `.`, `,`, `:` and `/` before another
/// digit, and behind a space before a group of three.
fn end_of_word(chars: &[char], start: usize) -> usize {
    let is_digit = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
    let mut end = start;
    while let Some(c) = chars.get(end).copied() {
        let is_inside = matches!(c, '.' | ',' | ':' | '/') && end > start && is_digit(end - 1) && is_digit(end + 1);
        if c.is_alphanumeric() || is_inside || is_group(chars, start, end) {
            end += 1;
        } else {
            break;
        }
    }
    end
}

/// Whether the space at `at` parts the thousands of the number that began at `start`, as in 12 500.
fn is_group(chars: &[char], start: usize, at: usize) -> bool {
    let is_space = matches!(chars[at], ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}');
    let digits_at = |from: usize| chars[from..].iter().take_while(|c| c.is_ascii_digit()).count();
    let so_far = &chars[start..at];
    let first = so_far.iter().take_while(|c| c.is_ascii_digit()).count();
    let is_number = so_far.iter().all(|c| c.is_ascii_digit() || c.is_whitespace());
    let goes_on = digits_at(at + 1) == 3 && !chars.get(at + 4).is_some_and(|c| c.is_alphabetic());
    is_space && is_number && (1..=3).contains(&first) && so_far[0] != '0' && goes_on
}

fn word(chars: &[char], has_stop: bool, is_first: bool, lang: Lang) -> Word {
    let is_number = chars[0].is_ascii_digit();
    let text: String = chars
        .iter()
        .filter(|c| !c.is_whitespace())
        .map(|c| if is_number && *c == ',' { '.' } else { *c })
        .flat_map(char::to_lowercase)
        .map(|c| if c == 'ё' { 'е' } else { c })
        .collect();
    let has_capital = chars.iter().any(|c| c.is_uppercase());
    // «И мы…» opens with a filler, «И. Иванов» with an initial.
    let opens = is_first && !has_stop && is_filler(&text, lang);
    let is_fixed = text.contains(char::is_numeric) || (has_capital && !opens);
    Word { text, is_fixed }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fixed words are marked with `!`.
    fn check(text: &str, expect: &str) {
        let sentence = Sentence::read(text, Lang::Russian);
        let words = sentence.words.iter().map(|word| format!("{}{}", word.text, if word.is_fixed { "!" } else { "" }));
        assert_eq!(words.collect::<Vec<_>>().join(" "), expect, "{text:?}");
    }

    #[test]
    fn what_does_not_matter_is_gone() {
        check("", "");
        check(" — ... !", "");
        check("?", "");
        check("мы  рады,\t«очень» рады!", "мы рады очень рады");
        check("ещё всё", "еще все");
        check("е\u{308}лка и\u{306}од мо\u{301}ре", "елка йод море");
        check("ми\u{ad}р\u{200b}но", "мирно");
        check("из-за", "из за");
        check("👍 хорошо 🙂", "хорошо");
    }

    #[test]
    fn what_matters_is_marked() {
        check("Мы едем в Астану", "мы! едем в астану!");
        check("И мы едем", "и мы едем");
        check("И. Иванов", "и! иванов!");
        check("это ООН и iPhone", "это оон! и iphone!");
        check("рады?!", "рады ?!");
        check("рады???", "рады ?!");
    }

    #[test]
    fn a_number_is_one_word_however_it_is_written() {
        check("12 500 тенге", "12500! тенге");
        check("1 000 000", "1000000!");
        check("3,5 и 3.5", "3.5! и 3.5!");
        check("в 2024 100 человек", "в 2024! 100! человек");
        check("12 500а", "12! 500а!");
        check("5 % и 5%", "5! %! и 5! %!");
        check("-5 и −5, 5-6", "-! 5! и -! 5! 5! 6!");
        check("в 10:30", "в 10:30!");
        check("5, 6.", "5! 6!");
        check("1-й 5G", "1! й 5g!");
    }
}
