//! Russian words for numbers.

use super::said::Said;

/// All forms of the cardinal numbers, with е for ё.
const CARDINALS: [(&str, i64); 36] = [
    ("нуль", 0),
    ("один одна одно одного одной одному одну одним одном", 1),
    ("два две двух двум двумя двое двоих двоим двоими", 2),
    ("три трех трем тремя трое троих троим троими", 3),
    ("четыре четырех четырем четырьмя четверо четверых четверым", 4),
    ("пять пяти пятью пятеро пятерых", 5),
    ("шесть шести шестью шестеро шестерых", 6),
    ("семь семи семью семеро семерых", 7),
    ("восемь восьми восемью восьмью восьмеро", 8),
    ("девять девяти девятью", 9),
    ("десять десяти десятью десятеро", 10),
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
    ("четыреста четырехсот четыремстам четырьмястами", 400),
    ("пятьсот пятисот пятистам пятьюстами пятистах", 500),
    ("шестьсот шестисот шестистам шестьюстами", 600),
    ("семьсот семисот семистам семьюстами", 700),
    ("восемьсот восьмисот восьмистам девятьсот девятисот девятистам", 800),
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

/// What stands behind a number in one word with it: «двухдневный», «пятидесятилетие».
const COUNTED: [&str; 24] = [
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
        "половиной" => return Some(Said::AndAHalf),
        "оба" | "обе" | "обоих" | "обеих" | "обоим" | "обеим" | "обоими" | "обеими" | "дважды" | "вдвое" | "вдвоем" =>
        {
            return soft(2);
        }
        "ноль" | "нуля" | "нулю" => return soft(0),
        "трижды" | "втрое" | "втроем" => return soft(3),
        _ => {}
    }
    // «Семью» is also the family.
    if word == "семью" {
        return Some(Said::Number { value: 7, is_last: false, is_soft: true });
    }
    // Words of their own for six months, ten years, a hundred: Kazakh has the number.
    let own = [("полгод", 6), ("полугод", 6), ("десятилети", 10), ("столети", 100), ("сотн", 100), ("десятк", 10)];
    if let Some((_, value)) = own.iter().find(|(word_of_its_own, _)| word.starts_with(word_of_its_own)) {
        return soft(*value);
    }
    if word.starts_with("процент") {
        return Some(Said::Percent);
    }
    if let Some((_, value)) = SHORT_SCALES.iter().find(|(short, _)| word == *short) {
        return Some(Said::Scale { value: *value, is_last: false, is_plural: false });
    }
    if let Some(scale) = word.strip_prefix("пол").and_then(scale) {
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
    // The last row of the table holds two numbers, told apart by their first letter.
    let value = CARDINALS.iter().find(|(forms, _)| forms.split(' ').any(|form| form == word))?.1;
    Some(if value == 800 && word.starts_with("дев") { 900 } else { value })
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
    let parts = CARDINALS.iter().flat_map(|(forms, value)| forms.split(' ').map(|form| (form, *value)));
    let parts = parts.filter(|(form, _)| word.starts_with(form));
    let (form, _) = parts.max_by_key(|(form, _)| form.len())?;
    let rest = &word[form.len()..];
    let value = cardinal(form)?;
    // Hardly a word that begins with «двух» means anything else; «пяти» begins «пятиться».
    let is_genitive = ["двух", "трех", "четырех"].contains(&form) && rest.chars().count() > 2;
    let is_counted = is_genitive || COUNTED.iter().any(|counted| rest.starts_with(counted));
    match rest {
        _ if rest.starts_with("процент") => Some(Said::Share { value }),
        // «Двадцатипятилетие»: a second number follows the first.
        _ if value % 10 == 0 && value < 100 => match compound(rest) {
            Some(Said::Number { value: unit, .. }) if unit < 10 => {
                Some(Said::Number { value: value + unit, is_last: true, is_soft: false })
            }
            _ if is_counted => Some(Said::Number { value, is_last: true, is_soft: false }),
            _ => None,
        },
        _ if is_counted => Some(Said::Number { value, is_last: true, is_soft: value == 1 }),
        _ => None,
    }
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
                    Some(Said::Number { value, .. } | Said::Scale { value, .. } | Said::Share { value }) => Some(value),
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
