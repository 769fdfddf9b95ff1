//! Numbers, shares and dates must survive a translation: those of a text and of its translation are compared.
//!
//! A translation may write them otherwise («жиырма бес пайыз», «25 %», «двадцати пяти процентов»), so it is values that
//! are compared, each as often as it occurs. Words that languages use freely («бір», «один», «оба») count only against
//! one another. Clock times and dates in digits are compared part by part.

mod context;
mod extract;
mod kazakh;
mod russian;
mod said;
mod tokens;
mod value;

use crate::Direction;
use extract::{Found, Quantity, extract};
use value::Value;

use dostyq_speech::Lang;

/// What became of the numbers of a text in its translation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NumberVerdict {
    /// They are all there, and no others.
    Preserved,
    /// One was wrong and has been put right.
    Repaired {
        /// As the translation had it.
        was: String,
        /// As it has it now.
        is: String,
    },
    /// They differ: the operator is to look.
    Differ {
        /// As the source writes them; the translation has none of this value.
        missing: Vec<String>,
        /// As the translation writes them; the source has none of this value.
        extra: Vec<String>,
    },
}

/// How the numbers of some texts fared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NumberCount {
    /// Numbers of the source.
    pub wanted: usize,
    /// Those of them that the translation has.
    pub right: usize,
    /// Numbers that the translation has and the source has not.
    pub inserted: usize,
}

/// Compares the numbers of a translation with those of its source, and puts one right where that is safe: when a single
/// number differs, the translation has it in digits, and the words around it need not follow it. The first `shown` bytes
/// of the translation were shown to people already: they stay as they are, right or wrong.
///
/// ```
/// use dostyq_speech::Lang;
/// use dostyq_translate::{Direction, NumberVerdict, numbers};
///
/// let direction = Direction { from: Lang::Kazakh, to: Lang::Russian };
/// let (text, verdict) = numbers::check("Жиырма бес пайыз.", "35 процентов.", direction, 0);
/// assert_eq!(text, "25 процентов.");
/// assert_eq!(verdict, NumberVerdict::Repaired { was: "35".into(), is: "25".into() });
/// ```
pub fn check(source: &str, target: &str, direction: Direction, shown: usize) -> (String, NumberVerdict) {
    let (missing, extra) = differences(source, target, direction);
    if missing.is_empty() && extra.is_empty() {
        return (target.to_owned(), NumberVerdict::Preserved);
    }
    if let ([missing], [extra]) = (&missing[..], &extra[..])
        && extra.span.start >= shown
        && let Some(is) = repair(source, missing, target, extra, direction.to)
    {
        let was = target[extra.span.clone()].to_owned();
        let repaired = [&target[..extra.span.start], &is, &target[extra.span.end..]].concat();
        if differences(source, &repaired, direction) == (vec![], vec![]) {
            return (repaired, NumberVerdict::Repaired { was, is });
        }
    }
    let written = |text: &str, found: &[Found]| found.iter().map(|found| text[found.span.clone()].to_owned()).collect();
    let verdict = NumberVerdict::Differ { missing: written(source, &missing), extra: written(target, &extra) };
    (target.to_owned(), verdict)
}

/// Counts how the numbers of a source fared in its translation.
pub fn accuracy(source: &str, target: &str, direction: Direction) -> NumberCount {
    let wanted = extract(source, direction.from).iter().filter(|found| !found.is_soft).count();
    let (missing, extra) = differences(source, target, direction);
    NumberCount { wanted, right: wanted - missing.len().min(wanted), inserted: extra.len() }
}

/// The numbers that only the source has, and those that only the target has.
fn differences(source: &str, target: &str, direction: Direction) -> (Vec<Found>, Vec<Found>) {
    let mut missing = extract(source, direction.from);
    let mut extra = extract(target, direction.to);
    // What is sure is matched with what is sure first, or a free word would take its place.
    for soft in [(false, false), (false, true), (true, false), (true, true)] {
        let is_same = |a: &Found, b: &Found| a.quantity == b.quantity && (a.is_soft, b.is_soft) == soft;
        take_matches(&mut missing, &mut extra, is_same);
    }
    // «Қырық пайыздан елуге дейін», «с сорока до пятидесяти процентов»: the sign stands once, at either.
    let has_share = |all: &[Found]| all.iter().any(|found| matches!(found.quantity, Quantity::Percent(_)));
    if has_share(&extract(source, direction.from)) && has_share(&extract(target, direction.to)) {
        take_matches(&mut missing, &mut extra, |a, b| {
            a.quantity.value().is_some_and(|a| Some(a) == b.quantity.value())
        });
    }
    missing.retain(|found| !found.is_soft);
    extra.retain(|found| !found.is_soft);
    // «С двух до трёх тысяч», «екі мыңнан үш мыңға»: the scale stands once, for both.
    take_matches(&mut missing, &mut extra, |a, b| {
        let of = |found: &Found| found.quantity.value();
        a.shared_value().is_some_and(|value| of(b) == Some(value))
            || b.shared_value().is_some_and(|value| of(a) == Some(value))
    });
    take_half_hours(&mut missing, &mut extra);
    take_half_hours(&mut extra, &mut missing);
    (missing, extra)
}

/// Takes half past an hour from one side and its digits from the other: «он бір жарымда», «в 11:30».
fn take_half_hours(said: &mut Vec<Found>, in_digits: &mut Vec<Found>) {
    said.retain(|half| {
        let Some(hour) = half.quantity.value().filter(|value| value.remainder(1) == Value::HALF) else { return true };
        let is_of = |found: &Found, value: Value| found.is_in_digits && found.quantity == Quantity::Number(value);
        let place = in_digits.windows(2).position(|pair| {
            is_of(&pair[0], hour.floor())
                && is_of(&pair[1], Value::whole(30))
                && pair[0].span.end + 1 == pair[1].span.start
        });
        place.is_none_or(|place| {
            in_digits.drain(place..place + 2);
            false
        })
    });
}

/// Takes from both each pair that is the same.
fn take_matches(missing: &mut Vec<Found>, extra: &mut Vec<Found>, is_same: impl Fn(&Found, &Found) -> bool) {
    missing.retain(|wanted| match extra.iter().position(|found| is_same(wanted, found)) {
        Some(at) => {
            extra.remove(at);
            false
        }
        None => true,
    });
}

/// What is to stand in the place of `extra`; none where that would need more than digits.
fn repair(source: &str, missing: &Found, target: &str, extra: &Found, lang: Lang) -> Option<String> {
    if !extra.is_in_digits {
        return None;
    }
    let (is, was) = match (missing.quantity, extra.quantity) {
        (Quantity::Number(is), Quantity::Number(was)) | (Quantity::Percent(is), Quantity::Percent(was)) => (is, was),
        _ => return None,
    };
    // A Kazakh noun stays as it is behind any number; a Russian one does not, unless a sign stands for it.
    let is_before_a_sign = target[extra.span.end..].trim_start().starts_with('%');
    let agrees = lang == Lang::Kazakh || is_before_a_sign || russian_agreement(is) == russian_agreement(was);
    let digits = &source[missing.span.clone()];
    agrees.then(|| if missing.is_in_digits { digits.to_owned() } else { is.to_string() })
}

/// Which form a Russian noun takes behind a number: 1 «год», 2 «года», 5 «лет».
fn russian_agreement(value: Value) -> u8 {
    if value.remainder(1) > Value::ZERO {
        return 2;
    }
    let ends_between = |by: i64, from: i64, to: i64| {
        let rest = value.remainder(by);
        rest >= Value::whole(from) && rest <= Value::whole(to)
    };
    match () {
        () if ends_between(100, 11, 14) => 5,
        () if ends_between(10, 1, 1) => 1,
        () if ends_between(10, 2, 4) => 2,
        () => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KK_RU: Direction = Direction { from: Lang::Kazakh, to: Lang::Russian };
    const RU_KK: Direction = Direction { from: Lang::Russian, to: Lang::Kazakh };

    #[test]
    fn the_same_values_are_right_however_written() {
        let right = |kazakh: &str, russian: &str| {
            assert_eq!(check(kazakh, russian, KK_RU, 0).1, NumberVerdict::Preserved, "{kazakh} {russian}");
            assert_eq!(check(russian, kazakh, RU_KK, 0).1, NumberVerdict::Preserved, "{russian} {kazakh}");
        };
        right("Жиырма бес пайыз", "25%");
        right("Екі мың жиырма төртінші жыл", "2024 год");
        right("Бір күні ол келді", "Однажды он пришёл");
        right("Бір жарым миллион теңге", "полтора миллиона тенге");
        right("Сағат он төрт отызда", "в 14:30");
        right("Екеуі де келді", "Оба пришли");
        right("Елу жылдық", "Пятидесятилетие");
        right("Бес мамырда", "5 мая");
        right("1 250,5 теңге", "1250,5 тенге");
        right("Ол онда болған жоқ", "Его там не было");
        right("Қырық бір пайыздан қырық алтыға дейін", "с сорока одного до сорока шести процентов");
        right("Екеуі екі тілде сөйлейді", "Говорят на двух языках");
        right("Екі мыңнан он үш мыңға жетті", "выросла с двух до тринадцати тысяч");
        right("Жүз жиырма мыңнан тоқсан мыңға түсті", "сократилось со ста двадцати тысяч до девяноста");
        right("Сағат он бір жарымда", "в половине двенадцатого");
        right("Сағат он бір жарымда", "в 11:30");
        right("Сағат үштен он минут кетті", "Сейчас десять минут четвёртого");
        right("Бір жағынан …, екінші жағынан …", "С одной стороны, …, с другой …");
        right("Бірі сурет, бірі хат, енді бірі құшағын әкелді", "Один принёс рисунок, другой письмо, а третий объятия");
        right("Екі бүтін оннан үш триллион теңге", "2,3 триллиона тенге");
    }

    #[test]
    fn one_wrong_number_in_digits_is_put_right() {
        let repaired = |source: &str, target: &str, direction, expect: &str| {
            let (text, verdict) = check(source, target, direction, 0);
            assert!(matches!(verdict, NumberVerdict::Repaired { .. }), "{source} {target} {verdict:?}");
            assert_eq!(text, expect);
        };
        repaired("25 пайыз, 7 адам", "35 процентов, 7 человек", KK_RU, "25 процентов, 7 человек");
        repaired("Двадцать один человек", "20 адам", RU_KK, "21 адам");
        repaired("21 пайыз", "25 %", KK_RU, "21 %");
        repaired("1 500 000 тенге", "1 500 теңге", RU_KK, "1 500 000 теңге");
    }

    #[test]
    fn what_cannot_be_put_right_safely_is_told() {
        let differ = |source: &str, target: &str, missing: &[&str], extra: &[&str]| {
            let (text, verdict) = check(source, target, KK_RU, 0);
            let list = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
            assert_eq!(verdict, NumberVerdict::Differ { missing: list(missing), extra: list(extra) }, "{source}");
            assert_eq!(text, target);
        };
        differ("21 адам", "25 человек", &["21"], &["25"]);
        differ("Жиырма бес адам", "двадцать человек", &["Жиырма бес"], &["двадцать"]);
        differ("25 адам", "Люди", &["25"], &[]);
        differ("Адамдар", "Пять человек", &[], &["Пять"]);
        differ("25 пайыз", "25 человек", &["25"], &["25"]);
        differ("3 және 4", "5 и 6", &["3", "4"], &["5", "6"]);
        differ("5 мамыр", "5 марта", &["мамыр"], &["марта"]);
        differ("Екі мың адам", "Два человека", &["Екі мың"], &["Два"]);
        differ("Сағат он бір жарымда", "в половине одиннадцатого", &["он бір жарымда"], &["одиннадцатого"]);
        differ("Екінші сынып", "Третий класс", &["Екінші"], &["Третий"]);
    }

    #[test]
    fn what_was_shown_stays() {
        let check = |shown, expect: &str| assert_eq!(check("25 пайыз", "Это 35 %", KK_RU, shown).0, expect);
        check("Это ".len(), "Это 25 %");
        check("Это 35".len(), "Это 35 %");
    }

    #[test]
    fn numbers_are_counted() {
        let count = accuracy("25 адам, 3 күн, бір рет", "25 человек, 4 дня", KK_RU);
        assert_eq!(count, NumberCount { wanted: 2, right: 1, inserted: 1 });
    }
}
