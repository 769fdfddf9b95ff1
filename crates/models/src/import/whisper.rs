//! A Whisper of another project, tensor by tensor into a ggml file. What a format calls its variables is known to the
//! modules of the formats; here is what whisper.cpp makes of the tensors.

use std::io::Write;
use std::path::Path;

use crate::error::Error;
use crate::import::ggml::{Precision, Shape, Writer};
use crate::import::numbers::Numbers;

/// Sizes of the vocabularies of the multilingual models; the larger one, of large-v3, has Cantonese in addition.
/// whisper.cpp numbers the special tokens by this size. A smaller one belongs to the English-only models.
const VOCABULARIES: [u32; 2] = [51_865, 51_866];
/// Mel bands of the spectrograms that Whisper was trained with; 128 since large-v3.
const MELS: [u32; 2] = [80, 128];

/// An open checkpoint: numbers by the names of its variables.
pub(super) trait Weights {
    /// The file or folder that messages name.
    fn path(&self) -> &Path;

    /// The numbers of a variable.
    fn read(&mut self, name: &str) -> Result<Numbers, Error>;
}

/// An open checkpoint that was found to be a Whisper.
pub(super) struct Original {
    pub(super) weights: Box<dyn Weights>,
    pub(super) shape: Shape,
    /// In the order in which the tensors are written.
    pub(super) shares: Vec<Share>,
}

impl Original {
    /// Bytes of all that `convert` reads.
    pub(super) fn bytes(&self) -> u64 {
        self.shares.iter().map(|share| share.bytes).sum()
    }
}

/// A variable of the checkpoint, and the tensors that its rows are shared out to, evenly and in this order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) variable: String,
    /// Outermost first; at least one.
    pub(super) dims: Vec<u32>,
    /// That it takes in the checkpoint.
    pub(super) bytes: u64,
    pub(super) parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// A tensor of this name.
    Tensor(String),
    /// No tensor: whisper.cpp takes these numbers to be zero.
    Zeros,
}

/// Refuses sizes that whisper.cpp would not load or would misunderstand; the error is a reason.
pub(super) fn check_shape(shape: &Shape) -> Result<(), String> {
    let vocabulary = shape.vocabulary;
    if vocabulary < VOCABULARIES[0] {
        return Err(format!(
            "its vocabulary of {vocabulary} is that of an English-only model; take a multilingual one"
        ));
    }
    if !VOCABULARIES.contains(&vocabulary) {
        let [first, second] = VOCABULARIES;
        return Err(format!(
            "its vocabulary of {vocabulary} was extended; whisper.cpp knows the special tokens of {first} and {second}"
        ));
    }
    if !MELS.contains(&shape.mels) {
        return Err(format!("it hears {} mel bands; a Whisper hears {} or {}", shape.mels, MELS[0], MELS[1]));
    }
    if shape.audio_state != shape.text_state {
        let (audio, text) = (shape.audio_state, shape.text_state);
        return Err(format!("its encoder has a state of {audio} and its decoder one of {text}"));
    }
    for (heads, state) in [(shape.audio_heads, shape.audio_state), (shape.text_heads, shape.text_state)] {
        if heads == 0 || !state.is_multiple_of(heads) {
            return Err(format!("its state of {state} cannot be shared out to {heads} heads"));
        }
    }
    Ok(())
}

/// Writes every tensor, holding one variable at a time. `on_bytes` hears how many bytes of the checkpoint are done.
pub(super) fn convert<W: Write>(
    original: &mut Original,
    ggml: &mut Writer<W>,
    out: &Path,
    on_bytes: &mut dyn FnMut(u64),
) -> Result<(), Error> {
    let Original { weights, shape, shares } = original;
    let (mut written, mut done) = (0, 0);
    for Share { variable, dims, parts, .. } in shares.iter() {
        let numbers = weights.read(variable)?;
        let rows = dims[0] / parts.len() as u32;
        if rows * parts.len() as u32 != dims[0] {
            let reason = format!("{variable} has {} rows, which do not make {} parts", dims[0], parts.len());
            return Err(Error::import(weights.path(), reason));
        }
        let length = numbers.len() / parts.len();
        for (at, part) in parts.iter().enumerate() {
            let range = at * length..(at + 1) * length;
            match part {
                Part::Tensor(tensor) => {
                    let (dims, precision) = stored_as(tensor, rows, dims);
                    ggml.tensor(tensor, &dims, precision).map_err(Error::io(out))?;
                    if !write_numbers(&numbers, range, precision, ggml).map_err(Error::io(out))? {
                        let reason = format!("{variable} holds a number too large for half precision");
                        return Err(Error::import(weights.path(), reason));
                    }
                    written += 1;
                }
                Part::Zeros if range.clone().all(|at| numbers.at(at) == 0.0) => {}
                Part::Zeros => {
                    let reason = format!("{variable} has a bias for its keys, which whisper.cpp cannot hold");
                    return Err(Error::import(weights.path(), reason));
                }
            }
        }
        done += numbers.stored_bytes();
        on_bytes(done);
    }
    let expected = tensors_of(shape);
    if written == expected {
        return Ok(());
    }
    Err(Error::import(weights.path(), format!("it yields {written} tensors where Whisper has {expected}")))
}

/// Tensors of a Whisper with so many layers: 15 for a layer of the encoder, 24 for one of the decoder, which also
/// attends to the encoder, and eleven for the rest.
fn tensors_of(shape: &Shape) -> u32 {
    15 * shape.audio_layers + 24 * shape.text_layers + 11
}

/// Dimensions and precision that whisper.cpp wants of a tensor with `rows` of the variable's rows.
fn stored_as(tensor: &str, rows: u32, dims: &[u32]) -> (Vec<u32>, Precision) {
    let mut dims = dims.to_vec();
    dims[0] = rows;
    if tensor.starts_with("encoder.conv") && tensor.ends_with(".bias") {
        return (vec![rows, 1], Precision::Single);
    }
    let single = dims.len() < 2 || tensor.ends_with(".positional_embedding");
    (dims, if single { Precision::Single } else { Precision::Half })
}

/// Whether all numbers fit the precision; a half beyond 65504 would be infinite and spoil whatever it meets.
fn write_numbers<W: Write>(
    numbers: &Numbers,
    range: std::ops::Range<usize>,
    precision: Precision,
    ggml: &mut Writer<W>,
) -> std::io::Result<bool> {
    /// All bits of the exponent: infinite, or not a number.
    const INFINITE: u16 = 0x7c00;
    let mut all_fit = true;
    for at in range {
        match precision {
            Precision::Single => ggml.single(numbers.at(at))?,
            Precision::Half => {
                let half = numbers.half_at(at);
                all_fit &= half & INFINITE != INFINITE;
                ggml.half(half)?;
            }
        }
    }
    Ok(all_fit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matrices_are_half_and_the_rest_is_single() {
        for (tensor, dims, expect) in [
            ("encoder.conv1.weight", &[4, 2, 3][..], (vec![4, 2, 3], Precision::Half)),
            ("encoder.conv1.bias", &[4], (vec![4, 1], Precision::Single)),
            ("encoder.positional_embedding", &[4, 2], (vec![4, 2], Precision::Single)),
            ("decoder.token_embedding.weight", &[4, 2], (vec![4, 2], Precision::Half)),
            ("decoder.blocks.0.attn.out.bias", &[4], (vec![4], Precision::Single)),
        ] {
            assert_eq!(stored_as(tensor, 4, dims), expect, "{tensor}");
        }
    }
}
