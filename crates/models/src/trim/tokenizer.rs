//! `tokenizer.json`: its pieces, and the same file with fewer of them.
//!
//! A text whose pieces all stay is still cut into the same pieces. With a Unigram model that is plain: the likeliest way
//! to cut a text is among fewer ways, but is still there. With a BPE model pieces grow from their parts, so the parts of
//! each kept piece stay too, and the merges keep their order: each step takes the merge that it took before.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::error::Error;

/// A vocabulary, by id.
pub(super) struct Vocabulary {
    json: Value,
    kind: Kind,
    /// The model's pieces.
    pub(super) pieces: Vec<(u32, String)>,
    /// The tokens that stand beside the model: marks of languages, ends, padding.
    pub(super) added: Vec<u32>,
    /// The id that the model gives to what it cannot write.
    pub(super) unknown: Option<u32>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Unigram,
    Bpe,
}

impl Vocabulary {
    pub(super) fn read(path: &Path) -> Result<Vocabulary, Error> {
        let text = fs::read_to_string(path).map_err(Error::io(path))?;
        let json = serde_json::from_str(&text).map_err(|e| Error::trim(path, format!("it is no JSON ({e})")))?;
        Vocabulary::of(json).map_err(|reason| Error::trim(path, reason))
    }

    fn of(json: Value) -> Result<Vocabulary, String> {
        let model = &json["model"];
        // Old files do not say what they are.
        let (kind, pieces) = match (model["type"].as_str(), &model["vocab"]) {
            (Some("Unigram") | None, Value::Array(vocab)) => {
                let pieces = vocab.iter().zip(0..).map(|(entry, id)| Some((id, entry[0].as_str()?.to_owned())));
                (Kind::Unigram, pieces.collect::<Option<Vec<_>>>())
            }
            (Some("BPE") | None, Value::Object(vocab)) if model["merges"].is_array() => {
                let pieces = vocab.iter().map(|(piece, id)| Some((id_in(id)?, piece.clone())));
                (Kind::Bpe, pieces.collect::<Option<Vec<_>>>())
            }
            (kind, _) => {
                let kind = kind.unwrap_or("unknown");
                return Err(format!("its tokenizer is of the kind {kind}; Unigram and BPE vocabularies are trimmed"));
            }
        };
        if is_byte_level(&json) {
            return Err("its tokenizer cuts bytes, not letters; a vocabulary of letters is needed".to_owned());
        }
        let mut pieces = pieces.ok_or("its vocabulary is damaged")?;
        pieces.sort();
        let unknown = match kind {
            Kind::Unigram => id_in(&model["unk_id"]),
            Kind::Bpe => model["unk_token"].as_str().and_then(|unk| id_in(&model["vocab"][unk])),
        };
        let added = json["added_tokens"].as_array().into_iter().flatten();
        let added = added.map(|token| id_in(&token["id"])).collect::<Option<_>>().ok_or("its added tokens lack ids")?;
        Ok(Vocabulary { kind, pieces, added, unknown, json })
    }

    /// The highest id and one.
    pub(super) fn size(&self) -> u32 {
        let ids = self.pieces.iter().map(|(id, _)| id).chain(&self.added);
        ids.max().map_or(0, |highest| highest + 1)
    }

    /// With each piece, the pieces that it grows from.
    pub(super) fn with_parts(&self, wanted: impl IntoIterator<Item = u32>) -> BTreeSet<u32> {
        let parts = if self.kind == Kind::Bpe { self.parts() } else { HashMap::new() };
        let mut kept = BTreeSet::new();
        let mut left: Vec<u32> = wanted.into_iter().collect();
        while let Some(id) = left.pop() {
            if kept.insert(id) {
                left.extend(parts.get(&id).into_iter().flatten());
            }
        }
        kept
    }

    /// By id: the ids of all pieces from which some merge makes it.
    pub(super) fn parts(&self) -> HashMap<u32, Vec<u32>> {
        let mut parts: HashMap<u32, Vec<u32>> = HashMap::new();
        for merge in self.json["model"]["merges"].as_array().into_iter().flatten() {
            if let Some([first, second, whole]) = self.merged(merge) {
                parts.entry(whole).or_default().extend([first, second]);
            }
        }
        parts
    }

    /// The ids of a merge's parts and of what it makes.
    fn merged(&self, merge: &Value) -> Option<[u32; 3]> {
        let vocab = &self.json["model"]["vocab"];
        let (first, second) = match merge {
            Value::String(text) => text.split_once(' ')?,
            Value::Array(parts) => (parts.first()?.as_str()?, parts.get(1)?.as_str()?),
            _ => return None,
        };
        // A prefix that says "not at the beginning of a word" is written once.
        let prefix = self.json["model"]["continuing_subword_prefix"].as_str().unwrap_or_default();
        let whole = format!("{first}{}", second.strip_prefix(prefix).unwrap_or(second));
        Some([id_in(&vocab[first])?, id_in(&vocab[second])?, id_in(&vocab[whole])?])
    }

    /// The file with the kept pieces alone, in their order; `renumber` tells the ids of these from their old ones.
    pub(super) fn cut(mut self, renumber: &impl Fn(u32) -> Option<u32>) -> Value {
        let kept: Vec<(u32, String)> =
            self.pieces.iter().filter_map(|(id, piece)| Some((renumber(*id)?, piece.clone()))).collect();
        match self.kind {
            Kind::Unigram => {
                if let Some(vocab) = self.json["model"]["vocab"].as_array_mut() {
                    let mut id = 0..;
                    vocab.retain(|_| id.next().and_then(renumber).is_some());
                }
                if let Some(unknown) = self.unknown {
                    self.json["model"]["unk_id"] = json!(renumber(unknown));
                }
            }
            Kind::Bpe => {
                let merges = self.json["model"]["merges"].take();
                let is_kept =
                    |merge: &Value| self.merged(merge).is_some_and(|ids| ids.iter().all(|id| renumber(*id).is_some()));
                let merges = merges.as_array().into_iter().flatten().filter(|merge| is_kept(merge)).cloned();
                let merges: Vec<Value> = merges.collect();
                let vocab = kept.into_iter().map(|(id, piece)| (piece, json!(id)));
                self.json["model"]["vocab"] = Value::Object(vocab.collect());
                self.json["model"]["merges"] = Value::Array(merges);
            }
        }
        for token in self.json["added_tokens"].as_array_mut().into_iter().flatten() {
            renumber_in_place(&mut token["id"], renumber);
        }
        if self.json["padding"].is_object() {
            renumber_in_place(&mut self.json["padding"]["pad_id"], renumber);
        }
        renumber_frames(&mut self.json["post_processor"], renumber);
        self.json
    }
}

/// The ids of what a tokenizer puts around a text: `{"id": "</s>", "ids": [2], …}` of templates, and `["</s>", 2]`.
fn renumber_frames(frames: &mut Value, renumber: &impl Fn(u32) -> Option<u32>) {
    match frames {
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), value) {
                    ("ids", Value::Array(ids)) => ids.iter_mut().for_each(|id| renumber_in_place(id, renumber)),
                    ("sep" | "cls", Value::Array(pair)) if pair.len() == 2 => {
                        renumber_in_place(&mut pair[1], renumber);
                    }
                    (_, value) => renumber_frames(value, renumber),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| renumber_frames(value, renumber)),
        _ => {}
    }
}

fn renumber_in_place(id: &mut Value, renumber: &impl Fn(u32) -> Option<u32>) {
    if let Some(new) = id_in(id).and_then(renumber) {
        *id = json!(new);
    }
}

pub(super) fn id_in(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|id| u32::try_from(id).ok())
}

fn is_byte_level(json: &Value) -> bool {
    let is_it = |part: &Value| part["type"] == "ByteLevel";
    let part = |name: &str, inner: &str| {
        let part = &json[name];
        is_it(part) || part[inner].as_array().is_some_and(|parts| parts.iter().any(is_it))
    };
    part("pre_tokenizer", "pretokenizers") || part("decoder", "decoders")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bpe() -> Value {
        json!({
            "added_tokens": [{"id": 0, "content": "</s>"}, {"id": 9, "content": "kaz_Cyrl"}],
            "padding": {"pad_id": 9},
            "post_processor": {"type": "TemplateProcessing", "special_tokens":
                {"kaz_Cyrl": {"id": "kaz_Cyrl", "ids": [9], "tokens": ["kaz_Cyrl"]}}},
            "model": {"type": "BPE", "unk_token": "<unk>",
                "vocab": {"</s>": 0, "<unk>": 1, "а": 2, "b": 3, "l": 4, "ал": 5, "л": 6, "bl": 7, "алл": 8},
                "merges": ["а л", ["b", "l"], "ал л"]},
        })
    }

    #[test]
    fn a_piece_brings_its_parts() {
        let vocabulary = Vocabulary::of(bpe()).expect("it is understood");
        assert_eq!(vocabulary.with_parts([8, 3]), BTreeSet::from([2, 3, 5, 6, 8]));
        assert_eq!((vocabulary.unknown, vocabulary.size()), (Some(1), 10));
    }

    #[test]
    fn merges_go_with_their_pieces_and_ids_close_up() {
        let kept = [0, 1, 2, 5, 6, 8, 9];
        let renumber = |id: u32| kept.iter().position(|old| *old == id).map(|new| new as u32);
        let cut = Vocabulary::of(bpe()).expect("it is understood").cut(&renumber);
        assert_eq!(cut["model"]["vocab"], json!({"</s>": 0, "<unk>": 1, "а": 2, "ал": 3, "л": 4, "алл": 5}));
        assert_eq!(cut["model"]["merges"], json!(["а л", "ал л"]));
        assert_eq!(cut["added_tokens"][1]["id"], 6);
        assert_eq!(cut["padding"]["pad_id"], 6);
        assert_eq!(cut["post_processor"]["special_tokens"]["kaz_Cyrl"]["ids"], json!([6]));
    }

    #[test]
    fn a_unigram_vocabulary_is_its_own_numbering() {
        let unigram = json!({
            "added_tokens": [{"id": 1, "content": "</s>"}],
            "post_processor": {"type": "RobertaProcessing", "sep": ["</s>", 1], "cls": ["x", 3]},
            "model": {"unk_id": 3, "vocab": [["中", 0.0], ["</s>", 0.0], ["а", -1.0], ["<unk>", 0.0]]},
        });
        let vocabulary = Vocabulary::of(unigram).expect("it is understood");
        assert_eq!(vocabulary.with_parts([2]), BTreeSet::from([2]));
        let cut = vocabulary.cut(&|id| id.checked_sub(1));
        assert_eq!(cut["model"]["vocab"], json!([["</s>", 0.0], ["а", -1.0], ["<unk>", 0.0]]));
        assert_eq!((&cut["model"]["unk_id"], &cut["added_tokens"][0]["id"]), (&json!(2), &json!(0)));
        assert_eq!(cut["post_processor"]["sep"], json!(["</s>", 0]));
    }

    #[test]
    fn other_kinds_are_refused() {
        let check = |json: Value, expect: &str| {
            let reason = Vocabulary::of(json).map(|_| ()).expect_err(expect);
            assert!(reason.contains(expect), "{reason}");
        };
        check(json!({"model": {"type": "WordPiece", "vocab": {"a": 0}}}), "of the kind WordPiece");
        check(json!({}), "of the kind unknown");
        check(json!({"model": {"type": "Unigram", "vocab": [[0, 1]]}}), "damaged");
        let mut bytes = bpe();
        bytes["pre_tokenizer"] = json!({"type": "Sequence", "pretokenizers": [{"type": "ByteLevel"}]});
        check(bytes, "cuts bytes");
    }
}
