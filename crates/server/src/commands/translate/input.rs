use std::io::{BufRead, Read};

use anyhow::Context;
use dostyq_speech::Lang;
use dostyq_translate::Direction;

use super::srt;

/// The longest line, bytes; a book without line breaks is not translated in one breath.
const MAX_LINE_BYTES: usize = 1 << 20;
/// The largest file of subtitles, bytes; a day of speech has a tenth of it.
const MAX_SRT_BYTES: u64 = 16 << 20;

/// What there is to translate.
pub(super) enum Input {
    Lines(Lines),
    Subtitles(srt::File),
}

/// A text line by line, without control characters.
pub(super) struct Lines {
    name: String,
    reader: Box<dyn BufRead>,
    number: usize,
}

impl Input {
    /// Subtitles are read whole; other text is read as it comes. Standard input tells by its first lines which it is.
    pub(super) fn open(name: String, mut reader: Box<dyn BufRead>, is_srt: bool) -> anyhow::Result<Input> {
        let cannot_read = || format!("{name} cannot be read");
        let mut head = Vec::new();
        let looks_like_srt = is_srt || {
            // A number and then a time; empty lines may stand before them.
            while without_mark(&head).trim_ascii().is_empty()
                && read_line(&mut reader, &mut head).with_context(cannot_read)? > 0
            {}
            let is_number = is_number(&head);
            let first = head.len();
            is_number
                && read_line(&mut reader, &mut head).with_context(cannot_read)? > 0
                && head[first..].windows(3).any(|arrow| arrow == b"-->")
        };
        let reader = std::io::Cursor::new(head).chain(reader);
        if !looks_like_srt {
            return Ok(Input::Lines(Lines { name, reader: Box::new(reader), number: 0 }));
        }
        let mut bytes = Vec::new();
        reader.take(MAX_SRT_BYTES + 1).read_to_end(&mut bytes).with_context(cannot_read)?;
        anyhow::ensure!(
            bytes.len() as u64 <= MAX_SRT_BYTES,
            "{name} is larger than {} MB: cut it",
            MAX_SRT_BYTES >> 20
        );
        let text = String::from_utf8(bytes).map_err(|error| {
            let line = error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
            anyhow::anyhow!("{name}:{line} is not UTF-8: save the subtitles in UTF-8")
        })?;
        let file = srt::parse(&text).map_err(|fault| {
            anyhow::anyhow!("{name}:{} is no SRT ({}): mend that line, or name a text", fault.line, fault.reason)
        })?;
        Ok(Input::Subtitles(file))
    }
}

/// Appends a line, or as much of it as may be; returns its length.
fn read_line(reader: &mut Box<dyn BufRead>, to: &mut Vec<u8>) -> std::io::Result<usize> {
    reader.take(MAX_LINE_BYTES as u64 + 1).read_until(b'\n', to)
}

fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

fn is_number(line: &[u8]) -> bool {
    let line = without_mark(line).trim_ascii();
    !line.is_empty() && line.iter().all(u8::is_ascii_digit)
}

impl Iterator for Lines {
    type Item = anyhow::Result<String>;

    fn next(&mut self) -> Option<anyhow::Result<String>> {
        let mut bytes = Vec::new();
        self.number += 1;
        let place = || format!("{}:{}", self.name, self.number);
        match read_line(&mut self.reader, &mut bytes) {
            Ok(0) => return None,
            Ok(_) => {}
            Err(error) => return Some(Err(error).with_context(|| format!("{} cannot be read", place()))),
        }
        if bytes.len() > MAX_LINE_BYTES {
            let most = MAX_LINE_BYTES >> 20;
            return Some(Err(anyhow::anyhow!("{} is longer than {most} MB: break it into lines", place())));
        }
        let Ok(text) = String::from_utf8(bytes) else {
            return Some(Err(anyhow::anyhow!("{} is not UTF-8: save the text in UTF-8", place())));
        };
        Some(Ok(clean(&text)))
    }
}

/// The text on one line, without marks that no reader sees: control characters and byte order marks.
pub(super) fn clean(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() || c == '\u{feff}' { ' ' } else { c }).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The direction out of the language that the letters speak for. A Russian sentence about Қасым has a few Kazakh
/// letters, a Kazakh one has them in most of its words.
pub(super) fn guess_direction(text: &str) -> Direction {
    let words = || text.split_whitespace().filter(|word| word.contains(char::is_alphabetic));
    let is_kazakh = |word: &&str| word.chars().any(|c| "әғқңөұүһіӘҒҚҢӨҰҮҺІ".contains(c));
    let kazakh = words().filter(is_kazakh).count();
    let from = if kazakh * 3 > words().count() { Lang::Kazakh } else { Lang::Russian };
    Direction { from, to: from.other() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(bytes: &[u8], is_srt: bool) -> anyhow::Result<Input> {
        Input::open("words.txt".into(), Box::new(std::io::Cursor::new(bytes.to_vec())), is_srt)
    }

    #[test]
    fn text_and_subtitles_are_told_apart() {
        let check = |text: &str, expect: &str| {
            let kind = match open(text.as_bytes(), false).expect(text) {
                Input::Lines(lines) => lines.map(|line| line.expect(text)).collect::<Vec<_>>().join("|"),
                Input::Subtitles(file) => format!("{} cues", file.cues.len()),
            };
            assert_eq!(kind, expect, "{text:?}");
        };
        check("", "");
        check("иә\n\n жоқ \r\n", "иә||жоқ");
        check("1\nиә", "1|иә");
        check("\n\nиә", "||иә");
        check("1\n00:00:00,000 --> 00:00:01,000\nиә\n", "1 cues");
        check("\u{feff}\n1\n00:00:00,000 --> 00:00:01,000\nиә\n", "1 cues");
        check("а\u{0}б\u{7}\tв\u{feff}", "а б в");
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let check = |bytes: &[u8], is_srt, expect: &str| {
            let error = match open(bytes, is_srt) {
                Err(error) => error,
                Ok(Input::Lines(mut lines)) => lines.find_map(Result::err).expect("a fault"),
                Ok(Input::Subtitles(_)) => panic!("{bytes:?} is read"),
            };
            assert!(error.to_string().contains(expect), "{error}");
        };
        check(b"a\n\xff\n", false, "words.txt:2 is not UTF-8");
        check(&vec![b'a'; MAX_LINE_BYTES + 2], false, "words.txt:1 is longer than 1 MB");
        check(b"1\n00:00:00,000 --> 00:00:01,000\n\xff\n", true, "words.txt:3 is not UTF-8");
        check(b"", true, "words.txt:1 is no SRT");
        check("жоқ".as_bytes(), true, "words.txt:1 is no SRT");
    }

    #[test]
    fn letters_tell_the_language() {
        let check = |text, from| assert_eq!(guess_direction(text).from, from, "{text:?}");
        check("Бүгін біз достық туралы айтамыз.", Lang::Kazakh);
        check("Сегодня мы говорим о дружбе.", Lang::Russian);
        check("Президент Қасым-Жомарт Тоқаев выступил в Астане.", Lang::Russian);
        check("СӘЛЕМ", Lang::Kazakh);
        check("", Lang::Russian);
        check("123 🙂 hello", Lang::Russian);
    }
}
