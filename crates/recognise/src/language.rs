use dostyq_speech::{Lang, LangChoice};

/// How the two languages score on an utterance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LangScores {
    /// Natural log-odds of Kazakh against Russian, from the sound alone: positive for Kazakh.
    pub log_odds: f32,
}

impl LangScores {
    /// From the logits (or any scores with a common constant) of both languages.
    pub fn from_logits(kazakh: f32, russian: f32) -> LangScores {
        LangScores { log_odds: kazakh - russian }
    }

    /// The likelier language under a prior (log-odds as well), and its probability, 0.5 to 1.
    pub fn decide(self, prior: f32) -> (Lang, f32) {
        let odds = self.log_odds + prior;
        let confidence = 1.0 / (1.0 + (-odds.abs()).exp());
        (if odds > 0.0 { Lang::Kazakh } else { Lang::Russian }, confidence)
    }
}

/// Log-odds by which the language of the previous utterance is preferred, ln(1.5): enough to settle a tie. More would
/// keep the hall in Russian, since small Whisper models already lean to it where Kazakh speech borrows Russian words.
const INERTIA: f32 = 0.405;
/// Log-odds for the language to which the speaker was heard to go over: the utterance begins with the very sound in which
/// that was heard.
const EXPECTATION: f32 = 2.0;

/// Decides between Kazakh and Russian, utterance by utterance.
///
/// Identification is limited to the two languages of the hall: no speech of the forum is ever taken for Tatar or
/// Ukrainian. The previous utterance counts as a prior, so a cough of half a second does not flip the hall.
#[derive(Clone, Debug, Default)]
pub struct LanguageRouter {
    choice: LangChoice,
    /// The language that is expected next, and by which log-odds.
    expected: Option<(Lang, f32)>,
}

impl LanguageRouter {
    /// A router that follows the operator's `choice`.
    pub fn new(choice: LangChoice) -> LanguageRouter {
        LanguageRouter { choice, expected: None }
    }

    /// The operator changes their mind; it holds from the next recognition on.
    pub fn set_choice(&mut self, choice: LangChoice) {
        self.choice = choice;
    }

    /// What the engine is told about the language.
    pub fn choice(&self) -> LangChoice {
        self.choice
    }

    /// Log-odds of Kazakh before anything is heard.
    pub fn prior(&self) -> f32 {
        match self.expected {
            None => 0.0,
            Some((Lang::Kazakh, odds)) => odds,
            Some((Lang::Russian, odds)) => -odds,
        }
    }

    /// An utterance ended in this language.
    pub fn ended_in(&mut self, lang: Lang) {
        self.expected = Some((lang, INERTIA));
    }

    /// The speaker went over to this language: the next utterance is in it, most likely.
    pub fn expect(&mut self, lang: Lang) {
        self.expected = Some((lang, EXPECTATION));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clear_utterance_overrules_the_previous_one_and_a_vague_one_does_not() {
        let check = |previous, log_odds, expect| {
            let mut router = LanguageRouter::default();
            router.ended_in(previous);
            assert_eq!(LangScores { log_odds }.decide(router.prior()).0, expect, "{previous} then {log_odds}");
        };
        check(Lang::Russian, 0.3, Lang::Russian);
        check(Lang::Russian, 1.0, Lang::Kazakh);
        check(Lang::Kazakh, -0.3, Lang::Kazakh);
        check(Lang::Kazakh, -1.0, Lang::Russian);
    }

    #[test]
    fn confidence_is_the_probability_of_the_decision() {
        let (lang, confidence) = LangScores::from_logits(2.0, 2.0).decide(0.0);
        assert_eq!((lang, confidence), (Lang::Russian, 0.5));
        let (lang, confidence) = LangScores::from_logits(5.0, 1.0).decide(0.0);
        assert!(lang == Lang::Kazakh && (confidence - 0.982).abs() < 0.001, "{confidence}");
    }
}
