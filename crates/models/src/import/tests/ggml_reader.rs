//! Reads a ggml file back, written from whisper.cpp's loader and not from our writer.

use std::collections::BTreeMap;

use crate::import::half::f32_from_f16;

#[derive(Debug, PartialEq)]
pub(super) struct Ggml {
    pub(super) shape: [u32; 11],
    pub(super) mel_rows: u32,
    pub(super) mel_columns: u32,
    pub(super) tokens: Vec<Vec<u8>>,
    pub(super) tensors: BTreeMap<String, Tensor>,
}

#[derive(Debug, PartialEq)]
pub(super) struct Tensor {
    /// As stored: innermost first.
    pub(super) dims: Vec<u32>,
    pub(super) is_half: bool,
    pub(super) numbers: Vec<f32>,
}

impl Ggml {
    pub(super) fn read(bytes: &[u8]) -> Ggml {
        let mut rest = bytes;
        assert_eq!(number(&mut rest), 0x6767_6d6c);
        let shape = std::array::from_fn(|_| number(&mut rest));
        let (mel_rows, mel_columns) = (number(&mut rest), number(&mut rest));
        take(&mut rest, 4 * (mel_rows * mel_columns) as usize);
        let tokens = (0..number(&mut rest)).map(|_| {
            let length = number(&mut rest);
            take(&mut rest, length as usize).to_vec()
        });
        let tokens = tokens.collect();
        let mut tensors = BTreeMap::new();
        while !rest.is_empty() {
            let (rank, length, kind) = (number(&mut rest), number(&mut rest), number(&mut rest));
            let dims: Vec<u32> = (0..rank).map(|_| number(&mut rest)).collect();
            let name = String::from_utf8(take(&mut rest, length as usize).to_vec()).expect("a name");
            let count = dims.iter().product::<u32>() as usize;
            let numbers = match kind {
                0 => take(&mut rest, 4 * count)
                    .chunks(4)
                    .map(|n| f32::from_le_bytes(n.try_into().expect("four")))
                    .collect(),
                1 => take(&mut rest, 2 * count)
                    .chunks(2)
                    .map(|n| f32_from_f16(u16::from_le_bytes([n[0], n[1]])))
                    .collect(),
                other => panic!("{name} has type {other}"),
            };
            let earlier = tensors.insert(name.clone(), Tensor { dims, is_half: kind == 1, numbers });
            assert!(earlier.is_none(), "{name} comes twice");
        }
        Ggml { shape, mel_rows, mel_columns, tokens, tensors }
    }
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (taken, left) = rest.split_at(count);
    *rest = left;
    taken
}

fn number(rest: &mut &[u8]) -> u32 {
    u32::from_le_bytes(take(rest, 4).try_into().expect("four bytes"))
}
