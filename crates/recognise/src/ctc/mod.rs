//! A second engine: a network of connectionist temporal classification (CTC) through ONNX Runtime, made for
//! GigaAM-Multilingual.
//!
//! ```text
//! samples ─► features (log-mel) ─► graph (ONNX) ─► decode (greedy) or beam ─► words ─► letters (language)
//! ```
//! The network writes letters in lower case, one frame of 40 ms after another, and knows nothing of languages, of
//! punctuation or of what was committed. So the language is told by the letters, the first one of an utterance is made
//! a capital and nothing else is made up, and what is committed is put in front of what was heard after it.

mod beam;
mod decode;
mod features;
mod folder;
mod graph;
mod letters;
#[cfg(test)]
mod tests;
mod vocabulary;
mod words;

use std::path::Path;

use dostyq_speech::{Hypothesis, LangChoice, Utterance};
use ort::environment::Environment;

use crate::{RecogniseError, Recogniser, Recognition, Request, Signals};
use decode::Decoded;
use features::LogMel;
use folder::Files;
use graph::Graph;
use vocabulary::Vocabulary;

/// How to run a CTC model.
#[derive(Clone, Debug)]
pub struct CtcOptions {
    /// Processor threads, at least 1.
    pub threads: usize,
    /// Beginnings of a text that are followed at once. 0 and 1 decode greedily, as GigaAM's published figures are; with
    /// more, all alignments of a text count, not the best alone.
    pub beam: usize,
}

impl Default for CtcOptions {
    fn default() -> Self {
        CtcOptions { threads: 1, beam: 1 }
    }
}

/// A CTC model, loaded.
pub struct CtcRecogniser {
    features: LogMel,
    graph: Graph,
    vocabulary: Vocabulary,
    beam: usize,
}

impl CtcRecogniser {
    /// Loads the model in `folder`, which has the layout of the public exports for onnx-asr: `multilingual_ctc.onnx`,
    /// `multilingual_large_ctc.onnx` or `model.onnx`, each also as `….int8.onnx`, which is preferred; its vocabulary
    /// `multilingual_vocab.txt` or `vocab.txt`; and, if there is one, `config.json`. The graph is tried once, so that a
    /// model that does not fit is refused here and not in the hall.
    ///
    /// `environment` is the process's one handle to ONNX Runtime, from `ort::init_from(library)?.build()?`; the model
    /// keeps it alive.
    pub fn open(
        environment: &Environment,
        folder: &Path,
        options: &CtcOptions,
    ) -> Result<CtcRecogniser, RecogniseError> {
        let load = |path: &Path, reason: String| RecogniseError::Load { path: path.to_owned(), reason };
        let files = Files::find(folder)?;
        let vocabulary = Vocabulary::read(&files.vocabulary).map_err(|reason| load(&files.vocabulary, reason))?;
        let graph = Graph::open(environment, &files.network, options.threads.max(1), vocabulary.len())
            .map_err(|reason| load(&files.network, reason))?;
        Ok(CtcRecogniser { features: LogMel::new(), graph, vocabulary, beam: options.beam })
    }

    /// The tokens of an utterance; none where it is shorter than one window of the features, 20 ms.
    fn decode(&mut self, utterance: &Utterance) -> Result<Decoded, RecogniseError> {
        let features = self.features.of(&utterance.samples);
        if features.is_empty() {
            return Ok(Decoded { tokens: Vec::new(), log_probability: 0.0 });
        }
        let log_probs = self.graph.run(&features).map_err(RecogniseError::Decode)?;
        Ok(match self.beam {
            0 | 1 => decode::greedy(log_probs.view(), self.vocabulary.blank),
            width => beam::beam_search(log_probs.view(), self.vocabulary.blank, width),
        })
    }
}

impl Recogniser for CtcRecogniser {
    fn recognise(&mut self, request: &Request<'_>) -> Result<Recognition, RecogniseError> {
        let decoded = self.decode(request.utterance)?;
        let heard = words::words_of(&decoded.tokens, &self.vocabulary, request.utterance);
        let (lang, lang_confidence) = match request.lang {
            LangChoice::Fixed(lang) => (lang, 1.0),
            LangChoice::Auto => {
                let text: String = heard.iter().map(|word| word.text.as_str()).collect();
                letters::scores(&text).decide(request.prior)
            }
        };
        let fresh = words::after(request.committed, heard);
        let sure: Vec<f32> = fresh.iter().flat_map(|word| word.log_probabilities.iter().copied()).collect();
        let words = words::joined(request.committed, &fresh);
        Ok(Recognition {
            hypothesis: Hypothesis { lang, lang_confidence, words },
            signals: Signals { mean_log_probability: words::mean(&sure), no_speech_probability: 0.0, looped: false },
        })
    }
}
