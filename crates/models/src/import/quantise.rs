//! A ggml file of Whisper with its matrices in eight bits, half the memory and quicker on every processor, or in five,
//! which takes three eighths of the memory.

mod block;

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::import::detect::GGML_MAGIC;
use crate::import::half::f32_from_f16;
use crate::place::Partial;
use crate::progress::{Progress, Step};
use block::BLOCK;

/// How matrices are quantised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Quantisation {
    /// ggml's `Q8_0`: blocks of 32 numbers, each block with one half-precision scale and 32 bytes.
    #[serde(rename = "q8_0")]
    Q8_0,
    /// ggml's `Q5_1`: blocks of 32 numbers, each block with a scale and an offset in half precision and 20 bytes.
    #[serde(rename = "q5_1")]
    Q5_1,
}

/// A text that names no quantisation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no quantisation: write q8_0 or q5_1")]
pub struct UnknownQuantisation(pub String);

impl FromStr for Quantisation {
    type Err = UnknownQuantisation;
    fn from_str(text: &str) -> Result<Self, UnknownQuantisation> {
        match text {
            "q8_0" => Ok(Quantisation::Q8_0),
            "q5_1" => Ok(Quantisation::Q5_1),
            _ => Err(UnknownQuantisation(text.to_owned())),
        }
    }
}

impl fmt::Display for Quantisation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Quantisation::Q8_0 => "q8_0",
            Quantisation::Q5_1 => "q5_1",
        })
    }
}

impl Quantisation {
    /// ggml's number for a tensor of this kind.
    fn tensor_type(self) -> u32 {
        match self {
            Quantisation::Q8_0 => 8,
            Quantisation::Q5_1 => 7,
        }
    }

    /// What the header of a file of this kind says: ggml's number for files most of whose tensors are so (it counts
    /// files apart from tensors), plus 2000 for the second version of the quantised formats.
    fn file_type(self) -> u32 {
        match self {
            Quantisation::Q8_0 => 2_007,
            Quantisation::Q5_1 => 2_009,
        }
    }

    fn write_block(self, block: &[f32; BLOCK], out: &mut impl Write) -> io::Result<()> {
        match self {
            Quantisation::Q8_0 => out.write_all(&block::q8_0(block)),
            Quantisation::Q5_1 => out.write_all(&block::q5_1(block)),
        }
    }
}

/// ggml's number for a file or tensor in half precision.
const HALF: u32 = 1;
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
pub fn quantise_whisper(
    from: &Path,
    out: &Path,
    to: Quantisation,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<(), Error> {
    let file = File::open(from).map_err(Error::io(from))?;
    let total = file.metadata().map_err(Error::io(from))?.len();
    let (partial, target) = Partial::create(out)?;
    let subject = out.file_name().unwrap_or_default().to_string_lossy();
    let mut on_bytes = |done| progress(Progress { step: Step::Convert, subject: &subject, done, total: Some(total) });
    let mut quantiser = Quantiser { from: BufReader::new(file), out: BufWriter::new(target), to, read: 0 };
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
    to: Quantisation,
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
        header[PRECISION] = self.to.file_type();
        self.write_numbers(&header)?;
        let filters = self.numbers(2)?;
        self.write_numbers(&filters)?;
        self.copy((filters[0] as usize).saturating_mul(filters[1] as usize).saturating_mul(4))?;
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
        let size = if precision == HALF { 2 } else { 4 };
        let data = self.bytes(dims.iter().fold(size, |size, dim| size.saturating_mul(*dim as usize)))?;
        self.read += data.len() as u64;
        let is_matrix = rank == 2 && precision == HALF && (dims[0] as usize).is_multiple_of(BLOCK);
        self.write_numbers(&[rank, name_length, if is_matrix { self.to.tensor_type() } else { precision }])?;
        self.write_numbers(&dims)?;
        self.out.write_all(&name)?;
        if is_matrix {
            for halves in data.chunks_exact(2 * BLOCK) {
                let number = |at: usize| f32_from_f16(u16::from_le_bytes([halves[2 * at], halves[2 * at + 1]]));
                self.to.write_block(&std::array::from_fn(number), &mut self.out)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::half::f16_from_f32;

    const EACH: [Quantisation; 2] = [Quantisation::Q8_0, Quantisation::Q5_1];

    /// The numbers of the matrix of 2 × 32.
    fn matrix() -> Vec<f32> {
        (0..64).map(|i| (i as f32 - 31.0) / 32.0).collect()
    }

    fn numbers(values: &[u32]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    /// A ggml file with one mel filter, one token, a matrix, and a bias.
    fn file(precision: u32) -> Vec<u8> {
        let mut bytes = GGML_MAGIC.to_vec();
        bytes.extend(numbers(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, precision]));
        bytes.extend(numbers(&[1, 1, 0x3f80_0000, 1, 2]));
        bytes.extend(b"ab");
        bytes.extend(numbers(&[2, 1, HALF, 32, 2]));
        bytes.extend(b"m");
        bytes.extend(matrix().iter().flat_map(|value| f16_from_f32(*value).to_le_bytes()));
        bytes.extend(numbers(&[1, 1, 0, 1]));
        bytes.extend(b"b");
        bytes.extend(1.5f32.to_le_bytes());
        bytes
    }

    fn quantise(bytes: &[u8], to: Quantisation) -> Result<Vec<u8>, Error> {
        let folder = tempfile::tempdir().expect("a folder");
        let (from, out) = (folder.path().join("from.bin"), folder.path().join("out.bin"));
        std::fs::write(&from, bytes).expect("writable");
        quantise_whisper(&from, &out, to, &mut |_| ()).map(|()| std::fs::read(&out).expect("it is there"))
    }

    #[test]
    fn matrices_shrink_and_everything_else_stays() {
        let check = |to: Quantisation, file_type: u32, tensor_type: u32, block: fn(&[f32; BLOCK]) -> Vec<u8>| {
            let (before, after) = (file(HALF), quantise(&file(HALF), to).expect("a ggml file"));
            let matrix_at = 4 + 44 + 8 + 4 + 4 + 4 + 2;
            assert_eq!(after[..44], before[..44], "magic and sizes");
            assert_eq!(after[44..48], file_type.to_le_bytes());
            assert_eq!(after[48..matrix_at], before[48..matrix_at], "filters and tokens");
            let head = [numbers(&[2, 1, tensor_type, 32, 2]), b"m".to_vec()].concat();
            assert_eq!(after[matrix_at..][..21], head);
            let blocks: Vec<u8> =
                matrix().chunks_exact(BLOCK).flat_map(|row| block(row.try_into().expect("a block"))).collect();
            assert_eq!(after[matrix_at + 21..][..blocks.len()], blocks);
            assert_eq!(after[matrix_at + 21 + blocks.len()..], before[matrix_at + 21 + 128..], "the bias");
        };
        check(Quantisation::Q8_0, 2_007, 8, |row| block::q8_0(row).to_vec());
        check(Quantisation::Q5_1, 2_009, 7, |row| block::q5_1(row).to_vec());
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for (text, expect) in [("q8_0", Quantisation::Q8_0), ("q5_1", Quantisation::Q5_1)] {
            assert_eq!((text.parse(), expect.to_string().as_str()), (Ok(expect), text));
            assert_eq!(serde_json::to_value(expect).expect("a value"), text, "in the manifest");
        }
        let error = "q4".parse::<Quantisation>().expect_err("none").to_string();
        assert_eq!(error, "\"q4\" is no quantisation: write q8_0 or q5_1");
    }

    #[test]
    fn what_is_no_half_precision_file_is_refused() {
        let check = |bytes: &[u8], expect: &str| {
            for to in EACH {
                let error = quantise(bytes, to).expect_err(expect).to_string();
                assert!(error.contains(expect), "{error}");
            }
        };
        check(b"RIFF....", "not a ggml file");
        check(&file(2_007), "quantised already");
        check(&file(2_009), "quantised already");
        let whole = file(HALF);
        check(&whole[..whole.len() - 2], "ends in the middle");
        let huge = numbers(&[4, 1, HALF, u32::MAX, u32::MAX, u32::MAX, u32::MAX]);
        check(&[whole, huge, b"h".to_vec()].concat(), "it has a part of 18446744073709551615 bytes");
    }
}
