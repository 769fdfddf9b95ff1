use std::borrow::Cow;
use std::path::Path;

use ort::environment::Environment;
use ort::memory::Allocator;
use ort::session::{Session, SessionInputValue};
use ort::value::{DynValue, Outlet, Tensor, TensorElementType};

use super::Source;
use super::cache::Cache;
use crate::Device;
use crate::error::{TranslateError, one_line};

/// What a graph runs on.
#[derive(Clone, Debug)]
pub(crate) struct RunOn {
    pub(crate) device: Device,
    pub(crate) threads: usize,
}

fn open_session(environment: &Environment, path: &Path, run_on: &RunOn) -> Result<Session, TranslateError> {
    let unusable = |error: ort::Error| TranslateError::Unusable { path: path.to_owned(), reason: one_line(error) };
    let configure = || {
        // A waiting thread must sleep, not spin: recognition runs beside it. Shapes change with each step, so plans of
        // memory by shape would only be kept, never used.
        let builder = Session::builder(environment)?
            .with_intra_threads(run_on.threads)?
            .with_intra_op_spinning(false)?
            .with_inter_op_spinning(false)?
            .with_memory_pattern(false)?;
        Ok(builder)
    };
    let builder = configure().map_err(unusable)?;
    run_on.device.register(builder)?.commit_from_file(path).map_err(unusable)
}

/// The graph that reads the source text.
#[derive(Debug)]
pub(super) struct EncoderGraph {
    session: Session,
    takes_a_mask: bool,
}

impl EncoderGraph {
    pub(super) fn open(environment: &Environment, path: &Path, run_on: &RunOn) -> Result<Self, TranslateError> {
        let session = open_session(environment, path, run_on)?;
        let unusable = |reason: String| TranslateError::Unusable { path: path.to_owned(), reason };
        let names = || session.inputs().iter().map(Outlet::name);
        if let Some(unknown) = names().find(|name| !["input_ids", "attention_mask"].contains(name)) {
            return Err(unusable(format!("its input {unknown} is unknown")));
        }
        expect_floats(session.outputs(), "last_hidden_state").map_err(unusable)?;
        let takes_a_mask = names().any(|name| name == "attention_mask");
        Ok(EncoderGraph { session, takes_a_mask })
    }

    /// The states of one text, `[1, tokens, width]`.
    pub(super) fn run(&mut self, ids: &[u32]) -> ort::Result<DynValue> {
        let shape = [1, ids.len()];
        let mut inputs = ort::inputs!["input_ids" => Tensor::from_array((shape, ids_of(ids)))?];
        if self.takes_a_mask {
            inputs.push(("attention_mask".into(), Tensor::from_array((shape, vec![1i64; ids.len()]))?.into()));
        }
        let mut outputs = self.session.run(inputs)?;
        outputs.remove("last_hidden_state").ok_or_else(|| ort::Error::new("the encoder gave no states"))
    }
}

/// A graph that scores the next token: the one of the first step, the one of the steps after it, or both in one.
#[derive(Debug)]
pub(super) struct DecoderGraph {
    session: Session,
    feeds: Vec<(String, Feed)>,
}

/// What an input of a decoder wants.
#[derive(Debug)]
enum Feed {
    Ids,
    Mask,
    States,
    /// Whether there is a past.
    CacheBranch,
    /// What the cache holds under `name`; before the first step, nothing in the right shape.
    Past {
        name: String,
        nothing: DynValue,
    },
}

impl DecoderGraph {
    pub(super) fn open(environment: &Environment, path: &Path, run_on: &RunOn) -> Result<Self, TranslateError> {
        let session = open_session(environment, path, run_on)?;
        let unusable = |reason: String| TranslateError::Unusable { path: path.to_owned(), reason };
        let feeds = session.inputs().iter().map(|input| Ok((input.name().to_owned(), Feed::of(input)?)));
        let feeds = feeds.collect::<Result<Vec<_>, String>>().map_err(unusable)?;
        expect_floats(session.outputs(), "logits").map_err(unusable)?;
        Ok(DecoderGraph { session, feeds })
    }

    /// Takes one step. `ids` are, row after row, the tokens that the cache has not seen; the logits are those of what
    /// follows the last of each row.
    pub(super) fn run(&mut self, ids: &[u32], source: &Source, cache: &mut Option<Cache>) -> ort::Result<Vec<f32>> {
        let rows = source.rows;
        let past = cache.as_ref();
        let mut inputs: Vec<(Cow<str>, SessionInputValue)> = Vec::with_capacity(self.feeds.len());
        for (name, feed) in &self.feeds {
            let value = match feed {
                Feed::Ids => Tensor::from_array(([rows, ids.len() / rows], ids_of(ids)))?.into(),
                Feed::Mask => Tensor::from_array(([rows, source.length], vec![1i64; rows * source.length]))?.into(),
                Feed::States => (&source.states).into(),
                Feed::CacheBranch => Tensor::from_array(([1usize], vec![past.is_some()]))?.into(),
                Feed::Past { name, nothing } => match past {
                    Some(past) => {
                        past.get(name).ok_or_else(|| ort::Error::new(format!("the first step left no {name}")))?.into()
                    }
                    None => nothing.into(),
                },
            };
            inputs.push((name.as_str().into(), value));
        }

        let mut logits = None;
        let mut left_behind = Vec::with_capacity(self.feeds.len());
        for (name, value) in self.session.run(inputs)? {
            match name.strip_prefix("present.") {
                Some(name) => left_behind.push((name, value)),
                None if name == "logits" => logits = Some(last_of_each_row(&value)?),
                None => {}
            }
        }
        let cache = cache.get_or_insert_with(|| Cache::new(rows));
        left_behind.into_iter().for_each(|(name, value)| cache.put(name, value));
        logits.ok_or_else(|| ort::Error::new("the decoder gave no logits"))
    }
}

impl Feed {
    fn of(input: &Outlet) -> Result<Feed, String> {
        match input.name() {
            "input_ids" => Ok(Feed::Ids),
            "encoder_attention_mask" => Ok(Feed::Mask),
            "encoder_hidden_states" => Ok(Feed::States),
            "use_cache_branch" => Ok(Feed::CacheBranch),
            past if past.starts_with("past_key_values.") => {
                expect_floats(std::slice::from_ref(input), past)?;
                let shape = input.dtype().tensor_shape().map(|shape| shape.to_vec()).unwrap_or_default();
                let (heads, width) = match shape[..] {
                    [_, heads, _, width] if heads > 0 && width > 0 => (heads, width),
                    _ => {
                        return Err(format!(
                            "its input {past} has the shape {shape:?}, not [rows, heads, tokens, width]"
                        ));
                    }
                };
                let nothing = Tensor::<f32>::new(&Allocator::default(), [1, heads, 0, width]).map_err(one_line)?;
                let name = past.trim_start_matches("past_key_values.").to_owned();
                Ok(Feed::Past { name, nothing: nothing.into_dyn() })
            }
            unknown => Err(format!("its input {unknown} is unknown")),
        }
    }
}

fn expect_floats(outlets: &[Outlet], name: &str) -> Result<(), String> {
    match outlets.iter().find(|outlet| outlet.name() == name).map(|outlet| outlet.dtype().tensor_type()) {
        Some(Some(TensorElementType::Float32)) => Ok(()),
        Some(_) => Err(format!("{name} is not of 32-bit floats: convert it with keep_io_types")),
        None => Err(format!("it has no {name}")),
    }
}

fn ids_of(ids: &[u32]) -> Vec<i64> {
    ids.iter().map(|id| i64::from(*id)).collect()
}

/// From logits `[rows, tokens, vocabulary]` those of the last token of each row.
fn last_of_each_row(logits: &DynValue) -> ort::Result<Vec<f32>> {
    let (shape, data) = logits.try_extract_tensor::<f32>()?;
    let (row, vocabulary) = match shape[..] {
        [_, tokens, vocabulary] if tokens > 0 && vocabulary > 0 => {
            ((tokens * vocabulary) as usize, vocabulary as usize)
        }
        _ => return Err(ort::Error::new(format!("its logits have the shape {shape:?}"))),
    };
    let mut last = Vec::with_capacity(data.len() / row * vocabulary);
    data.chunks_exact(row).for_each(|row| last.extend_from_slice(&row[row.len() - vocabulary..]));
    Ok(last)
}
