//! What Hugging Face calls the tensors of a Whisper.

use std::collections::HashSet;
use std::path::Path;

use crate::error::Error;
use crate::import::ggml::Shape;
use crate::import::safetensors::{Checkpoint, config};
use crate::import::whisper::{Original, Part, Share, check_shape};

/// What the names of all tensors but the output layer begin with, unless the bare model was saved.
const PREFIX: &str = "model.";
const FIRST: &str = "encoder.conv1.weight";
/// The output layer, which is the embedding again; most checkpoints leave it out.
const PROJECTION: &str = "proj_out.weight";
const EMBEDDING: &str = "decoder.embed_tokens.weight";

/// A tensor that a Whisper of some shape has.
#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    /// Without the prefix.
    name: String,
    dims: Vec<u32>,
    becomes: Part,
    is_optional: bool,
}

/// Opens a checkpoint, a safetensors file or an index, and finds the tensors of a Whisper in it, as the
/// `config.json` beside it gives their sizes.
pub(in crate::import) fn open(path: &Path) -> Result<Original, Error> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let shape = config::shape(folder)?;
    check_shape(&shape).map_err(|reason| Error::import(&folder.join("config.json"), reason))?;
    let mut checkpoint = Checkpoint::open(path)?;
    let prefix = if checkpoint.get(FIRST).is_some() { "" } else { PREFIX };
    let shares = shares_of(&checkpoint, prefix, &shape).map_err(|reason| Error::import(path, reason))?;
    if checkpoint.get(PROJECTION).is_some() && !checkpoint.is_same(PROJECTION, &format!("{prefix}{EMBEDDING}"))? {
        let reason = "its output layer differs from its embedding, which whisper.cpp cannot hold";
        return Err(Error::import(path, reason));
    }
    Ok(Original { weights: Box::new(checkpoint), shape, shares })
}

/// What is to be written, in the order in which it lies in the files; the error is a reason.
fn shares_of(checkpoint: &Checkpoint, prefix: &str, shape: &Shape) -> Result<Vec<Share>, String> {
    let is_adapter = |name: &&str| name.contains("lora_") || name.starts_with("base_model.");
    if let Some(name) = checkpoint.names().find(is_adapter) {
        return Err(format!("its tensor {name:?} is a LoRA adapter's; {MERGE}"));
    }
    let mut placed = Vec::new();
    for Wanted { name, dims, becomes, is_optional } in wanted(shape) {
        let name = format!("{prefix}{name}");
        let Some(place) = checkpoint.get(&name) else {
            if is_optional {
                continue;
            }
            return Err(format!("it has no tensor {name}, which a Whisper of the sizes in config.json has"));
        };
        let entry = &place.entry;
        if !entry.dims.iter().copied().eq(dims.iter().copied().map(u64::from)) {
            return Err(format!("{name} has the shape {:?}; by config.json it should be {dims:?}", entry.dims));
        }
        if entry.kind().is_none() {
            return Err(format!("{name} is stored as {}; F32, F16 and BF16 are read", entry.dtype));
        }
        let at = (place.shard, entry.offset);
        placed.push((at, Share { variable: name, dims, bytes: entry.bytes, parts: vec![becomes] }));
    }
    let known: HashSet<&str> = placed.iter().map(|(_, share)| share.variable.as_str()).chain([PROJECTION]).collect();
    if let Some(name) = checkpoint.names().find(|name| !known.contains(name)) {
        return Err(format!("its tensor {name:?} is none that a Whisper of the sizes in config.json has"));
    }
    placed.sort_by_key(|(at, _)| *at);
    Ok(placed.into_iter().map(|(_, share)| share).collect())
}

/// What to do with an adapter.
pub(in crate::import) const MERGE: &str = "merge it into the model that it adapts first (in Python: \
                                `PeftModel.from_pretrained(model, PATH).merge_and_unload().save_pretrained(OUT)`), \
                                then import OUT";

/// All tensors of a Whisper, one layer after the other. They are made on demand, so that a `config.json` with far too
/// many layers costs nothing: the first that is missing ends it.
fn wanted(shape: &Shape) -> impl Iterator<Item = Wanted> {
    let d = shape.audio_state;
    let convolution = |name: &str, inner: u32| {
        let name = format!("encoder.{name}");
        [one(&name, &name, "weight", &[d, inner, 3]), one(&name, &name, "bias", &[d])]
    };
    let positions = |side: &str, count: u32| Wanted {
        becomes: Part::Tensor(format!("{side}.positional_embedding")),
        ..one(&format!("{side}.embed_positions"), "", "weight", &[count, d])
    };
    let outer = [convolution("conv1", shape.mels), convolution("conv2", d)]
        .into_iter()
        .flatten()
        .chain([positions("encoder", shape.audio_context), positions("decoder", shape.text_context)])
        .chain([one("decoder.embed_tokens", "decoder.token_embedding", "weight", &[shape.vocabulary, d])])
        .chain(norm("encoder.layer_norm", "encoder.ln_post", d))
        .chain(norm("decoder.layer_norm", "decoder.ln", d));
    let audio = (0..shape.audio_layers).flat_map(move |at| layer("encoder", at, d));
    let text = (0..shape.text_layers).flat_map(move |at| layer("decoder", at, d));
    outer.chain(audio).chain(text)
}

/// The tensors of one layer.
fn layer(side: &str, at: u32, d: u32) -> Vec<Wanted> {
    let (from, to) = (format!("{side}.layers.{at}"), format!("{side}.blocks.{at}"));
    let mut tensors = Vec::new();
    let attentions: &[(&str, &str)] = match side {
        "decoder" => &[("self_attn", "attn"), ("encoder_attn", "cross_attn")],
        _ => &[("self_attn", "attn")],
    };
    for (attention, becomes) in attentions {
        for (projection, part) in [("q_proj", "query"), ("k_proj", "key"), ("v_proj", "value"), ("out_proj", "out")] {
            let (name, becomes) = (format!("{from}.{attention}.{projection}"), format!("{to}.{becomes}.{part}"));
            tensors.extend(linear(&name, &becomes, d, d));
        }
        tensors.extend(norm(&format!("{from}.{attention}_layer_norm"), &format!("{to}.{becomes}_ln"), d));
    }
    tensors.extend(linear(&format!("{from}.fc1"), &format!("{to}.mlp.0"), 4 * d, d));
    tensors.extend(linear(&format!("{from}.fc2"), &format!("{to}.mlp.2"), d, 4 * d));
    tensors.extend(norm(&format!("{from}.final_layer_norm"), &format!("{to}.mlp_ln"), d));
    tensors
}

fn linear(name: &str, becomes: &str, rows: u32, columns: u32) -> [Wanted; 2] {
    let bias = one(name, becomes, "bias", &[rows]);
    // The keys of Whisper have no bias. Where one is stored all the same, it has to be zero.
    let bias = match becomes.ends_with(".key") {
        true => Wanted { becomes: Part::Zeros, is_optional: true, ..bias },
        false => bias,
    };
    [one(name, becomes, "weight", &[rows, columns]), bias]
}

fn norm(name: &str, becomes: &str, d: u32) -> [Wanted; 2] {
    ["weight", "bias"].map(|leaf| one(name, becomes, leaf, &[d]))
}

fn one(name: &str, becomes: &str, leaf: &str, dims: &[u32]) -> Wanted {
    Wanted {
        name: format!("{name}.{leaf}"),
        dims: dims.to_vec(),
        becomes: Part::Tensor(format!("{becomes}.{leaf}")),
        is_optional: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whisper large-v3-turbo: of the fine-tunes of it and of large-v3 it has sides that differ most.
    const TURBO: Shape = Shape {
        vocabulary: 51_866,
        audio_context: 1500,
        audio_state: 1280,
        audio_heads: 20,
        audio_layers: 32,
        text_context: 448,
        text_state: 1280,
        text_heads: 20,
        text_layers: 4,
        mels: 128,
    };

    #[test]
    fn every_tensor_finds_its_place() {
        let all: Vec<Wanted> = wanted(&TURBO).collect();
        let check = |name: &str, expect: &str, dims: &[u32]| {
            let found = all.iter().find(|wanted| wanted.name == name).expect(name);
            assert_eq!((&found.becomes, found.dims.as_slice()), (&Part::Tensor(expect.into()), dims), "{name}");
            assert!(!found.is_optional, "{name}");
        };
        check("encoder.conv1.weight", "encoder.conv1.weight", &[1280, 128, 3]);
        check("encoder.conv2.weight", "encoder.conv2.weight", &[1280, 1280, 3]);
        check("encoder.conv2.bias", "encoder.conv2.bias", &[1280]);
        check("encoder.embed_positions.weight", "encoder.positional_embedding", &[1500, 1280]);
        check("decoder.embed_positions.weight", "decoder.positional_embedding", &[448, 1280]);
        check("decoder.embed_tokens.weight", "decoder.token_embedding.weight", &[51_866, 1280]);
        check("encoder.layer_norm.weight", "encoder.ln_post.weight", &[1280]);
        check("decoder.layer_norm.bias", "decoder.ln.bias", &[1280]);
        check("encoder.layers.31.self_attn.q_proj.weight", "encoder.blocks.31.attn.query.weight", &[1280, 1280]);
        check("encoder.layers.0.self_attn.k_proj.weight", "encoder.blocks.0.attn.key.weight", &[1280, 1280]);
        check("encoder.layers.0.self_attn.v_proj.bias", "encoder.blocks.0.attn.value.bias", &[1280]);
        check("encoder.layers.0.self_attn.out_proj.bias", "encoder.blocks.0.attn.out.bias", &[1280]);
        check("encoder.layers.0.self_attn_layer_norm.bias", "encoder.blocks.0.attn_ln.bias", &[1280]);
        check("decoder.layers.3.encoder_attn.q_proj.bias", "decoder.blocks.3.cross_attn.query.bias", &[1280]);
        check("decoder.layers.3.encoder_attn_layer_norm.weight", "decoder.blocks.3.cross_attn_ln.weight", &[1280]);
        check("decoder.layers.0.fc1.weight", "decoder.blocks.0.mlp.0.weight", &[5120, 1280]);
        check("decoder.layers.0.fc1.bias", "decoder.blocks.0.mlp.0.bias", &[5120]);
        check("decoder.layers.0.fc2.weight", "decoder.blocks.0.mlp.2.weight", &[1280, 5120]);
        check("decoder.layers.0.final_layer_norm.weight", "decoder.blocks.0.mlp_ln.weight", &[1280]);
        let keys: Vec<&Wanted> = all.iter().filter(|wanted| wanted.is_optional).collect();
        assert_eq!(keys.len(), 32 + 2 * 4, "one bias of keys an attention");
        assert!(keys.iter().all(|key| key.becomes == Part::Zeros && key.name.ends_with("k_proj.bias")));
        assert!(!all.iter().any(|wanted| wanted.name.starts_with("encoder.layers.0.encoder_attn")));
    }
}
