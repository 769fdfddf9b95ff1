use crate::TargetWord;

/// Decides which words of successive translations of a growing sentence are committed. Pure.
///
/// A word is committed, so that it can change no more, when enough translations in a row have it with all words before it
/// (LocalAgreement-n; Liu et al., "Low-latency sequence-to-sequence speech recognition and translation by partial
/// hypothesis selection", Interspeech 2020). The last words of a translation are held back, since the translation of an
/// unfinished sentence ends as if it were finished (mask-k; Arivazhagan et al., "Re-translation versus streaming for
/// simultaneous translation", IWSLT 2020).
#[derive(Clone, Debug, Default)]
pub(crate) struct AgreementPolicy {
    committed: Vec<TargetWord>,
    guesses: Vec<Guess>,
}

/// How sure the policy must be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caution {
    /// Translations in a row that must have a word before it is committed, from 1.
    pub(crate) agreements: u32,
    /// Words at the end of a translation that are not committed.
    pub(crate) held_back: usize,
}

/// A word that is not committed.
#[derive(Clone, Debug)]
struct Guess {
    word: TargetWord,
    /// Translations in a row that had it, with all words before it.
    times: u32,
}

impl AgreementPolicy {
    /// The words that cannot change any more.
    pub(crate) fn committed(&self) -> &[TargetWord] {
        &self.committed
    }

    /// A translation of the sentence as far as it has been said; it begins with the committed words.
    pub(crate) fn grow(&mut self, translation: &[TargetWord], caution: Caution) {
        let tail = translation.get(self.committed.len()..).unwrap_or_default();
        let same = tail.iter().zip(&self.guesses).take_while(|(now, before)| **now == before.word).count();
        let times = |place: usize| if place < same { self.guesses[place].times + 1 } else { 1 };
        let guess = |(place, word): (usize, &TargetWord)| Guess { word: word.clone(), times: times(place) };
        let mut guesses: Vec<Guess> = tail.iter().enumerate().map(guess).collect();
        let agreed = guesses.iter().take_while(|guess| guess.times >= caution.agreements).count();
        let settled = agreed.min(guesses.len().saturating_sub(caution.held_back));
        self.committed.extend(guesses.drain(..settled).map(|guess| guess.word));
        self.guesses = guesses;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::join_target;

    fn words(text: &str) -> Vec<TargetWord> {
        text.split_whitespace().map(|word| TargetWord { text: word.into(), tokens: vec![word.len() as u32] }).collect()
    }

    /// Successive translations, and what is committed after each.
    fn check(agreements: u32, held_back: usize, translations: &[&str], expect: &[&str]) {
        let mut policy = AgreementPolicy::default();
        let seen: Vec<String> = translations
            .iter()
            .map(|translation| {
                policy.grow(&words(translation), Caution { agreements, held_back });
                join_target(policy.committed())
            })
            .collect();
        assert_eq!(seen, expect, "{translations:?}");
    }

    #[test]
    fn what_is_translated_alike_again_and_again_is_committed() {
        check(2, 0, &["а б в", "а б в", "а б в г"], &["", "а б в", "а б в"]);
        check(3, 0, &["а б", "а х", "а х", "а х"], &["", "", "а", "а х"]);
        check(2, 0, &["", "а", "а"], &["", "", "а"]);
    }

    #[test]
    fn the_end_of_a_translation_is_held_back() {
        check(2, 2, &["а б в", "а б в", "а б в г"], &["", "а", "а б"]);
        check(1, 1, &["а", "а", "а б"], &["", "", "а"]);
    }

    #[test]
    fn a_change_of_mind_begins_anew() {
        check(3, 0, &["а б", "а б", "х б", "х б", "х б"], &["", "", "", "", "х б"]);
    }
}
