//! A vocabulary's pieces by their text, so that those which lead into a term are found without a look at all of them.

/// What SentencePiece writes for the space before a word.
const SPACE: char = '▁';

/// The texts of a vocabulary's tokens.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    /// By token id, with a space where a word begins; empty for what is not text.
    texts: Vec<Box<str>>,
    /// The plain text of each token that has one, in order of the text.
    by_text: Vec<(Box<str>, u32)>,
}

impl Pieces {
    /// From the tokens as the tokenizer's file writes them, by id.
    pub(crate) fn new(tokens: impl IntoIterator<Item = Option<String>>) -> Pieces {
        let text = |token: Option<String>| token.unwrap_or_default().replace(SPACE, " ").into_boxed_str();
        let texts: Vec<Box<str>> = tokens.into_iter().map(text).collect();
        let ids = texts.iter().zip(0..).filter(|(text, _)| !text.is_empty());
        let mut by_text: Vec<(Box<str>, u32)> = ids.map(|(text, id)| (super::plain(text).into(), id)).collect();
        by_text.sort();
        Pieces { texts, by_text }
    }

    /// The text of a token, with a space where a word begins.
    pub(crate) fn text(&self, token: u32) -> &str {
        self.texts.get(token as usize).map_or("", |text| text)
    }

    /// The text of tokens, mostly with a space at its beginning.
    pub(crate) fn join(&self, tokens: &[u32]) -> String {
        tokens.iter().map(|token| self.text(*token)).collect()
    }

    /// The tokens whose plain text `wanted` begins with, or which begin with `wanted`.
    pub(crate) fn along<'p>(&'p self, wanted: &'p str) -> impl Iterator<Item = u32> + 'p {
        let beginnings = wanted.char_indices().skip(1).map(|(at, _)| &wanted[..at]);
        let shorter = beginnings.flat_map(|text| self.from(text).take_while(move |(piece, _)| **piece == *text));
        let longer = self.from(wanted).take_while(move |(piece, _)| piece.starts_with(wanted));
        shorter.chain(longer).map(|(_, token)| *token)
    }

    fn from(&self, text: &str) -> impl Iterator<Item = &(Box<str>, u32)> {
        let first = self.by_text.partition_point(|(piece, _)| **piece < *text);
        self.by_text[first..].iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_along_a_word_are_found() {
        let tokens = ["▁", "▁мек", "▁Мектеп", "▁мектепте", "теп", "т", "▁ел", ""];
        let pieces = Pieces::new(tokens.iter().map(|token| Some((*token).to_owned())).chain([None]));
        let check = |wanted: &str, expect: &[u32]| {
            let mut found: Vec<u32> = pieces.along(wanted).collect();
            found.sort();
            assert_eq!(found, expect, "{wanted}");
        };
        check(" мектеп", &[0, 1, 2, 3]);
        check("теп", &[4, 5]);
        check("тепе", &[4, 5]);
        check(" ж", &[0]);
        check("", &[0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(pieces.join(&[1, 4, 7, 8, 99]), " мектеп");
    }
}
