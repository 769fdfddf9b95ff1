//! The Whisper engine (whisper.cpp through `whisper-rs`), with a decoding loop of our own.
//!
//! whisper.cpp's `full()` cannot be told what is already committed, encodes a second time to identify the language, and
//! leaks a string a call; the low-level calls do all we need: encode once, read both languages' logits, force the
//! committed words, decode the rest.

mod sound;
mod vocabulary;

use std::path::Path;

use dostyq_speech::{Hypothesis, Lang, LangChoice, Word};
use whisper_rs::{
    FullParams, SamplingStrategy, WhisperContext, WhisperContextParameters, WhisperError, WhisperState, WhisperTokenId,
};

use crate::guard::without_loop;
use crate::loudness::even_out;
use crate::times::word_times;
use crate::{LangScores, RecogniseError, Recogniser, Recognition, Request, Signals};
use vocabulary::Vocabulary;

/// How to run Whisper.
#[derive(Clone, Debug)]
pub struct WhisperOptions {
    /// Threads for encoding and decoding, at least 1.
    pub threads: usize,
    /// Use the accelerator that the program was built for; without one, ask for the processor.
    pub use_gpu: bool,
    /// Which accelerator, from 0.
    pub gpu_device: i32,
}

/// Whisper, loaded.
pub struct Whisper {
    context: WhisperContext,
    state: WhisperState,
    vocabulary: Vocabulary,
    threads: usize,
}

/// Tokens a second that nobody exceeds. Kazakh letters outside the Russian alphabet take two tokens each.
const TOKENS_A_SECOND: f64 = 16.0;
/// Tokens that even the shortest utterance may have.
const LEAST_TOKENS: usize = 16;
/// Whisper's text context is 448 tokens; half of it is for what is said, as in the original.
const MOST_TOKENS: usize = 224;

/// What the loop produced.
struct Decoded {
    tokens: Vec<WhisperTokenId>,
    log_probabilities: Vec<f32>,
    looped: bool,
}

impl Whisper {
    /// Loads a ggml model from `path`, which takes about a second for 150 MB.
    pub fn open(path: &Path, options: &WhisperOptions) -> Result<Whisper, RecogniseError> {
        // Without a hook whisper.cpp writes to standard error, where only Dostyq's own log belongs.
        whisper_rs::install_logging_hooks();
        let load = |reason: String| RecogniseError::Load { path: path.to_owned(), reason };
        let mut parameters = WhisperContextParameters::default();
        parameters.use_gpu(options.use_gpu).gpu_device(options.gpu_device).flash_attn(options.use_gpu);
        let context = WhisperContext::new_with_params(path, parameters).map_err(|e| load(e.to_string()))?;
        if !context.is_multilingual() {
            return Err(RecogniseError::EnglishOnly { path: path.to_owned() });
        }
        let state = context.create_state().map_err(|e| load(e.to_string()))?;
        let vocabulary = Vocabulary::read(&context).map_err(load)?;
        Ok(Whisper { context, state, vocabulary, threads: options.threads.max(1) })
    }

    /// Decodes a whole clip of at most 30 s with a beam of five and the full context, as the original does: slower than
    /// a live room can afford, and what its captions are compared with.
    ///
    /// Leaks a few bytes a call, because whisper-rs 0.16 does so with each language that it is given.
    pub fn decode_whole(&mut self, samples: &[f32], lang: Lang) -> Result<String, RecogniseError> {
        let mut parameters = FullParams::new(SamplingStrategy::BeamSearch { beam_size: 5, patience: -1.0 });
        parameters.set_n_threads(self.threads as i32);
        parameters.set_language(Some(lang.code()));
        parameters.set_no_context(true);
        let failed = |error: WhisperError| RecogniseError::Decode(error.to_string());
        self.state.full(parameters, samples).map_err(failed)?;
        let texts = self.state.as_iter().map(|segment| segment.to_str_lossy().map(|text| text.trim().to_owned()));
        Ok(texts.collect::<Result<Vec<_>, _>>().map_err(failed)?.join(" "))
    }

    fn run(&mut self, request: &Request<'_>) -> Result<Recognition, WhisperError> {
        let samples = &request.utterance.samples;
        let even = even_out(samples);
        sound::prepare(&mut self.state, &even, self.context.n_audio_ctx(), self.threads)?;
        self.state.encode(0, self.threads)?;

        self.state.decode(&[self.vocabulary.start], 0, self.threads)?;
        let logits = self.state.get_logits()?;
        let no_speech_probability = softmax_at(logits, self.vocabulary.no_speech);
        let scores = LangScores::from_logits(
            logits[self.vocabulary.lang(Lang::Kazakh) as usize],
            logits[self.vocabulary.lang(Lang::Russian) as usize],
        );
        let (lang, lang_confidence) = match request.lang {
            LangChoice::Fixed(lang) => (lang, 1.0),
            LangChoice::Auto => scores.decide(request.prior),
        };

        let forced = self.forced_tokens(request.committed)?;
        let decoded = self.decode(lang, &forced, samples.len())?;
        let mean_log_probability = mean(&decoded.log_probabilities);

        let spoken = self.vocabulary.words(&decoded.tokens, &decoded.log_probabilities);
        let texts: Vec<&str> =
            request.committed.iter().map(|w| w.text.as_str()).chain(spoken.iter().map(|w| w.0.as_str())).collect();
        let times = word_times(&texts, samples, request.utterance.start, request.utterance.voiced);
        let fresh = spoken.iter().zip(&times[request.committed.len()..]);
        let words = request
            .committed
            .iter()
            .cloned()
            .chain(fresh.map(|((text, confidence), span)| Word {
                text: text.clone(),
                span: *span,
                confidence: *confidence,
            }))
            .collect();
        Ok(Recognition {
            hypothesis: Hypothesis { lang, lang_confidence, words },
            signals: Signals { mean_log_probability, no_speech_probability, looped: decoded.looped },
        })
    }

    /// The committed words as tokens.
    fn forced_tokens(&self, committed: &[Word]) -> Result<Vec<WhisperTokenId>, WhisperError> {
        if committed.is_empty() {
            return Ok(Vec::new());
        }
        let text = committed.iter().map(|word| format!(" {}", word.text)).collect::<String>();
        // A token is at least a byte, so this is always room enough; too little room is undefined behaviour in
        // whisper-rs 0.16, which trusts a negative count.
        self.context.tokenize(&text, text.len() + 1)
    }

    /// Greedy decoding after the language token and the forced ones.
    fn decode(&mut self, lang: Lang, forced: &[WhisperTokenId], samples: usize) -> Result<Decoded, WhisperError> {
        let v = &self.vocabulary;
        let mut prompt = vec![v.lang(lang), v.transcribe, v.no_timestamps];
        prompt.extend_from_slice(forced);
        // The logits that whisper-rs hands out are those of the first token of a call, so the last one goes alone.
        let last = prompt.pop().unwrap_or(v.no_timestamps);
        self.state.decode(&prompt, 1, self.threads)?;
        let mut past = 1 + prompt.len();
        self.state.decode(&[last], past, self.threads)?;
        past += 1;

        let by_duration = LEAST_TOKENS + (samples as f64 / 16_000.0 * TOKENS_A_SECOND) as usize;
        let most = by_duration.min(MOST_TOKENS).saturating_sub(forced.len());
        let mut decoded = Decoded { tokens: Vec::new(), log_probabilities: Vec::new(), looped: false };
        while decoded.tokens.len() < most {
            let is_first = decoded.tokens.is_empty() && forced.is_empty();
            let (token, log_probability) = self.vocabulary.best(self.state.get_logits()?, is_first);
            if token == self.vocabulary.end {
                decoded.log_probabilities.push(log_probability);
                break;
            }
            decoded.tokens.push(token);
            decoded.log_probabilities.push(log_probability);
            if let Some(length) = without_loop(&decoded.tokens) {
                decoded.tokens.truncate(length);
                decoded.log_probabilities.truncate(length);
                decoded.looped = true;
                break;
            }
            self.state.decode(&[token], past, self.threads)?;
            past += 1;
        }
        Ok(decoded)
    }
}

impl Recogniser for Whisper {
    fn recognise(&mut self, request: &Request<'_>) -> Result<Recognition, RecogniseError> {
        self.run(request).map_err(|e| RecogniseError::Decode(e.to_string()))
    }
}

fn softmax_at(logits: &[f32], token: WhisperTokenId) -> f32 {
    (logits[token as usize] - log_sum_exp(logits)).exp()
}

fn log_sum_exp(logits: &[f32]) -> f32 {
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    max + logits.iter().map(|l| (l - max).exp()).sum::<f32>().ln()
}

fn mean(values: &[f32]) -> f32 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f32>() / values.len() as f32 }
}
