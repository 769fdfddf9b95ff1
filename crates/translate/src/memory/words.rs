use dostyq_speech::Lang;

/// Words that come and go without changing what is said. «Да» is none: alone it is an answer.
const RUSSIAN_FILLERS: &str = "а вот ведь же и ну э эм";
const KAZAKH_FILLERS: &str = "ал ау ғой э ә және";

/// Letters that a Russian keyboard lacks, each with the one that is taken for it.
const LOOKALIKES: [(char, char); 9] =
    [('ә', 'а'), ('ғ', 'г'), ('қ', 'к'), ('ң', 'н'), ('ө', 'о'), ('ұ', 'у'), ('ү', 'у'), ('һ', 'х'), ('і', 'и')];

/// A shorter word is too easily another one.
const SHORTEST_RESPELT: usize = 5;
const SHORTEST_MISSPELT: usize = 8;
/// A misspelt word begins and ends as it should: at the beginning stand prefixes such as не- and без-, at the end
/// person, number, case and tense.
const KEPT_BEGINNING: usize = 3;
const KEPT_END: usize = 4;

pub(super) fn is_filler(word: &str, lang: Lang) -> bool {
    let fillers = match lang {
        Lang::Kazakh => KAZAKH_FILLERS,
        Lang::Russian => RUSSIAN_FILLERS,
    };
    fillers.split(' ').any(|filler| filler == word)
}

/// Whether one of two different words, in small letters, is only a slip of the other: Kazakh written with Russian
/// letters, or a long word with one letter wrong, missing or too many in its middle.
pub(super) fn is_slip(a: &str, b: &str, lang: Lang) -> bool {
    let (a, b) = (letters(a), letters(b));
    is_respelt(&a, &b, lang) || is_misspelt(&a, &b, lang)
}

fn letters(word: &str) -> Vec<char> {
    word.chars().collect()
}

fn is_respelt(a: &[char], b: &[char], lang: Lang) -> bool {
    let fold = |c: &char| LOOKALIKES.iter().find(|(kazakh, _)| kazakh == c).map_or(*c, |(_, russian)| *russian);
    lang == Lang::Kazakh && a.len() >= SHORTEST_RESPELT && a.iter().map(fold).eq(b.iter().map(fold))
}

fn is_misspelt(a: &[char], b: &[char], lang: Lang) -> bool {
    let shorter = a.len().min(b.len());
    let beginning = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let end = a.iter().rev().zip(b.iter().rev()).take(shorter - beginning).take_while(|(a, b)| a == b).count();
    shorter >= SHORTEST_MISSPELT
        && a.len().max(b.len()) <= beginning + end + 1
        && beginning >= KEPT_BEGINNING
        && end >= KEPT_END
        && (lang != Lang::Kazakh || negates_at(a, beginning) == negates_at(b, beginning))
}

/// Whether the letter at a place is part of what may be the Kazakh suffix of negation, which stands inside a verb:
/// қатыспайды, келмейді.
fn negates_at(word: &[char], at: usize) -> bool {
    let around = &word[at.saturating_sub(1)..(at + 2).min(word.len())];
    around.windows(2).any(|pair| matches!(pair, ['м' | 'б' | 'п', 'а' | 'е']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lang: Lang, a: &str, b: &str, expect: bool) {
        assert_eq!(is_slip(a, b, lang), expect, "{a} {b}");
        assert_eq!(is_slip(b, a, lang), expect, "{b} {a}");
    }

    #[test]
    fn kazakh_with_russian_letters_is_kazakh() {
        check(Lang::Kazakh, "қазақстан", "казакстан", true);
        check(Lang::Kazakh, "құрметті", "курметти", true);
        check(Lang::Kazakh, "өңір", "онир", false);
        check(Lang::Russian, "қазақстан", "казакстан", false);
        check(Lang::Kazakh, "қалды", "келді", false);
    }

    #[test]
    fn one_letter_in_the_middle_of_a_long_word_is_a_slip() {
        check(Lang::Russian, "университетом", "универстетом", true);
        check(Lang::Russian, "предоставляется", "предоставлаяется", true);
        check(Lang::Russian, "приезжали", "приежжали", true);
        check(Lang::Kazakh, "конференциясы", "конфиренциясы", true);
        check(Lang::Russian, "университетом", "унверстетом", false);
    }

    #[test]
    fn another_word_is_no_slip() {
        // Prefixes.
        check(Lang::Russian, "законными", "незаконными", false);
        check(Lang::Russian, "отказывается", "оказывается", false);
        // Endings.
        check(Lang::Russian, "открывается", "открываются", false);
        check(Lang::Russian, "приходить", "приходит", false);
        check(Lang::Russian, "рассказал", "рассказала", false);
        check(Lang::Kazakh, "қатысушылар", "қатысушыларға", false);
        // Short words.
        check(Lang::Russian, "дом", "том", false);
        check(Lang::Russian, "бочка", "почка", false);
        // Opposites.
        check(Lang::Russian, "увеличили", "уменьшили", false);
        check(Lang::Russian, "экспорт", "импорт", false);
    }

    #[test]
    fn a_kazakh_negation_is_no_slip() {
        check(Lang::Kazakh, "қатыспайды", "қатысайды", false);
        check(Lang::Kazakh, "көрсетілмейді", "көрсетілейді", false);
        check(Lang::Kazakh, "келеді", "келмейді", false);
        check(Lang::Kazakh, "пайдалы", "пайдасыз", false);
        check(Lang::Kazakh, "барады", "бармады", false);
    }

    #[test]
    fn fillers_are_of_a_language() {
        assert!(is_filler("ну", Lang::Russian) && !is_filler("ну", Lang::Kazakh));
        assert!(is_filler("ғой", Lang::Kazakh) && !is_filler("емес", Lang::Kazakh));
        assert!(!is_filler("не", Lang::Russian) && !is_filler("да", Lang::Russian));
    }
}
