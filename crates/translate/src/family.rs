use std::borrow::Cow;

use dostyq_speech::Lang;

use crate::Direction;

/// A kind of encoder-decoder model. What sets the kinds apart, beyond their weights, is how they are told the
/// languages; this module is the one place that knows.
///
/// | family | encoder ids | forced first token |
/// |---|---|---|
/// | BART | `<s> X </s>` | target language |
/// | M2M100, NLLB | source language `X </s>` | target language |
/// | Marian | `>>target<<`, where the model has such tokens, `X </s>` | |
/// | T5 | `<2target>`, where the model has such tokens (MADLAD), `X </s>` | |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Bart,
    M2m100,
    Marian,
    T5,
}

/// What stands around a text's token ids on its way in one direction.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Frame {
    pub(crate) before: Vec<u32>,
    pub(crate) after: Vec<u32>,
    /// The token that the decoder has to produce first.
    pub(crate) forced: Option<u32>,
}

/// Why a vocabulary does not serve.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FrameError {
    /// It has no token for a language.
    Language { lang: Lang, token: &'static str },
    /// It has no token to open a text with.
    Opening { token: &'static str },
    /// It does not say in which direction it goes, and nor does the caller.
    DirectionUnknown,
}

impl Family {
    /// The family that a configuration names in `model_type`.
    pub(crate) fn of_model_type(model_type: &str) -> Option<Family> {
        match model_type {
            "bart" => Some(Family::Bart),
            "m2m_100" => Some(Family::M2m100),
            "marian" => Some(Family::Marian),
            "t5" => Some(Family::T5),
            _ => None,
        }
    }

    /// The frame of each direction that the model can go; `only` leaves out the others.
    ///
    /// Language tokens are looked up by name, never by number: numbers differ between vocabularies cut down from the
    /// same model. `end` is the id of `</s>`.
    pub(crate) fn frames(
        self,
        id_of: impl Fn(&str) -> Option<u32>,
        end: u32,
        only: Option<Direction>,
    ) -> Result<Vec<(Direction, Frame)>, FrameError> {
        let known = |lang: Lang| self.language_tokens(lang).iter().find_map(|token| id_of(token));
        let required =
            |lang: Lang| known(lang).ok_or(FrameError::Language { lang, token: self.language_tokens(lang)[0] });

        let frame = |direction: Direction| -> Result<Frame, FrameError> {
            let Direction { from, to } = direction;
            let (before, forced) = match self {
                Family::Bart => {
                    let opening = id_of("<s>").ok_or(FrameError::Opening { token: "<s>" })?;
                    (vec![opening], Some(required(to)?))
                }
                Family::M2m100 => (vec![required(from)?], Some(required(to)?)),
                Family::Marian | Family::T5 => match (known(to), only) {
                    (Some(target), _) => (vec![target], None),
                    // Such a model goes one way, and only who chose it knows which.
                    (None, Some(_)) => (vec![], None),
                    (None, None) => return Err(FrameError::DirectionUnknown),
                },
            };
            Ok(Frame { before, after: vec![end], forced })
        };
        Direction::all()
            .filter(|direction| only.is_none_or(|only| only == *direction))
            .map(|direction| Ok((direction, frame(direction)?)))
            .collect()
    }

    /// The names under which vocabularies of the family keep a language.
    fn language_tokens(self, lang: Lang) -> &'static [&'static str] {
        match (self, lang) {
            (Family::Bart, Lang::Kazakh) => &["kaz_Cyrl"],
            (Family::Bart, Lang::Russian) => &["rus_Cyrl"],
            (Family::M2m100, Lang::Kazakh) => &["kaz_Cyrl", "__kk__"],
            (Family::M2m100, Lang::Russian) => &["rus_Cyrl", "__ru__"],
            (Family::Marian, Lang::Kazakh) => &[">>kaz<<", ">>kaz_Cyrl<<"],
            (Family::Marian, Lang::Russian) => &[">>rus<<"],
            (Family::T5, Lang::Kazakh) => &["<2kk>"],
            (Family::T5, Lang::Russian) => &["<2ru>"],
        }
    }

    /// The text without anything that the family's tokenizer would take for a language token.
    pub(crate) fn without_marks(self, text: &str) -> Cow<'_, str> {
        match self {
            Family::Bart | Family::M2m100 => Cow::Borrowed(text),
            Family::Marian => without_marks(text, ">>", "<<"),
            Family::T5 => without_marks(text, "<2", ">"),
        }
    }
}

/// The longest name of a language between its brackets, as in `>>cmn_Hans<<`.
const LONGEST_MARK: usize = 10;

fn without_marks<'t>(text: &'t str, open: &str, close: &str) -> Cow<'t, str> {
    let mut kept = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(open) {
        let inside = &rest[at + open.len()..];
        let name = inside.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(inside.len());
        if (1..=LONGEST_MARK).contains(&name) && inside[name..].starts_with(close) {
            kept.push_str(&rest[..at]);
            rest = &inside[name + close.len()..];
        } else {
            kept.push_str(&rest[..at + open.len()]);
            rest = inside;
        }
    }
    if kept.is_empty() && rest.len() == text.len() { Cow::Borrowed(text) } else { Cow::Owned(kept + rest) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KK_RU: Direction = Direction { from: Lang::Kazakh, to: Lang::Russian };
    const RU_KK: Direction = Direction { from: Lang::Russian, to: Lang::Kazakh };

    fn frames(
        family: Family,
        vocabulary: &[(&str, u32)],
        only: Option<Direction>,
    ) -> Result<Vec<(Direction, Frame)>, FrameError> {
        family.frames(|token| vocabulary.iter().find(|(t, _)| *t == token).map(|(_, id)| *id), 2, only)
    }

    fn frame(before: &[u32], forced: Option<u32>) -> Frame {
        Frame { before: before.to_vec(), after: vec![2], forced }
    }

    #[test]
    fn each_family_is_told_the_languages_in_its_own_way() {
        let check = |family, vocabulary: &[(&str, u32)], to_russian, to_kazakh| {
            assert_eq!(
                frames(family, vocabulary, None),
                Ok(vec![(KK_RU, to_russian), (RU_KK, to_kazakh)]),
                "{family:?}"
            );
        };
        let bart = [("<s>", 0), ("kaz_Cyrl", 8), ("rus_Cyrl", 9)];
        check(Family::Bart, &bart, frame(&[0], Some(9)), frame(&[0], Some(8)));
        check(Family::M2m100, &bart, frame(&[8], Some(9)), frame(&[9], Some(8)));
        check(Family::M2m100, &[("__kk__", 5), ("__ru__", 6)], frame(&[5], Some(6)), frame(&[6], Some(5)));
        check(Family::Marian, &[(">>kaz<<", 5), (">>rus<<", 6)], frame(&[6], None), frame(&[5], None));
        check(Family::T5, &[("<2kk>", 5), ("<2ru>", 6)], frame(&[6], None), frame(&[5], None));
    }

    #[test]
    fn a_stated_direction_is_the_only_one() {
        assert_eq!(frames(Family::T5, &[], Some(KK_RU)), Ok(vec![(KK_RU, frame(&[], None))]));
        assert_eq!(frames(Family::Marian, &[(">>rus<<", 6)], Some(KK_RU)), Ok(vec![(KK_RU, frame(&[6], None))]));
        assert_eq!(frames(Family::Marian, &[(">>rus<<", 6)], Some(RU_KK)), Ok(vec![(RU_KK, frame(&[], None))]));
    }

    #[test]
    fn a_vocabulary_that_does_not_serve_is_refused() {
        assert_eq!(frames(Family::T5, &[], None), Err(FrameError::DirectionUnknown));
        assert_eq!(frames(Family::Bart, &[], None), Err(FrameError::Opening { token: "<s>" }));
        assert_eq!(
            frames(Family::Bart, &[("<s>", 0), ("rus_Cyrl", 9)], None),
            Err(FrameError::Language { lang: Lang::Kazakh, token: "kaz_Cyrl" })
        );
    }

    #[test]
    fn marks_in_the_text_command_nothing() {
        let check = |family: Family, text: &str, expect: &str| assert_eq!(family.without_marks(text), expect);
        check(Family::Marian, ">>eng<< Сәлем, >>cmn_Hans<<әлем", " Сәлем, әлем");
        check(Family::Marian, "5 >> 3 << 7 >><< >>бір<<", "5 >> 3 << 7 >><< >>бір<<");
        check(Family::T5, "<2en> x <2 y", " x <2 y");
        check(Family::Bart, ">>eng<< <2en>", ">>eng<< <2en>");
    }
}
