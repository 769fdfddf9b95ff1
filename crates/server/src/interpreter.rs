use std::collections::BTreeMap;
use std::sync::Arc;

use dostyq_speech::{Author, Lang, SegmentId, Transcript, Translation, join_words};
use dostyq_translate::{Knowledge, LiveText, NumberVerdict, TranslateError, Translated, Translator};
use serde::Serialize;

/// The committed text of a segment, to be translated.
pub(crate) struct SourceText {
    pub(crate) segment: SegmentId,
    pub(crate) from: Lang,
    /// From one text of a segment to the next it only grows.
    pub(crate) text: String,
    /// The segment is over.
    pub(crate) is_final: bool,
    /// What is known in its room.
    pub(crate) knowledge: Arc<Knowledge>,
}

impl SourceText {
    /// What of a transcript is to be translated; nothing where nothing is committed.
    pub(crate) fn of(transcript: &Transcript, knowledge: &Arc<Knowledge>) -> Option<SourceText> {
        let &Transcript { segment, lang: from, is_final, .. } = transcript;
        let text = join_words(&transcript.committed);
        (!text.is_empty()).then(|| SourceText { segment, from, text, is_final, knowledge: Arc::clone(knowledge) })
    }
}

/// A translation that somebody should look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Doubt {
    /// The translation as it was shown.
    text: String,
    /// Numbers, terms and names of the source that it lacks, as the source or the glossary writes them.
    lacks: Vec<String>,
    /// Numbers that it has and the source has not.
    added: Vec<String>,
}

impl Doubt {
    fn of(translated: &Translated, to: Lang) -> Option<Doubt> {
        let mut doubt = Doubt { text: translated.text.clone(), lacks: Vec::new(), added: Vec::new() };
        if let NumberVerdict::Differ { missing, extra } = &translated.numbers {
            doubt.lacks.clone_from(missing);
            doubt.added.clone_from(extra);
        }
        doubt.lacks.extend(translated.missed.iter().map(|term| term.form(to).to_owned()));
        doubt.lacks.extend(translated.lost_names.iter().cloned());
        (!doubt.lacks.is_empty() || !doubt.added.is_empty()).then_some(doubt)
    }
}

/// A segment's translation so far, and what is doubtful about a finished one.
#[derive(Debug)]
pub(crate) struct Interpreted {
    pub(crate) translation: Translation,
    pub(crate) doubt: Option<Doubt>,
    /// Sentences of it that people wrote: they were in the memory.
    pub(crate) remembered: usize,
}

/// Translates the segments of all rooms as they grow.
#[derive(Default)]
pub(crate) struct Interpreter {
    /// The open segment of each room.
    open: BTreeMap<usize, (SegmentId, LiveText)>,
}

impl Interpreter {
    /// The translation of a room's segment as far as it is there. After an error the segment goes on as it was; a final
    /// one is over.
    pub(crate) fn translate(
        &mut self,
        translator: &mut dyn Translator,
        room: usize,
        source: &SourceText,
    ) -> Result<Interpreted, TranslateError> {
        let &SourceText { segment, from, is_final, .. } = source;
        let open = self.open.remove(&room).filter(|(known, live)| *known == segment && live.from() == from);
        let mut live = open.map_or_else(|| LiveText::new(from, Arc::clone(&source.knowledge)), |(_, live)| live);
        let translation = |text, author| Translation { segment, lang: from.other(), text, is_final, author };
        if is_final {
            let translated = live.finish(translator, &source.text)?;
            let (doubt, remembered) = (Doubt::of(&translated, from.other()), translated.remembered);
            let author = if remembered > 0 { Author::Memory } else { Author::Machine };
            return Ok(Interpreted { translation: translation(translated.text, author), doubt, remembered });
        }
        let committed = live.grow(translator, &source.text);
        self.open.insert(room, (segment, live));
        Ok(Interpreted { translation: translation(committed?, Author::Machine), doubt: None, remembered: 0 })
    }

    /// A room is gone.
    pub(crate) fn forget(&mut self, room: usize) {
        self.open.remove(&room);
    }
}

#[cfg(test)]
mod tests {
    use dostyq_translate::{Direction, SentenceRequest, TargetWord};

    use super::*;

    /// Translates each word into capitals.
    struct ScriptedTranslator;

    impl Translator for ScriptedTranslator {
        fn sentence(&mut self, request: &SentenceRequest<'_>) -> Result<Vec<TargetWord>, TranslateError> {
            let word = |word: &str| TargetWord { text: word.to_uppercase(), tokens: vec![1] };
            Ok(request.sentence.split_whitespace().map(word).collect())
        }

        fn pieces<'t>(&self, sentence: &'t str, _: Direction) -> Result<Vec<&'t str>, TranslateError> {
            Ok(vec![sentence])
        }
    }

    #[test]
    fn what_people_translated_before_names_the_memory() {
        let mut knowledge = Knowledge::default();
        knowledge.memory.add("Сәлем, достар!", "Здравствуйте, друзья!").expect("a pair");
        let knowledge = Arc::new(knowledge);
        for (text, expect, author) in
            [("Сәлем, достар! Иә.", "Здравствуйте, друзья! ИӘ.", Author::Memory), ("Иә.", "ИӘ.", Author::Machine)]
        {
            let (segment, from) = (SegmentId(1), Lang::Kazakh);
            let source = SourceText { segment, from, text: text.into(), is_final: true, knowledge: knowledge.clone() };
            let interpreted = Interpreter::default().translate(&mut ScriptedTranslator, 0, &source).expect("scripted");
            assert_eq!((interpreted.translation.text.as_str(), interpreted.translation.author), (expect, author));
        }
    }
}
