use dostyq_speech::Lang;

/// After a full stop: what a reader expects.
const AFTER_SENTENCE: u64 = 0;
/// After a comma or a dash.
const AFTER_CLAUSE: u64 = 10;
/// Before a conjunction or a preposition, where a new thought begins.
const BEFORE_LINK: u64 = 25;
/// Between two words that nothing holds together or apart.
const PLAIN: u64 = 40;
/// Where a word is torn from the one it leans on.
const TORN: u64 = 100;

/// Words that lean on the next one: prepositions, conjunctions, negations, words of degree.
const RUSSIAN_LEANS_FORWARD: &str = "а без безо благодаря более в вместо во возле вокруг для до если за и из из-за из-под изо или к как ко \
     когда кроме либо между менее на над надо насчёт не ни но о об обо около от ото очень перед передо по под \
     подо после потому при про против ради с самый сквозь со согласно среди так также у хотя через что чтобы";
/// Particles that lean on the word before.
const RUSSIAN_LEANS_BACK: &str = "б бы ж же ли ль";

/// Conjunctions and words of degree; Kazakh has no prepositions.
const KAZAKH_LEANS_FORWARD: &str =
    "ал алайда аса бен бірақ егер ең және мен не немесе пен себебі сондықтан тым яғни әлде әрі өйткені өте";
/// Postpositions, particles and auxiliaries, which follow the word that they belong to. `Мен` (and, with) leans both
/// ways: it joins two nouns into one thought.
const KAZAKH_LEANS_BACK: &str = "арқылы ба бе бен бері бойы бойынша бірге бұрын да де дейін еді екен емес жайлы жөнінде кейін ма ме мен \
     па пе пен ретінде секілді сияқты соң та таман те туралы тұр ғана ғой қарай қатар қой үшін";

/// What it costs a reader when a line or a cue ends between two words; 0 is best.
pub(super) fn break_cost(before: &str, after: &str, lang: Lang) -> u64 {
    let (leans_forward, leans_back) = match lang {
        Lang::Kazakh => (KAZAKH_LEANS_FORWARD, KAZAKH_LEANS_BACK),
        Lang::Russian => (RUSSIAN_LEANS_FORWARD, RUSSIAN_LEANS_BACK),
    };
    let (bare_before, bare_after) = (bare(before), bare(after));
    let is_among = |word: &str, words: &str| words.split(' ').any(|known| known == word);
    // A dash or a number sign that stands alone opens no line: it belongs to what is before it.
    if bare_after.is_empty() || is_initial(before) {
        return TORN;
    }
    match before.trim_end_matches(['»', '”', '"', '’', ')', ']']).chars().next_back() {
        Some('.' | '!' | '?' | '…') => AFTER_SENTENCE,
        Some(',' | ';' | ':' | '—' | '–' | '-') => AFTER_CLAUSE,
        _ if is_among(&bare_before, leans_forward) || is_among(&bare_after, leans_back) => TORN,
        _ if is_among(&bare_after, leans_forward) => BEFORE_LINK,
        _ => PLAIN,
    }
}

/// The word in lower case without the punctuation around it.
fn bare(word: &str) -> String {
    word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase()
}

/// `А.` before a surname or `г.` before a year: a full stop that ends no sentence.
fn is_initial(word: &str) -> bool {
    let mut chars = word.chars();
    matches!((chars.next(), chars.next(), chars.next()), (Some(letter), Some('.'), None) if letter.is_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_break_costs_what_it_hides_from_the_reader() {
        let check =
            |lang, before, after, expect| assert_eq!(break_cost(before, after, lang), expect, "{before}|{after}");
        check(Lang::Russian, "здесь.", "Завтра", AFTER_SENTENCE);
        check(Lang::Russian, "«Здесь!»", "Завтра", AFTER_SENTENCE);
        check(Lang::Russian, "знаю,", "что", AFTER_CLAUSE);
        check(Lang::Russian, "Москва", "—", TORN);
        check(Lang::Russian, "—", "столица", AFTER_CLAUSE);
        check(Lang::Russian, "дом", "и", BEFORE_LINK);
        check(Lang::Russian, "И", "дом", TORN);
        check(Lang::Russian, "в", "доме", TORN);
        check(Lang::Russian, "(в", "доме", TORN);
        check(Lang::Russian, "пришёл", "бы", TORN);
        check(Lang::Russian, "А.", "Кунанбаев", TORN);
        check(Lang::Russian, "большой", "дом", PLAIN);
        check(Lang::Kazakh, "білім", "және", BEFORE_LINK);
        check(Lang::Kazakh, "және", "ғылым", TORN);
        check(Lang::Kazakh, "бейбітшілік", "үшін", TORN);
        check(Lang::Kazakh, "бейбітшілік", "пен", TORN);
        check(Lang::Kazakh, "пен", "келісім", TORN);
        check(Lang::Kazakh, "келдіңіз", "бе?", TORN);
        check(Lang::Kazakh, "үлкен", "үй", PLAIN);
        // What leans in one language does not in the other.
        check(Lang::Kazakh, "в", "үй", PLAIN);
    }
}
