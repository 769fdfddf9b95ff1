//! One tensor of a graph: how its numbers are stored, and which of them stay.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Component, Path, PathBuf};

use bytes::Bytes;

use crate::error::Error;
use crate::trim::wire::{Message, Value, packed};

// The fields of ONNX's `TensorProto`.
const DIMS: u32 = 1;
const DATA_TYPE: u32 = 2;
const FLOATS: u32 = 4;
const INT32S: u32 = 5;
const INT64S: u32 = 7;
pub(super) const NAME: u32 = 8;
const RAW: u32 = 9;
const DOUBLES: u32 = 10;
const UINT64S: u32 = 11;
const EXTERNAL: u32 = 13;
const LOCATION: u32 = 14;
// Those of its `StringStringEntryProto`.
const KEY: u32 = 1;
const VALUE: u32 = 2;

/// Where external numbers begin: a page, so that ONNX Runtime can map them.
const ALIGNMENT: u64 = 4096;
/// Longer tensors are no shapes.
const LONGEST_SHAPE: u64 = 16;
const INT64: u64 = 7;

/// Keeps, along one axis, the places in `kept`, of `before`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Selection<'a> {
    pub(super) before: u64,
    /// In rising order.
    pub(super) kept: &'a [u32],
}

impl Selection<'_> {
    /// The axis of a shape that goes along the vocabulary; none where there is no such axis.
    pub(super) fn axis_of(&self, dims: &[u64]) -> Result<Option<usize>, String> {
        let mut axes = dims.iter().enumerate().filter(|(_, dim)| **dim == self.before).map(|(axis, _)| axis);
        match (axes.next(), axes.next()) {
            (axis, None) => Ok(axis),
            (_, Some(_)) => Err(format!("has the shape {dims:?}, of which two sides could be the vocabulary")),
        }
    }

    /// What stays of numbers in the order of `dims`; `width` of `T` make one number.
    fn of<T: Copy>(&self, numbers: &[T], dims: &[u64], axis: usize, width: usize) -> Option<Vec<T>> {
        let inner = dims[axis + 1..].iter().product::<u64>() as usize * width;
        let block = self.before as usize * inner;
        let blocks = dims[..axis].iter().product::<u64>() as usize;
        if numbers.len() != blocks * block {
            return None;
        }
        let mut left = Vec::with_capacity(blocks * self.kept.len() * inner);
        for block in numbers.chunks_exact(block.max(1)) {
            for place in self.kept {
                left.extend_from_slice(&block[*place as usize * inner..][..inner]);
            }
        }
        Some(left)
    }
}

/// The shape of a tensor.
pub(super) fn dims_of(tensor: &Message) -> Result<Vec<u64>, String> {
    tensor.varints(DIMS).map_err(|_| DAMAGED.to_owned())
}

/// The whole numbers of a tensor that could be a shape; none of others.
pub(super) fn shape_in(tensor: &Message) -> Result<Vec<u64>, String> {
    if tensor.varint(DATA_TYPE) != Some(INT64) || dims_of(tensor)?.iter().product::<u64>() > LONGEST_SHAPE {
        return Ok(Vec::new());
    }
    let raw = tensor.bytes(RAW).map(|raw| {
        raw.chunks_exact(8).filter_map(|number| Some(u64::from_le_bytes(number.try_into().ok()?))).collect()
    });
    raw.map_or_else(|| tensor.varints(INT64S).map_err(|_| DAMAGED.to_owned()), Ok)
}

/// Takes from a tensor what the selection does not keep along `axis`.
pub(super) fn select(
    tensor: &mut Message,
    axis: usize,
    selection: &Selection<'_>,
    files: &mut External<'_>,
) -> Result<(), Failure> {
    let mut dims = dims_of(tensor)?;
    let wrong_length = || Failure::from(format!("has not as many numbers as its shape {dims:?} says"));
    if is_external(tensor) {
        let width = width_of(tensor)?;
        let numbers = files.read(tensor)?;
        let left = selection.of(&numbers, &dims, axis, width).ok_or_else(wrong_length)?;
        files.write(tensor, &left)?;
    } else if let Some(raw) = tensor.bytes(RAW).cloned() {
        let left = selection.of(&raw, &dims, axis, width_of(tensor)?).ok_or_else(wrong_length)?;
        tensor.set(RAW, [Value::Bytes(left.into())]);
    } else if let Some((field, width)) = [(FLOATS, 4), (DOUBLES, 8)].into_iter().find(|(field, _)| tensor.has(*field)) {
        let numbers = tensor.fixed(field).map_err(|_| DAMAGED.to_owned())?;
        let left = selection.of(&numbers, &dims, axis, width).ok_or_else(wrong_length)?;
        tensor.set(field, [Value::Bytes(left.into())]);
    } else if let Some(field) = [INT32S, INT64S, UINT64S].into_iter().find(|field| tensor.has(*field)) {
        let numbers = tensor.varints(field).map_err(|_| DAMAGED.to_owned())?;
        let left = selection.of(&numbers, &dims, axis, 1).ok_or_else(wrong_length)?;
        tensor.set(field, [packed(&left)]);
    } else {
        return Err("has no numbers".to_owned().into());
    }
    dims[axis] = selection.kept.len() as u64;
    tensor.set(DIMS, dims.into_iter().map(Value::Varint));
    Ok(())
}

/// Bytes of one number.
fn width_of(tensor: &Message) -> Result<usize, String> {
    // The order of ONNX's `TensorProto.DataType`; what is not here packs several numbers into a byte, or is text.
    match tensor.varint(DATA_TYPE).unwrap_or_default() {
        2 | 3 | 9 | 17..=20 => Ok(1),
        4 | 5 | 10 | 16 => Ok(2),
        1 | 6 | 12 => Ok(4),
        7 | 11 | 13 => Ok(8),
        other => Err(format!("is stored as ONNX's number type {other}, which is not cut here")),
    }
}

/// Whether the numbers lie in a file of their own.
pub(super) fn is_external(tensor: &Message) -> bool {
    tensor.varint(LOCATION) == Some(1)
}

/// Why a tensor cannot be taken over: something about it, or a file.
#[derive(Debug)]
pub(super) enum Failure {
    Tensor(String),
    File(Error),
}

impl From<String> for Failure {
    fn from(reason: String) -> Failure {
        Failure::Tensor(reason)
    }
}

/// The files with numbers outside the graph: those of the source, and the one that is written.
pub(super) struct External<'a> {
    /// Of the graph that is read.
    pub(super) from: &'a Path,
    /// Begun with the first tensor that needs it.
    pub(super) to: PathBuf,
    written: Option<(File, u64)>,
}

impl<'a> External<'a> {
    /// For the graph of the name `name` in the folder `from`, which becomes one in the folder `to`.
    pub(super) fn new(from: &'a Path, to: &Path, name: &str) -> External<'a> {
        External { from, to: to.join(format!("{name}_data")), written: None }
    }

    /// Takes a tensor over as it is.
    pub(super) fn copy(&mut self, tensor: &mut Message) -> Result<(), Failure> {
        let numbers = self.read(tensor)?;
        self.write(tensor, &numbers)
    }

    fn read(&self, tensor: &Message) -> Result<Vec<u8>, Failure> {
        let entries = tensor.messages(EXTERNAL).map_err(|_| DAMAGED.to_owned())?;
        let entry = |wanted: &str| {
            let found = entries.iter().find(|entry| entry.text(KEY).as_deref() == Ok(wanted));
            found.and_then(|entry| entry.text(VALUE).ok())
        };
        let number = |wanted: &str| entry(wanted).and_then(|text| text.parse::<u64>().ok());
        let location = PathBuf::from(entry("location").unwrap_or_default());
        let is_inside = location.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if !is_inside || location.as_os_str().is_empty() {
            return Err(format!("lies in {location:?}, outside the model's folder").into());
        }
        let path = self.from.join(location);
        let failed = |error| Failure::File(Error::io(&path)(error));
        let mut file = File::open(&path).map_err(failed)?;
        let offset = number("offset").unwrap_or(0);
        let there = file.metadata().map_err(failed)?.len().saturating_sub(offset);
        let length = number("length").unwrap_or(there);
        if length > there {
            return Err(format!("should end beyond the end of {}; fetch it again", path.display()).into());
        }
        let mut bytes = vec![0; length as usize];
        file.seek(SeekFrom::Start(offset)).and_then(|_| file.read_exact(&mut bytes)).map_err(failed)?;
        Ok(bytes)
    }

    fn write(&mut self, tensor: &mut Message, numbers: &[u8]) -> Result<(), Failure> {
        let path = &self.to;
        let failed = |error| Failure::File(Error::io(path)(error));
        let (file, end) = match &mut self.written {
            Some(written) => written,
            none => none.insert((File::create(path).map_err(failed)?, 0)),
        };
        let offset = end.next_multiple_of(ALIGNMENT);
        file.seek(SeekFrom::Start(offset)).and_then(|_| file.write_all(numbers)).map_err(failed)?;
        *end = offset + numbers.len() as u64;
        let location = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let entries = [("location", location), ("offset", offset.to_string()), ("length", numbers.len().to_string())];
        tensor.set(EXTERNAL, entries.map(|(key, value)| Value::Message(pair(key, value))));
        Ok(())
    }

    /// Makes sure that the numbers are on the disk.
    pub(super) fn finish(self) -> Result<(), Error> {
        self.written.map_or(Ok(()), |(file, _)| file.sync_all().map_err(Error::io(&self.to)))
    }
}

fn pair(key: &str, value: String) -> Message {
    let mut pair = Message::default();
    pair.set(KEY, [Value::Bytes(Bytes::copy_from_slice(key.as_bytes()))]);
    pair.set(VALUE, [Value::Bytes(value.into())]);
    pair
}

const DAMAGED: &str = "is damaged";

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT: Selection<'_> = Selection { before: 3, kept: &[0, 2] };

    fn tensor(kind: u64, dims: &[u64], field: u32, numbers: &[u8]) -> Message {
        let mut tensor = Message::default();
        tensor.set(DIMS, dims.iter().map(|dim| Value::Varint(*dim)));
        tensor.set(DATA_TYPE, [Value::Varint(kind)]);
        tensor.set(field, [Value::Bytes(Bytes::copy_from_slice(numbers))]);
        tensor
    }

    fn check(kind: u64, dims: &[u64], field: u32, numbers: &[u8], expect: Result<&[u8], &str>) {
        let mut tensor = tensor(kind, dims, field, numbers);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut files = External::new(folder.path(), folder.path(), "x.onnx");
        let axis = KEPT.axis_of(dims).expect("one axis").expect("an axis");
        let outcome = match select(&mut tensor, axis, &KEPT, &mut files) {
            Ok(()) => Ok(tensor.bytes(field).expect("numbers").to_vec()),
            Err(Failure::Tensor(reason)) => Err(reason),
            Err(Failure::File(error)) => Err(error.to_string()),
        };
        assert_eq!(outcome, expect.map(<[u8]>::to_vec).map_err(str::to_owned));
        if expect.is_ok() {
            assert_eq!(dims_of(&tensor).expect("a shape")[axis], 2);
        }
    }

    #[test]
    fn rows_and_columns_stay_together() {
        check(3, &[3, 2], RAW, b"aabbcc", Ok(b"aacc"));
        check(3, &[2, 3], RAW, b"abcdef", Ok(b"acdf"));
        check(10, &[3], RAW, b"aabbcc", Ok(b"aacc"));
        check(1, &[1, 3], FLOATS, b"aaaabbbbcccc", Ok(b"aaaacccc"));
        check(3, &[3], INT32S, &[5, 0xac, 2, 7], Ok(&[5, 7]));
        check(3, &[3], INT32S, &[0xac, 2, 5, 7], Ok(&[0xac, 2, 7]));
    }

    #[test]
    fn what_cannot_be_cut_is_refused() {
        check(3, &[3], RAW, b"ab", Err("has not as many numbers as its shape [3] says"));
        check(22, &[3], RAW, b"ab", Err("is stored as ONNX's number type 22, which is not cut here"));
        check(3, &[3], NAME, b"abc", Err("has no numbers"));
        assert!(KEPT.axis_of(&[3, 3]).is_err());
        assert_eq!(KEPT.axis_of(&[2, 4]), Ok(None));
    }

    #[test]
    fn numbers_in_a_file_of_their_own_move_to_another() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let to = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("data"), b"__aabbcc").expect("written");
        let external = |location: &str, length: &str| {
            let mut tensor = tensor(3, &[3, 2], NAME, b"w");
            tensor.set(LOCATION, [Value::Varint(1)]);
            let entries = [("location", location), ("offset", "2"), ("length", length)];
            tensor.set(EXTERNAL, entries.map(|(key, value)| Value::Message(pair(key, value.to_owned()))));
            tensor
        };
        let mut files = External::new(folder.path(), to.path(), "x.onnx");
        let (mut first, mut second) = (external("data", "6"), external("./data", "6"));
        select(&mut first, 0, &KEPT, &mut files).expect("it fits");
        files.copy(&mut second).expect("it is there");
        assert_eq!(files.read(&external("data", "6")).expect("there"), b"aabbcc");
        for (location, length) in [("../data", "6"), ("", "6"), ("data", "7"), ("none", "6")] {
            assert!(files.copy(&mut external(location, length)).is_err(), "{location}");
        }
        files.finish().expect("on the disk");
        let mut moved = External::new(to.path(), folder.path(), "y.onnx");
        assert_eq!(moved.read(&first).expect("there"), b"aacc");
        assert_eq!(moved.read(&second).expect("there"), b"aabbcc");
        moved.copy(&mut first).expect("it is there");
    }

    #[test]
    fn only_short_whole_numbers_are_shapes() {
        let check = |kind, dims: &[u64], field, numbers: &[u8], expect: &[u64]| {
            assert_eq!(shape_in(&tensor(kind, dims, field, numbers)), Ok(expect.to_vec()));
        };
        check(7, &[2], INT64S, &[3, 5], &[3, 5]);
        check(7, &[1], RAW, &[3, 0, 0, 0, 0, 0, 0, 0], &[3]);
        check(6, &[2], INT32S, &[3, 5], &[]);
        check(7, &[99], INT64S, &[3, 5], &[]);
    }
}
