//! A ggml file of Whisper with its matrices in eight bits: half the memory, and quicker on every processor.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::import::detect::GGML_MAGIC;
use crate::import::half::{f16_from_f32, f32_from_f16};
use crate::place::Partial;
use crate::progress::{Progress, Step};

/// How matrices are quantised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Quantisation {
    /// ggml's `Q8_0`: blocks of 32 numbers, each block with one half-precision scale and 32 bytes.
    #[serde(rename = "q8_0")]
    Q8_0,
}

/// A text that names no quantisation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no quantisation: write q8_0")]
pub struct UnknownQuantisation(pub String);

impl FromStr for Quantisation {
    type Err = UnknownQuantisation;
    fn from_str(text: &str) -> Result<Self, UnknownQuantisation> {
        match text {
            "q8_0" => Ok(Quantisation::Q8_0),
            _ => Err(UnknownQuantisation(text.to_owned())),
        }
    }
}

impl fmt::Display for Quantisation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("q8_0")
    }
}

/// Numbers in a block.
const BLOCK: usize = 32;
/// ggml's number for a file or tensor in half precision, and for a tensor in `Q8_0`.
const HALF: u32 = 1;
const Q8_0: u32 = 8;
/// What the header of a quantised file says: `MOSTLY_Q8_0` (7) in the second version of ggml's quantised formats.
const FILE_OF_Q8_0: u32 = 2_007;
/// Place of the precision among the eleven numbers of the header.
const PRECISION: usize = 10;
/// No name, token or filter bank is anywhere near this long; a damaged file must not ask for all memory.
const LONGEST: usize = 1 << 26;

/// Writes `from`, a ggml file in half precision, to `out` with its matrices quantised. Convolutions, biases, norms and
/// positions stay as they are, as whisper.cpp's own tool has it. One tensor is held in memory. `out` appears only when
/// it is whole.
///
/// # Errors
/// [`Error::Import`] when it is no such file.
pub fn quantise_whisper(from: &Path, out: &Path, progress: &mut dyn FnMut(Progress<'_>)) -> Result<(), Error> {
    let file = File::open(from).map_err(Error::io(from))?;
    let total = file.metadata().map_err(Error::io(from))?.len();
    let (partial, target) = Partial::create(out)?;
    let subject = out.file_name().unwrap_or_default().to_string_lossy();
    let mut on_bytes = |done| progress(Progress { step: Step::Convert, subject: &subject, done, total: Some(total) });
    let mut quantiser = Quantiser { from: BufReader::new(file), out: BufWriter::new(target), read: 0 };
    quantiser.run(&mut on_bytes).map_err(|fault| match fault {
        Fault::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Error::import(from, "it ends in the middle of a tensor".to_owned())
        }
        Fault::Io(error) => Error::io(out)(error),
        Fault::Format(reason) => Error::import(from, reason),
    })?;
    let target = quantiser.out.into_inner().map_err(|error| Error::io(out)(error.into_error()))?;
    partial.finish(target)
}

enum Fault {
    Io(io::Error),
    Format(String),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Fault {
        Fault::Io(error)
    }
}

struct Quantiser<R: Read, W: Write> {
    from: R,
    out: W,
    read: u64,
}

impl<R: Read, W: Write> Quantiser<R, W> {
    fn run(&mut self, on_bytes: &mut dyn FnMut(u64)) -> Result<(), Fault> {
        if self.bytes(4)? != GGML_MAGIC {
            return Err(Fault::Format("it is not a ggml file".into()));
        }
        self.out.write_all(&GGML_MAGIC)?;
        let mut header = self.numbers(11)?;
        if header[PRECISION] != HALF {
            return Err(Fault::Format(format!(
                "its precision is {}, not half: it is quantised already",
                header[PRECISION]
            )));
        }
        header[PRECISION] = FILE_OF_Q8_0;
        self.write_numbers(&header)?;
        let filters = self.numbers(2)?;
        self.write_numbers(&filters)?;
        self.copy(4 * filters[0] as usize * filters[1] as usize)?;
        let tokens = self.numbers(1)?;
        self.write_numbers(&tokens)?;
        for _ in 0..tokens[0] {
            let length = self.numbers(1)?;
            self.write_numbers(&length)?;
            self.copy(length[0] as usize)?;
        }
        while self.tensor()? {
            on_bytes(self.read);
        }
        Ok(())
    }

    /// One tensor; false at the end of the file.
    fn tensor(&mut self) -> Result<bool, Fault> {
        let mut rank = [0; 4];
        match self.from.read(&mut rank)? {
            0 => return Ok(false),
            some => self.from.read_exact(&mut rank[some..])?,
        }
        let rank = u32::from_le_bytes(rank);
        let head = self.numbers(2)?;
        let (name_length, precision) = (head[0], head[1]);
        if rank > 4 || precision > HALF {
            return Err(Fault::Format(format!("it has a tensor of rank {rank} and type {precision}")));
        }
        let dims = self.numbers(rank as usize)?;
        let name = self.bytes(name_length as usize)?;
        let count: usize = dims.iter().map(|dim| *dim as usize).product();
        let data = self.bytes(count * if precision == HALF { 2 } else { 4 })?;
        self.read += data.len() as u64;
        let is_matrix = rank == 2 && precision == HALF && (dims[0] as usize).is_multiple_of(BLOCK);
        self.write_numbers(&[rank, name_length, if is_matrix { Q8_0 } else { precision }])?;
        self.write_numbers(&dims)?;
        self.out.write_all(&name)?;
        if is_matrix {
            for block in data.chunks_exact(2 * BLOCK) {
                self.out.write_all(&quantised(block))?;
            }
        } else {
            self.out.write_all(&data)?;
        }
        Ok(true)
    }

    fn bytes(&mut self, length: usize) -> Result<Vec<u8>, Fault> {
        // A matrix of the largest Whisper has 66 million numbers.
        if length > 4 * LONGEST {
            return Err(Fault::Format(format!("it has a part of {length} bytes")));
        }
        let mut bytes = vec![0; length];
        self.from.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn copy(&mut self, length: usize) -> Result<(), Fault> {
        let bytes = self.bytes(length)?;
        Ok(self.out.write_all(&bytes)?)
    }

    fn numbers(&mut self, count: usize) -> Result<Vec<u32>, Fault> {
        let bytes = self.bytes(4 * count)?;
        Ok(bytes.chunks_exact(4).map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect())
    }

    fn write_numbers(&mut self, numbers: &[u32]) -> io::Result<()> {
        numbers.iter().try_for_each(|number| self.out.write_all(&number.to_le_bytes()))
    }
}

/// A block of half-precision numbers as ggml's `quantize_row_q8_0` defines it: the scale that takes the largest
/// magnitude to 127, in half precision, and each number over the unrounded scale, rounded.
fn quantised(block: &[u8]) -> [u8; 2 + BLOCK] {
    let number = |i: usize| f32_from_f16(u16::from_le_bytes([block[2 * i], block[2 * i + 1]]));
    let largest = (0..BLOCK).map(|i| number(i).abs()).fold(0.0, f32::max);
    let scale = largest / 127.0;
    let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
    let mut bytes = [0; 2 + BLOCK];
    bytes[..2].copy_from_slice(&f16_from_f32(scale).to_le_bytes());
    for (i, byte) in bytes[2..].iter_mut().enumerate() {
        *byte = ((number(i) * inverse).round() as i8).to_le_bytes()[0];
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn halves(values: &[f32]) -> Vec<u8> {
        values.iter().flat_map(|value| f16_from_f32(*value).to_le_bytes()).collect()
    }

    fn numbers(values: &[u32]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    /// A ggml file with one mel filter, one token, a matrix of 2 × 32, and a bias.
    fn file(precision: u32) -> Vec<u8> {
        let mut bytes = GGML_MAGIC.to_vec();
        bytes.extend(numbers(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, precision]));
        bytes.extend(numbers(&[1, 1, 0x3f80_0000, 1, 2]));
        bytes.extend(b"ab");
        bytes.extend(numbers(&[2, 1, HALF, 32, 2]));
        bytes.extend(b"m");
        bytes.extend(halves(&(0..64).map(|i| (i as f32 - 31.0) / 31.0).collect::<Vec<_>>()));
        bytes.extend(numbers(&[1, 1, 0, 1]));
        bytes.extend(b"b");
        bytes.extend(1.5f32.to_le_bytes());
        bytes
    }

    fn quantise(bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let folder = tempfile::tempdir().expect("a folder");
        let (from, out) = (folder.path().join("from.bin"), folder.path().join("out.bin"));
        std::fs::write(&from, bytes).expect("writable");
        quantise_whisper(&from, &out, &mut |_| ()).map(|()| std::fs::read(&out).expect("it is there"))
    }

    #[test]
    fn matrices_shrink_and_everything_else_stays() {
        let (before, after) = (file(HALF), quantise(&file(HALF)).expect("a ggml file"));
        let matrix = 4 + 44 + 8 + 4 + 4 + 4 + 2;
        assert_eq!(after[44..48], FILE_OF_Q8_0.to_le_bytes());
        assert_eq!(after[48..matrix], before[48..matrix], "filters and tokens");
        assert_eq!(after[matrix..matrix + 21], [numbers(&[2, 1, Q8_0, 32, 2]), b"m".to_vec()].concat());
        let blocks = &after[matrix + 21..matrix + 21 + 2 * 34];
        for (block, start) in blocks.chunks(34).zip([0, 32]) {
            let scale = f32_from_f16(u16::from_le_bytes([block[0], block[1]]));
            for (i, byte) in block[2..].iter().enumerate() {
                let value = f32::from(byte.cast_signed()) * scale;
                let expect = ((start + i) as f32 - 31.0) / 31.0;
                assert!((value - expect).abs() <= scale * 0.51 + 1e-3, "{value} should be near {expect}");
            }
        }
        assert_eq!(after[matrix + 21 + 68..], before[matrix + 21 + 128..], "the bias");
    }

    #[test]
    fn a_block_of_zeros_stays_one() {
        assert_eq!(quantised(&[0; 64]), [0; 34]);
    }

    #[test]
    fn what_is_no_half_precision_file_is_refused() {
        let check = |bytes: &[u8], expect: &str| {
            let error = quantise(bytes).expect_err(expect).to_string();
            assert!(error.contains(expect), "{error}");
        };
        check(b"RIFF....", "not a ggml file");
        check(&file(FILE_OF_Q8_0), "quantised already");
        let whole = file(HALF);
        check(&whole[..whole.len() - 2], "ends in the middle");
    }
}
