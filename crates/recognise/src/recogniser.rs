use std::path::PathBuf;
use std::time::Duration;

use dostyq_speech::{
    Effort, Hypothesis, Lang, LangChoice, SampleTime, SegmentId, TimeSpan, Utterance, Word, join_words,
};

use crate::{ExpectedText, LangScores};

/// What an engine is asked.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The sound, 16 kHz mono, at least 100 ms of it and at most 28 s.
    pub utterance: &'a Utterance,
    /// The language, where it is already known.
    pub lang: LangChoice,
    /// Natural log-odds of Kazakh against Russian before this utterance is heard; 0 leaves it to the sound.
    pub prior: f32,
    /// Words that are already committed: the hypothesis begins with them if the engine can be made to.
    pub committed: &'a [Word],
    /// Names and terms that may have been said, as they are to be written; an engine that cannot be reminded of them
    /// hears as it does.
    pub reminders: &'a [String],
    /// The text that the utterance may follow from its beginning, and how many of its words an earlier hypothesis had. Where
    /// the sound follows it, the hypothesis begins with its words; an engine that cannot tell hears as it does.
    pub expected: Option<(&'a ExpectedText, usize)>,
}

/// What an engine heard, and how sure it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Recognition {
    /// The words.
    pub hypothesis: Hypothesis,
    /// What the guards look at.
    pub signals: Signals,
}

/// Signs of health of a hypothesis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Signals {
    /// Mean natural log-probability of the tokens, at most 0; forced tokens do not count. 0 where there are none.
    pub mean_log_probability: f32,
    /// The engine's own probability that nobody speaks, 0 to 1; 0 where it has none.
    pub no_speech_probability: f32,
    /// The engine ran into a loop, of which one round is left.
    pub looped: bool,
}

/// What can go wrong with an engine.
#[derive(Debug, thiserror::Error)]
pub enum RecogniseError {
    /// The model could not be loaded: nothing can be recognised.
    #[error("the speech model {path} cannot be loaded ({reason}); run: dostyq models verify", path = path.display())]
    Load {
        /// The file.
        path: PathBuf,
        /// What the engine said.
        reason: String,
    },
    /// The model knows only English.
    #[error("the speech model {path} is for English alone; choose a multilingual one: dostyq models list", path = path.display())]
    EnglishOnly {
        /// The file.
        path: PathBuf,
    },
    /// The accelerator that was asked for is not there.
    #[error("the speech model cannot run on the accelerator: {0}")]
    Device(String),
    /// One utterance could not be decoded: skip it, the next one is unaffected.
    #[error("an utterance could not be recognised ({0}); it is skipped")]
    Decode(String),
    /// The engine does not answer any more: the utterance is lost, a new engine takes over.
    #[error("the recogniser has not answered for {} s; the utterance is lost and the recogniser is started again", .0.as_secs())]
    Hung(Duration),
    /// The engine failed in a way that leaves it unfit: the utterance is lost, a new engine takes over.
    #[error("the recogniser has crashed; the utterance is lost and the recogniser is started again")]
    Panicked,
    /// The thread of the engine is gone: nothing more will be recognised.
    #[error("the recogniser has stopped")]
    Stopped,
}

/// An engine that hears words.
///
/// Recovery: on [`RecogniseError::Decode`] skip the utterance and go on; any other error is the end of the engine.
pub trait Recogniser: Send {
    /// Hears one utterance, from its start to as far as it is there.
    fn recognise(&mut self, request: &Request<'_>) -> Result<Recognition, RecogniseError>;

    /// Tells the languages apart in a piece of sound, at least a second of 16 kHz mono; nothing where the engine cannot.
    fn identify(&mut self, _samples: &[f32]) -> Result<Option<LangScores>, RecogniseError> {
        Ok(None)
    }

    /// Hears a whole clip of at most 28 s in a given language as well as the engine can, however long that takes: what
    /// live captions are compared with.
    fn decode_whole(&mut self, samples: &[f32], lang: Lang) -> Result<String, RecogniseError> {
        let start = SampleTime::ZERO;
        let end = start + samples.len() as u64;
        let utterance = Utterance {
            segment: SegmentId(1),
            start,
            samples: samples.to_vec(),
            voiced: TimeSpan::new(start, end),
            voiced_secs: end.as_secs(),
            heard_until: end,
            is_final: true,
        };
        let lang = LangChoice::Fixed(lang);
        let request =
            Request { utterance: &utterance, lang, prior: 0.0, committed: &[], reminders: &[], expected: None };
        Ok(join_words(&self.recognise(&request)?.hypothesis.words))
    }
}

/// The engines of one thread.
pub struct EngineSet {
    /// The one that hears.
    pub usual: Box<dyn Recogniser>,
    /// A lighter one for a machine that is too slow for the usual one, if there is one.
    pub lighter: Option<Box<dyn Recogniser>>,
}

impl EngineSet {
    /// The engine for a rung of the degradation ladder.
    pub fn at(&mut self, effort: Effort) -> &mut dyn Recogniser {
        match &mut self.lighter {
            Some(lighter) if effort >= Effort::LighterModel => lighter.as_mut(),
            _ => self.usual.as_mut(),
        }
    }
}
