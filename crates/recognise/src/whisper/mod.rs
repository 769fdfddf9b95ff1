//! The Whisper engine (whisper.cpp through `whisper-rs`), with a decoding loop of our own.
//!
//! whisper.cpp's `full()` cannot be told what is already committed, encodes a second time to identify the language, and
//! leaks a string a call; the low-level calls do all we need: encode once, read both languages' logits, force the
//! committed words, decode the rest.

mod device;
mod header;
mod reach;
mod sound;
mod vocabulary;

use std::path::Path;

use dostyq_speech::{Hypothesis, Lang, LangChoice, TimeSpan, Word};
use whisper_rs::{
    FullParams, SamplingStrategy, WhisperContext, WhisperContextParameters, WhisperError, WhisperState, WhisperTokenId,
};

use crate::guard::without_loop;
use crate::loudness::{even_out, without_offset};
use crate::times::word_times;
use crate::{LangScores, RecogniseError, Recogniser, Recognition, Request, Signals};
use vocabulary::{Rules, Vocabulary};

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
    /// Threads for a token. Its matrices are small and its steps many: with more threads they spend their time waiting for
    /// one another, and on a machine that does other things as well they wait long.
    decode_threads: usize,
}

/// Most threads that make a token quicker.
const MOST_DECODE_THREADS: usize = 4;

/// By how much Whisper's log-odds lean to Russian. On two to four seconds of Kazakh speech with Russian words in it Whisper
/// base puts them from -5.5 to 8, on Russian speech from -17 to -7: halfway in between is not 0 but -6. Most of that is
/// taken out; all of it would be a bet on this one model.
const LEAN: f32 = 4.0;

/// Tokens a second that nobody exceeds. Kazakh letters outside the Russian alphabet take two tokens each.
const TOKENS_A_SECOND: f64 = 16.0;
/// Tokens that even the shortest utterance may have.
const LEAST_TOKENS: usize = 16;
/// Whisper's text context is 448 tokens; half of it is for what is said, as in the original.
const MOST_TOKENS: usize = 224;

/// Tokens of names and terms before what is heard.
const MOST_REMINDER_TOKENS: usize = 64;

/// Loops out of which decoding finds its way; at the next one it ends.
const WAYS_OUT_OF_LOOPS: u32 = 4;

/// Tokens a second of voice under which an end is doubted: Whisper likes to stop after a sentence though another one
/// follows. Speech has four to eight.
const FEWEST_TOKENS_A_SECOND: f64 = 2.5;
/// Mean log-probability from which what follows a doubted end is believed.
const BELIEVED_AFTER_END: f32 = -0.8;

/// What the loop is to decode.
#[derive(Clone, Copy)]
struct Asked<'a> {
    reminders: &'a [WhisperTokenId],
    lang: Lang,
    forced: &'a [WhisperTokenId],
    /// The forced tokens have been decoded already, after the start token and nothing else.
    is_laid: bool,
    may_be_latin: bool,
    /// Tokens that the voice must have, at the least.
    fewest: usize,
    /// Tokens that it cannot exceed.
    most: usize,
}

/// What a hypothesis is to begin with.
struct Opening {
    lang: Lang,
    lang_confidence: f32,
    words: Vec<Word>,
    /// The words are those of an expected text, and have no times yet.
    is_expected: bool,
    tokens: Vec<WhisperTokenId>,
}

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
        header::check(path).map_err(load)?;
        if options.use_gpu {
            device::check(options.gpu_device, &device::accelerators()).map_err(RecogniseError::Device)?;
        }
        let mut parameters = WhisperContextParameters::default();
        parameters.use_gpu(options.use_gpu).gpu_device(options.gpu_device).flash_attn(options.use_gpu);
        let context = WhisperContext::new_with_params(path, parameters).map_err(|e| load(e.to_string()))?;
        if !context.is_multilingual() {
            return Err(RecogniseError::EnglishOnly { path: path.to_owned() });
        }
        let state = context.create_state().map_err(|e| load(e.to_string()))?;
        let vocabulary = Vocabulary::read(&context).map_err(load)?;
        let threads = options.threads.max(1);
        let decode_threads = threads.div_ceil(2).min(MOST_DECODE_THREADS);
        Ok(Whisper { context, state, vocabulary, threads, decode_threads })
    }

    fn run(&mut self, request: &Request<'_>) -> Result<Recognition, WhisperError> {
        let samples = without_offset(&request.utterance.samples);
        let (scores, no_speech_probability) = self.listen(&samples)?;
        let opening = self.opening(request, scores)?;
        let reminders = self.reminder_tokens(request.reminders)?;
        let by_duration = LEAST_TOKENS + (samples.len() as f64 / 16_000.0 * TOKENS_A_SECOND) as usize;
        let fewest = (request.utterance.voiced_secs * FEWEST_TOKENS_A_SECOND) as usize;
        let (most, forced) = (by_duration.min(MOST_TOKENS), opening.tokens.as_slice());
        let mut asked = Asked {
            reminders: &reminders,
            lang: opening.lang,
            forced,
            is_laid: opening.is_expected,
            may_be_latin: true,
            fewest,
            most,
        };
        let mut decoded = self.decode(&asked)?;
        if self.vocabulary.is_mostly_latin(&decoded.tokens) {
            // Neither language of the hall is written so; told that, Whisper often hears what was said.
            asked.may_be_latin = false;
            decoded = self.decode(&asked)?;
        }
        let mean_log_probability = mean(&decoded.log_probabilities);

        let spoken = self.vocabulary.words(&decoded.tokens, &decoded.log_probabilities);
        let texts: Vec<&str> =
            opening.words.iter().map(|w| w.text.as_str()).chain(spoken.iter().map(|w| w.0.as_str())).collect();
        let times = word_times(&texts, &samples, request.utterance.start, request.utterance.voiced);
        let mut words = opening.words;
        if opening.is_expected {
            words.iter_mut().zip(&times).for_each(|(word, span)| word.span = *span);
        }
        let fresh = spoken.into_iter().zip(&times[words.len()..]);
        words.extend(fresh.map(|((text, confidence), span)| Word { text, span: *span, confidence }));
        let (lang, lang_confidence) = (opening.lang, opening.lang_confidence);
        Ok(Recognition {
            hypothesis: Hypothesis { lang, lang_confidence, words },
            signals: Signals { mean_log_probability, no_speech_probability, looped: decoded.looped },
        })
    }

    /// What the hypothesis is to begin with: what the sound has of an expected text, or else the committed words.
    fn opening(&mut self, request: &Request<'_>, scores: LangScores) -> Result<Opening, WhisperError> {
        if let Some((text, known)) = request.expected
            && let Some(reach) = self.reach(text, known)?
        {
            let word = |text: &String| Word { text: text.clone(), span: TimeSpan::default(), confidence: 1.0 };
            return Ok(Opening {
                lang: text.lang,
                lang_confidence: 1.0,
                words: text.words[..reach.words].iter().map(word).collect(),
                is_expected: true,
                tokens: reach.tokens,
            });
        }
        let (lang, lang_confidence) = match request.lang {
            LangChoice::Fixed(lang) => (lang, 1.0),
            LangChoice::Auto => scores.decide(request.prior),
        };
        let (words, tokens) = (request.committed.to_vec(), self.forced_tokens(request.committed)?);
        Ok(Opening { lang, lang_confidence, words, is_expected: false, tokens })
    }

    /// Encodes the sound and reads what the model says of it before the first word: the languages' scores, and the
    /// probability that nobody speaks.
    fn listen(&mut self, samples: &[f32]) -> Result<(LangScores, f32), WhisperError> {
        let even = even_out(samples);
        sound::prepare(&mut self.state, &even, self.context.n_audio_ctx(), self.threads)?;
        self.state.encode(0, self.threads)?;
        self.state.decode(&[self.vocabulary.start], 0, self.decode_threads)?;
        let logits = self.state.get_logits()?;
        let scores = LangScores::from_logits(
            logits[self.vocabulary.lang(Lang::Kazakh) as usize] + LEAN,
            logits[self.vocabulary.lang(Lang::Russian) as usize],
        );
        Ok((scores, softmax_at(logits, self.vocabulary.no_speech)))
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

    /// Reminders as tokens, as many as there is room for.
    fn reminder_tokens(&self, reminders: &[String]) -> Result<Vec<WhisperTokenId>, WhisperError> {
        let mut tokens = Vec::new();
        for term in reminders {
            let text = format!(" {term}.");
            let more = self.context.tokenize(&text, text.len() + 1)?;
            if tokens.len() + more.len() > MOST_REMINDER_TOKENS {
                break;
            }
            tokens.extend(more);
        }
        Ok(tokens)
    }

    /// Greedy decoding after the prompt. The start token has been decoded, at position 0.
    fn decode(&mut self, asked: &Asked<'_>) -> Result<Decoded, WhisperError> {
        let v = &self.vocabulary;
        let &Asked { reminders, lang, forced, is_laid, may_be_latin, fewest, most } = asked;
        let mut prompt = Vec::new();
        let mut past = 1;
        if !is_laid && !reminders.is_empty() {
            prompt.push(v.previous);
            prompt.extend_from_slice(reminders);
            prompt.push(v.start);
            past = 0;
        }
        prompt.extend([v.lang(lang), v.transcribe, v.no_timestamps]);
        prompt.extend_from_slice(forced);
        // As in `reach`, the last one goes alone.
        let last = prompt.pop().unwrap_or(v.no_timestamps);
        if !is_laid {
            self.state.decode(&prompt, past, self.threads)?;
        }
        past += prompt.len();

        let (fewest, most) = (fewest.saturating_sub(forced.len()), most.saturating_sub(forced.len()));
        let mut decoded = Decoded { tokens: Vec::new(), log_probabilities: Vec::new(), looped: false };
        let mut rules = Rules { is_first: forced.is_empty(), may_be_latin, barred: None };
        let mut ways_out = WAYS_OUT_OF_LOOPS;
        let mut doubted_end = None;
        let mut latest = last;
        while decoded.tokens.len() < most {
            self.state.decode(&[latest], past + decoded.tokens.len(), self.decode_threads)?;
            let (mut token, mut log_probability) = self.vocabulary.best(self.state.get_logits()?, &rules);
            if token == self.vocabulary.end && decoded.tokens.len() < fewest && doubted_end.is_none() {
                doubted_end = Some((decoded.tokens.len(), log_probability));
                rules.barred = Some(token);
                (token, log_probability) = self.vocabulary.best(self.state.get_logits()?, &rules);
            }
            if token == self.vocabulary.end {
                decoded.log_probabilities.push(log_probability);
                break;
            }
            decoded.tokens.push(token);
            decoded.log_probabilities.push(log_probability);
            (latest, rules.is_first, rules.barred) = (token, false, None);
            if let Some(length) = without_loop(&decoded.tokens) {
                decoded.looped = true;
                // The rest of the utterance is still to be heard: back to before the repetition, and another way.
                rules.barred = Some(decoded.tokens[length]);
                latest = decoded.tokens[length - 1];
                decoded.tokens.truncate(length);
                decoded.log_probabilities.truncate(length);
                ways_out -= 1;
                if ways_out == 0 {
                    break;
                }
            }
        }
        if let Some((length, log_probability)) = doubted_end
            && mean(decoded.log_probabilities.get(length..).unwrap_or_default()) < BELIEVED_AFTER_END
        {
            // There was no more to be heard.
            decoded.tokens.truncate(length);
            decoded.log_probabilities.truncate(length);
            decoded.log_probabilities.push(log_probability);
        }
        Ok(decoded)
    }
}

impl Recogniser for Whisper {
    fn recognise(&mut self, request: &Request<'_>) -> Result<Recognition, RecogniseError> {
        self.run(request).map_err(|e| RecogniseError::Decode(e.to_string()))
    }

    fn identify(&mut self, samples: &[f32]) -> Result<Option<LangScores>, RecogniseError> {
        let heard = self.listen(&without_offset(samples));
        heard.map(|(scores, _)| Some(scores)).map_err(|e| RecogniseError::Decode(e.to_string()))
    }

    /// With a beam of five and the full context, as the original does.
    ///
    /// Leaks a few bytes a call, because whisper-rs 0.16 does so with each language that it is given.
    fn decode_whole(&mut self, samples: &[f32], lang: Lang) -> Result<String, RecogniseError> {
        let mut parameters = FullParams::new(SamplingStrategy::BeamSearch { beam_size: 5, patience: -1.0 });
        parameters.set_n_threads(self.threads as i32);
        parameters.set_language(Some(lang.code()));
        parameters.set_no_context(true);
        let failed = |error: WhisperError| RecogniseError::Decode(error.to_string());
        self.state.full(parameters, samples).map_err(failed)?;
        let texts = self.state.as_iter().map(|segment| segment.to_str_lossy().map(|text| text.trim().to_owned()));
        Ok(texts.collect::<Result<Vec<_>, _>>().map_err(failed)?.join(" "))
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
