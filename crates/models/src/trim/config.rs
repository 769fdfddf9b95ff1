//! `config.json` and `generation_config.json`: the size of the vocabulary and the ids of tokens in them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::error::Error;
use crate::trim::tokenizer::id_in;

/// The families whose models Dostyq can run.
const FAMILIES: [&str; 4] = ["bart", "m2m_100", "marian", "t5"];
/// How sizes of vocabularies are called: of all, or of one side.
const SIZES: [&str; 3] = ["vocab_size", "encoder_vocab_size", "decoder_vocab_size"];
/// Lists of ids, or of lists of ids.
const LISTS: [&str; 4] = ["bad_words_ids", "suppress_tokens", "begin_suppress_tokens", "force_words_ids"];

pub(super) struct Configuration {
    json: Value,
}

impl Configuration {
    pub(super) fn read(path: &Path) -> Result<Configuration, Error> {
        let text = fs::read_to_string(path).map_err(Error::io(path))?;
        let json = serde_json::from_str(&text).map_err(|e| Error::trim(path, format!("it is no JSON ({e})")))?;
        Ok(Configuration { json })
    }

    /// How many tokens the model knows, on both sides.
    pub(super) fn vocab_size(&self) -> Result<u32, String> {
        let family = self.json["model_type"].as_str().unwrap_or("unknown");
        if !FAMILIES.contains(&family) {
            return Err(format!("the family \"{family}\" is none of {}", FAMILIES.join(", ")));
        }
        let sizes: BTreeSet<u32> = SIZES.iter().filter_map(|name| id_in(&self.json[*name])).collect();
        match (sizes.first(), sizes.len()) {
            (Some(size), 1) => Ok(*size),
            (None, _) => Err("it has no vocab_size".to_owned()),
            _ => Err("its sides have vocabularies of their own; one that both share is needed".to_owned()),
        }
    }

    /// The id of padding, where the model counts positions of tokens that are not padding: it is written into its graph.
    pub(super) fn padding_in_graph(&self) -> Option<u32> {
        (self.json["model_type"] == "m2m_100").then(|| id_in(&self.json["pad_token_id"])).flatten()
    }

    /// All ids that it names.
    pub(super) fn ids(&self) -> BTreeSet<u32> {
        let mut ids = BTreeSet::new();
        // A copy is changed, so that there is one walk.
        visit(&mut self.json.clone(), &mut |id| {
            ids.insert(id);
            Some(id)
        });
        ids
    }

    /// The file with the new size and ids.
    pub(super) fn cut(mut self, size: u32, renumber: &impl Fn(u32) -> Option<u32>) -> Value {
        for name in SIZES {
            if self.json[name].is_u64() {
                self.json[name] = json!(size);
            }
        }
        visit(&mut self.json, &mut |id| renumber(id));
        self.json
    }
}

fn visit(json: &mut Value, change: &mut impl FnMut(u32) -> Option<u32>) {
    for (name, value) in json.as_object_mut().into_iter().flatten() {
        if name.ends_with("_token_id") || LISTS.contains(&name.as_str()) {
            visit_ids(value, change);
        }
    }
}

fn visit_ids(value: &mut Value, change: &mut impl FnMut(u32) -> Option<u32>) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| visit_ids(value, change)),
        value => {
            if let Some(new) = id_in(value).and_then(change) {
                *value = json!(new);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: Value) -> Configuration {
        Configuration { json }
    }

    #[test]
    fn ids_are_found_wherever_they_stand() {
        let config = of(json!({
            "model_type": "marian", "vocab_size": 10, "decoder_vocab_size": 10, "pad_token_id": 9,
            "eos_token_id": [0, 1], "forced_bos_token_id": null, "bad_words_ids": [[9]], "encoder_layers": 6,
        }));
        assert_eq!(config.vocab_size(), Ok(10));
        assert_eq!(config.padding_in_graph(), None);
        assert_eq!(config.ids(), BTreeSet::from([0, 1, 9]));
        let cut = config.cut(3, &|id| Some(id.min(2)));
        assert_eq!(
            cut,
            json!({
                "model_type": "marian", "vocab_size": 3, "decoder_vocab_size": 3, "pad_token_id": 2,
                "eos_token_id": [0, 1], "forced_bos_token_id": null, "bad_words_ids": [[2]], "encoder_layers": 6,
            })
        );
    }

    #[test]
    fn what_cannot_be_cut_is_refused() {
        let check = |json: Value, expect: &str| {
            let reason = of(json).vocab_size().expect_err(expect);
            assert!(reason.contains(expect), "{reason}");
        };
        check(json!({"model_type": "whisper", "vocab_size": 9}), "family \"whisper\"");
        check(json!({"vocab_size": 9}), "family \"unknown\"");
        check(json!({"model_type": "t5"}), "no vocab_size");
        check(json!({"model_type": "marian", "vocab_size": 9, "decoder_vocab_size": 8}), "sides");
    }
}
