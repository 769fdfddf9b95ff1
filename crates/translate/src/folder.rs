use std::path::{Path, PathBuf};

use crate::TranslateError;

/// Which weights to take where a folder holds several; the others serve where the wanted ones are missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Precision {
    /// `*_quantized.onnx`: 8-bit integers, the fastest on a processor.
    #[default]
    Int8,
    /// `*.onnx`: 32-bit floats.
    Fp32,
    /// `*_fp16.onnx`: 16-bit floats, for graphics processors. Its inputs and outputs must be 32-bit floats all the
    /// same (`keep_io_types` in the conversion).
    Fp16,
}

impl Precision {
    fn suffix(self) -> &'static str {
        match self {
            Precision::Int8 => "_quantized",
            Precision::Fp32 => "",
            Precision::Fp16 => "_fp16",
        }
    }

    /// This one first, then the others.
    fn with_substitutes(self) -> [Precision; 3] {
        match self {
            Precision::Int8 => [Precision::Int8, Precision::Fp32, Precision::Fp16],
            Precision::Fp32 => [Precision::Fp32, Precision::Int8, Precision::Fp16],
            Precision::Fp16 => [Precision::Fp16, Precision::Fp32, Precision::Int8],
        }
    }
}

/// Where the parts of a model lie.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ModelFiles {
    pub(crate) folder: PathBuf,
    pub(crate) config: PathBuf,
    pub(crate) generation_config: Option<PathBuf>,
    pub(crate) tokenizer: PathBuf,
    pub(crate) encoder: PathBuf,
    pub(crate) decoder: DecoderFiles,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum DecoderFiles {
    /// One graph with a branch for the first step and one for the others: half the memory of the split form.
    Merged(PathBuf),
    Split {
        first: PathBuf,
        next: PathBuf,
    },
}

impl ModelFiles {
    /// Finds the parts in `folder` and its subfolder `onnx`, where some exports keep the graphs.
    pub(crate) fn find(folder: &Path, precision: Precision) -> Result<ModelFiles, TranslateError> {
        let missing = |wanted: &str| TranslateError::Missing { folder: folder.to_owned(), wanted: wanted.to_owned() };
        let plain = |name: &str| Some(folder.join(name)).filter(|path| path.is_file());
        let graph = |stem: &str| {
            let names = precision.with_substitutes().map(|p| format!("{stem}{}.onnx", p.suffix()));
            let places = names.iter().flat_map(|name| [folder.join("onnx").join(name), folder.join(name)]);
            places.into_iter().find(|path| path.is_file()).ok_or(names.join(" or "))
        };

        let config = plain("config.json").ok_or_else(|| missing("config.json"))?;
        let tokenizer = plain("tokenizer.json").ok_or_else(|| missing("tokenizer.json"))?;
        let encoder = graph("encoder_model").map_err(|wanted| missing(&wanted))?;
        let decoder = match graph("decoder_model_merged") {
            Ok(path) => DecoderFiles::Merged(path),
            Err(merged) => match (graph("decoder_model"), graph("decoder_with_past_model")) {
                (Ok(first), Ok(next)) => DecoderFiles::Split { first, next },
                // Half of a split decoder is there: the other half is what the operator must look for.
                (Ok(_), Err(wanted)) | (Err(wanted), Ok(_)) => return Err(missing(&wanted)),
                (Err(_), Err(_)) => return Err(missing(&merged)),
            },
        };
        let generation_config = plain("generation_config.json");
        Ok(ModelFiles { folder: folder.to_owned(), config, generation_config, tokenizer, encoder, decoder })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[&str], precision: Precision, expect: Result<[&str; 2], &str>) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("onnx")).expect("a folder");
        for file in files {
            std::fs::write(folder.path().join(file), "").expect(file);
        }
        let name = |path: PathBuf| path.strip_prefix(folder.path()).expect("inside").display().to_string();
        let found = ModelFiles::find(folder.path(), precision).map(|found| {
            let decoder = match found.decoder {
                DecoderFiles::Merged(path) => name(path),
                DecoderFiles::Split { first, next } => format!("{} {}", name(first), name(next)),
            };
            [name(found.encoder), decoder]
        });
        let found = found.map_err(|e| e.to_string().replace(&folder.path().display().to_string(), "X"));
        match expect {
            Ok(expect) => assert_eq!(found, Ok(expect.map(str::to_owned))),
            Err(expect) => assert!(found.as_ref().is_err_and(|e| e.starts_with(expect)), "{found:?}"),
        }
    }

    #[test]
    fn the_wanted_precision_comes_first_and_the_others_serve() {
        let both = [
            "config.json",
            "tokenizer.json",
            "onnx/encoder_model.onnx",
            "onnx/encoder_model_quantized.onnx",
            "onnx/decoder_model_merged_quantized.onnx",
        ];
        let quantised = "onnx/decoder_model_merged_quantized.onnx";
        check(&both, Precision::Int8, Ok(["onnx/encoder_model_quantized.onnx", quantised]));
        check(&both, Precision::Fp32, Ok(["onnx/encoder_model.onnx", quantised]));
        check(&both, Precision::Fp16, Ok(["onnx/encoder_model.onnx", quantised]));
    }

    #[test]
    fn a_merged_decoder_is_preferred_and_a_split_one_serves() {
        let split = ["config.json", "tokenizer.json", "encoder_model.onnx", "decoder_model.onnx"];
        let with = |more: &[&'static str]| [&split[..], more].concat();
        check(
            &with(&["decoder_with_past_model.onnx"]),
            Precision::Int8,
            Ok(["encoder_model.onnx", "decoder_model.onnx decoder_with_past_model.onnx"]),
        );
        check(
            &with(&["decoder_with_past_model.onnx", "decoder_model_merged.onnx"]),
            Precision::Int8,
            Ok(["encoder_model.onnx", "decoder_model_merged.onnx"]),
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        let check = |count: usize, expect: &str| {
            let files = ["config.json", "tokenizer.json", "encoder_model.onnx", "decoder_model.onnx"];
            check(&files[..count], Precision::Int8, Err(expect));
        };
        check(0, "X holds no config.json: pull");
        check(1, "X holds no tokenizer.json: pull");
        check(2, "X holds no encoder_model_quantized.onnx or encoder_model.onnx or encoder_model_fp16.onnx: pull");
        check(3, "X holds no decoder_model_merged_quantized.onnx or");
        check(4, "X holds no decoder_with_past_model_quantized.onnx or");
    }
}
