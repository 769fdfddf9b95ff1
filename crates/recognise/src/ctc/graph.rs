use std::path::Path;

use ndarray::{Array2, ArrayView2, Axis};
use ort::environment::Environment;
use ort::session::{Session, SessionInputValue};
use ort::value::{Outlet, Tensor, TensorElementType, TensorRef};

use super::features::BANDS;
use super::folder::SUBSAMPLING;

/// Frames of the features with which a graph is tried when it is opened (1 s).
const TRIAL: usize = 99;

/// The network: features to the log-probabilities of the tokens.
#[derive(Debug)]
pub(super) struct Graph {
    session: Session,
    tokens: usize,
    takes_lengths: bool,
}

impl Graph {
    /// Opens the graph at `path`, sees that its inputs and its output are those of GigaAM's CTC export for a vocabulary
    /// of so many `tokens`, and tries it. The error is a reason in words.
    pub(super) fn open(environment: &Environment, path: &Path, threads: usize, tokens: usize) -> Result<Graph, String> {
        let open = || -> ort::Result<Session> {
            // A waiting thread must sleep, not spin, since translation runs beside it. Utterances grow, so plans of
            // memory by shape would only be kept, never used.
            Session::builder(environment)?
                .with_intra_threads(threads)?
                .with_intra_op_spinning(false)?
                .with_inter_op_spinning(false)?
                .with_memory_pattern(false)?
                .commit_from_file(path)
        };
        let session = open().map_err(one_line)?;
        let takes_lengths = check_inputs(session.inputs())?;
        check_output(session.outputs(), tokens)?;
        let mut graph = Graph { session, tokens, takes_lengths };
        graph.run(&Array2::zeros((BANDS, TRIAL)))?;
        Ok(graph)
    }

    /// The natural log-probabilities `[(frames - 1) / 4 + 1, tokens]` of features `[64, frames]`, which are at least
    /// one frame. The error is a reason in words.
    pub(super) fn run(&mut self, features: &Array2<f32>) -> Result<Array2<f32>, String> {
        let frames = features.ncols();
        let batch = features.view().insert_axis(Axis(0));
        let mut inputs: Vec<(&str, SessionInputValue<'_>)> =
            vec![("features", TensorRef::from_array_view(batch).map_err(one_line)?.into())];
        if self.takes_lengths {
            let lengths = Tensor::from_array(([1usize], vec![frames as i64])).map_err(one_line)?;
            inputs.push(("feature_lengths", lengths.into()));
        }
        let outputs = self.session.run(inputs).map_err(one_line)?;
        let (shape, values) = outputs["log_probs"].try_extract_tensor::<f32>().map_err(one_line)?;
        let expected = [1, positions(frames), self.tokens];
        if !shape.iter().map(|length| *length as usize).eq(expected) {
            return Err(format!("its log_probs have the shape {shape:?}, not {expected:?}"));
        }
        // A comparison with what is not a number is always false, and a search would take the first token.
        if values.iter().any(|value| value.is_nan()) {
            return Err("its log_probs are not numbers".to_owned());
        }
        let view = ArrayView2::from_shape((expected[1], expected[2]), values).map_err(|error| error.to_string())?;
        Ok(view.to_owned())
    }
}

/// Frames of the output for so many of the features, at least one.
fn positions(frames: usize) -> usize {
    (frames - 1) / SUBSAMPLING + 1
}

/// Whether the graph takes lengths beside the features.
fn check_inputs(inputs: &[Outlet]) -> Result<bool, String> {
    if let Some(unknown) = inputs.iter().find(|input| !["features", "feature_lengths"].contains(&input.name())) {
        return Err(format!("its input {} is unknown", unknown.name()));
    }
    let features = find(inputs, "features", TensorElementType::Float32)?;
    match shape(features)[..] {
        [_, bands, _] if bands == BANDS as i64 || bands < 0 => {}
        ref other => return Err(format!("its features have the shape {other:?}, not [batch, {BANDS}, frames]")),
    }
    let takes_lengths = inputs.iter().any(|input| input.name() == "feature_lengths");
    if takes_lengths {
        find(inputs, "feature_lengths", TensorElementType::Int64)?;
    }
    Ok(takes_lengths)
}

fn check_output(outputs: &[Outlet], tokens: usize) -> Result<(), String> {
    match shape(find(outputs, "log_probs", TensorElementType::Float32)?)[..] {
        [_, _, columns] if columns == tokens as i64 || columns < 0 => Ok(()),
        [_, _, columns] => Err(format!("it scores {columns} tokens, and the vocabulary has {tokens}")),
        ref other => Err(format!("its log_probs have the shape {other:?}, not [batch, frames, {tokens}]")),
    }
}

fn find<'a>(outlets: &'a [Outlet], name: &str, element: TensorElementType) -> Result<&'a Outlet, String> {
    let outlet = outlets.iter().find(|outlet| outlet.name() == name).ok_or_else(|| format!("it has no {name}"))?;
    match outlet.dtype().tensor_type() {
        Some(found) if found == element => Ok(outlet),
        other => Err(format!("its {name} is of {other:?}, not of {element:?}")),
    }
}

/// The shape that is declared; -1 is a length that is open.
fn shape(outlet: &Outlet) -> Vec<i64> {
    outlet.dtype().tensor_shape().map(|shape| shape.to_vec()).unwrap_or_default()
}

/// A message of the runtime, which may run over several lines, as part of one of ours.
fn one_line(error: impl std::fmt::Display) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}
