use std::path::{Path, PathBuf};

use tokenizers::Tokenizer;

use crate::TargetWord;
use crate::error::{TranslateError, one_line};

/// With which pieces of a vocabulary begin where a space stands before them: SentencePiece's mark and byte-level BPE's.
const SPACES: [char; 2] = ['▁', 'Ġ'];

/// A model's tokenizer: text becomes token ids and ids become text.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    tokenizer: Tokenizer,
    path: PathBuf,
    highest: u32,
}

impl Vocabulary {
    /// Reads a `tokenizer.json`.
    pub(crate) fn open(path: &Path) -> Result<Vocabulary, TranslateError> {
        let unusable = |reason: String| TranslateError::Unusable { path: path.to_owned(), reason };
        let mut tokenizer = Tokenizer::from_file(path).map_err(|e| unusable(one_line(e)))?;
        // Files saved in training often cut or fill every text to one length.
        tokenizer.with_truncation(None).map_err(|e| unusable(one_line(e)))?;
        tokenizer.with_padding(None);
        // A speaker who says "</s>" must not end the sentence.
        tokenizer.set_encode_special_tokens(true);
        let highest = tokenizer.get_vocab(true).into_values().max().ok_or_else(|| unusable("it is empty".into()))?;
        Ok(Vocabulary { tokenizer, path: path.to_owned(), highest })
    }

    /// Fails when the model cannot embed every token; it may well have room for more than there are.
    pub(crate) fn check_fits(&self, model_vocab: usize) -> Result<(), TranslateError> {
        if self.highest as usize >= model_vocab {
            return Err(TranslateError::Vocabulary {
                path: self.path.clone(),
                highest: self.highest,
                model: model_vocab,
            });
        }
        Ok(())
    }

    pub(crate) fn id_of(&self, token: &str) -> Option<u32> {
        self.tokenizer.token_to_id(token)
    }

    /// The tokens as the file writes them, by id; none for special ones and for ids of no token.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = Option<String>> {
        let added = self.tokenizer.get_added_tokens_decoder();
        let is_special = move |id: &u32| added.get(id).is_some_and(|token| token.special);
        (0..=self.highest).map(move |id| self.tokenizer.id_to_token(id).filter(|_| !is_special(&id)))
    }

    /// The ids of a text, without anything around it: what frames a text is the family's business, and some
    /// tokenizers have one language's frame wired in. Control characters and stretches of white space count as one
    /// space.
    pub(crate) fn encode(&self, text: &str) -> Result<Vec<u32>, TranslateError> {
        let encoding = self
            .tokenizer
            .encode_fast(in_one_line(text), false)
            .map_err(|e| TranslateError::Text { reason: format!("the tokenizer says: {}", one_line(e)) })?;
        Ok(encoding.get_ids().to_vec())
    }

    /// The text of ids, special tokens left out.
    pub(crate) fn decode(&self, ids: &[u32]) -> Result<String, TranslateError> {
        let text = self
            .tokenizer
            .decode(ids, true)
            .map_err(|e| TranslateError::Text { reason: format!("the tokenizer says: {}", one_line(e)) })?;
        Ok(text.trim().to_owned())
    }

    /// Ids as words: one begins at each piece that begins with the mark of a space.
    pub(crate) fn words(&self, ids: &[u32]) -> Result<Vec<TargetWord>, TranslateError> {
        let begins = |id: u32| self.tokenizer.id_to_token(id).is_some_and(|piece| piece.starts_with(SPACES));
        let mut words: Vec<Vec<u32>> = Vec::new();
        for id in ids {
            match words.last_mut() {
                Some(word) if !begins(*id) => word.push(*id),
                _ => words.push(vec![*id]),
            }
        }
        words.into_iter().map(|tokens| Ok(TargetWord { text: self.decode(&tokens)?, tokens })).collect()
    }

    /// The ids that a decoder must never produce, in order: ids of no token, with which some models fill their
    /// vocabulary up, and special tokens, which are not text. An end has to be produced, and the unknown token may
    /// be: it stands for what the vocabulary cannot write, and a model that may not say so says something wrong.
    pub(crate) fn never_produced(&self, ends: &[u32], model_vocab: usize) -> Vec<u32> {
        let added = self.tokenizer.get_added_tokens_decoder();
        let is_special = |id: &u32| added.get(id).is_some_and(|token| token.special);
        let is_needed = |id: &u32| ends.contains(id) || Some(*id) == self.id_of("<unk>");
        (0..model_vocab as u32)
            .filter(|id| self.tokenizer.id_to_token(*id).is_none() || (is_special(id) && !is_needed(id)))
            .collect()
    }
}

/// The text with one space for each stretch of white space and control characters.
pub(crate) fn in_one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words a, b, c; `<pad>`, `</s>` and `<unk>` are special; id 6 is nobody's; texts are cut to one token.
    const SMALL: &str = r#"{"version": "1.0",
        "truncation": {"direction": "Right", "max_length": 1, "strategy": "LongestFirst", "stride": 0},
        "padding": null,
        "added_tokens": [
            {"id": 0, "content": "<pad>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
            {"id": 1, "content": "</s>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
            {"id": 2, "content": "<unk>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}],
        "normalizer": null, "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null, "decoder": null,
        "model": {"type": "WordLevel", "unk_token": "<unk>",
            "vocab": {"<pad>": 0, "</s>": 1, "<unk>": 2, "a": 3, "b": 4, "c": 5, "d": 7}}}"#;

    fn small() -> Vocabulary {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("tokenizer.json");
        std::fs::write(&path, SMALL).expect("written");
        Vocabulary::open(&path).expect("it is well formed")
    }

    #[test]
    fn a_text_is_never_cut_and_commands_nothing() {
        let vocabulary = small();
        assert_eq!(vocabulary.encode(" a\u{7}b \t\n c").expect("text"), [3, 4, 5]);
        assert!(!vocabulary.encode("a </s> b").expect("text").contains(&1));
        assert_eq!(vocabulary.decode(&[0, 3, 1, 4]).expect("ids"), "a b");
    }

    #[test]
    fn only_text_the_end_and_the_unknown_are_produced() {
        assert_eq!(small().never_produced(&[1], 10), [0, 6, 8, 9]);
    }

    #[test]
    fn every_token_must_have_a_place_in_the_model() {
        assert!(small().check_fits(8).is_ok());
        let error = small().check_fits(7).expect_err("id 7 has no place");
        assert!(
            error.to_string().contains("tokenizer.json has token ids up to 7, but the model knows only 7"),
            "{error}"
        );
    }

    #[test]
    fn a_broken_file_is_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("tokenizer.json");
        std::fs::write(&path, &SMALL[..200]).expect("written");
        let error = Vocabulary::open(&path).expect_err("cut short").to_string();
        assert!(error.contains("tokenizer.json is unusable (EOF while parsing"), "{error}");
        assert!(!error.contains('\n'));
    }
}
