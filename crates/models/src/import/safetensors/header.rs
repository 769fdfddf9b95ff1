//! The header of a safetensors file: which tensor lies where.
//!
//! Layout: `u64` length of the header, little endian; the header, a JSON object from the name of each tensor to its
//! `dtype`, its `shape`, outermost first, and its `data_offsets`, where its numbers begin and end, counted from the
//! end of the header; then the numbers. The tensors lie end to end and fill the file. The format's own crate is not
//! used, because it wants the whole file in memory, or mapped into it, which takes unsafe code.

use std::collections::BTreeMap;
use std::io::Read;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::import::numbers::Kind;

/// A Whisper's header takes 0.2 MB. A damaged length must not ask for the whole memory.
const LONGEST: u64 = 16 << 20;
/// How a file begins that git put in the place of a large one.
const GIT_LFS: &[u8] = b"version ";

/// One tensor of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// As it is written: `F32`, `BF16` and the like.
    pub(super) dtype: String,
    /// Outermost first.
    pub(super) dims: Vec<u64>,
    /// Where its numbers begin, in bytes from the start of the file.
    pub(super) offset: u64,
    pub(super) bytes: u64,
}

impl Entry {
    /// How its numbers are stored; `None` where that is no type that is read.
    pub(super) fn kind(&self) -> Option<Kind> {
        match self.dtype.as_str() {
            "F32" => Some(Kind::F32),
            "F16" => Some(Kind::F16),
            "BF16" => Some(Kind::Bf16),
            _ => None,
        }
    }
}

/// An entry as the file has it.
#[derive(Deserialize)]
struct Written {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: (u64, u64),
}

#[derive(Deserialize)]
struct Header {
    /// Notes for people.
    #[serde(rename = "__metadata__")]
    _notes: Option<IgnoredAny>,
    #[serde(flatten)]
    tensors: BTreeMap<String, Written>,
}

/// Reads the header of a file of so many bytes. The tensors come in the order in which they lie, each wholly within
/// the file and none over another. The error is a reason.
pub(super) fn read(mut file: impl Read, length: u64) -> Result<Vec<(String, Entry)>, String> {
    let damaged = |what: &str| format!("its header is damaged ({what}); fetch it again");
    let mut size = [0; 8];
    file.read_exact(&mut size).map_err(|_| "it is cut short: it ends within its header; fetch it again".to_owned())?;
    if size == GIT_LFS {
        return Err("git left a pointer in place of the weights; fetch them with `git lfs pull`".into());
    }
    let size = u64::from_le_bytes(size);
    if size > LONGEST {
        return Err(damaged(&format!("it would take {size} bytes")));
    }
    let Some(room) = (length.saturating_sub(8)).checked_sub(size) else {
        return Err("it is cut short: it ends within its header; fetch it again".into());
    };
    let mut text = vec![0; size as usize];
    file.read_exact(&mut text).map_err(|error| damaged(&error.to_string()))?;
    let Header { tensors, .. } = serde_json::from_slice(&text).map_err(|error| damaged(&error.to_string()))?;

    let mut tensors: Vec<(String, Written)> = tensors.into_iter().collect();
    tensors.sort_by_key(|(_, written)| written.data_offsets);
    let mut reached = 0;
    let mut entries = Vec::with_capacity(tensors.len());
    for (name, Written { dtype, shape, data_offsets: (begin, end) }) in tensors {
        if begin != reached || end < begin {
            return Err(damaged(&format!(
                "{name:?} is to lie from {begin} to {end}, the one before it ends at {reached}"
            )));
        }
        if end > room {
            return Err(format!("it is cut short: it ends within {name:?}; fetch it again"));
        }
        let entry = Entry { dtype, dims: shape, offset: 8 + size + begin, bytes: end - begin };
        let count = entry.dims.iter().try_fold(1u64, |product, dim| product.checked_mul(*dim));
        if let Some(kind) = entry.kind()
            && count.and_then(|count| count.checked_mul(kind.bytes())) != Some(entry.bytes)
        {
            return Err(damaged(&format!("{name:?} of the shape {:?} has {} bytes", entry.dims, entry.bytes)));
        }
        reached = end;
        entries.push((name, entry));
    }
    match room - reached {
        0 => Ok(entries),
        rest => Err(damaged(&format!("{rest} bytes at the end of the file belong to no tensor"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with this header and so many bytes of numbers.
    fn file(header: &str, numbers: usize) -> Vec<u8> {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.extend(vec![0; numbers]);
        bytes
    }

    fn header(file: &[u8]) -> Result<Vec<(String, Entry)>, String> {
        read(file, file.len() as u64)
    }

    #[test]
    fn tensors_come_in_the_order_in_which_they_lie() {
        let text = r#"{"__metadata__": {"format": "pt"},
            "a": {"dtype": "F16", "shape": [2, 3], "data_offsets": [8, 20]},
            "b": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
            "c": {"dtype": "I64", "shape": [], "data_offsets": [20, 28]},
            "none": {"dtype": "F32", "shape": [0, 7], "data_offsets": [28, 28]}}  "#;
        let start = 8 + text.len() as u64;
        let entry = |dtype: &str, dims: &[u64], at: u64, bytes| Entry {
            dtype: dtype.into(),
            dims: dims.to_vec(),
            offset: start + at,
            bytes,
        };
        let expect = [
            ("b", entry("F32", &[2], 0, 8)),
            ("a", entry("F16", &[2, 3], 8, 12)),
            ("c", entry("I64", &[], 20, 8)),
            ("none", entry("F32", &[0, 7], 28, 0)),
        ];
        assert_eq!(header(&file(text, 28)), Ok(expect.map(|(name, entry)| (name.to_owned(), entry)).to_vec()));
        assert_eq!(header(&file("{}", 0)), Ok(vec![]));
    }

    #[test]
    fn kinds_are_those_that_can_be_converted() {
        for (dtype, kind) in [
            ("F32", Some(Kind::F32)),
            ("F16", Some(Kind::F16)),
            ("BF16", Some(Kind::Bf16)),
            ("F64", None),
            ("I8", None),
            ("F8_E4M3", None),
            ("f32", None),
        ] {
            assert_eq!(Entry { dtype: dtype.into(), dims: vec![], offset: 0, bytes: 0 }.kind(), kind, "{dtype}");
        }
    }

    #[test]
    fn hostile_headers_are_refused() {
        let check = |bytes: &[u8], expect: &str| {
            let reason = header(bytes).expect_err(expect);
            assert!(reason.contains(expect), "{reason}");
        };
        let one = |dtype: &str, shape: &str, begin: u64, end: u64| {
            format!(r#""{begin}": {{"dtype": "{dtype}", "shape": {shape}, "data_offsets": [{begin}, {end}]}}"#)
        };
        let all = |tensors: &[String]| format!("{{{}}}", tensors.join(", "));

        check(b"", "ends within its header");
        check(b"\x02\0\0", "ends within its header");
        check(b"version https://git-lfs.github.com/spec/v1\n", "`git lfs pull`");
        check(&u64::MAX.to_le_bytes(), "it would take 18446744073709551615 bytes");
        check(&[&(LONGEST + 1).to_le_bytes()[..], b"{}"].concat(), "it would take 16777217 bytes");
        check(&[&LONGEST.to_le_bytes()[..], b"{}"].concat(), "ends within its header");
        check(&file("{]", 0), "its header is damaged");
        check(&file("[1]", 0), "its header is damaged");
        check(&file(&"[".repeat(100_000), 0), "its header is damaged");
        check(&file(&format!(r#"{{"a": {}"#, "[".repeat(100_000)), 0), "its header is damaged");
        check(&file("\u{0}\u{0}", 0), "its header is damaged");
        check(&file(r#"{"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}"#, 4), "its header is damaged");
        check(&file(r#"{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0]}}"#, 4), "its header is damaged");
        check(&file(r#"{"a": {"dtype": "F32", "shape": [1]}}"#, 4), "its header is damaged");

        let (short, long) = (one("F32", "[2]", 0, 8), one("F32", "[1]", 8, 12));
        check(&file(&all(&[short.clone(), one("F32", "[2]", 4, 12)]), 12), "the one before it ends at 8");
        check(&file(&all(&[short.clone(), one("F32", "[1]", 12, 16)]), 16), "the one before it ends at 8");
        check(&file(&all(&[one("F32", "[1]", 4, 8)]), 8), "the one before it ends at 0");
        check(&file(&all(&[one("F32", "[1]", 8, 4)]), 8), "to lie from 8 to 4");
        check(&file(&all(&[one("I8", "[1]", 0, u64::MAX)]), 8), "it ends within \"0\"");
        check(&file(&all(&[short.clone(), long.clone()]), 11), "it is cut short: it ends within \"8\"");
        check(&file(&all(&[short.clone(), long]), 13), "1 bytes at the end of the file belong to no tensor");
        check(&file(&all(&[one("F32", "[3]", 0, 8)]), 8), "of the shape [3] has 8 bytes");
        check(&file(&all(&[one("F16", "[4294967296, 4294967296]", 0, 0)]), 0), "has 0 bytes");
        check(&file(&all(&[one("F32", "[4611686018427387904]", 0, 0)]), 0), "has 0 bytes");
        // A name can be written twice; one of the two then owns no bytes.
        check(&file(&all(&[short.replace("[2]", "[1]").replace("8]", "4]"), short]), 12), "belong to no tensor");
    }
}
