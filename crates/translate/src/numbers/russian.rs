//! Russian words for numbers.

use super::said::Said;

/// All forms of the cardinal numbers, with е for ё.
const CARDINALS: [(&str, i64); 37] = [
    ("нуль", 0),
    ("один одна одно одного одной одному одну одним одном одни одних одними", 1),
    ("два две двух двум двумя двое двоих двоим двоими", 2),
    ("три трех трем тремя трое троих троим троими", 3),
    ("четыре четырех четырем четырьмя четверо четверых четверым", 4),
    ("пять пяти пятью пятеро пятерых пятерым пятерыми", 5),
    ("шесть шести шестью шестеро шестерых шестерым шестерыми", 6),
    ("семь семи семью семеро семерых семерым семерыми", 7),
    ("восемь восьми восемью восьмью восьмеро восьмерых восьмерым", 8),
    ("девять девяти девятью девятеро девятерых девятерым", 9),
    ("десять десяти десятью десятеро десятерых десятерым", 10),
    ("одиннадцать одиннадцати одиннадцатью", 11),
    ("двенадцать двенадцати двенадцатью", 12),
    ("тринадцать тринадцати тринадцатью", 13),
    ("четырнадцать четырнадцати четырнадцатью", 14),
    ("пятнадцать пятнадцати пятнадцатью", 15),
    ("шестнадцать шестнадцати шестнадцатью", 16),
    ("семнадцать семнадцати семнадцатью", 17),
    ("восемнадцать восемнадцати восемнадцатью", 18),
    ("девятнадцать девятнадцати девятнадцатью", 19),
    ("двадцать двадцати двадцатью", 20),
    ("тридцать тридцати тридцатью", 30),
    ("сорок сорока", 40),
    ("пятьдесят пятидесяти пятьюдесятью", 50),
    ("шестьдесят шестидесяти шестьюдесятью", 60),
    ("семьдесят семидесяти семьюдесятью", 70),
    ("восемьдесят восьмидесяти восемьюдесятью", 80),
    ("девяносто девяноста", 90),
    ("сто ста", 100),
    ("двести двухсот двумстам двумястами двухстах", 200),
    ("триста трехсот тремстам тремястами трехстах", 300),
    ("четыреста четырехсот четыремстам четырьмястами четырехстах", 400),
    ("пятьсот пятисот пятистам пятьюстами пятистах", 500),
    ("шестьсот шестисот шестистам шестьюстами шестистах", 600),
    ("семьсот семисот семистам семьюстами семистах", 700),
    ("восемьсот восьмисот восьмистам восемьюстами восьмистах", 800),
    ("девятьсот девятисот девятистам девятьюстами девятистах", 900),
];

/// What ordinals have before the endings of adjectives.
const ORDINALS: [(&str, i64); 34] = [
    ("перв", 1),
    ("втор", 2),
    ("трет", 3),
    ("четверт", 4),
    ("пят", 5),
    ("шест", 6),
    ("седьм", 7),
    ("восьм", 8),
    ("девят", 9),
    ("десят", 10),
    ("одиннадцат", 11),
    ("двенадцат", 12),
    ("тринадцат", 13),
    ("четырнадцат", 14),
    ("пятнадцат", 15),
    ("шестнадцат", 16),
    ("семнадцат", 17),
    ("восемнадцат", 18),
    ("девятнадцат", 19),
    ("двадцат", 20),
    ("тридцат", 30),
    ("сороков", 40),
    ("пятидесят", 50),
    ("шестидесят", 60),
    ("семидесят", 70),
    ("восьмидесят", 80),
    ("девяност", 90),
    ("сот", 100),
    ("двухсот", 200),
    ("трехсот", 300),
    ("пятисот", 500),
    ("тысячн", 1_000),
    ("двухтысячн", 2_000),
    ("миллионн", 1_000_000),
];

const ADJECTIVE_ENDINGS: &str = "ый ой ого ому ым ом ая ую ое ые ых ыми ий ьего ьему ьим ьем ья ью ьей ье ьи ьих ьими";

const SCALES: [(&str, i64); 4] =
    [("тысяч", 1_000), ("миллион", 1_000_000), ("миллиард", 1_000_000_000), ("триллион", 1_000_000_000_000)];

const SHORT_SCALES: [(&str, i64); 4] =
    [("тыс", 1_000), ("млн", 1_000_000), ("млрд", 1_000_000_000), ("трлн", 1_000_000_000_000)];

/// Words that have a number of their own where Kazakh, mostly, says it: by how they begin.
const OWN: [(&str, i64); 37] = [
    ("дважды", 2),
    ("трижды", 3),
    ("вдвое", 2),
    ("втрое", 3),
    ("вчетверо", 4),
    ("впятеро", 5),
    ("вшестеро", 6),
    ("всемеро", 7),
    ("вдесятеро", 10),
    ("удво", 2),
    ("удваива", 2),
    ("утроил", 3),
    ("утроит", 3),
    ("утроен", 3),
    ("утраива", 3),
    ("двойн", 2),
    ("тройн", 3),
    ("двойк", 2),
    ("тройк", 3),
    ("четверк", 4),
    ("пятерк", 5),
    ("второкласс", 2),
    ("третьекласс", 3),
    ("второкурс", 2),
    ("третьекурс", 3),
    ("второстепен", 2),
    ("полгод", 6),
    ("полугод", 6),
    ("полвек", 50),
    ("полувек", 50),
    ("десятилети", 10),
    ("столет", 100),
    ("тысячелет", 1000),
    ("полуторатысяч", 1500),
    ("полудн", 12),
    ("полноч", 12),
    ("полуноч", 12),
];

/// What stands behind a number in one word with it: «двухдневный», «пятидесятилетие».
const COUNTED: [&str; 25] = [
    "квартир",
    "лет",
    "год",
    "днев",
    "суточ",
    "недел",
    "месяч",
    "час",
    "минут",
    "секунд",
    "процент",
    "этаж",
    "сторон",
    "кратн",
    "местн",
    "комнат",
    "метр",
    "километр",
    "стран",
    "значн",
    "язычн",
    "миллион",
    "уровнев",
    "разов",
    "классн",
];

const MONTHS: [&str; 12] =
    ["январ", "феврал", "март", "апрел", "ма", "июн", "июл", "август", "сентябр", "октябр", "ноябр", "декабр"];

/// What a word, in small letters with е for ё, says of a number.
pub(super) fn said(word: &str) -> Option<Said> {
    let soft = |value| Some(Said::Number { value, is_last: true, is_soft: true });
    match word {
        "полтора" | "полторы" | "полутора" => return Some(Said::OneAndAHalf),
        "половина" | "половины" | "половине" | "половину" => return Some(Said::Half),
        "целых" | "целая" | "целой" | "целую" | "целыми" => return Some(Said::Whole),
        "оба" | "обе" | "обоих" | "обеих" | "обоим" | "обеим" | "обоими" | "обеими" =>
        {
            return Some(Said::Alone { value: 2 });
        }
        "ноль" | "нуля" | "нулю" | "нулем" => return soft(0),
        _ => {}
    }
    // «Семью» is also the family.
    if word == "семью" {
        return Some(Said::Number { value: 7, is_last: false, is_soft: true });
    }
    if let Some((_, value)) = OWN.iter().find(|(word_of_its_own, _)| word.starts_with(word_of_its_own)) {
        return Some(Said::Alone { value: *value });
    }
    if word.starts_with("сотн") {
        return soft(100);
    }
    let group = [("десятк", 10), ("десяток", 10), ("дюжин", 12)];
    if let Some((_, value)) = group.iter().find(|(group, _)| word.starts_with(group)) {
        return Some(Said::Scale { value: *value, is_last: true, is_plural: true });
    }
    if word.starts_with("процент") {
        return Some(Said::Percent);
    }
    if let Some((_, value)) = SHORT_SCALES.iter().find(|(short, _)| word == *short) {
        return Some(Said::Scale { value: *value, is_last: false, is_plural: false });
    }
    if let Some(scale) = word.strip_prefix("полу").or(word.strip_prefix("пол")).and_then(scale) {
        return Some(Said::HalfOf { value: scale.0 });
    }
    if let Some((value, is_plural)) = scale(word) {
        return Some(Said::Scale { value, is_last: false, is_plural });
    }
    if let Some(value) = cardinal(word) {
        return Some(Said::Number { value, is_last: false, is_soft: value == 1 });
    }
    let ordinal = ORDINALS.iter().find(|(stem, _)| {
        word.strip_prefix(stem).is_some_and(|ending| ADJECTIVE_ENDINGS.split(' ').any(|known| known == ending))
    });
    if let Some((_, value)) = ordinal {
        return Some(Said::Number { value: *value, is_last: true, is_soft: *value == 1 });
    }
    compound(word)
}

fn cardinal(word: &str) -> Option<i64> {
    CARDINALS.iter().find(|(forms, _)| forms.split(' ').any(|form| form == word)).map(|(_, value)| *value)
}

fn scale(word: &str) -> Option<(i64, bool)> {
    SCALES.iter().find_map(|(stem, value)| {
        let ending = word.strip_prefix(stem)?;
        match ending {
            "" if *stem == "тысяч" => Some((*value, true)),
            "" | "а" | "у" | "ом" | "е" | "ей" | "ью" => Some((*value, false)),
            "и" | "ы" | "ов" | "ам" | "ами" | "ах" => Some((*value, true)),
            _ => None,
        }
    })
}

/// A number at the beginning of a word: «двухлетний», «стопроцентный».
fn compound(word: &str) -> Option<Said> {
    let said = |value| Some(Said::Number { value, is_last: true, is_soft: value == 1 });
    // «Двугорбый», «двуязычный».
    if let Some(rest) = word.strip_prefix("дву").filter(|rest| !rest.starts_with('х')) {
        return (rest.chars().count() > 4).then_some(Said::Number { value: 2, is_last: true, is_soft: true });
    }
    let parts = CARDINALS.iter().flat_map(|(forms, value)| forms.split(' ').map(|form| (form, *value)));
    let parts = parts.filter(|(form, _)| word.starts_with(form));
    let (form, value) = parts.max_by_key(|(form, _)| form.len())?;
    let rest = &word[form.len()..];
    if rest.starts_with("процент") {
        return Some(Said::Share { value });
    }
    let thousands = [("тысяч", 1_000), ("миллион", 1_000_000), ("миллиард", 1_000_000_000)];
    if let Some((_, by)) = thousands.iter().find(|(scale, _)| rest.starts_with(scale)) {
        return said(value * by);
    }
    // «Двадцатипятилетие»: a second number follows the first.
    let is_round = value % 100 == 0 || value % 10 == 0 && value > 10;
    if is_round
        && let Some(Said::Number { value: unit, .. }) = compound(rest)
        && unit < if value % 100 == 0 { 100 } else { 10 }
    {
        return said(value + unit);
    }
    if COUNTED.iter().any(|counted| rest.starts_with(counted)) {
        return said(value);
    }
    // Hardly an adjective that begins so means anything else, but «семинарский».
    let is_stem = ["двух", "трех", "четырех", "сорока", "девяносто", "пяти", "шести", "семи", "восьми", "девяти"]
        .contains(&form)
        || form.ends_with("дцати")
        || form.ends_with("десяти")
        || form.ends_with("сот");
    let is_adjective =
        ["ый", "ая", "ое", "ые", "ого", "ому", "ым", "ом", "ой", "ую", "ых", "ыми", "ий", "их", "им", "ие"]
            .iter()
            .any(|ending| rest.strip_suffix(ending).is_some_and(|rest| rest.chars().count() > 2));
    let is_other = form == "семи" && ["нар", "тск", "тич", "палат"].iter().any(|other| rest.starts_with(other));
    (is_stem && is_adjective && !is_other).then(|| said(value))?
}

/// The hour that an ordinal in the genitive names: «двенадцатого».
pub(super) fn hour(word: &str) -> Option<i64> {
    let stem = word.strip_suffix("ого").or_else(|| word.strip_suffix("ьего"))?;
    ORDINALS[..12].iter().find(|(ordinal, _)| *ordinal == stem).map(|(_, value)| *value)
}

/// Into how many parts one is divided: «десятых», «сотая».
pub(super) fn parts(word: &str) -> Option<i64> {
    let stem = ["ых", "ая", "ой", "ую", "ыми", "ые"].iter().find_map(|ending| word.strip_suffix(ending))?;
    [("десят", 10), ("сот", 100), ("тысячн", 1000)].iter().find(|(parts, _)| *parts == stem).map(|(_, value)| *value)
}

/// The month, from 1, that a word is a form of.
pub(super) fn month(word: &str) -> Option<u8> {
    let endings = ["", "ь", "я", "ю", "ем", "е", "й", "а", "у", "ом"];
    let is_form = |month: &str| word.strip_prefix(month).is_some_and(|ending| endings.contains(&ending));
    let is_may = |word: &str| ["май", "мая", "маю", "маем", "мае"].contains(&word);
    (1..).zip(MONTHS).find(|(_, month)| if *month == "ма" { is_may(word) } else { is_form(month) }).map(|(n, _)| n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_numbers_in_their_forms() {
        let check = |words: &str, expect: Option<i64>| {
            for word in words.split(' ') {
                let value = match said(word) {
                    Some(
                        Said::Number { value, .. }
                        | Said::Scale { value, .. }
                        | Said::Share { value }
                        | Said::Alone { value },
                    ) => Some(value),
                    _ => None,
                };
                assert_eq!(value, expect, "{word}");
            }
        };
        check("два двух двумя второй вторых двое двухлетний двухдневного", Some(2));
        check("двадцать двадцати двадцатого двадцатилетие двадцатый", Some(20));
        check("двадцатипятилетие", Some(25));
        check("пятьдесят пятидесяти пятидесятилетия пятидесятый", Some(50));
        check("девятьсот девятисот", Some(900));
        check("сто ста стопроцентный сотый столетие", Some(100));
        check("тысяча тысячи тысячный", Some(1000));
        check("третий третьего третьей", Some(3));
        check("дворец троллейбус пятно семья стол сторона стандарт пятница первенство", None);
        assert_eq!(said("полмиллиона"), Some(Said::HalfOf { value: 1_000_000 }));
    }

    #[test]
    fn months_have_forms() {
        let check = |word: &str, expect| assert_eq!(month(word), expect, "{word}");
        check("мая", Some(5));
        check("марта", Some(3));
        check("сентябрь", Some(9));
        check("мама", None);
        check("мартышка", None);
    }
}
