//! The whole of it, on the tiny models of `tests/fixtures/translate`. That a trimmed model still translates alike is
//! shown where models run, in `crates/server/tests/trim.rs`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::*;

/// The fixtures have so many tokens, of which the last ones are nobody's.
const TOKENS: usize = 320;

fn fixture(family: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/translate").join(family)
}

fn trimmed(from: &Path, out: &Path, options: &TrimOptions) -> Result<Trimmed, String> {
    trim(from, out, options, &mut |_| {}).map_err(|error| error.to_string())
}

/// The files of a folder and of those within.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        if entry.path().is_dir() {
            let inner = contents(&entry.path()).into_iter();
            found.extend(inner.map(|(path, bytes)| (Path::new(&entry.file_name()).join(path), bytes)));
        } else {
            found.insert(entry.file_name().into(), fs::read(entry.path()).expect("readable"));
        }
    }
    found
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for (name, bytes) in contents(from) {
        fs::write(to.join(name), bytes).expect("written");
    }
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).expect("there")).expect("well formed")
}

#[test]
fn each_family_is_cut_to_its_own_tokens() {
    for family in ["bart", "m2m_100", "marian", "t5"] {
        let work = tempfile::tempdir().expect("a temporary folder");
        let (once, twice) = (work.path().join("once"), work.path().join("twice"));
        let before = contents(&fixture(family));
        let first = trimmed(&fixture(family), &once, &TrimOptions::default()).expect(family);
        assert_eq!(contents(&fixture(family)), before, "the source stays as it is");
        assert_eq!(first.tokens[0], TOKENS);
        assert!((280..290).contains(&first.tokens[1]), "{family}: {first:?}");
        assert!(first.bytes[1] < first.bytes[0]);
        assert_eq!(json(&once.join("config.json"))["vocab_size"], first.tokens[1]);

        let second = trimmed(&once, &twice, &TrimOptions::default()).expect(family);
        assert_eq!(second.tokens, [first.tokens[1]; 2]);
        assert!(contents(&once) == contents(&twice), "{family}: nothing is left to trim");
        assert!(!once.join("reference.json").exists());
    }
}

#[test]
fn the_corpus_says_what_is_worth_its_place() {
    let work = tempfile::tempdir().expect("a temporary folder");
    let corpus = work.path().join("corpus.tsv");
    fs::write(&corpus, "Таза ауа мен су\tЧистый воздух и вода\n").expect("written");
    let cut = |name: &str, size| {
        let options = TrimOptions { corpus: vec![corpus.clone()], size };
        trimmed(&fixture("m2m_100"), &work.path().join(name), &options)
    };
    let all = cut("all", None).expect("everything stays");
    assert_eq!(all.covered, Some(1.0));
    let some = cut("some", Some(100)).expect("there is room");
    assert!(some.tokens[1] <= 100 && some.covered.is_some_and(|share| share > 0.9), "{some:?}");
    let error = cut("none", Some(10)).expect_err("the letters alone are more");
    assert!(error.ends_with("of its tokens cannot be done without; ask for no fewer"), "{error}");
    let options = TrimOptions { corpus: vec![work.path().join("missing.txt")], size: None };
    let error = trimmed(&fixture("bart"), &work.path().join("x"), &options).expect_err("there is no such file");
    assert!(error.contains("missing.txt"), "{error}");
}

#[test]
fn what_does_not_fit_is_refused_and_leaves_nothing() {
    let work = tempfile::tempdir().expect("a temporary folder");
    let out = work.path().join("out");
    let refused = |name: &str, change: &dyn Fn(&Path), expect: &str| {
        let folder = work.path().join(name);
        copy(&fixture("m2m_100"), &folder);
        change(&folder);
        let error = trimmed(&folder, &out, &TrimOptions::default()).expect_err(expect);
        assert!(error.contains(expect) && error.starts_with(&folder.display().to_string()), "{error}");
        assert!(!error.contains('\n') && !out.exists());
    };
    let set = |file: &'static str, from: &'static str, to: &'static str| {
        move |folder: &Path| {
            let text = fs::read_to_string(folder.join(file)).expect("text");
            assert!(text.contains(from));
            fs::write(folder.join(file), text.replace(from, to)).expect("written");
        }
    };
    let encoder = "encoder_model.onnx";
    refused("family", &set("config.json", "\"m2m_100\"", "\"whisper\""), "the family \"whisper\" is none of");
    refused("size", &set("config.json", "\"vocab_size\": 320", "\"vocab_size\": 400"), "it has no table of 400 tokens");
    refused("small", &set("config.json", "\"vocab_size\": 320", "\"vocab_size\": 80"), "tokens, but its model only 80");
    refused("kind", &set("tokenizer.json", "\"Unigram\"", "\"WordPiece\""), "of the kind WordPiece");
    let remove = |folder: &Path| fs::remove_file(folder.join(encoder)).expect("it was copied");
    refused("missing", &remove, "it holds no encoder_model*.onnx");
    let shorten = |folder: &Path| {
        let bytes = fs::read(folder.join(encoder)).expect("it was copied");
        fs::write(folder.join(encoder), &bytes[..bytes.len() / 2]).expect("written");
    };
    refused("short", &shorten, "damaged");
    let swap = |folder: &Path| {
        fs::copy(folder.join(encoder), folder.join("decoder_model_merged.onnx")).expect("it was copied");
        fs::write(folder.join(encoder), b"").expect("written");
    };
    refused("empty", &swap, "damaged");
    let names: Vec<_> =
        contents(work.path()).into_keys().filter(|path| path.to_string_lossy().contains("partial")).collect();
    assert!(names.is_empty(), "{names:?}");
}

#[test]
fn the_outcome_needs_a_place_of_its_own() {
    let work = tempfile::tempdir().expect("a temporary folder");
    let folder = work.path().join("model");
    copy(&fixture("bart"), &folder);
    let check = |out: PathBuf, expect: &str| {
        let error = trimmed(&folder, &out, &TrimOptions::default()).expect_err(expect);
        assert!(error.contains(expect), "{error}");
    };
    check(work.path().to_owned(), "is there already; name a new folder");
    check(folder.join("out"), "would lie within it; name a folder elsewhere");
    check(work.path().join("none/out"), "none");
}

#[test]
fn card_and_licence_go_along() {
    let work = tempfile::tempdir().expect("a temporary folder");
    let (folder, out) = (work.path().join("model"), work.path().join("out"));
    copy(&fixture("t5"), &folder);
    for name in ["README.md", "LICENSE", "spiece.model"] {
        fs::write(folder.join(name), name).expect("written");
    }
    trimmed(&folder, &out, &TrimOptions::default()).expect("it is understood");
    assert!(out.join("README.md").is_file() && out.join("LICENSE").is_file());
    assert!(!out.join("spiece.model").exists());
}
