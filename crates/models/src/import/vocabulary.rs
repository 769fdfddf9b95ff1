//! The text tokens of Whisper as raw bytes, out of the files beside a checkpoint.
//!
//! Tokens are written in the byte-level alphabet of GPT-2, in which every byte is a printable character: printable
//! Latin-1 stands for itself, the 68 other bytes, in order, for U+0100 onwards.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

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

/// Reads the tokens of one kind of file, as they are written; the error is a reason.
type Reader = fn(&str) -> Result<Vec<String>, String>;

/// The text tokens in the order of their ids, from `tokenizer.json`, or else from CTranslate2's `vocabulary.json` or
/// `vocabulary.txt`. `limit` is the size of the model's vocabulary, special tokens included.
pub(super) fn read(folder: &Path, limit: u32) -> Result<Vec<Vec<u8>>, Error> {
    let readers: [(&str, Reader); 3] =
        [("tokenizer.json", from_tokenizer), ("vocabulary.json", from_list), ("vocabulary.txt", from_lines)];
    for (name, read) in readers {
        let path = folder.join(name);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(Error::io(&path)(error)),
        };
        let decode = |tokens: Vec<String>| tokens.iter().map(|token| raw_bytes(token)).collect();
        let tokens: Vec<Vec<u8>> = read(&text).and_then(decode).map_err(|reason| Error::import(&path, reason))?;
        if tokens.is_empty() || tokens.len() >= limit as usize {
            let reason = format!("it has {} text tokens, the model {limit} tokens in all", tokens.len());
            return Err(Error::import(&path, reason));
        }
        return Ok(tokens);
    }
    Err(Error::import(folder, "there is no tokenizer.json beside the model; take it from where the model comes from"))
}

fn from_tokenizer(text: &str) -> Result<Vec<String>, String> {
    let tokenizer: Tokenizer = serde_json::from_str(text).map_err(|error| format!("it is no tokenizer ({error})"))?;
    let added = tokenizer.added_tokens.iter().find(|token| token.content == END_OF_TEXT).map(|token| token.id);
    let Some(count) = added.or_else(|| tokenizer.model.vocab.get(END_OF_TEXT).copied()) else {
        return Err(no_end());
    };
    let mut tokens = vec![None; count.min(tokenizer.model.vocab.len())];
    for (token, id) in tokenizer.model.vocab {
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
    fn the_three_files_give_the_same_tokens() {
        let expected = Ok(vec!["a".to_owned(), "Ġb".to_owned(), String::new()]);
        let tokenizer = r#"{"model": {"vocab": {"Ġb": 1, "a": 0, "": 2, "<|endoftext|>": 3}}, "added_tokens": []}"#;
        assert_eq!(from_tokenizer(tokenizer), expected);
        let added = r#"{"model": {"vocab": {"Ġb": 1, "a": 0, "": 2}},
                        "added_tokens": [{"id": 3, "content": "<|endoftext|>"}]}"#;
        assert_eq!(from_tokenizer(added), expected);
        assert_eq!(from_list(r#"["a", "Ġb", "", "<|endoftext|>", "<|startoftranscript|>"]"#), expected);
        assert_eq!(from_lines("a\nĠb\n\n<|endoftext|>\n<|startoftranscript|>\n"), expected);
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
        check(from_list(r#"["a"]"#), "no token <|endoftext|>");
        check(from_lines("a\nb\n"), "no token <|endoftext|>");
    }
}
