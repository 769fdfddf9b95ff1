//! Translation of text that is still being said: sentences that are over are decided, the open one grows.

mod policy;

use std::sync::Arc;

use dostyq_speech::Lang;

use crate::target::join_target;
use crate::{Direction, Knowledge, SentenceRequest, TranslateError, Translated, Translator, split_sentences};
use policy::{AgreementPolicy, Caution};

/// With fewer agreements more is shown early and more of it is wrong (docs/measurements.md).
const CAUTION: Caution = Caution { agreements: 3, held_back: 3 };

/// The translation of one growing text, sentence by sentence.
///
/// The text is cut into sentences as it grows. Of a sentence that another one follows, the rest is decided at once with
/// a beam search, after what was committed of it. The open sentence is translated anew each time, greedily and without
/// regard to the translation before: what several translations say in a row is worth something only if each could have
/// said something else. What is not committed is not shown: with a small model it changes too often to be read.
#[derive(Clone, Debug)]
pub struct LiveText {
    direction: Direction,
    knowledge: Arc<Knowledge>,
    /// Bytes of the source whose translation is decided.
    consumed: usize,
    /// Its translation.
    decided: String,
    open: AgreementPolicy,
    /// Bytes of the translation that were shown.
    shown: usize,
    /// Sentences that the memory knew.
    remembered: usize,
}

impl LiveText {
    /// A text of which nothing has been said.
    pub fn new(from: Lang, knowledge: Arc<Knowledge>) -> LiveText {
        let direction = Direction { from, to: from.other() };
        let (decided, open) = Default::default();
        LiveText { direction, knowledge, consumed: 0, decided, open, shown: 0, remembered: 0 }
    }

    /// The language that is spoken.
    pub fn from(&self) -> Lang {
        self.direction.from
    }

    /// The source as it is now, which begins with what it was before; returns the committed translation, which only
    /// grows. After an error the next, longer source makes up for it.
    pub fn grow(
        &mut self,
        translator: &mut (impl Translator + ?Sized),
        source: &str,
    ) -> Result<String, TranslateError> {
        let mut sentences = self.undecided(translator, source)?;
        let open = sentences.pop();
        for sentence in sentences {
            self.decide(translator, sentence)?;
            self.consumed = end_in(source, sentence);
        }
        if let Some(open) = open {
            let request = SentenceRequest {
                sentence: open,
                direction: self.direction,
                committed: self.open.committed(),
                glossary: &self.knowledge.glossary,
                is_draft: true,
            };
            let translation = translator.sentence(&request)?;
            self.open.grow(&translation, CAUTION);
        }
        let committed = join(&self.decided, &join_target(self.open.committed()));
        self.shown = committed.len();
        Ok(committed)
    }

    /// The source is complete: the rest is decided, and all of it looked over. What was committed stays.
    pub fn finish(
        mut self,
        translator: &mut (impl Translator + ?Sized),
        source: &str,
    ) -> Result<Translated, TranslateError> {
        for sentence in self.undecided(translator, source)? {
            self.decide(translator, sentence)?;
        }
        let glossary = &self.knowledge.glossary;
        let translated = Translated::check(source, &self.decided, self.direction, glossary, self.shown);
        Ok(Translated { remembered: self.remembered, ..translated })
    }

    /// The sentences of the source from where its translation is not decided, each so short that the model can take it.
    fn undecided<'t>(
        &self,
        translator: &(impl Translator + ?Sized),
        source: &'t str,
    ) -> Result<Vec<&'t str>, TranslateError> {
        let rest = source.get(self.consumed..).unwrap_or_default();
        let mut sentences = Vec::new();
        for sentence in split_sentences(rest) {
            sentences.extend(translator.pieces(sentence, self.direction)?);
        }
        Ok(sentences)
    }

    fn decide(&mut self, translator: &mut (impl Translator + ?Sized), sentence: &str) -> Result<(), TranslateError> {
        let committed = self.open.committed();
        let (direction, Knowledge { glossary, memory }) = (self.direction, &*self.knowledge);
        // What a reader has seen of the machine's translation stays, so the memory then comes too late.
        if let Some(found) = memory.find(sentence, direction).filter(|_| committed.is_empty()) {
            self.decided = join(&self.decided, found.text);
            self.open = AgreementPolicy::default();
            self.remembered += 1;
            return Ok(());
        }
        let request = SentenceRequest { sentence, direction, committed, glossary, is_draft: false };
        let translation = translator.sentence(&request)?;
        self.decided = join(&self.decided, &join_target(&translation));
        self.open = AgreementPolicy::default();
        Ok(())
    }
}

/// Where a part of a text ends in it.
fn end_in(text: &str, part: &str) -> usize {
    part.as_ptr() as usize + part.len() - text.as_ptr() as usize
}

fn join(before: &str, after: &str) -> String {
    if before.is_empty() || after.is_empty() { format!("{before}{after}") } else { format!("{before} {after}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TargetWord;

    /// Translates word by word into capitals, after what is committed, and notes what it was asked; a piece has at most
    /// four words.
    #[derive(Default)]
    struct ScriptedTranslator {
        asked: Vec<String>,
    }

    impl Translator for ScriptedTranslator {
        fn sentence(&mut self, request: &SentenceRequest<'_>) -> Result<Vec<TargetWord>, TranslateError> {
            let sign = if request.is_draft { '?' } else { '!' };
            self.asked.push(format!("{}{sign}", request.sentence));
            if request.sentence.contains("ошибка") {
                return Err(TranslateError::Text { reason: "scripted".into() });
            }
            let word = |text: &str| TargetWord { text: text.to_uppercase(), tokens: vec![1] };
            let rest = request.sentence.split_whitespace().skip(request.committed.len()).map(word);
            Ok(request.committed.iter().cloned().chain(rest).collect())
        }

        fn pieces<'t>(&self, sentence: &'t str, _: Direction) -> Result<Vec<&'t str>, TranslateError> {
            let spaces: Vec<usize> = sentence.match_indices(' ').map(|(at, _)| at).collect();
            Ok(match spaces.get(3) {
                Some(at) => {
                    [vec![&sentence[..*at]], self.pieces(&sentence[at + 1..], Direction::all().next().expect("two"))?]
                        .concat()
                }
                None => vec![sentence],
            })
        }
    }

    fn grow(live: &mut LiveText, translator: &mut ScriptedTranslator, source: &str) -> String {
        live.grow(translator, source).expect("scripted")
    }

    #[test]
    fn sentences_that_are_over_are_decided_once() {
        let (mut live, mut translator) = (LiveText::new(Lang::Russian, Arc::default()), ScriptedTranslator::default());
        assert_eq!(grow(&mut live, &mut translator, "Добрый день."), "");
        assert_eq!(grow(&mut live, &mut translator, "Добрый день. Мы"), "ДОБРЫЙ ДЕНЬ.");
        assert_eq!(grow(&mut live, &mut translator, "Добрый день. Мы рады"), "ДОБРЫЙ ДЕНЬ.");
        assert_eq!(
            live.finish(&mut translator, "Добрый день. Мы рады всем").expect("scripted").text,
            "ДОБРЫЙ ДЕНЬ. МЫ РАДЫ ВСЕМ"
        );
        assert_eq!(translator.asked, ["Добрый день.?", "Добрый день.!", "Мы?", "Мы рады?", "Мы рады всем!"]);
    }

    #[test]
    fn a_sentence_without_end_is_decided_piece_by_piece() {
        let (mut live, mut translator) = (LiveText::new(Lang::Russian, Arc::default()), ScriptedTranslator::default());
        assert_eq!(grow(&mut live, &mut translator, "а б в г д"), "А Б В Г");
        assert_eq!(live.finish(&mut translator, "а б в г д е").expect("scripted").text, "А Б В Г Д Е");
    }

    #[test]
    fn an_error_leaves_everything_as_it_was() {
        let (mut live, mut translator) = (LiveText::new(Lang::Kazakh, Arc::default()), ScriptedTranslator::default());
        grow(&mut live, &mut translator, "Иә. Жоқ");
        live.grow(&mut translator, "Иә. Жоқ ошибка").expect_err("scripted");
        assert_eq!(live.clone().finish(&mut translator, "Иә. Жоқ әлі").expect("scripted").text, "ИӘ. ЖОҚ ӘЛІ");
        live.finish(&mut translator, "Иә. Жоқ ошибка").expect_err("scripted");
    }

    #[test]
    fn what_people_wrote_wins_unless_something_else_was_shown() {
        let mut knowledge = Knowledge::default();
        knowledge.memory.add("Сәлем, достар!", "Здравствуйте, друзья!").expect("a pair");
        let mut translator = ScriptedTranslator::default();
        let live = LiveText::new(Lang::Kazakh, Arc::new(knowledge));
        let translated = live.clone().finish(&mut translator, "Сәлем достар! Иә").expect("scripted");
        assert_eq!((translated.text.as_str(), translated.remembered), ("Здравствуйте, друзья! ИӘ", 1));
        let mut late = live;
        late.open
            .grow(&[TargetWord { text: "СӘЛЕМ".into(), tokens: vec![1] }], Caution { agreements: 1, held_back: 0 });
        assert_eq!(late.finish(&mut translator, "Сәлем достар!").expect("scripted").text, "СӘЛЕМ ДОСТАР!");
    }

    #[test]
    fn nothing_said_is_nothing_translated() {
        let (mut live, mut translator) = (LiveText::new(Lang::Kazakh, Arc::default()), ScriptedTranslator::default());
        assert_eq!(grow(&mut live, &mut translator, ""), "");
        assert_eq!(live.finish(&mut translator, "").expect("scripted").text, "");
        assert_eq!(translator.asked, [""; 0]);
    }
}
