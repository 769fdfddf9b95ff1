//! A tiny CTranslate2 Whisper checkpoint: two layers a side, two heads, a state of 4; but the full vocabulary's
//! size, because that is what tells a multilingual model.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::import::half::f16_from_f32;

pub(super) const STATE: u32 = 4;
pub(super) const HEADS: u32 = 2;
pub(super) const LAYERS: u32 = 2;
pub(super) const VOCABULARY: u32 = 51_865;

/// The tokenizer: three text tokens ("a", " б" and an empty one), then a special one.
pub(super) const TOKENIZER: &str = r#"{"model": {"vocab": {"a": 0, "ĠÐ±": 1, "": 2, "<|endoftext|>": 3}}}"#;

#[derive(Clone, Copy, PartialEq)]
enum Type {
    F32 = 0,
    I8 = 1,
    I16 = 2,
    F16 = 4,
    Bf16 = 5,
}

pub(super) struct Checkpoint {
    kind: String,
    version: u32,
    weights: Type,
    variables: BTreeMap<String, (Vec<u32>, Vec<f32>)>,
    tokenizer: bool,
    cut_to: Option<usize>,
}

impl Checkpoint {
    pub(super) fn half() -> Self {
        Self::stored_as(Type::F16)
    }

    pub(super) fn single() -> Self {
        Self::stored_as(Type::F32)
    }

    pub(super) fn brain() -> Self {
        Self::stored_as(Type::Bf16)
    }

    pub(super) fn int16() -> Self {
        Self::stored_as(Type::I16)
    }

    /// Weights in int8, each row with its scale, and all else in single precision.
    pub(super) fn quantised() -> Self {
        let mut checkpoint = Self::stored_as(Type::I8);
        for (name, (dims, numbers)) in checkpoint.variables.clone() {
            if is_weight(&name) {
                let row = numbers.len() / dims[0] as usize;
                let scale = |row: &[f32]| match row.iter().fold(0f32, |most, number| most.max(number.abs())) {
                    0.0 => 1.0,
                    most => 127.0 / most,
                };
                let scales: Vec<f32> = numbers.chunks(row).map(scale).collect();
                let whole =
                    numbers.chunks(row).zip(&scales).flat_map(|(row, scale)| row.iter().map(move |n| n * scale));
                let whole = whole.map(f32::round_ties_even).collect();
                checkpoint.variables.insert(name.clone(), (dims.clone(), whole));
                checkpoint.variables.insert(format!("{name}_scale"), (vec![dims[0]], scales));
            }
        }
        checkpoint
    }

    fn stored_as(weights: Type) -> Self {
        let mut checkpoint = Checkpoint {
            kind: "WhisperSpec".into(),
            version: 6,
            weights,
            variables: BTreeMap::new(),
            tokenizer: true,
            cut_to: None,
        };
        let d = STATE;
        let mut add = |name: String, dims: &[u32]| checkpoint.put(&name, dims);
        for (name, inner) in [("conv1", 80), ("conv2", d)] {
            add(format!("encoder/{name}/weight"), &[d, inner, 3]);
            add(format!("encoder/{name}/bias"), &[d]);
        }
        add("encoder/position_encodings/encodings".into(), &[10, d]);
        add("decoder/position_encodings/encodings".into(), &[6, d]);
        add("decoder/embeddings/weight".into(), &[VOCABULARY, d]);
        add("decoder/alignment_heads".into(), &[4, 2]);
        for side in ["encoder", "decoder"] {
            let mut norm = |name: String| ["gamma", "beta"].map(|leaf| add(format!("{side}/{name}/{leaf}"), &[d]));
            norm("layer_norm".into());
            for layer in 0..LAYERS {
                norm(format!("layer_{layer}/self_attention/layer_norm"));
                norm(format!("layer_{layer}/ffn/layer_norm"));
                if side == "decoder" {
                    norm(format!("layer_{layer}/attention/layer_norm"));
                }
            }
            for layer in 0..LAYERS {
                let mut linear = |name: &str, out: u32, inner: u32| {
                    add(format!("{side}/layer_{layer}/{name}/weight"), &[out, inner]);
                    add(format!("{side}/layer_{layer}/{name}/bias"), &[out]);
                };
                linear("self_attention/linear_0", 3 * d, d);
                linear("self_attention/linear_1", d, d);
                linear("ffn/linear_0", 4 * d, d);
                linear("ffn/linear_1", d, 4 * d);
                if side == "decoder" {
                    linear("attention/linear_0", d, d);
                    linear("attention/linear_1", 2 * d, d);
                    linear("attention/linear_2", d, d);
                }
            }
        }
        for setting in ["encoder/num_heads", "decoder/num_heads"] {
            checkpoint.variables.insert(setting.into(), (vec![], vec![HEADS as f32]));
        }
        // The keys of Whisper have no bias; the converter stores zeros.
        let row = d as usize;
        for (name, (_, numbers)) in &mut checkpoint.variables {
            if name.ends_with("self_attention/linear_0/bias") {
                numbers[row..2 * row].fill(0.0);
            } else if name.ends_with("/attention/linear_1/bias") {
                numbers[..row].fill(0.0);
            }
        }
        checkpoint
    }

    /// Numbers between -1 and 1 that differ from place to place and variable to variable and are exact in half
    /// precision: multiples of 1/1024.
    fn put(&mut self, name: &str, dims: &[u32]) {
        let count = dims.iter().product::<u32>();
        let seed = name.bytes().fold(7u32, |seed, byte| seed.wrapping_mul(31).wrapping_add(u32::from(byte)));
        let number = |at: u32| (seed.wrapping_add(at).wrapping_mul(2_654_435_761) >> 21) as f32 / 1024.0 - 1.0;
        self.variables.insert(name.into(), (dims.to_vec(), (0..count).map(number).collect()));
    }

    /// The names of all variables, in the order in which they are stored.
    pub(super) fn variables(&self) -> impl Iterator<Item = &str> {
        self.variables.keys().map(String::as_str)
    }

    pub(super) fn numbers(&self, name: &str) -> (&[u32], &[f32]) {
        let (dims, numbers) = &self.variables[name];
        (dims, numbers)
    }

    pub(super) fn with(mut self, name: &str, dims: &[u32]) -> Self {
        self.put(name, dims);
        self
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        self.variables.remove(name).expect("a variable of the fixture");
        self
    }

    pub(super) fn filled(mut self, name: &str, number: f32) -> Self {
        self.variables.get_mut(name).expect("a variable of the fixture").1.fill(number);
        self
    }

    pub(super) fn of_kind(mut self, kind: &str) -> Self {
        self.kind = kind.into();
        self
    }

    pub(super) fn of_version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    pub(super) fn cut_to(mut self, bytes: usize) -> Self {
        self.cut_to = Some(bytes);
        self
    }

    pub(super) fn without_tokenizer(mut self) -> Self {
        self.tokenizer = false;
        self
    }

    pub(super) fn write(&self, folder: &Path) {
        let mut out = Vec::new();
        let string = |out: &mut Vec<u8>, text: &str| {
            out.extend((text.len() as u16 + 1).to_le_bytes());
            out.extend(text.as_bytes());
            out.push(0);
        };
        out.extend(self.version.to_le_bytes());
        string(&mut out, &self.kind);
        out.extend(3u32.to_le_bytes());
        out.extend((self.variables.len() as u32).to_le_bytes());
        for (name, (dims, numbers)) in &self.variables {
            let kind = match self.weights {
                _ if dims.is_empty() => Type::I16,
                Type::I8 | Type::I16 if !is_weight(name) => Type::F32,
                weights => weights,
            };
            let bytes: Vec<u8> = numbers.iter().flat_map(|number| stored(*number, kind)).collect();
            string(&mut out, name);
            out.push(dims.len() as u8);
            dims.iter().for_each(|dim| out.extend(dim.to_le_bytes()));
            out.push(kind as u8);
            out.extend((bytes.len() as u32).to_le_bytes());
            out.extend(bytes);
        }
        if self.variables.contains_key("decoder/projection/weight") {
            out.extend(0u32.to_le_bytes());
        } else {
            out.extend(1u32.to_le_bytes());
            string(&mut out, "decoder/projection/weight");
            string(&mut out, "decoder/embeddings/weight");
        }
        out.truncate(self.cut_to.unwrap_or(usize::MAX));
        fs::create_dir_all(folder).expect("a folder");
        fs::write(folder.join("model.bin"), out).expect("writable");
        if self.tokenizer {
            fs::write(folder.join("tokenizer.json"), TOKENIZER).expect("writable");
        }
    }
}

/// What CTranslate2 quantises: matrices, convolutions and the embedding.
fn is_weight(name: &str) -> bool {
    name.ends_with("/weight")
}

fn stored(number: f32, kind: Type) -> Vec<u8> {
    match kind {
        Type::F32 => number.to_le_bytes().to_vec(),
        Type::F16 => f16_from_f32(number).to_le_bytes().to_vec(),
        Type::Bf16 => ((number.to_bits() >> 16) as u16).to_le_bytes().to_vec(),
        Type::I8 => vec![number as i8 as u8],
        Type::I16 => (number as i16).to_le_bytes().to_vec(),
    }
}
