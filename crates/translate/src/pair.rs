use dostyq_speech::Lang;

use crate::{TranslateError, Translator};

/// Two translators that each know one direction, as one that knows both.
pub struct PairTranslator {
    /// From Kazakh into Russian.
    pub kazakh_to_russian: Box<dyn Translator>,
    /// From Russian into Kazakh.
    pub russian_to_kazakh: Box<dyn Translator>,
}

impl Translator for PairTranslator {
    fn translate(&mut self, text: &str, from: Lang, to: Lang) -> Result<String, TranslateError> {
        match from {
            Lang::Kazakh => self.kazakh_to_russian.translate(text, from, to),
            Lang::Russian => self.russian_to_kazakh.translate(text, from, to),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says who was asked.
    struct ScriptedTranslator(&'static str);

    impl Translator for ScriptedTranslator {
        fn translate(&mut self, text: &str, _: Lang, _: Lang) -> Result<String, TranslateError> {
            Ok(format!("{}: {text}", self.0))
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
