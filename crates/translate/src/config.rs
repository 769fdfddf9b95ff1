use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::error::{TranslateError, one_line};
use crate::family::Family;

/// What `config.json` and `generation_config.json` say of a model, as far as decoding depends on it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ModelConfig {
    pub(crate) family: Family,
    /// The width of the logits: the tokenizer's vocabulary or more.
    pub(crate) vocab_size: usize,
    /// The most tokens that the encoder or the decoder may see at once.
    pub(crate) positions: usize,
    /// The id that the decoder sees first.
    pub(crate) start: u32,
    /// The ids that end a sentence; never empty.
    pub(crate) ends: Vec<u32>,
}

/// T5 has relative positions and so no limit of its own, but was trained on pieces of this length.
const POSITIONS_WHEN_UNSAID: usize = 512;

#[derive(Deserialize)]
struct ConfigFile {
    model_type: String,
    vocab_size: usize,
    /// Marian's; the other families share one vocabulary.
    decoder_vocab_size: Option<usize>,
    max_position_embeddings: Option<usize>,
    /// T5's word for it.
    n_positions: Option<usize>,
    #[serde(flatten)]
    ids: SpecialIds,
}

#[derive(Default, Deserialize)]
struct SpecialIds {
    decoder_start_token_id: Option<u32>,
    eos_token_id: Option<OneOrMany>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(u32),
    Many(Vec<u32>),
}

impl ModelConfig {
    /// Reads `config.json`, and `generation_config.json` where there is one: it has the last word.
    pub(crate) fn read(config: &Path, generation: Option<&Path>) -> Result<ModelConfig, TranslateError> {
        let unusable = |path: &Path, reason: String| TranslateError::Unusable { path: path.to_owned(), reason };
        let load = |path: &Path| fs::read_to_string(path).map_err(|e| unusable(path, one_line(e)));

        let file: ConfigFile = serde_json::from_str(&load(config)?).map_err(|e| unusable(config, one_line(e)))?;
        let last: SpecialIds = match generation {
            Some(path) => serde_json::from_str(&load(path)?).map_err(|e| unusable(path, one_line(e)))?,
            None => SpecialIds::default(),
        };

        let Some(family) = Family::of_model_type(&file.model_type) else {
            return Err(TranslateError::UnknownFamily { path: config.to_owned(), family: file.model_type });
        };
        let ends = match last.eos_token_id.or(file.ids.eos_token_id) {
            Some(OneOrMany::One(end)) => vec![end],
            Some(OneOrMany::Many(ends)) if !ends.is_empty() => ends,
            _ => return Err(unusable(config, "it names no eos_token_id".to_owned())),
        };
        let Some(start) = last.decoder_start_token_id.or(file.ids.decoder_start_token_id) else {
            return Err(unusable(config, "it names no decoder_start_token_id".to_owned()));
        };
        let vocab_size = file.decoder_vocab_size.unwrap_or(file.vocab_size);
        let positions = file.max_position_embeddings.or(file.n_positions).unwrap_or(POSITIONS_WHEN_UNSAID);
        if ends.iter().chain([&start]).any(|id| *id as usize >= vocab_size) {
            return Err(unusable(config, "a special token lies outside its vocabulary".to_owned()));
        }
        if positions < LEAST_POSITIONS {
            return Err(unusable(config, format!("{positions} positions are too few for a sentence")));
        }
        Ok(ModelConfig { family, vocab_size, positions, start, ends })
    }
}

/// Fewer would leave no room for a source of a few tokens and the translation's allowance of ten more.
const LEAST_POSITIONS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(config: &str, generation: Option<&str>) -> Result<ModelConfig, String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let place = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).expect("written");
            path
        };
        let config = place("config.json", config);
        let generation = generation.map(|text| place("generation_config.json", text));
        ModelConfig::read(&config, generation.as_deref())
            .map_err(|e| e.to_string().replace(&format!("{}/", folder.path().display()), ""))
    }

    #[test]
    fn the_generation_configuration_has_the_last_word() {
        let config = r#"{"model_type": "bart", "vocab_size": 50, "max_position_embeddings": 64,
            "decoder_start_token_id": 2, "eos_token_id": 2, "anything": {"else": []}}"#;
        let plain = ModelConfig { family: Family::Bart, vocab_size: 50, positions: 64, start: 2, ends: vec![2] };
        assert_eq!(read(config, None), Ok(plain.clone()));
        assert_eq!(
            read(config, Some(r#"{"eos_token_id": [2, 7], "decoder_start_token_id": 1}"#)),
            Ok(ModelConfig { start: 1, ends: vec![2, 7], ..plain })
        );
    }

    #[test]
    fn families_write_their_sizes_in_their_own_words() {
        let t5 = r#"{"model_type": "t5", "vocab_size": 9, "decoder_start_token_id": 0, "eos_token_id": 1}"#;
        assert_eq!(read(t5, None).map(|c| c.positions), Ok(512));
        let marian = r#"{"model_type": "marian", "vocab_size": 9, "decoder_vocab_size": 8, "eos_token_id": 0,
            "max_position_embeddings": 40, "decoder_start_token_id": 7}"#;
        assert_eq!(read(marian, None).map(|c| (c.vocab_size, c.positions)), Ok((8, 40)));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |config: &str, expect: &str| {
            let error = read(config, None).expect_err(config);
            assert!(error.starts_with(expect), "{error}");
        };
        check("{", "config.json is unusable (EOF while parsing");
        check(r#"{"model_type": "bart"}"#, "config.json is unusable (missing field `vocab_size`");
        check(r#"{"model_type": "whisper", "vocab_size": 9}"#, "config.json is of the family \"whisper\": choose");
        check(r#"{"model_type": "t5", "vocab_size": 9}"#, "config.json is unusable (it names no eos_token_id)");
        check(
            r#"{"model_type": "t5", "vocab_size": 9, "eos_token_id": 1}"#,
            "config.json is unusable (it names no decoder_start_token_id)",
        );
        check(
            r#"{"model_type": "t5", "vocab_size": 9, "eos_token_id": 9, "decoder_start_token_id": 0}"#,
            "config.json is unusable (a special token lies outside its vocabulary)",
        );
    }
}
