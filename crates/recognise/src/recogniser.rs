use std::path::PathBuf;

use dostyq_speech::{Hypothesis, LangChoice, Utterance, Word};

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
    /// The engine ran into a loop and was stopped; the words end before it.
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
    /// One utterance could not be decoded: skip it, the next one is unaffected.
    #[error("an utterance could not be recognised ({0}); it is skipped")]
    Decode(String),
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
}
