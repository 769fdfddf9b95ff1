use std::fmt;
use std::sync::Arc;

use dostyq_speech::Lang;

use crate::{Glossary, Knowledge, LiveText, TargetWord, TranslateError, Translated};

/// Turns text of one language into text of another; lives on one thread, which it blocks while it works.
///
/// # Recovery
/// - [`TranslateError::WrongDirection`] and [`TranslateError::Text`] are about the request: skip the segment, show it
///   in its own language, and go on. The same request would fail again.
/// - [`TranslateError::Inference`] is about the engine: open it again and try the segment once more; if that fails
///   too, go on with source captions alone.
/// - Every other error comes from opening a model, never from translating.
pub trait Translator: Send {
    /// Translates one sentence, or the beginning of one that is still being said, to words of which the first are those
    /// that were committed before.
    fn sentence(&mut self, request: &SentenceRequest<'_>) -> Result<Vec<TargetWord>, TranslateError>;

    /// Cuts a sentence into pieces, each so short that [`sentence`](Self::sentence) takes it. All but the last stay as
    /// they are when the sentence grows.
    fn pieces<'t>(&self, sentence: &'t str, direction: Direction) -> Result<Vec<&'t str>, TranslateError>;

    /// Translates `text`, which may hold several sentences; an empty text becomes an empty text, and a text that is
    /// already in the language `to` comes back as it is.
    fn translate(&mut self, text: &str, from: Lang, to: Lang) -> Result<String, TranslateError> {
        if from == to {
            return Ok(text.to_owned());
        }
        Ok(self.translate_with(text, Direction { from, to }, &Arc::default())?.text)
    }

    /// The same with what people know about it, and looked over.
    fn translate_with(
        &mut self,
        text: &str,
        direction: Direction,
        knowledge: &Arc<Knowledge>,
    ) -> Result<Translated, TranslateError> {
        LiveText::new(direction.from, Arc::clone(knowledge)).finish(self, text)
    }
}

/// A sentence to translate.
#[derive(Clone, Debug)]
pub struct SentenceRequest<'a> {
    /// The source, as far as it has been said.
    pub sentence: &'a str,
    /// From which language into which.
    pub direction: Direction,
    /// Words with which the translation must begin: they were promised to stay.
    pub committed: &'a [TargetWord],
    /// Terms that are to be translated as it says, and names that stay as they are.
    pub glossary: &'a Glossary,
    /// The translation will be made again in a moment: quick is better than good.
    pub is_draft: bool,
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
        fn sentence(&mut self, request: &SentenceRequest<'_>) -> Result<Vec<TargetWord>, TranslateError> {
            let text = format!("{}: {}", request.direction, request.sentence);
            Ok(vec![TargetWord { text, tokens: vec![0] }])
        }

        fn pieces<'t>(&self, sentence: &'t str, _: Direction) -> Result<Vec<&'t str>, TranslateError> {
            Ok(vec![sentence])
        }
    }

    #[test]
    fn an_engine_can_be_chosen_at_run_time_and_moved_to_its_thread() {
        let mut engine: Box<dyn Translator> = Box::new(ScriptedTranslator);
        let said = std::thread::spawn(move || engine.translate("сәлем", Lang::Kazakh, Lang::Russian));
        assert_eq!(said.join().expect("no panic").expect("no error"), "kk-ru: сәлем");
        let mut engine = ScriptedTranslator;
        assert_eq!(
            engine.translate("Иә. Жоқ.", Lang::Kazakh, Lang::Russian).expect("no error"),
            "kk-ru: Иә. kk-ru: Жоқ."
        );
        assert_eq!(engine.translate("Иә.", Lang::Kazakh, Lang::Kazakh).expect("no error"), "Иә.");
    }
}
