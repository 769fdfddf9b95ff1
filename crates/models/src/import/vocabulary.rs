//! The text tokens of Whisper as raw bytes, out of the files beside a checkpoint.
//!
//! Tokens are written in the byte-level alphabet of GPT-2, in which every byte is a printable character: printable
//! Latin-1 stands for itself, the 68 other bytes, in order, for U+0100 onwards.

use std::collections::HashMap;
use std::path::Path;
use std::{fs, io};

use serde::Deserialize;

use crate::error::Error;

/// The first special token. All text tokens come before it, and whisper.cpp adds the special ones itself.
const END_OF_TEXT: &str = "<|endoftext|>";

/// The part of a Hugging Face `tokenizer.json` that matters here.
#[derive(Deserialize)]
struct Tokenizer {
    model: TokenizerModel,
    #[serde(default)]
    added_tokens: Vec<AddedToken>,
}

#[derive(Deserialize)]
struct TokenizerModel {
    vocab: HashMap<String, usize>,
}

#[derive(Deserialize)]
struct AddedToken {
    id: usize,
    content: String,
}

/// The part of a `tokenizer_config.json` that matters here: the special tokens by their numbers, written as text.
#[derive(Deserialize)]
struct TokenizerConfig {
    added_tokens_decoder: HashMap<String, SpecialToken>,
}

#[derive(Deserialize)]
struct SpecialToken {
    content: String,
}

/// Reads the tokens out of the text of a file, as they are written, with the help of other files in the folder; the
/// error is a reason.
type Reader = fn(&str, &Path) -> Result<Vec<String>, String>;

/// The files that can hold the tokens, the first that is there being taken: `tokenizer.json`; Hugging Face's older
/// `vocab.json`; CTranslate2's `vocabulary.json` or `vocabulary.txt`.
const READERS: [(&str, Reader); 4] = [
    ("tokenizer.json", |text, _| from_tokenizer(text)),
    ("vocab.json", |text, folder| from_ids(text, added_end(folder))),
    ("vocabulary.json", |text, _| from_list(text)),
    ("vocabulary.txt", |text, _| from_lines(text)),
];

/// The text tokens in the order of their ids. `limit` is the size of the model's vocabulary, special tokens included.
pub(super) fn read(folder: &Path, limit: u32) -> Result<Vec<Vec<u8>>, Error> {
    for (name, read) in READERS {
        let path = folder.join(name);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(Error::io(&path)(error)),
        };
        let decode = |tokens: Vec<String>| tokens.iter().map(|token| raw_bytes(token)).collect();
        let tokens: Vec<Vec<u8>> =
            read(&text, folder).and_then(decode).map_err(|reason| Error::import(&path, reason))?;
        if tokens.is_empty() || tokens.len() >= limit as usize {
            let reason = format!("it has {} text tokens, the model {limit} tokens in all", tokens.len());
            return Err(Error::import(&path, reason));
        }
        return Ok(tokens);
    }
    let reason = "there is no tokenizer.json beside the model; take it from where the model comes from, or the one that \
                  it was tuned from";
    Err(Error::import(folder, reason))
}

fn from_tokenizer(text: &str) -> Result<Vec<String>, String> {
    let tokenizer: Tokenizer = serde_json::from_str(text).map_err(|error| format!("it is no tokenizer ({error})"))?;
    let added = tokenizer.added_tokens.iter().find(|token| token.content == END_OF_TEXT).map(|token| token.id);
    in_order(tokenizer.model.vocab, added)
}

fn from_ids(text: &str, added: Option<usize>) -> Result<Vec<String>, String> {
    let ids = serde_json::from_str(text).map_err(|error| format!("it does not number tokens ({error})"))?;
    in_order(ids, added)
}

/// The number of the first special token by the files that `vocab.json` leaves it to: `added_tokens.json`, or since
/// Transformers 4.34 `tokenizer_config.json`.
fn added_end(folder: &Path) -> Option<usize> {
    let text = |name: &str| fs::read_to_string(folder.join(name)).ok();
    let numbers = || serde_json::from_str::<HashMap<String, usize>>(&text("added_tokens.json")?).ok();
    let config = || serde_json::from_str::<TokenizerConfig>(&text("tokenizer_config.json")?).ok();
    let in_config = || {
        let mut decoder = config()?.added_tokens_decoder.into_iter();
        decoder.find(|(_, token)| token.content == END_OF_TEXT).and_then(|(id, _)| id.parse().ok())
    };
    numbers().and_then(|numbers| numbers.get(END_OF_TEXT).copied()).or_else(in_config)
}

/// The tokens before the first special one, whose number `added` is where the vocabulary itself does not have it.
fn in_order(vocabulary: HashMap<String, usize>, added: Option<usize>) -> Result<Vec<String>, String> {
    let Some(count) = added.or_else(|| vocabulary.get(END_OF_TEXT).copied()) else {
        return Err(no_end());
    };
    let mut tokens = vec![None; count.min(vocabulary.len())];
    for (token, id) in vocabulary {
        if let Some(place) = tokens.get_mut(id) {
            *place = Some(token);
        }
    }
    let hole = |at| format!("it has no token number {at}");
    tokens.into_iter().enumerate().map(|(at, token)| token.ok_or_else(|| hole(at))).collect()
}

fn from_list(text: &str) -> Result<Vec<String>, String> {
    let list: Vec<String> = serde_json::from_str(text).map_err(|error| format!("it is no list of tokens ({error})"))?;
    up_to_end(list.into_iter())
}

fn from_lines(text: &str) -> Result<Vec<String>, String> {
    up_to_end(text.lines().map(str::to_owned))
}

fn up_to_end(mut tokens: impl Iterator<Item = String>) -> Result<Vec<String>, String> {
    let mut found = false;
    let text_tokens = tokens.by_ref().take_while(|token| {
        found = token == END_OF_TEXT;
        !found
    });
    let text_tokens = text_tokens.collect();
    if found { Ok(text_tokens) } else { Err(no_end()) }
}

fn no_end() -> String {
    format!("it has no token {END_OF_TEXT}, so it is not Whisper's")
}

/// Undoes the byte-level alphabet.
fn raw_bytes(token: &str) -> Result<Vec<u8>, String> {
    token
        .chars()
        .map(|c| byte_of(c).ok_or_else(|| format!("the token {token:?} is not in the byte-level alphabet")))
        .collect()
}

fn byte_of(c: char) -> Option<u8> {
    let stands_for_itself = |byte: u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    match u32::from(c) {
        code @ 0..=0xff => Some(code as u8).filter(|byte| stands_for_itself(*byte)),
        code => (0..=0xff).filter(|byte| !stands_for_itself(*byte)).nth(code as usize - 0x100),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alphabet_gives_every_byte_once() {
        let mut bytes: Vec<u8> = (0..0x200).filter_map(char::from_u32).filter_map(byte_of).collect();
        bytes.sort_unstable();
        assert_eq!(bytes, (0..=0xff).collect::<Vec<u8>>());
    }

    #[test]
    fn tokens_become_the_bytes_they_stand_for() {
        for (token, bytes) in [
            ("the", "the".as_bytes()),
            ("Ġдом".replace("дом", "Ð´Ð¾Ð¼").as_str(), " дом".as_bytes()),
            ("Ċ", b"\n"),
            ("", b""),
        ] {
            assert_eq!(raw_bytes(token).as_deref(), Ok(bytes), "{token}");
        }
        assert!(raw_bytes("日").is_err());
    }

    #[test]
    fn all_files_give_the_same_tokens() {
        let expected = Ok(vec!["a".to_owned(), "Ġb".to_owned(), String::new()]);
        let tokenizer = r#"{"model": {"vocab": {"Ġb": 1, "a": 0, "": 2, "<|endoftext|>": 3}}, "added_tokens": []}"#;
        assert_eq!(from_tokenizer(tokenizer), expected);
        let added = r#"{"model": {"vocab": {"Ġb": 1, "a": 0, "": 2}},
                        "added_tokens": [{"id": 3, "content": "<|endoftext|>"}]}"#;
        assert_eq!(from_tokenizer(added), expected);
        let ids = r#"{"Ġb": 1, "": 2, "a": 0}"#;
        assert_eq!(from_ids(&ids.replace('}', r#", "<|endoftext|>": 3}"#), None), expected);
        assert_eq!(from_ids(ids, Some(3)), expected);
        assert_eq!(from_list(r#"["a", "Ġb", "", "<|endoftext|>", "<|startoftranscript|>"]"#), expected);
        assert_eq!(from_lines("a\nĠb\n\n<|endoftext|>\n<|startoftranscript|>\n"), expected);
    }

    #[test]
    fn older_tokenizers_keep_their_special_tokens_in_other_files() {
        let check = |name: &str, text: &str, expect: Option<usize>| {
            let folder = tempfile::tempdir().expect("a folder");
            fs::write(folder.path().join(name), text).expect("writable");
            assert_eq!(added_end(folder.path()), expect, "{name}: {text}");
        };
        check("added_tokens.json", r#"{"<|0.00|>": 50365, "<|endoftext|>": 50257}"#, Some(50_257));
        check("added_tokens.json", r#"{"<pad>": 1}"#, None);
        check("added_tokens.json", "[]", None);
        let config = r#"{"added_tokens_decoder": {"50256": {"content": "", "special": true},
                         "50257": {"content": "<|endoftext|>", "special": true}}, "bos_token": "<|endoftext|>"}"#;
        check("tokenizer_config.json", config, Some(50_257));
        check("tokenizer_config.json", &config.replace("50257", "x"), None);
        check("tokenizer_config.json", "{}", None);
        check("notes.json", config, None);
    }

    #[test]
    fn other_tokenizers_are_refused_with_a_reason() {
        let check = |result: Result<Vec<String>, String>, expect: &str| {
            let reason = result.expect_err(expect);
            assert!(reason.contains(expect), "{reason}");
        };
        check(from_tokenizer("[]"), "no tokenizer");
        check(from_tokenizer(r#"{"model": {"vocab": {"a": 0}}}"#), "no token <|endoftext|>");
        check(from_tokenizer(r#"{"model": {"vocab": {"a": 0, "<|endoftext|>": 2}}}"#), "no token number 1");
        check(from_ids("[]", None), "does not number tokens");
        check(from_ids(r#"{"a": 0}"#, None), "no token <|endoftext|>");
        check(from_ids(r#"{"a": 0, "b": 2}"#, Some(50_257)), "no token number 1");
        check(from_list(r#"["a"]"#), "no token <|endoftext|>");
        check(from_lines("a\nb\n"), "no token <|endoftext|>");
    }
}
