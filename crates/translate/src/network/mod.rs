//! The model on ONNX Runtime: token ids become logits, a step at a time, with a cache of keys and values between.

mod cache;
mod graph;

use std::path::{Path, PathBuf};

use ort::environment::Environment;
use ort::value::DynValue;

use crate::error::{TranslateError, one_line};
use crate::folder::{DecoderFiles, ModelFiles};
use crate::search::Steps;
use cache::{Cache, select_rows};
pub(crate) use graph::RunOn;
use graph::{DecoderGraph, EncoderGraph};

/// An encoder and its decoder, ready to run.
#[derive(Debug)]
pub(crate) struct Network {
    folder: PathBuf,
    vocab_size: usize,
    encoder: EncoderGraph,
    decoder: DecoderGraphs,
}

#[derive(Debug)]
enum DecoderGraphs {
    Merged(DecoderGraph),
    Split { first: DecoderGraph, next: DecoderGraph },
}

impl Network {
    /// Loads the graphs and tries a few steps, so that files which do not belong together are found out now.
    ///
    /// `vocab_size` is the count of tokens that the configuration says the decoder scores.
    pub(crate) fn open(
        environment: &Environment,
        files: &ModelFiles,
        run_on: &RunOn,
        vocab_size: usize,
    ) -> Result<Network, TranslateError> {
        let open = |path: &Path| DecoderGraph::open(environment, path, run_on);
        let (decoder, path) = match &files.decoder {
            DecoderFiles::Merged(path) => (DecoderGraphs::Merged(open(path)?), path),
            DecoderFiles::Split { first, next } => {
                (DecoderGraphs::Split { first: open(first)?, next: open(next)? }, next)
            }
        };
        let encoder = EncoderGraph::open(environment, &files.encoder, run_on)?;
        let mut network = Network { folder: files.folder.clone(), vocab_size, encoder, decoder };
        network.try_out().map_err(|error| match error {
            TranslateError::Inference { reason, .. } => TranslateError::Unusable { path: path.clone(), reason },
            other => other,
        })?;
        Ok(network)
    }

    /// Takes each kind of step once: several tokens at the start, one row becoming two, two becoming one.
    fn try_out(&mut self) -> Result<(), TranslateError> {
        let mut reading = self.read(&[0, 0])?;
        reading.start(&[0, 0])?;
        reading.advance(&[0, 0], &[0, 0])?;
        reading.advance(&[1], &[0])?;
        Ok(())
    }

    /// Encodes a source text, framed, for the decoder to work on.
    pub(crate) fn read(&mut self, source: &[u32]) -> Result<Reading<'_>, TranslateError> {
        match self.encoder.run(source) {
            Ok(states) => {
                Ok(Reading { source: Source { states, length: source.len(), rows: 1 }, cache: None, network: self })
            }
            Err(error) => Err(self.failed(error)),
        }
    }

    fn failed(&self, error: ort::Error) -> TranslateError {
        TranslateError::Inference { folder: self.folder.clone(), reason: one_line(error) }
    }

    fn checked(&self, logits: Vec<f32>, rows: usize) -> Result<Vec<f32>, TranslateError> {
        let reason = if logits.len() != rows * self.vocab_size {
            format!("it scores {} tokens where its configuration has {}", logits.len() / rows, self.vocab_size)
        } else if logits.iter().any(|logit| logit.is_nan()) {
            "its scores are not numbers".to_owned()
        } else {
            return Ok(logits);
        };
        Err(TranslateError::Inference { folder: self.folder.clone(), reason })
    }
}

/// An encoded source text, the same for each of `rows` rows.
#[derive(Debug)]
struct Source {
    /// The encoder's output, `[rows, length, width]`.
    states: DynValue,
    length: usize,
    rows: usize,
}

/// A source text, encoded, and the translations of it in the making.
#[derive(Debug)]
pub(crate) struct Reading<'n> {
    network: &'n mut Network,
    source: Source,
    /// None before the first step.
    cache: Option<Cache>,
}

impl Reading<'_> {
    fn set_rows(&mut self, parents: &[usize]) -> ort::Result<()> {
        if self.source.rows != parents.len() {
            self.source.states = select_rows(&self.source.states, &vec![0; parents.len()])?;
            self.source.rows = parents.len();
        }
        match &mut self.cache {
            Some(cache) => cache.select(parents),
            None => Ok(()),
        }
    }

    fn run(&mut self, ids: &[u32]) -> Result<Vec<f32>, TranslateError> {
        let graph = match (&mut self.network.decoder, &self.cache) {
            (DecoderGraphs::Merged(graph), _) => graph,
            (DecoderGraphs::Split { first, .. }, None) => first,
            (DecoderGraphs::Split { next, .. }, Some(_)) => next,
        };
        match graph.run(ids, &self.source, &mut self.cache) {
            Ok(logits) => self.network.checked(logits, self.source.rows),
            Err(error) => Err(self.network.failed(error)),
        }
    }
}

impl Steps for Reading<'_> {
    fn start(&mut self, prompt: &[u32]) -> Result<Vec<f32>, TranslateError> {
        self.cache = None;
        self.set_rows(&[0]).map_err(|e| self.network.failed(e))?;
        self.run(prompt)
    }

    fn advance(&mut self, parents: &[usize], tokens: &[u32]) -> Result<Vec<f32>, TranslateError> {
        self.set_rows(parents).map_err(|e| self.network.failed(e))?;
        self.run(tokens)
    }
}
