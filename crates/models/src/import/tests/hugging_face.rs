//! The weights of the tiny CTranslate2 checkpoint as Hugging Face would store them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::checkpoint::{Checkpoint, HEADS, LAYERS, STATE, TOKENIZER};
use crate::import::half::f16_from_f32;

/// How numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Dtype {
    F64,
    F32,
    F16,
    Bf16,
}

#[derive(Clone)]
pub(super) struct Folder {
    /// Name, shape and numbers, in the order in which they are stored.
    pub(super) tensors: Vec<(String, Vec<u32>, Vec<f32>)>,
    pub(super) dtype: Dtype,
    /// Files that the tensors are dealt out to; with more than one there is an index.
    pub(super) shards: usize,
    /// The name of each file that is not a shard, and what it holds.
    pub(super) others: BTreeMap<&'static str, String>,
}

impl Folder {
    /// The tensors come in the order in which the other form has them, so that even that is the same.
    pub(super) fn of(checkpoint: &Checkpoint) -> Folder {
        let mut tensors = Vec::new();
        for variable in checkpoint.variables() {
            let (dims, numbers) = checkpoint.numbers(variable);
            let names = names(variable);
            for (at, name) in names.iter().enumerate() {
                if !name.ends_with("k_proj.bias") {
                    let length = numbers.len() / names.len();
                    let dims = [&[dims[0] / names.len() as u32], &dims[1..]].concat();
                    tensors.push((name.clone(), dims, numbers[at * length..][..length].to_vec()));
                }
            }
        }
        let (dims, _) = checkpoint.numbers("encoder/conv1/weight");
        let (vocabulary, _) = checkpoint.numbers("decoder/embeddings/weight");
        let config = json!({
            "model_type": "whisper", "architectures": ["WhisperForConditionalGeneration"],
            "vocab_size": vocabulary[0], "num_mel_bins": dims[1], "d_model": STATE,
            "max_source_positions": 10, "encoder_layers": LAYERS, "encoder_attention_heads": HEADS,
            "max_target_positions": 6, "decoder_layers": LAYERS, "decoder_attention_heads": HEADS,
        });
        let others = [("config.json", config.to_string()), ("tokenizer.json", TOKENIZER.to_owned())];
        Folder { tensors, dtype: Dtype::F16, shards: 1, others: others.into() }
    }

    pub(super) fn stored_as(mut self, dtype: Dtype) -> Self {
        self.dtype = dtype;
        self
    }

    pub(super) fn in_shards(mut self, shards: usize) -> Self {
        self.shards = shards;
        self
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        let before = self.tensors.len();
        self.tensors.retain(|(other, ..)| other != name);
        assert!(self.tensors.len() < before, "{name} is no tensor of the fixture");
        self
    }

    /// With one more tensor, or another in place of the one of that name.
    pub(super) fn with(mut self, name: &str, dims: &[u32], number: f32) -> Self {
        self.tensors.retain(|(other, ..)| other != name);
        self.tensors.push((name.into(), dims.to_vec(), vec![number; dims.iter().product::<u32>() as usize]));
        self
    }

    pub(super) fn renamed(mut self, rename: impl Fn(&str) -> String) -> Self {
        self.tensors.iter_mut().for_each(|(name, ..)| *name = rename(name));
        self
    }

    /// With one value of the configuration changed.
    pub(super) fn configured(mut self, key: &str, value: Value) -> Self {
        let mut config: Value = serde_json::from_str(&self.others["config.json"]).expect("ours");
        config[key] = value;
        self.others.insert("config.json", config.to_string());
        self
    }

    pub(super) fn write(&self, folder: &Path) {
        fs::create_dir_all(folder).expect("a folder");
        for (name, text) in &self.others {
            fs::write(folder.join(name), text).expect("writable");
        }
        if self.shards == 1 {
            return fs::write(folder.join("model.safetensors"), self.file(0)).expect("writable");
        }
        let mut weight_map = Map::new();
        for shard in 0..self.shards {
            let name = format!("model-{:05}-of-{:05}.safetensors", shard + 1, self.shards);
            weight_map.extend(self.dealt(shard).map(|(tensor, ..)| (tensor.clone(), json!(name))));
            fs::write(folder.join(name), self.file(shard)).expect("writable");
        }
        let index = json!({"metadata": {"total_size": 1}, "weight_map": weight_map});
        fs::write(folder.join("model.safetensors.index.json"), index.to_string()).expect("writable");
    }

    /// Shards are consecutive runs of the tensors.
    fn dealt(&self, shard: usize) -> impl Iterator<Item = &(String, Vec<u32>, Vec<f32>)> {
        self.tensors.chunks(self.tensors.len().div_ceil(self.shards)).nth(shard).into_iter().flatten()
    }

    fn file(&self, shard: usize) -> Vec<u8> {
        let (mut header, mut data) = (Map::new(), Vec::new());
        header.insert("__metadata__".into(), json!({"format": "pt"}));
        for (name, dims, numbers) in self.dealt(shard) {
            let begin = data.len();
            data.extend(numbers.iter().flat_map(|number| self.bytes(*number)));
            let dtype = format!("{:?}", self.dtype).to_uppercase();
            header.insert(name.clone(), json!({"dtype": dtype, "shape": dims, "data_offsets": [begin, data.len()]}));
        }
        let header = Value::Object(header).to_string();
        [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &data].concat()
    }

    fn bytes(&self, number: f32) -> Vec<u8> {
        match self.dtype {
            Dtype::F64 => f64::from(number).to_le_bytes().to_vec(),
            Dtype::F32 => number.to_le_bytes().to_vec(),
            Dtype::F16 => f16_from_f32(number).to_le_bytes().to_vec(),
            Dtype::Bf16 => number.to_le_bytes()[2..].to_vec(),
        }
    }
}

/// What the rows of a variable of CTranslate2 are called at Hugging Face; nothing for its settings.
fn names(variable: &str) -> Vec<String> {
    if ["num_heads", "alignment_heads"].iter().any(|setting| variable.ends_with(setting)) {
        return vec![];
    }
    let (path, leaf) = variable.rsplit_once('/').expect("a path");
    let leaf = match leaf {
        "gamma" | "encodings" => "weight",
        "beta" => "bias",
        other => other,
    };
    let (layer, module) = match path.split_once("/layer_").filter(|(_, rest)| !rest.starts_with("norm")) {
        Some((side, rest)) => {
            let (at, module) = rest.split_once('/').expect("a module");
            (format!("{side}.layers.{at}."), module)
        }
        None => (String::new(), path),
    };
    let modules: &[&str] = match module {
        "encoder/conv1" => &["encoder.conv1"],
        "encoder/conv2" => &["encoder.conv2"],
        "encoder/position_encodings" => &["encoder.embed_positions"],
        "decoder/position_encodings" => &["decoder.embed_positions"],
        "decoder/embeddings" => &["decoder.embed_tokens"],
        "encoder/layer_norm" => &["encoder.layer_norm"],
        "decoder/layer_norm" => &["decoder.layer_norm"],
        "self_attention/linear_0" => &["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
        "self_attention/linear_1" => &["self_attn.out_proj"],
        "self_attention/layer_norm" => &["self_attn_layer_norm"],
        "attention/linear_0" => &["encoder_attn.q_proj"],
        "attention/linear_1" => &["encoder_attn.k_proj", "encoder_attn.v_proj"],
        "attention/linear_2" => &["encoder_attn.out_proj"],
        "attention/layer_norm" => &["encoder_attn_layer_norm"],
        "ffn/linear_0" => &["fc1"],
        "ffn/linear_1" => &["fc2"],
        "ffn/layer_norm" => &["final_layer_norm"],
        other => panic!("{other} is no module of the fixture"),
    };
    modules.iter().map(|module| format!("model.{layer}{module}.{leaf}")).collect()
}
