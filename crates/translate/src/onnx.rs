use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use ort::environment::Environment;
use ort::session::builder::SessionBuilder;

use crate::config::ModelConfig;
use crate::error::TranslateError;
use crate::family::{Frame, FrameError};
use crate::fit::split_to_fit;
use crate::folder::{ModelFiles, Precision};
use crate::glossary::{Bias, Found, Pieces};
use crate::network::{Network, RunOn};
use crate::search::{Rules, Search, search};
use crate::target::tokens_of;
use crate::vocabulary::{Vocabulary, in_one_line};
use crate::{Direction, SentenceRequest, TargetWord, Translator};

/// How a model is opened and used.
#[derive(Clone, Debug)]
pub struct OnnxOptions {
    /// Processor threads for one step, 1 to the number of cores. One is best for models of a few hundred megabytes
    /// beside a recogniser: a step is too short to share, and bound by memory more than by arithmetic.
    pub threads: usize,
    /// Which weights to take where the folder holds several.
    pub precision: Precision,
    /// The one direction of a model that has no language tokens (most of the Marian and T5 families). With a model
    /// that has them, it rules out the other direction. None: both.
    pub direction: Option<Direction>,
    /// What computes.
    pub device: Device,
    /// How [`Translator::translate`] searches.
    pub search: Search,
}

impl Default for OnnxOptions {
    fn default() -> Self {
        OnnxOptions {
            threads: 1,
            precision: Precision::default(),
            direction: None,
            device: Device::default(),
            search: Search::default(),
        }
    }
}

/// What computes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Device {
    /// The processor.
    #[default]
    Cpu,
    /// An NVIDIA graphics processor, by number. Opening fails when it is not to be had or when this crate was built
    /// without its feature `cuda`: it never computes elsewhere in silence.
    Cuda(i32),
}

impl Device {
    pub(crate) fn register(self, builder: SessionBuilder) -> Result<SessionBuilder, TranslateError> {
        match self {
            Device::Cpu => Ok(builder),
            #[cfg(feature = "cuda")]
            Device::Cuda(number) => {
                let provider = ort::ep::CUDA::default().with_device_id(number).build().error_on_failure();
                let registered = builder.with_execution_providers([provider]);
                registered.map_err(|e| TranslateError::Device { reason: crate::error::one_line(e) })
            }
            #[cfg(not(feature = "cuda"))]
            Device::Cuda(_) => Err(TranslateError::Device { reason: "this program was built without it".to_owned() }),
        }
    }
}

/// An encoder-decoder model in the folder layout of Optimum's ONNX export: `config.json`, `generation_config.json`,
/// `tokenizer.json`, and, beside them or in `onnx/`, `encoder_model*.onnx` with either `decoder_model_merged*.onnx` or
/// `decoder_model*.onnx` and `decoder_with_past_model*.onnx`.
#[derive(Debug)]
pub struct OnnxTranslator {
    folder: PathBuf,
    config: ModelConfig,
    vocabulary: Vocabulary,
    network: Network,
    frames: Vec<(Direction, Frame)>,
    banned: Vec<u32>,
    search: Search,
    /// Made for the first bias; most rooms have no glossary.
    pieces: OnceLock<Arc<Pieces>>,
}

impl OnnxTranslator {
    /// Opens the model in `folder` and tries a few steps with it.
    ///
    /// `environment` is the process's one handle to ONNX Runtime, from `ort::init_from(library)?.build()?`; the model
    /// keeps it alive.
    pub fn open(
        environment: &Environment,
        folder: &Path,
        options: &OnnxOptions,
    ) -> Result<OnnxTranslator, TranslateError> {
        let files = ModelFiles::find(folder, options.precision)?;
        let config = ModelConfig::read(&files.config, files.generation_config.as_deref())?;
        let vocabulary = Vocabulary::open(&files.tokenizer)?;
        vocabulary.check_fits(config.vocab_size)?;
        let frames = config
            .family
            .frames(|token| vocabulary.id_of(token), config.ends[0], options.direction)
            .map_err(|error| unframed(error, &files))?;
        let banned = vocabulary.never_produced(&config.ends, config.vocab_size);
        let run_on = RunOn { device: options.device, threads: options.threads.max(1) };
        let network = Network::open(environment, &files, &run_on, config.vocab_size)?;
        let (folder, search, pieces) = (files.folder, options.search, OnceLock::new());
        Ok(OnnxTranslator { folder, config, vocabulary, network, frames, banned, search, pieces })
    }

    /// Decodes one sentence of at most [`longest_sentence`](Self::longest_sentence) tokens. The target tokens begin
    /// with `prefix`, which is text that was shown already and stays; the language token and the end are not among
    /// them.
    pub fn decode(
        &mut self,
        sentence: &str,
        direction: Direction,
        prefix: &[u32],
        how: &Search,
    ) -> Result<Vec<u32>, TranslateError> {
        self.decode_with(sentence, direction, prefix, how, &Bias::default())
    }

    /// The same, led to the terms of a [`bias`](Self::bias), as far as the prefix lacks them.
    pub fn decode_with(
        &mut self,
        sentence: &str,
        direction: Direction,
        prefix: &[u32],
        how: &Search,
        bias: &Bias,
    ) -> Result<Vec<u32>, TranslateError> {
        let frame = self.frames.iter().find(|(known, _)| *known == direction).map(|(_, frame)| frame);
        let Some(frame) = frame else {
            return Err(TranslateError::WrongDirection { folder: self.folder.clone(), direction });
        };
        let content = self.encode(sentence)?;
        let source = [&frame.before[..], &content, &frame.after].concat();
        let forced = frame.forced.iter().chain(prefix).copied().collect::<Vec<u32>>();
        let longest = longest_translation(content.len()).min(self.config.positions);
        if source.len().max(1 + forced.len()) > self.config.positions {
            let reason = format!("one piece of it is longer than the model's {} tokens", self.config.positions);
            return Err(TranslateError::Text { reason });
        }
        let ModelConfig { start, ends, .. } = &self.config;
        let (start, banned) = (*start, &self.banned[..]);
        let rules = Rules { start, forced: &forced, ends, banned, longest, bias };
        let chosen = search(&mut self.network.read(&source)?, &rules, how)?;
        Ok([prefix, &chosen].concat())
    }

    /// What leads this model to the terms that were found in a sentence.
    pub fn bias(&self, found: &[Found]) -> Bias {
        if found.is_empty() {
            return Bias::default();
        }
        let pieces = self.pieces.get_or_init(|| Arc::new(Pieces::new(self.vocabulary.pieces())));
        Bias::new(pieces.clone(), found.iter().map(|found| found.target.clone()).collect())
    }

    /// The token ids of a text, as [`decode`](Self::decode) takes them for its prefix.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, TranslateError> {
        self.vocabulary.encode(&self.config.family.without_marks(text))
    }

    /// The text of token ids.
    pub fn text(&self, tokens: &[u32]) -> Result<String, TranslateError> {
        self.vocabulary.decode(tokens)
    }

    /// The most tokens of a sentence that is translated in one piece, so that it fits the encoder and the longest
    /// translation of it fits the decoder.
    pub fn longest_sentence(&self) -> usize {
        longest_source(self.config.positions)
    }
}

impl Translator for OnnxTranslator {
    fn sentence(&mut self, request: &SentenceRequest<'_>) -> Result<Vec<TargetWord>, TranslateError> {
        let &SentenceRequest { sentence, direction, committed, glossary, is_draft } = request;
        // Numbers and marks are the same in both languages, and a model would make something up.
        if !sentence.contains(char::is_alphabetic) {
            let word = |text: &str| Ok(TargetWord { text: text.to_owned(), tokens: self.encode(text)? });
            return in_one_line(sentence).split(' ').filter(|text| !text.is_empty()).map(word).collect();
        }
        let how = if is_draft { Search::GREEDY } else { self.search };
        let bias = self.bias(&glossary.find(sentence, direction));
        let tokens = self.decode_with(sentence, direction, &tokens_of(committed), &how, &bias)?;
        self.vocabulary.words(&tokens)
    }

    fn pieces<'t>(&self, sentence: &'t str, _: Direction) -> Result<Vec<&'t str>, TranslateError> {
        split_to_fit(sentence, &|piece: &str| Ok(self.encode(piece)?.len() <= self.longest_sentence()))
    }
}

/// The most tokens that a translation of so many may have, its language token and its end included: half as many
/// again, and ten, so that a short one may grow. Only a model that has lost its way wants more.
fn longest_translation(source: usize) -> usize {
    source * 3 / 2 + 10
}

/// The most tokens of which the longest translation fits `positions`; with what frames them they fit themselves.
fn longest_source(positions: usize) -> usize {
    (positions.saturating_sub(10) * 2 + 1) / 3
}

fn unframed(error: FrameError, files: &ModelFiles) -> TranslateError {
    let path = files.tokenizer.clone();
    match error {
        FrameError::Language { lang, token } => TranslateError::Language { path, lang, token: token.to_owned() },
        FrameError::Opening { token } => TranslateError::Unusable { path, reason: format!("it has no {token}") },
        FrameError::DirectionUnknown => TranslateError::DirectionUnknown { folder: files.folder.clone() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_source_is_the_last_whose_translation_fits() {
        for positions in 32..300 {
            let longest = longest_source(positions);
            assert!(longest_translation(longest) <= positions && longest + 2 <= positions, "{positions}");
            assert!(longest_translation(longest + 1) > positions, "{positions}");
        }
    }
}
