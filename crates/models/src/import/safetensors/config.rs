//! The `config.json` beside the weights: what model they are of, and its sizes.

use std::fs;
use std::io;
use std::path::Path;

use serde::Deserialize;

use crate::error::Error;
use crate::import::ggml::Shape;

const NAME: &str = "config.json";
/// A size beyond this is an error of the file; 51866, of the vocabulary, is the largest of any Whisper.
const LARGEST: u32 = 1 << 20;

/// The kind of model, such as `whisper`, by the `config.json` in a folder; `None` if there is no such file, or it does
/// not say.
pub(in crate::import) fn model_type(folder: &Path) -> Result<Option<String>, Error> {
    #[derive(Deserialize)]
    struct Kind {
        model_type: Option<String>,
    }
    let path = folder.join(NAME);
    match fs::read_to_string(&path) {
        Ok(text) => parsed::<Kind>(&text).map(|kind| kind.model_type).map_err(|reason| Error::import(&path, reason)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io(&path)(error)),
    }
}

/// The sizes that the `config.json` in a folder gives.
pub(super) fn shape(folder: &Path) -> Result<Shape, Error> {
    let path = folder.join(NAME);
    let text = fs::read_to_string(&path).map_err(Error::io(&path))?;
    parsed::<Config>(&text).and_then(|config| config.shape()).map_err(|reason| Error::import(&path, reason))
}

/// The part of the configuration that whisper.cpp wants to know, or that could make a model that it cannot run.
#[derive(Deserialize)]
struct Config {
    vocab_size: u32,
    num_mel_bins: u32,
    d_model: u32,
    max_source_positions: u32,
    encoder_layers: u32,
    encoder_attention_heads: u32,
    max_target_positions: u32,
    decoder_layers: u32,
    decoder_attention_heads: u32,
    activation_function: Option<String>,
    scale_embedding: Option<bool>,
}

impl Config {
    fn shape(&self) -> Result<Shape, String> {
        let sizes = [
            ("vocab_size", self.vocab_size),
            ("num_mel_bins", self.num_mel_bins),
            ("d_model", self.d_model),
            ("max_source_positions", self.max_source_positions),
            ("encoder_layers", self.encoder_layers),
            ("encoder_attention_heads", self.encoder_attention_heads),
            ("max_target_positions", self.max_target_positions),
            ("decoder_layers", self.decoder_layers),
            ("decoder_attention_heads", self.decoder_attention_heads),
        ];
        if let Some((key, size)) = sizes.into_iter().find(|(_, size)| !(1..=LARGEST).contains(size)) {
            return Err(format!("its {key} is {size}, which no Whisper has"));
        }
        if let Some(other) = self.activation_function.as_ref().filter(|function| *function != "gelu") {
            return Err(format!("its activation_function is {other:?}; whisper.cpp has gelu"));
        }
        if self.scale_embedding == Some(true) {
            return Err("its scale_embedding is true; whisper.cpp does not scale".into());
        }
        Ok(Shape {
            vocabulary: self.vocab_size,
            audio_context: self.max_source_positions,
            audio_state: self.d_model,
            audio_heads: self.encoder_attention_heads,
            audio_layers: self.encoder_layers,
            text_context: self.max_target_positions,
            text_state: self.d_model,
            text_heads: self.decoder_attention_heads,
            text_layers: self.decoder_layers,
            mels: self.num_mel_bins,
        })
    }
}

fn parsed<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| format!("it is no configuration of a Whisper ({error})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sizes of Whisper large-v3, with more keys, as a real file has them.
    const LARGE: &str = r#"{"model_type": "whisper", "architectures": ["WhisperForConditionalGeneration"],
        "vocab_size": 51866, "num_mel_bins": 128, "d_model": 1280, "max_source_positions": 1500,
        "encoder_layers": 32, "encoder_attention_heads": 20, "max_target_positions": 448, "decoder_layers": 32,
        "decoder_attention_heads": 20, "activation_function": "gelu", "scale_embedding": false, "dropout": 0.0}"#;

    #[test]
    fn the_sizes_of_large_v3_are_read() {
        let shape = parsed::<Config>(LARGE).and_then(|config| config.shape());
        let expect = Shape {
            vocabulary: 51_866,
            audio_context: 1500,
            audio_state: 1280,
            audio_heads: 20,
            audio_layers: 32,
            text_context: 448,
            text_state: 1280,
            text_heads: 20,
            text_layers: 32,
            mels: 128,
        };
        assert_eq!(shape, Ok(expect));
    }

    #[test]
    fn what_whisper_cpp_cannot_run_is_refused() {
        let check = |from: &str, to: &str, expect: &str| {
            assert!(LARGE.contains(from), "{from}");
            let reason = parsed::<Config>(&LARGE.replace(from, to)).and_then(|config| config.shape());
            let reason = reason.expect_err(expect);
            assert!(reason.contains(expect), "{reason}");
        };
        check(r#""d_model": 1280,"#, "", "missing field `d_model`");
        check(r#""d_model": 1280"#, r#""d_model": -1"#, "no configuration of a Whisper");
        check(r#""d_model": 1280"#, r#""d_model": 4294967295"#, "its d_model is 4294967295, which no Whisper has");
        check(r#""encoder_layers": 32"#, r#""encoder_layers": 0"#, "its encoder_layers is 0");
        check("\"gelu\"", "\"relu\"", "its activation_function is \"relu\"");
        check("false", "true", "its scale_embedding is true");
    }
}
