//! A text as the words that terms are looked for among.

use std::ops::Range;

/// A word of a text, without the marks around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word<'t> {
    /// As it is written.
    pub(crate) text: &'t str,
    /// In small letters, with е for ё.
    pub(crate) plain: String,
    /// Where it is in the text, in bytes.
    pub(crate) span: Range<usize>,
    /// Whether the text ends with it, so that more letters of it may come.
    pub(crate) is_open: bool,
}

/// The words of a text; marks and dashes between them are left out, so a term is found across a line break or a quote.
pub(crate) fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut from = 0;
    for part in text.split_inclusive(|c: char| c.is_whitespace() || c == '/') {
        let start = part.find(char::is_alphanumeric);
        let end = part.char_indices().rev().find(|(_, c)| c.is_alphanumeric()).map(|(at, c)| at + c.len_utf8());
        if let (Some(start), Some(end)) = (start, end) {
            // A hyphen at the very end may join what is still to come.
            let is_open = from + part.len() == text.len() && matches!(&part[end..], "" | "-");
            let word = &part[start..end];
            words.push(Word { text: word, plain: plain(word), span: from + start..from + end, is_open });
        }
        from += part.len();
    }
    words
}

/// Small letters, with е for ё, which most people write: what is compared.
pub(crate) fn plain(text: &str) -> String {
    text.to_lowercase().replace('ё', "е")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_without_marks_and_know_their_place() {
        let check = |text: &str, expect: &[&str], is_open: bool| {
            let found = words(text);
            assert_eq!(found.iter().map(|word| word.text).collect::<Vec<_>>(), expect, "{text}");
            assert!(found.iter().all(|word| &text[word.span.clone()] == word.text));
            assert_eq!(found.last().is_some_and(|word| word.is_open), is_open, "{text}");
        };
        check("«Достық» — ол, күш!", &["Достық", "ол", "күш"], false);
        check("Қасым-Жомарт Тоқаев", &["Қасым-Жомарт", "Тоқаев"], true);
        check("и/или dostyq.kz", &["и", "или", "dostyq.kz"], true);
        check("Dostyq-", &["Dostyq"], true);
        check("да ", &["да"], false);
        check(" — ", &[], false);
    }
}
