//! A text as the stretches of which numbers are made.

use std::ops::Range;

use super::value::Value;
use crate::glossary::plain;

/// A stretch of a text.
#[derive(Clone, Debug)]
pub(super) enum Token {
    Digits(Value),
    Word(String),
    Mark(char),
}

/// The number that Roman capitals write, Latin or Cyrillic ones, if there are at least two of them: «XXI», «ХХІ».
pub(super) fn roman(word: &str) -> Option<Value> {
    let digit = |c| match c {
        'I' | 'І' => Some(1),
        'V' => Some(5),
        'X' | 'Х' => Some(10),
        'L' => Some(50),
        _ => None,
    };
    let digits = word.chars().map(digit).collect::<Option<Vec<i64>>>()?;
    let value = (0..digits.len()).map(|at| match digits.get(at + 1) {
        Some(next) if *next > digits[at] => -digits[at],
        _ => digits[at],
    });
    (digits.len() > 1).then(|| Value::whole(value.sum()))
}

/// The stretches of a text, in its order; white space is none.
pub(super) fn tokens(text: &str) -> Vec<(Token, Range<usize>)> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let length = if first.is_ascii_digit() && is_behind_a_unit(&text[..at]) {
            1
        } else if first.is_ascii_digit() {
            let (value, length) = digits(rest, text[..at].ends_with(['.', ',']));
            tokens.push((Token::Digits(value), at..at + length));
            length
        } else if first.is_alphabetic() {
            let length = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
            tokens.push((Token::Word(plain(&rest[..length])), at..at + length));
            length
        } else {
            // A space parts nothing, and nor does the full stop of «млн.».
            if !first.is_whitespace() && first != '.' {
                tokens.push((Token::Mark(first), at..at + first.len_utf8()));
            } else if first == '.' && rest[1..].starts_with(' ') && !is_short_scale(tokens.last()) {
                tokens.push((Token::Mark(first), at..at + 1));
            }
            first.len_utf8()
        };
        at += length;
    }
    tokens
}

/// Whether what follows belongs to a unit: «м2», «мм3», «CO2».
fn is_behind_a_unit(text: &str) -> bool {
    ["м", "мм", "см", "км", "m", "mm", "cm", "km", "CO", "СО"]
        .iter()
        .any(|unit| text.strip_suffix(unit).is_some_and(|before| !before.ends_with(char::is_alphanumeric)))
}

fn is_short_scale(token: Option<&(Token, Range<usize>)>) -> bool {
    matches!(token, Some((Token::Word(word), _)) if ["тыс", "млн", "млрд", "трлн"].contains(&&**word))
}

/// The number that a text begins with, and its length: groups of three with spaces between, a fraction behind a comma
/// or a full stop; but no fraction where several follow, as in a date. `is_in_a_row` says that such a mark is before it.
fn digits(text: &str, is_in_a_row: bool) -> (Value, usize) {
    let run = |from: usize| text[from..].bytes().take_while(u8::is_ascii_digit).count();
    let mut end = run(0);
    let mut whole = text[..end].to_owned();
    while whole.len() <= 3 || end > run(0) {
        let gap = text[end..].chars().next().filter(|c| matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}'));
        let Some(gap) = gap.filter(|gap| run(end + gap.len_utf8()) == 3) else { break };
        let from = end + gap.len_utf8();
        whole.push_str(&text[from..from + 3]);
        end = from + 3;
    }
    let has_mark = text[end..].starts_with([',', '.']);
    let fraction = if has_mark && !is_in_a_row { run(end + 1) } else { 0 };
    let goes_on = |after: &str| after.starts_with(['.', ',']) && after[1..].starts_with(|c: char| c.is_ascii_digit());
    if fraction == 0 || goes_on(&text[end + 1 + fraction..]) {
        return (Value::of_digits(&whole, ""), end);
    }
    (Value::of_digits(&whole, &text[end + 1..end + 1 + fraction]), end + 1 + fraction)
}
