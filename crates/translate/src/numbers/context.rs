//! What the words around a word make of the number that it says.

use dostyq_speech::Lang;

use super::said::Said;
use super::{kazakh, russian};

/// A word, in small letters with е for ё, among its neighbours; empty where a mark or nothing is beside it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'w> {
    pub(super) word: &'w str,
    pub(super) before: &'w str,
    pub(super) after: &'w str,
    /// All words before it.
    pub(super) earlier: &'w [&'w str],
}

impl Place<'_> {
    /// What the word says of a number here.
    pub(super) fn said(self, lang: Lang) -> Option<Said> {
        match lang {
            Lang::Kazakh => self.said_in_kazakh(),
            Lang::Russian => self.said_in_russian(),
        }
    }

    fn said_in_kazakh(self) -> Option<Said> {
        let Place { word, before, after, earlier } = self;
        let said = kazakh::said(word);
        if is_idiom(word, before, after) {
            return said.map(Said::softened);
        }
        // «Оны», «онда» are «him» and «there», but «қаңтардың оны», «сағат онда».
        let is_hour_or_day = ["сағат", "жасы", "кешкі", "таңғы", "түнгі"].contains(&before)
            || kazakh::month(before).is_some()
                && ["ның", "нің", "дың", "дің", "тың", "тің"].iter().any(|e| before.ends_with(e));
        if said.is_none() && is_hour_or_day && ["оны", "онда"].contains(&word) {
            return Some(Said::Number { value: 10, is_last: true, is_soft: false });
        }
        // «Сегіз жүзі»: eight hundred of them.
        let is_digit = matches!(kazakh::said(before), Some(Said::Number { value: 2..=9, is_last: false, .. }));
        if said.is_none() && is_digit && word.strip_prefix("жүз").is_some_and(kazakh::is_part) {
            return Some(Said::Number { value: 100, is_last: true, is_soft: false });
        }
        if let Some(value) = ["оннан", "жүзден", "мыңнан"].iter().position(|parts| *parts == word && before == "бүтін")
        {
            return Some(Said::Parts { value: [10, 100, 1000][value] });
        }
        let is_other = word.starts_with("екінші")
            && (after.starts_with("жақ") || after.starts_with("жағы") || earlier.iter().any(|word| is_one(word)));
        // «Бірнеше жүз»; «жүзді» may be a face.
        let is_vague = before == "бірнеше" || word.starts_with("жүзд") && kazakh::said(before).is_none();
        said.map(|said| if is_other || is_vague { said.softened() } else { said })
    }

    fn said_in_russian(self) -> Option<Said> {
        let Place { word, before, after, earlier } = self;
        let is_to_the_half = |word: &str| ["пол", "половина", "половине", "половины", "половину"].contains(&word);
        if word == "половиной" {
            return (before == "с").then_some(Said::AndAHalf);
        }
        if let Some(hour) = russian::hour(word).filter(|_| is_to_the_half(before)) {
            return Some(Said::HalfTo { hour });
        }
        if is_to_the_half(word) && russian::hour(after).is_some() {
            return None;
        }
        if let Some(hour) = word.strip_prefix("пол").and_then(russian::hour) {
            return Some(Said::HalfTo { hour });
        }
        // «Десять минут четвёртого» is ten minutes past three.
        if let Some(hour) = russian::hour(word).filter(|_| before.starts_with("минут") || before == "четверть")
        {
            let value = if hour == 1 { 12 } else { hour - 1 };
            return Some(Said::Number { value, is_last: true, is_soft: before == "четверть" });
        }
        let is_in_a_fraction = earlier.iter().rev().take(4).any(|word| russian::said(word) == Some(Said::Whole));
        if let Some(value) = russian::parts(word).filter(|_| is_in_a_fraction) {
            return Some(Said::Parts { value });
        }
        // «Один …, другой …, третий …»: a Kazakh would say «бірі» each time.
        let is_one_more = word.starts_with("трет") && earlier.iter().any(|word| word.starts_with("друг"));
        let is_vague = before == "несколько";
        russian::said(word).map(|said| if is_one_more || is_vague { said.softened() } else { said })
    }
}

/// «Бір», «бірі», «біреуі» without «бірінші», «бірақ», «бірге».
fn is_one(word: &str) -> bool {
    let rest = word.strip_prefix("бір");
    rest.is_some_and(|rest| ["", "і", "інің", "ін", "інде", "іне", "де", "ден", "еуі", "еуін"].contains(&rest))
}

/// Whether a word in its company is hardly a number: the livestock «төрт түлік», the face in «жүзбе-жүз», «тоқсан» as a quarter
/// of a year.
fn is_idiom(word: &str, before: &str, after: &str) -> bool {
    let is_quarter = || {
        let times = ["әр", "әрбір", "соңғы", "өткен", "келесі", "бірнеше", "осы", "алдыңғы", "сол", "және"];
        times.contains(&before)
            || ["нші", "ншы"].iter().any(|ending| before.ends_with(ending))
            || ["сайын", "сайынғы", "бойынша"].contains(&after)
            || ["тоқсанында", "тоқсандық"].iter().any(|quarter| word.starts_with(quarter))
    };
    match word {
        "төрт" => after.starts_with("түлі"),
        "қырық" => after == "жамау",
        // Of two sides, and so «взаимный»; of two ends, and so «неясный».
        "екі" => ["ұшты", "жақты"].iter().any(|other| after.starts_with(other)),
        "жүз" => before == "жүзбе",
        _ => word.starts_with("тоқсан") && is_quarter(),
    }
}
