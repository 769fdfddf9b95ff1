use dostyq_speech::Lang;

use crate::{Direction, SentenceRequest, TargetWord, TranslateError, Translator};

/// Two translators that each know one direction, as one that knows both.
pub struct PairTranslator {
    /// From Kazakh into Russian.
    pub kazakh_to_russian: Box<dyn Translator>,
    /// From Russian into Kazakh.
    pub russian_to_kazakh: Box<dyn Translator>,
}

impl PairTranslator {
    fn of(&mut self, from: Lang) -> &mut dyn Translator {
        match from {
            Lang::Kazakh => self.kazakh_to_russian.as_mut(),
            Lang::Russian => self.russian_to_kazakh.as_mut(),
        }
    }
}

impl Translator for PairTranslator {
    fn sentence(&mut self, request: &SentenceRequest<'_>) -> Result<Vec<TargetWord>, TranslateError> {
        self.of(request.direction.from).sentence(request)
    }

    fn pieces<'t>(&self, sentence: &'t str, direction: Direction) -> Result<Vec<&'t str>, TranslateError> {
        match direction.from {
            Lang::Kazakh => self.kazakh_to_russian.pieces(sentence, direction),
            Lang::Russian => self.russian_to_kazakh.pieces(sentence, direction),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says who was asked.
    struct ScriptedTranslator(&'static str);

    impl Translator for ScriptedTranslator {
        fn sentence(&mut self, request: &SentenceRequest<'_>) -> Result<Vec<TargetWord>, TranslateError> {
            Ok(vec![TargetWord { text: format!("{}: {}", self.0, request.sentence), tokens: vec![1] }])
        }

        fn pieces<'t>(&self, sentence: &'t str, _: Direction) -> Result<Vec<&'t str>, TranslateError> {
            Ok(vec![sentence])
        }
    }

    #[test]
    fn each_direction_goes_to_its_own() {
        let mut pair = PairTranslator {
            kazakh_to_russian: Box::new(ScriptedTranslator("kk-ru")),
            russian_to_kazakh: Box::new(ScriptedTranslator("ru-kk")),
        };
        let mut check = |from: Lang, expect| {
            assert_eq!(pair.translate("а", from, from.other()).expect("scripted"), expect);
        };
        check(Lang::Kazakh, "kk-ru: а");
        check(Lang::Russian, "ru-kk: а");
    }
}
