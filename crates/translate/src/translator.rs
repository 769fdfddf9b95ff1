use std::fmt;

use dostyq_speech::Lang;

use crate::TranslateError;

/// Turns text of one language into text of another; lives on one thread, which it blocks while it works.
///
/// # Recovery
/// - [`TranslateError::WrongDirection`] and [`TranslateError::Text`] are about the request: skip the segment, show it
///   in its own language, and go on. The same request would fail again.
/// - [`TranslateError::Inference`] is about the engine: open it again and try the segment once more; if that fails
///   too, go on with source captions alone.
/// - Every other error comes from opening a model, never from translating.
pub trait Translator: Send {
    /// Translates `text`, which may hold several sentences; an empty text becomes an empty text, and a text that is
    /// already in the language `to` comes back as it is.
    fn translate(&mut self, text: &str, from: Lang, to: Lang) -> Result<String, TranslateError>;
}

/// From which language into which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Direction {
    /// The language of the text.
    pub from: Lang,
    /// The language that it becomes.
    pub to: Lang,
}

impl Direction {
    /// All directions between two different languages.
    pub(crate) fn all() -> impl Iterator<Item = Direction> {
        Lang::ALL.into_iter().map(|from| Direction { from, to: from.other() })
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from, self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stands for an engine where only the trait is of interest.
    struct ScriptedTranslator;

    impl Translator for ScriptedTranslator {
        fn translate(&mut self, text: &str, from: Lang, to: Lang) -> Result<String, TranslateError> {
            Ok(format!("{}: {text}", Direction { from, to }))
        }
    }

    #[test]
    fn an_engine_can_be_chosen_at_run_time_and_moved_to_its_thread() {
        let mut engine: Box<dyn Translator> = Box::new(ScriptedTranslator);
        let said = std::thread::spawn(move || engine.translate("сәлем", Lang::Kazakh, Lang::Russian));
        assert_eq!(said.join().expect("no panic").expect("no error"), "kk-ru: сәлем");
    }
}
