use std::fmt::Display;
use std::path::PathBuf;

use dostyq_speech::Lang;

use crate::Direction;

/// What can go wrong with a translation model. [`Translator`](crate::Translator) says which error to skip, which to
/// reload on.
#[derive(Debug, thiserror::Error)]
pub enum TranslateError {
    /// The folder lacks a file that every model has.
    #[error("{} holds no {wanted}: pull the translation model again or name the folder of an Optimum ONNX export", .folder.display())]
    Missing {
        /// The folder of the model.
        folder: PathBuf,
        /// The names that would do, the best first.
        wanted: String,
    },
    /// A file cannot be read, or its contents are not what its name says.
    #[error("{} is unusable ({reason}): pull the translation model again or export it anew with Optimum", .path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A model of a family that is not supported.
    #[error("{} is of the family \"{family}\": choose a BART, Marian, M2M100, NLLB or T5 translation model", .path.display())]
    UnknownFamily {
        /// The configuration of the model.
        path: PathBuf,
        /// What it calls its family (`model_type`).
        family: String,
    },
    /// Tokenizer and model were not made for one another.
    #[error("{} has token ids up to {highest}, but the model knows only {model} tokens: take all files from one and the same model", .path.display())]
    Vocabulary {
        /// The tokenizer.
        path: PathBuf,
        /// Its highest token id.
        highest: u32,
        /// The size of the model's vocabulary.
        model: usize,
    },
    /// The model was not made for a language of the hall.
    #[error("{} lacks the token {token} for {lang}: choose a translation model for Kazakh and Russian", .path.display())]
    Language {
        /// The tokenizer.
        path: PathBuf,
        /// The language.
        lang: Lang,
        /// The token that would name it.
        token: String,
    },
    /// The model translates in one direction, but cannot say in which.
    #[error("the model in {} does not say in which direction it translates: state kk-ru or ru-kk in the configuration", .folder.display())]
    DirectionUnknown {
        /// The folder of the model.
        folder: PathBuf,
    },
    /// Graphics processor asked for, but not to be had.
    #[error("CUDA cannot be used ({reason}): install its libraries beside ONNX Runtime or choose the cpu device")]
    Device {
        /// What ONNX Runtime says.
        reason: String,
    },
    /// A glossary file that cannot be opened.
    #[error("the glossary {} cannot be read ({reason}): name a TSV or TOML file that is there", .path.display())]
    Glossary {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The request does not fit the model.
    #[error("the model in {} does not translate {direction}: configure one that does", .folder.display())]
    WrongDirection {
        /// The folder of the model.
        folder: PathBuf,
        /// What was asked for.
        direction: Direction,
    },
    /// The text cannot be handed to the model.
    #[error("the text cannot be translated ({reason}): it is shown in its own language alone")]
    Text {
        /// Why.
        reason: String,
    },
    /// A file of the translation memory cannot be used at all.
    #[error("the translation memory {} cannot be used ({reason}): give TMX, or lines of a Kazakh text, a tab and a Russian one", .path.display())]
    MemoryFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A pair says nothing.
    #[error("the pair is not taken into the translation memory ({reason}): give one sentence in both languages")]
    MemoryPair {
        /// What is wrong with it.
        reason: String,
    },
    /// No room for another pair.
    #[error("the translation memory is full ({most} pairs): leave out the files that are not about this event")]
    MemoryFull {
        /// How many it holds.
        most: usize,
    },
    /// The model failed while it ran.
    #[error("the model in {} failed ({reason}): it has to be opened again; if it fails again, pull it again", .folder.display())]
    Inference {
        /// The folder of the model.
        folder: PathBuf,
        /// What ONNX Runtime says.
        reason: String,
    },
}

/// Other libraries' messages run over several lines and end in a full stop; ours quote them inside one.
pub(crate) fn one_line(message: impl Display) -> String {
    let message = message.to_string();
    message.trim_end().trim_end_matches('.').split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line_that_names_the_thing_and_the_remedy() {
        let error = TranslateError::Unusable {
            path: "models/x/tokenizer.json".into(),
            reason: one_line("expected value\n  at line 1.\n"),
        };
        assert_eq!(
            error.to_string(),
            "models/x/tokenizer.json is unusable (expected value at line 1): \
             pull the translation model again or export it anew with Optimum"
        );
    }
}
