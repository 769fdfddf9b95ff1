//! Kazakh words for numbers.

use super::said::Said;
use crate::glossary::is_case_ending;

const NUMBERS: [(&str, i64); 23] = [
    ("нөл", 0),
    ("бір", 1),
    ("екі", 2),
    ("үш", 3),
    ("төрт", 4),
    ("бес", 5),
    ("алты", 6),
    ("жеті", 7),
    ("сегіз", 8),
    ("тоғыз", 9),
    ("он", 10),
    ("жиырма", 20),
    ("отыз", 30),
    ("қырық", 40),
    ("елу", 50),
    ("алпыс", 60),
    ("жетпіс", 70),
    ("сексен", 80),
    ("тоқсан", 90),
    ("жүз", 100),
    // Stems that differ from the number itself.
    ("қырқ", 40),
    ("тоғ", 9),
    ("сегз", 8),
];

const SCALES: [(&str, i64); 7] = [
    ("мың", 1_000),
    ("миллион", 1_000_000),
    ("млн", 1_000_000),
    ("миллиард", 1_000_000_000),
    ("млрд", 1_000_000_000),
    ("триллион", 1_000_000_000_000),
    ("трлн", 1_000_000_000_000),
];

/// «Екеуі», «үшеуміз»: so many of us. They often have no number in Russian («оба», «мы все»).
const GROUPS: [(&str, i64); 7] =
    [("біреу", 1), ("екеу", 2), ("үшеу", 3), ("төртеу", 4), ("бесеу", 5), ("алтау", 6), ("жетеу", 7)];

/// What stands behind a number in one word with it.
const COUNTED: [&str; 14] = [
    "қабат",
    "жылдық",
    "айлық",
    "күндік",
    "жақты",
    "тілд",
    "ауысым",
    "жұлдыз",
    "бөлмелі",
    "тармақ",
    "томды",
    "сериялы",
    "орынды",
    "кезеңді",
];

const MONTHS: [&str; 12] = [
    "қаңтар",
    "ақпан",
    "наурыз",
    "сәуір",
    "мамыр",
    "маусым",
    "шілде",
    "тамыз",
    "қыркүйек",
    "қазан",
    "қараша",
    "желтоқсан",
];

/// Without «май», which is butter.
const RUSSIAN_MONTHS: [(&str, u8); 11] = [
    ("январь", 1),
    ("февраль", 2),
    ("март", 3),
    ("апрель", 4),
    ("июнь", 6),
    ("июль", 7),
    ("август", 8),
    ("сентябрь", 9),
    ("октябрь", 10),
    ("ноябрь", 11),
    ("декабрь", 12),
];

/// What a word, in small letters, says of a number.
pub(super) fn said(word: &str) -> Option<Said> {
    if word.strip_prefix("жарым").is_some_and(|rest| rest.is_empty() || is_case_ending("жарым", rest)) {
        return Some(Said::AndAHalf);
    }
    if word == "қос" {
        return Some(Said::Number { value: 2, is_last: true, is_soft: true });
    }
    if word == "жарты" {
        return Some(Said::Half);
    }
    if word == "бүтін" {
        return Some(Said::Whole);
    }
    if word.starts_with("пайыз") || word.starts_with("процент") {
        return Some(Said::Percent);
    }
    if let Some((_, value)) = GROUPS.iter().find(|(group, _)| word.starts_with(group)) {
        return Some(Said::Number { value: *value, is_last: true, is_soft: true });
    }
    for (stem, value) in SCALES {
        if let Some(rest) = word.strip_prefix(stem) {
            // «Бес жүз миллиондық нарық»
            if is_ordinal(rest) || ["дық", "дік"].contains(&rest) {
                return Some(Said::Scale { value, is_last: true, is_plural: false });
            }
            if rest.is_empty() || is_case_ending(stem, rest) || is_part(rest) || is_about(rest) {
                return Some(Said::Scale { value, is_last: !rest.is_empty(), is_plural: false });
            }
        }
    }
    if let Some(said) = counted(word) {
        return Some(said);
    }
    NUMBERS.iter().find_map(|(stem, value)| {
        let rest = word.strip_prefix(stem)?;
        // «Онда», «онсыз» are of «ол», not of «он»; «үшін» is «for».
        let is_other = *stem == "он" && (rest.starts_with('д') || rest.starts_with('с') || rest.starts_with('м'))
            || word == "үшін";
        let is_whole = !["қырқ", "тоғ", "сегз"].contains(stem);
        // «Оны» is «him»; what is said of ten of something has a longer ending. «Жетімін» is of the orphan «жетім».
        let is_other =
            is_other || *stem == "он" && ["ы", "ын", "ымен"].contains(&rest) || ["жетімін", "бірдей"].contains(&word);
        // «Жүзінде» is mostly «in practice» or «in the world».
        let is_plain =
            rest.is_empty() || is_case_ending(stem, rest) || is_part(rest) && *value != 100 || is_about(rest);
        let is_form = is_ordinal(rest) || is_whole && !is_other && is_plain;
        // «Екіншісі» is «the other», and what falls «екіге» falls apart.
        let is_soft = *value == 1 || *value == 2 && (rest.starts_with("ншісі") || rest == "ге");
        is_form.then_some(Said::Number { value: *value, is_last: !rest.is_empty(), is_soft })
    })
}

/// A number in one word with what it counts: «екіқабатты», «бесжылдық», or with …дық: «үздік ондық».
fn counted(word: &str) -> Option<Said> {
    let number = |(stem, value): &(&str, i64)| Some((word.strip_prefix(stem)?, *value));
    let (rest, value) = NUMBERS.iter().filter_map(number).next()?;
    if ["дық", "дік", "тық", "тік", "дығ", "діг", "тығ", "тіг"]
        .iter()
        .any(|ending| rest.strip_prefix(ending).is_some_and(|rest| rest.chars().count() < 4))
        && value <= 10
    {
        return Some(Said::Number { value, is_last: true, is_soft: true });
    }
    // Cabbage.
    if word.starts_with("қырыққабат") {
        return None;
    }
    let is_counted = COUNTED.iter().any(|counted| rest.starts_with(counted));
    is_counted.then_some(Said::Number { value, is_last: true, is_soft: value == 1 })
}

/// Whether a number is in the ablative, as the lower part of a fraction is.
pub(super) fn is_ablative(word: &str) -> bool {
    ["тен", "тан", "ден", "дан", "нен", "нан"].iter().any(|ending| word.ends_with(ending))
}

/// The month, from 1, that a word is a form of; also by its Russian name, which people say too.
pub(super) fn month(word: &str) -> Option<u8> {
    let is_form = |month: &str| {
        let rest = word.strip_prefix(month);
        rest.is_some_and(|rest| rest.is_empty() || is_case_ending(month, rest) || is_part(rest))
    };
    let known = MONTHS.into_iter().zip(1..).chain(RUSSIAN_MONTHS);
    known.into_iter().find(|(month, _)| is_form(month)).map(|(_, number)| number)
}

/// Whether what is behind a number makes it so many of something: «елу екісі», «бесеуінің бесі».
pub(super) fn is_part(rest: &str) -> bool {
    let rest = rest.strip_prefix('с').unwrap_or(rest);
    let rest = rest.strip_prefix(['ы', 'і']);
    let cases = "н нің ның не на нде нда нен нан мен";
    rest.is_some_and(|rest| rest.is_empty() || cases.split(' ').any(|case| case == rest))
}

/// Whether what is behind a number makes it «about so many»: «жүздей», «мыңдайы».
fn is_about(rest: &str) -> bool {
    let endings = ["дай", "дей", "тай", "тей"];
    endings.iter().any(|ending| {
        rest.strip_prefix(ending).is_some_and(|rest| rest.is_empty() || is_part(rest) || is_case_ending(ending, rest))
    })
}

/// Whether what is behind a number makes it an ordinal: …інші, …ыншы, …нші, …сыншы, with endings.
fn is_ordinal(rest: &str) -> bool {
    let rest = rest.strip_prefix('с').unwrap_or(rest);
    let rest = rest.strip_prefix(['ы', 'і']).unwrap_or(rest);
    let ending = rest.strip_prefix("нші").or_else(|| rest.strip_prefix("ншы"));
    ending.is_some_and(|ending| ending.chars().count() <= 7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_numbers_in_their_forms() {
        let check = |words: &str, expect: Option<i64>| {
            for word in words.split(' ') {
                let value = match said(word) {
                    Some(Said::Number { value, .. } | Said::Scale { value, .. }) => Some(value),
                    _ => None,
                };
                assert_eq!(value, expect, "{word}");
            }
        };
        check("бес бесінші бестен бесеу бесіне бесіншіден", Some(5));
        check("екі екінші екеуі екіге екіншісі екісі екісінің", Some(2));
        check("жиырма жиырмасыншы жиырмадан", Some(20));
        check("қырық қырқыншы", Some(40));
        check("тоғыз тоғызыншы", Some(9));
        check("он оныншы онға оннан", Some(10));
        check("мың мыңнан мыңыншы мыңға", Some(1000));
        check("миллион миллионнан млн", Some(1_000_000));
        check("онда оны оның ондай онымен бірақ бірнеше алтын елші үшін жүзінде мыңдаған жүздеген бесік", None);
    }

    #[test]
    fn months_have_forms() {
        let check = |word: &str, expect| assert_eq!(month(word), expect, "{word}");
        check("мамыр", Some(5));
        check("мамырда", Some(5));
        check("желтоқсанның", Some(12));
        check("қазанда", Some(10));
        check("қазандық", None);
        check("шілдесінде", Some(7));
        check("маусымын", Some(6));
        check("апрельдің", Some(4));
        check("майшам", None);
    }
}
