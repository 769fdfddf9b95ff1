//! Numbers as they are said: a script has "2024", a recogniser writes "2024" or the words; both must sound alike.

use dostyq_speech::Lang;

struct Names {
    units: [&'static str; 10],
    teens: [&'static str; 10],
    tens: [&'static str; 10],
    hundreds: [&'static str; 10],
    thousands: [&'static str; 4],
}

const KAZAKH: Names = Names {
    units: ["", "бір", "екі", "үш", "төрт", "бес", "алты", "жеті", "сегіз", "тоғыз"],
    teens: ["он", "он бір", "он екі", "он үш", "он төрт", "он бес", "он алты", "он жеті", "он сегіз", "он тоғыз"],
    tens: ["", "он", "жиырма", "отыз", "қырық", "елу", "алпыс", "жетпіс", "сексен", "тоқсан"],
    hundreds: ["", "жүз", "екі жүз", "үш жүз", "төрт жүз", "бес жүз", "алты жүз", "жеті жүз", "сегіз жүз", "тоғыз жүз"],
    thousands: ["", "мың", "миллион", "миллиард"],
};

const RUSSIAN: Names = Names {
    units: ["", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять"],
    teens: [
        "десять",
        "одиннадцать",
        "двенадцать",
        "тринадцать",
        "четырнадцать",
        "пятнадцать",
        "шестнадцать",
        "семнадцать",
        "восемнадцать",
        "девятнадцать",
    ],
    tens: [
        "",
        "десять",
        "двадцать",
        "тридцать",
        "сорок",
        "пятьдесят",
        "шестьдесят",
        "семьдесят",
        "восемьдесят",
        "девяносто",
    ],
    hundreds: ["", "сто", "двести", "триста", "четыреста", "пятьсот", "шестьсот", "семьсот", "восемьсот", "девятьсот"],
    thousands: ["", "тысяч", "миллион", "миллиард"],
};

/// A run of decimal digits in words, without endings: the ear of the follower forgives those. Longer numbers than
/// 999 milliards, and what begins with a zero, are said digit by digit.
pub(crate) fn spell(digits: &str, lang: Lang) -> String {
    let names = if lang == Lang::Kazakh { &KAZAKH } else { &RUSSIAN };
    let zero = if lang == Lang::Kazakh { "нөл" } else { "ноль" };
    let is_number = digits.len() <= 12 && !digits.starts_with('0');
    let Some(mut rest) = digits.parse::<u64>().ok().filter(|_| is_number) else {
        let said =
            digits.bytes().map(|digit| if digit == b'0' { zero } else { names.units[usize::from(digit - b'0')] });
        return said.collect::<Vec<_>>().join(" ");
    };
    let mut groups = Vec::new();
    for thousands in names.thousands {
        let group = (rest % 1000) as usize;
        rest /= 1000;
        if group > 0 {
            groups.push(format!("{} {thousands}", below_a_thousand(group, names)));
        }
    }
    groups.reverse();
    groups.join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn below_a_thousand(number: usize, names: &Names) -> String {
    let (tens, units) = (number / 10 % 10, number % 10);
    let below_a_hundred =
        if tens == 1 { names.teens[units].to_owned() } else { format!("{} {}", names.tens[tens], names.units[units]) };
    format!("{} {below_a_hundred}", names.hundreds[number / 100])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_spelt_in_both_languages() {
        let check = |digits, lang, expect| assert_eq!(spell(digits, lang), expect);
        check("2024", Lang::Kazakh, "екі мың жиырма төрт");
        check("2024", Lang::Russian, "два тысяч двадцать четыре");
        check("115", Lang::Kazakh, "бір жүз он бес".trim_start_matches("бір "));
        check("1000000", Lang::Russian, "один миллион");
        check("007", Lang::Kazakh, "нөл нөл жеті");
        check("0", Lang::Russian, "ноль");
        check("12345678901234567890", Lang::Kazakh, &spell("12345678901234567890", Lang::Kazakh));
    }
}
