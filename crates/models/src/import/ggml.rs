//! The ggml file of whisper.cpp, written front to back.
//!
//! Little endian: the magic; eleven `i32` of shape; the mel filters (`i32` rows, `i32` columns, f32 data); the text
//! tokens (`i32` count, each `i32` length and bytes); then tensors until the end: `i32` rank, name length and type
//! (0 f32, 1 f16), the dimensions innermost first, name, data.

use std::io::{self, BufWriter, Write};

use crate::import::detect::GGML_MAGIC;
use crate::import::mel;

/// The sizes of a Whisper model, in whisper.cpp's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) vocabulary: u32,
    pub(super) audio_context: u32,
    pub(super) audio_state: u32,
    pub(super) audio_heads: u32,
    pub(super) audio_layers: u32,
    pub(super) text_context: u32,
    pub(super) text_state: u32,
    pub(super) text_heads: u32,
    pub(super) text_layers: u32,
    pub(super) mels: u32,
}

/// How the numbers of a tensor are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Precision {
    Single = 0,
    Half = 1,
}

pub(super) struct Writer<W: Write> {
    out: BufWriter<W>,
}

impl<W: Write> Writer<W> {
    /// Writes everything that comes before the tensors.
    pub(super) fn begin(out: W, shape: &Shape, vocabulary: &[Vec<u8>]) -> io::Result<Self> {
        let mut writer = Writer { out: BufWriter::new(out) };
        writer.out.write_all(&GGML_MAGIC)?;
        writer.numbers(&[
            shape.vocabulary,
            shape.audio_context,
            shape.audio_state,
            shape.audio_heads,
            shape.audio_layers,
            shape.text_context,
            shape.text_state,
            shape.text_heads,
            shape.text_layers,
            shape.mels,
            Precision::Half as u32,
        ])?;
        writer.numbers(&[shape.mels, mel::BINS as u32])?;
        for weight in mel::filters(shape.mels as usize) {
            writer.out.write_all(&weight.to_le_bytes())?;
        }
        writer.numbers(&[vocabulary.len() as u32])?;
        for token in vocabulary {
            writer.numbers(&[token.len() as u32])?;
            writer.out.write_all(token)?;
        }
        Ok(writer)
    }

    /// Begins a tensor. `dims` are outermost first, as everywhere but in this file.
    pub(super) fn tensor(&mut self, name: &str, dims: &[u32], precision: Precision) -> io::Result<()> {
        self.numbers(&[dims.len() as u32, name.len() as u32, precision as u32])?;
        for dim in dims.iter().rev() {
            self.numbers(&[*dim])?;
        }
        self.out.write_all(name.as_bytes())
    }

    /// One number of the tensor begun last, in single precision.
    pub(super) fn single(&mut self, value: f32) -> io::Result<()> {
        self.out.write_all(&value.to_le_bytes())
    }

    /// One number of the tensor begun last, in half precision.
    pub(super) fn half(&mut self, bits: u16) -> io::Result<()> {
        self.out.write_all(&bits.to_le_bytes())
    }

    /// Flushes and gives the sink back.
    pub(super) fn finish(self) -> io::Result<W> {
        self.out.into_inner().map_err(|error| error.into_error())
    }

    fn numbers(&mut self, numbers: &[u32]) -> io::Result<()> {
        numbers.iter().try_for_each(|number| self.out.write_all(&number.to_le_bytes()))
    }
}
