//! Which tensors of whisper.cpp a variable of CTranslate2's Whisper becomes.

use std::path::Path;

use crate::error::Error;
use crate::import::ctranslate2::Checkpoint;
use crate::import::ggml::Shape;
use crate::import::whisper::{Original, Part, Share, Weights, check_shape};

/// The variable that the output layer shares with the input embedding.
const EMBEDDING: &str = "decoder/embeddings/weight";
const PROJECTION: &str = "decoder/projection/weight";

/// What becomes of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fate {
    /// Its rows are shared out evenly, in this order.
    Parts(Vec<Part>),
    /// It says nothing that whisper.cpp wants to know.
    Ignored,
}

/// Opens a `model.bin` and finds the sizes and tensors of a Whisper in it.
pub(in crate::import) fn open(path: &Path) -> Result<Original, Error> {
    let mut checkpoint = Checkpoint::open(path)?;
    let shape = shape_of(&mut checkpoint)?;
    let shares = shares_of(&checkpoint)?;
    Ok(Original { weights: Box::new(checkpoint), shape, shares })
}

/// The sizes of the model, read off its variables.
fn shape_of(checkpoint: &mut Checkpoint) -> Result<Shape, Error> {
    let (audio_heads, text_heads) =
        (checkpoint.setting("encoder/num_heads")?, checkpoint.setting("decoder/num_heads")?);
    let dims = |name: &str, rank: usize| match checkpoint.get(name) {
        Some(variable) if variable.dims.len() == rank => Ok(variable.dims.as_slice()),
        Some(variable) => {
            Err(Error::import(checkpoint.path(), format!("{name} has the shape {:?}, not Whisper's", variable.dims)))
        }
        None => Err(Error::import(checkpoint.path(), format!("it has no variable {name}"))),
    };
    let layers = |side: &str| {
        let is_there = |at: &u32| checkpoint.get(&format!("{side}/layer_{at}/ffn/linear_0/weight")).is_some();
        (0..).take_while(is_there).count() as u32
    };
    let convolution = dims("encoder/conv1/weight", 3)?;
    let audio = dims("encoder/position_encodings/encodings", 2)?;
    let text = dims("decoder/position_encodings/encodings", 2)?;
    let shape = Shape {
        vocabulary: dims(EMBEDDING, 2)?[0],
        audio_context: audio[0],
        audio_state: audio[1],
        audio_heads,
        audio_layers: layers("encoder"),
        text_context: text[0],
        text_state: text[1],
        text_heads,
        text_layers: layers("decoder"),
        mels: convolution[1],
    };
    check_shape(&shape).map_err(|reason| Error::import(checkpoint.path(), reason))?;
    if checkpoint.get(PROJECTION).is_some() && !checkpoint.is_same(PROJECTION, EMBEDDING) {
        let reason = "its output layer differs from its embedding, which whisper.cpp cannot hold";
        return Err(Error::import(checkpoint.path(), reason));
    }
    Ok(shape)
}

/// What is to be written, in the order of the checkpoint.
fn shares_of(checkpoint: &Checkpoint) -> Result<Vec<Share>, Error> {
    let mut shares = Vec::new();
    for name in checkpoint.names() {
        let Some(variable) = checkpoint.get(name) else { continue };
        match fate(name, variable.dims.len()) {
            Some(Fate::Parts(parts)) => {
                shares.push(Share { variable: name.clone(), dims: variable.dims.clone(), bytes: variable.bytes, parts })
            }
            Some(Fate::Ignored) => {}
            None => {
                let reason = format!("its variable {name} is not one of Whisper's");
                return Err(Error::import(checkpoint.path(), reason));
            }
        }
    }
    Ok(shares)
}

/// What becomes of the variable of that name and rank; `None` if Whisper has no such variable.
fn fate(variable: &str, rank: usize) -> Option<Fate> {
    // Scalars are settings, and those that vary are read on their own; scales belong to the weight beside them; the
    // alignment heads have no place in a ggml file; the output layer is the embedding.
    if rank == 0 || variable.ends_with("_scale") || variable == "decoder/alignment_heads" || variable == PROJECTION {
        return Some(Fate::Ignored);
    }
    let path: Vec<&str> = variable.split('/').collect();
    let one = |name: String| Some(Fate::Parts(vec![Part::Tensor(name)]));
    match path[..] {
        ["encoder", convolution @ ("conv1" | "conv2"), leaf @ ("weight" | "bias")] => {
            one(format!("encoder.{convolution}.{leaf}"))
        }
        ["decoder", "embeddings", "weight"] => one("decoder.token_embedding.weight".into()),
        [side @ ("encoder" | "decoder"), "position_encodings", "encodings"] => {
            one(format!("{side}.positional_embedding"))
        }
        ["encoder", "layer_norm", leaf] => one(format!("encoder.ln_post.{}", norm_leaf(leaf)?)),
        ["decoder", "layer_norm", leaf] => one(format!("decoder.ln.{}", norm_leaf(leaf)?)),
        [side @ ("encoder" | "decoder"), layer, ref rest @ ..] => {
            let layer: u32 = layer.strip_prefix("layer_")?.parse().ok()?;
            let tensors = layer_tensors(side, rest)?;
            let part = |tensor: String| match tensor.ends_with("key.bias") {
                true => Part::Zeros,
                false => Part::Tensor(format!("{side}.blocks.{layer}.{tensor}")),
            };
            Some(Fate::Parts(tensors.into_iter().map(part).collect()))
        }
        _ => None,
    }
}

/// The tensors within a layer that one variable of it becomes.
fn layer_tensors(side: &str, path: &[&str]) -> Option<Vec<String>> {
    let &[module, part, leaf] = path else { return None };
    if part == "layer_norm" {
        let norm = match module {
            "self_attention" => "attn_ln",
            "attention" if side == "decoder" => "cross_attn_ln",
            "ffn" => "mlp_ln",
            _ => return None,
        };
        return Some(vec![format!("{norm}.{}", norm_leaf(leaf)?)]);
    }
    let names: &[&str] = match (module, part) {
        ("self_attention", "linear_0") => &["attn.query", "attn.key", "attn.value"],
        ("self_attention", "linear_1") => &["attn.out"],
        ("attention", "linear_0") if side == "decoder" => &["cross_attn.query"],
        ("attention", "linear_1") if side == "decoder" => &["cross_attn.key", "cross_attn.value"],
        ("attention", "linear_2") if side == "decoder" => &["cross_attn.out"],
        ("ffn", "linear_0") => &["mlp.0"],
        ("ffn", "linear_1") => &["mlp.2"],
        _ => return None,
    };
    let leaf = ["weight", "bias"].into_iter().find(|known| *known == leaf)?;
    Some(names.iter().map(|name| format!("{name}.{leaf}")).collect())
}

fn norm_leaf(leaf: &str) -> Option<&'static str> {
    match leaf {
        "gamma" => Some("weight"),
        "beta" => Some("bias"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variable_finds_its_tensors() {
        let check = |variable: &str, expect: &str| {
            let found = match fate(variable, 2) {
                None => "unknown".to_owned(),
                Some(Fate::Ignored) => "ignored".to_owned(),
                Some(Fate::Parts(parts)) => parts
                    .iter()
                    .map(|part| if let Part::Tensor(name) = part { name.as_str() } else { "zeros" })
                    .collect::<Vec<_>>()
                    .join(" "),
            };
            assert_eq!(found, expect, "{variable}");
        };
        check("encoder/conv1/weight", "encoder.conv1.weight");
        check("encoder/conv2/bias", "encoder.conv2.bias");
        check("encoder/position_encodings/encodings", "encoder.positional_embedding");
        check("encoder/layer_norm/gamma", "encoder.ln_post.weight");
        check("decoder/layer_norm/beta", "decoder.ln.bias");
        check("decoder/embeddings/weight", "decoder.token_embedding.weight");
        check("decoder/projection/weight", "ignored");
        check("decoder/alignment_heads", "ignored");
        check("encoder/layer_0/ffn/linear_0/weight_scale", "ignored");
        check(
            "encoder/layer_3/self_attention/linear_0/weight",
            "encoder.blocks.3.attn.query.weight encoder.blocks.3.attn.key.weight encoder.blocks.3.attn.value.weight",
        );
        check(
            "decoder/layer_12/self_attention/linear_0/bias",
            "decoder.blocks.12.attn.query.bias zeros decoder.blocks.12.attn.value.bias",
        );
        check("decoder/layer_0/self_attention/linear_1/bias", "decoder.blocks.0.attn.out.bias");
        check("decoder/layer_0/attention/linear_0/weight", "decoder.blocks.0.cross_attn.query.weight");
        check(
            "decoder/layer_0/attention/linear_1/weight",
            "decoder.blocks.0.cross_attn.key.weight decoder.blocks.0.cross_attn.value.weight",
        );
        check("decoder/layer_0/attention/linear_1/bias", "zeros decoder.blocks.0.cross_attn.value.bias");
        check("decoder/layer_0/attention/linear_2/weight", "decoder.blocks.0.cross_attn.out.weight");
        check("decoder/layer_0/attention/layer_norm/beta", "decoder.blocks.0.cross_attn_ln.bias");
        check("encoder/layer_0/self_attention/layer_norm/gamma", "encoder.blocks.0.attn_ln.weight");
        check("encoder/layer_0/ffn/linear_0/bias", "encoder.blocks.0.mlp.0.bias");
        check("encoder/layer_0/ffn/linear_1/weight", "encoder.blocks.0.mlp.2.weight");
        check("encoder/layer_0/ffn/layer_norm/beta", "encoder.blocks.0.mlp_ln.bias");
        for variable in [
            "encoder/layer_0/attention/linear_0/weight",
            "encoder/layer_x/ffn/linear_0/weight",
            "encoder/layer_0/ffn/linear_2/weight",
            "encoder/layer_0/ffn/linear_0/gamma",
            "encoder/layer_0/ffn/layer_norm/weight",
            "encoder/embeddings/weight",
            "adapter/weight",
        ] {
            check(variable, "unknown");
        }
        assert_eq!(fate("encoder/some_new_setting", 0), Some(Fate::Ignored));
    }
}
