//! The numbers of one variable of a checkpoint, in whatever type they are stored.

use crate::import::half::{f16_from_f32, f32_from_bf16, f32_from_f16};

/// How the numbers of a variable are stored, little endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    F32,
    I8,
    I16,
    I32,
    F16,
    Bf16,
}

impl Kind {
    /// Bytes of one number.
    pub(super) fn bytes(self) -> u64 {
        match self {
            Kind::I8 => 1,
            Kind::I16 | Kind::F16 | Kind::Bf16 => 2,
            Kind::F32 | Kind::I32 => 4,
        }
    }
}

/// The numbers of one variable as they lie in the file.
pub(super) struct Numbers {
    kind: Kind,
    bytes: Vec<u8>,
    /// For int8: the scale of each row, and the numbers in a row.
    scale: Option<(Vec<f32>, usize)>,
}

impl Numbers {
    pub(super) fn new(kind: Kind, bytes: Vec<u8>) -> Numbers {
        Numbers { kind, bytes, scale: None }
    }

    /// The same int8 numbers, those of each row to be divided by its scale.
    pub(super) fn over(self, scales: Vec<f32>) -> Numbers {
        let row = self.bytes.len() / scales.len().max(1);
        Numbers { scale: Some((scales, row)), ..self }
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len() / self.kind.bytes() as usize
    }

    /// Bytes that they take in the file.
    pub(super) fn stored_bytes(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// One number.
    pub(super) fn at(&self, at: usize) -> f32 {
        let two = || u16::from_le_bytes([self.bytes[2 * at], self.bytes[2 * at + 1]]);
        let four = || std::array::from_fn(|byte| self.bytes[4 * at + byte]);
        match self.kind {
            Kind::F32 => f32::from_le_bytes(four()),
            Kind::F16 => f32_from_f16(two()),
            Kind::Bf16 => f32_from_bf16(two()),
            Kind::I16 => f32::from(two() as i16),
            Kind::I32 => i32::from_le_bytes(four()) as f32,
            Kind::I8 => {
                let quantised = f32::from(self.bytes[at] as i8);
                self.scale.as_ref().map_or(quantised, |(scale, row)| quantised / scale[at / row])
            }
        }
    }

    /// One number in half precision; a stored half is passed on as it is.
    pub(super) fn half_at(&self, at: usize) -> u16 {
        match self.kind {
            Kind::F16 => u16::from_le_bytes([self.bytes[2 * at], self.bytes[2 * at + 1]]),
            _ => f16_from_f32(self.at(at)),
        }
    }
}
