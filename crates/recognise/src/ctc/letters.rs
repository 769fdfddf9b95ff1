use crate::LangScores;

/// Natural log-odds of Kazakh against Russian that each letter speaks for.
///
/// Counted over the interface texts of Firefox and Thunderbird 153 in both languages (570,249 and 600,988 letters),
/// with 0.0005 added to each frequency, because an engine also writes letters that were not said. Only һ is set by
/// hand, as the other letters that Russian has not: it is too rare to be counted.
const LETTERS: [(char, f32); 42] = [
    ('а', 0.4),
    ('б', 0.5),
    ('в', -2.7),
    ('г', 0.1),
    ('д', 0.3),
    ('е', -0.1),
    ('ё', -1.9),
    ('ж', 0.6),
    ('з', 0.0),
    ('и', -1.8),
    ('й', -0.1),
    ('к', -0.2),
    ('л', 0.3),
    ('м', 0.1),
    ('н', -0.1),
    ('о', -1.4),
    ('п', -0.8),
    ('р', 0.2),
    ('с', -0.1),
    ('т', -0.1),
    ('у', 0.2),
    ('ф', -0.2),
    ('х', -0.7),
    ('ц', -1.1),
    ('ч', -2.9),
    ('ш', 0.8),
    ('щ', -2.5),
    ('ъ', -0.2),
    ('ы', 1.0),
    ('ь', -2.2),
    ('э', -0.9),
    ('ю', -2.2),
    ('я', -1.6),
    ('ә', 2.5),
    ('ғ', 3.2),
    ('қ', 4.0),
    ('ң', 3.4),
    ('ө', 2.9),
    ('ұ', 3.0),
    ('ү', 3.0),
    ('һ', 3.0),
    ('і', 4.9),
];

/// Letters of a word depend on each other, so their sum claims more than it knows: on news sentences of 5 to 8 words,
/// which were not counted, half of it is nearest to the truth.
const DAMPING: f32 = 0.5;

/// How a text in lower case scores by its letters, each for itself (a naive Bayes classifier).
///
/// On pieces of 519 news sentences in each language it is right for 83 % of single words, 96 % of three words, 98 % of
/// five and 99.5 % of eight. A name or a word that one language has borrowed from the other scores as it is spelt.
pub(super) fn scores(text: &str) -> LangScores {
    let log_odds: f32 =
        text.chars().filter_map(|c| LETTERS.iter().find(|(letter, _)| *letter == c)).map(|(_, odds)| odds).sum();
    LangScores { log_odds: log_odds * DAMPING }
}

#[cfg(test)]
mod tests {
    use dostyq_speech::Lang;

    use super::*;

    #[test]
    fn each_letter_has_one_score() {
        let mut letters: Vec<char> = LETTERS.iter().map(|(letter, _)| *letter).collect();
        letters.sort_unstable();
        letters.dedup();
        assert_eq!(letters.len(), LETTERS.len());
    }

    #[test]
    fn plain_sentences_are_told_apart_surely() {
        let check = |text: &str, expect: Lang| {
            let (lang, confidence) = scores(text).decide(0.0);
            assert!(lang == expect && confidence > 0.99, "{text}: {lang} {confidence}");
        };
        check("құрметті қонақтар форумға қош келдіңіздер", Lang::Kazakh);
        check("бүгін біз достық пен ынтымақ туралы сөйлесеміз", Lang::Kazakh);
        check("бәрін бердік так стоп мен қонақ болған жоқпын", Lang::Kazakh);
        check("сегодня мы поговорим о дружбе и согласии", Lang::Russian);
        check("в школах уроки идут на трёх языках", Lang::Russian);
    }

    #[test]
    fn what_both_could_say_is_left_to_what_was_said_before() {
        let check = |text: &str, prior: f32, expect: Lang| {
            let (lang, confidence) = scores(text).decide(prior);
            assert!(lang == expect && confidence < 0.9, "{text}: {lang} {confidence}");
        };
        for text in ["", "hello", "там", "астана"] {
            check(text, 1.5, Lang::Kazakh);
            check(text, -1.5, Lang::Russian);
        }
    }
}
