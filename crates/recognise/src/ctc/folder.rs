use std::path::{Path, PathBuf};

use super::features::BANDS;
use crate::RecogniseError;

/// Names of the network, the best first: in eight bits it is four times smaller and, as published, hears as well.
const NETWORKS: [&str; 6] = [
    "multilingual_ctc.int8.onnx",
    "multilingual_large_ctc.int8.onnx",
    "model.int8.onnx",
    "multilingual_ctc.onnx",
    "multilingual_large_ctc.onnx",
    "model.onnx",
];
const VOCABULARIES: [&str; 2] = ["multilingual_vocab.txt", "vocab.txt"];
const CONFIG: &str = "config.json";
/// The version of GigaAM's features that this engine computes; the one that a config without one means is another.
const FEATURES: &str = "v3";
/// Frames of the features that become one of the output.
pub(super) const SUBSAMPLING: usize = 4;

/// The files of a model in the layout of the public exports for onnx-asr.
#[derive(Debug, PartialEq)]
pub(super) struct Files {
    pub(super) network: PathBuf,
    pub(super) vocabulary: PathBuf,
}

/// What is looked at in `config.json`.
#[derive(serde::Deserialize)]
struct Config {
    version: Option<String>,
    features_size: Option<usize>,
    subsampling_factor: Option<usize>,
}

impl Files {
    /// Finds the files in `folder`, and sees in its `config.json`, if there is one, that the features are ours.
    pub(super) fn find(folder: &Path) -> Result<Files, RecogniseError> {
        let first = |names: &[&str]| {
            let found = names.iter().map(|name| folder.join(name)).find(|path| path.is_file());
            let reason = || format!("the folder has none of {}", names.join(", "));
            found.ok_or_else(|| RecogniseError::Load { path: folder.to_owned(), reason: reason() })
        };
        let files = Files { network: first(&NETWORKS)?, vocabulary: first(&VOCABULARIES)? };
        let config = folder.join(CONFIG);
        if config.is_file() {
            check_config(&config).map_err(|reason| RecogniseError::Load { path: config, reason })?;
        }
        Ok(files)
    }
}

fn check_config(path: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let config: Config = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    // onnx-asr takes a missing version for the features of version 2, which are others.
    let version = config.version.as_deref().unwrap_or("v2");
    if version != FEATURES {
        return Err(format!("it wants the features of GigaAM {version}; only those of {FEATURES} are computed"));
    }
    let expect = |name: &str, value: Option<usize>, ours: usize| match value {
        Some(theirs) if theirs != ours => Err(format!("its {name} is {theirs}, not {ours}")),
        _ => Ok(()),
    };
    expect("features_size", config.features_size, BANDS)?;
    expect("subsampling_factor", config.subsampling_factor, SUBSAMPLING)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with these files, each with its text.
    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).expect("a file");
        }
        folder
    }

    #[test]
    fn eight_bits_are_taken_before_thirty_two_and_the_names_of_the_export_before_plain_ones() {
        let check = |names: &[&str], network: &str, vocabulary: &str| {
            let folder = folder(&names.iter().map(|name| (*name, "")).collect::<Vec<_>>());
            let files = Files::find(folder.path()).expect("all is there");
            assert_eq!(files.network, folder.path().join(network));
            assert_eq!(files.vocabulary, folder.path().join(vocabulary));
        };
        check(&["model.onnx", "vocab.txt"], "model.onnx", "vocab.txt");
        check(&["model.onnx", "model.int8.onnx", "vocab.txt"], "model.int8.onnx", "vocab.txt");
        check(&["multilingual_ctc.onnx", "multilingual_vocab.txt"], "multilingual_ctc.onnx", "multilingual_vocab.txt");
        check(
            &["multilingual_large_ctc.int8.onnx", "multilingual_ctc.onnx", "multilingual_vocab.txt", "vocab.txt"],
            "multilingual_large_ctc.int8.onnx",
            "multilingual_vocab.txt",
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        let check = |names: &[&str], expect: &str| {
            let folder = folder(&names.iter().map(|name| (*name, "")).collect::<Vec<_>>());
            let error = Files::find(folder.path()).expect_err("something is missing").to_string();
            assert!(error.contains(expect), "{error}");
        };
        check(&["vocab.txt"], "none of multilingual_ctc.int8.onnx, ");
        check(&["model.onnx"], "none of multilingual_vocab.txt, vocab.txt");
    }

    #[test]
    fn a_config_of_other_features_is_refused() {
        let find = |config: &str| {
            let folder = folder(&[("model.onnx", ""), ("vocab.txt", ""), ("config.json", config)]);
            Files::find(folder.path()).map_err(|error| error.to_string())
        };
        for good in [
            r#"{"version": "v3", "features_size": 64, "subsampling_factor": 4, "model_type": "any"}"#,
            r#"{"version": "v3"}"#,
        ] {
            find(good).expect(good);
        }
        let check = |config: &str, expect: &str| {
            let error = find(config).expect_err(config);
            assert!(error.contains("config.json") && error.contains(expect), "{error}");
        };
        check(r#"{"version": "v2"}"#, "features of GigaAM v2");
        check("{}", "features of GigaAM v2");
        check(r#"{"version": "v3", "features_size": 80}"#, "features_size is 80, not 64");
        check(r#"{"version": "v3", "subsampling_factor": 8}"#, "subsampling_factor is 8, not 4");
        check("nothing", "expected");
    }
}
