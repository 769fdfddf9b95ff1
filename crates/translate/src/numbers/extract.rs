//! The numbers of a text.

use std::ops::Range;

use dostyq_speech::Lang;

use super::context::Place;
use super::said::Said;
use super::tokens::{Token, roman, tokens};
use super::value::Value;
use super::{kazakh, russian};

/// What is compared between a text and its translation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantity {
    Number(Value),
    Percent(Value),
    /// A month of a date, from 1.
    Month(u8),
}

impl Quantity {
    /// The value of a number or a share.
    pub(super) fn value(self) -> Option<Value> {
        match self {
            Quantity::Number(value) | Quantity::Percent(value) => Some(value),
            Quantity::Month(_) => None,
        }
    }
}

/// A number of a text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Found {
    pub(super) quantity: Quantity,
    /// Where it is, in bytes.
    pub(super) span: Range<usize>,
    /// Whether it is written in digits alone.
    pub(super) is_in_digits: bool,
    /// Whether translations leave it out or put it in freely.
    pub(super) is_soft: bool,
    /// The thousands or millions in which it is; 0 where it is in ones.
    scale: i64,
    /// Those of the number beside it in a range, which may be meant for both: «с двух до трёх тысяч».
    shared_scale: i64,
}

impl Found {
    /// What it is worth if the scale beside it is meant for it too.
    pub(super) fn shared_value(&self) -> Option<Value> {
        self.quantity.value().filter(|_| self.shared_scale > 0).map(|value| value.times(self.shared_scale))
    }
}

/// The numbers of a text, in its order: in digits («1 250,5», 14:30 as two), in words («жиырма бес», «двадцати пяти»,
/// «полтора», «екі бүтін оннан үш»), in both («3,5 млн»), as ordinals, as hours («половина двенадцатого»), as shares
/// («25 пайыз»); and the months behind a number.
pub(super) fn extract(text: &str, lang: Lang) -> Vec<Found> {
    let mut reader = Reader { found: Vec::new(), current: None, whole: None, from: None };
    let tokens = tokens(text);
    let word_of = |(token, _): &(Token, Range<usize>)| match token {
        Token::Word(word) => word.clone(),
        Token::Digits(_) | Token::Mark(_) => String::new(),
    };
    let words: Vec<String> = tokens.iter().map(word_of).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    for (at, (token, span)) in tokens.iter().enumerate() {
        let span = span.clone();
        match token {
            Token::Digits(value) => reader.digits(*value, span),
            Token::Word(word) => {
                let month = if lang == Lang::Kazakh { kazakh::month(word) } else { russian::month(word) };
                let mut before = words[..at].iter().rev().zip(tokens[..at].iter().rev());
                let before = before.find(|(_, (token, _))| !matches!(token, Token::Mark('-')));
                let before = before.map_or("", |(word, _)| word);
                let after = words.get(at + 1).copied().unwrap_or_default();
                let said = Place { word, before, after, earlier: &words[..at] }.said(lang);
                match (month, said) {
                    (Some(month), _) => {
                        let has_another_sense = ["маусым", "қазан"].iter().any(|month| word.starts_with(month));
                        reader.month(month, span, !has_another_sense);
                    }
                    (None, Some(said)) => {
                        reader.said(said, span);
                        if lang == Lang::Kazakh {
                            reader.fraction(word);
                        }
                    }
                    // «Два с половиной»: the word between the number and its half.
                    (None, None) if word == "с" && lang == Lang::Russian => {}
                    // «Пять целых и три десятых»
                    (None, None) if word == "и" && reader.is_waiting() => {}
                    (None, None) => {
                        reader.close();
                        if let Some(value) = roman(&text[span.clone()]) {
                            reader.digits(value, span);
                            reader.close();
                        }
                    }
                }
            }
            Token::Mark('%') => reader.said(Said::Percent, span),
            Token::Mark(_) => reader.close(),
        }
    }
    reader.close();
    share_scales(&mut reader.found, text);
    reader.found
}

/// Notes at each number of a range whose scale it may share: «с двух до трёх тысяч», «5-6 мың».
fn share_scales(found: &mut [Found], text: &str) {
    let is_range = |a: &Found, b: &Found| {
        let between = text.get(a.span.end..b.span.start).unwrap_or_default();
        between.chars().count() < 10 && between.split_whitespace().count() < 2
    };
    let scale = |of: &Found| of.scale.max(of.shared_scale);
    for at in (1..found.len()).rev() {
        if found[at - 1].scale == 0 && is_range(&found[at - 1], &found[at]) {
            found[at - 1].shared_scale = scale(&found[at]);
        }
    }
    for at in 1..found.len() {
        if scale(&found[at]) == 0 && is_range(&found[at - 1], &found[at]) {
            found[at].shared_scale = scale(&found[at - 1]);
        }
    }
}

/// A number in the making: thousands that are complete, and what is below them.
#[derive(Clone, Debug)]
struct Current {
    above: Value,
    below: Value,
    /// The scale by which `above` was last multiplied.
    scale: i64,
    span: Range<usize>,
    is_in_digits: bool,
    is_soft: bool,
    /// A plural scale without a number is none, mostly: «тысячи людей», but «более тысячи».
    is_vague: bool,
    is_complete: bool,
    /// What is before a fraction in words, and into how many parts one is divided in it: «екі бүтін оннан».
    parts: Option<(Value, i64)>,
}

struct Reader {
    found: Vec<Found>,
    current: Option<Current>,
    /// What is before «целых».
    whole: Option<Current>,
    /// Where «үштен» is, if the number in the making is one.
    from: Option<Range<usize>>,
}

impl Reader {
    fn close(&mut self) {
        for mut current in [self.whole.take(), self.current.take()].into_iter().flatten() {
            current.end_fraction();
            self.found.push(Found {
                quantity: Quantity::Number(current.above.plus(current.below)),
                span: current.span,
                is_in_digits: current.is_in_digits,
                is_soft: current.is_soft || current.is_vague,
                scale: current.scale,
                shared_scale: 0,
            });
        }
    }

    /// Makes «үштен бір» free, a third, which Russian has a word for, and «үштен бірге», by a third; but not «үштен беске
    /// дейін», from three to five, nor «екі мыңнан үш …».
    fn fraction(&mut self, word: &str) {
        let is_to = word != "бірге" && ["ге", "ке", "ға", "қа"].iter().any(|ending| word.ends_with(ending));
        if let (Some(current), Some(from)) = (&mut self.current, self.from.take())
            && !is_to
            && let Some(found) = self.found.last_mut().filter(|found| found.span == from)
            && let Quantity::Number(parts) = found.quantity
            && parts <= Value::whole(10)
            && current.below < parts
        {
            found.is_soft = true;
            current.is_soft = true;
        }
        self.from = self.current.as_ref().filter(|_| kazakh::is_ablative(word)).map(|current| current.span.clone());
    }

    /// Whether a whole is there whose fraction has not begun.
    fn is_waiting(&self) -> bool {
        self.whole.is_some() && self.current.is_none()
    }

    fn open(&mut self, below: Value, span: Range<usize>) -> &mut Current {
        // A whole that waits for its fraction goes on waiting.
        if self.current.is_some() {
            self.close();
        }
        self.current.insert(Current {
            above: Value::ZERO,
            below,
            scale: 0,
            span,
            is_in_digits: false,
            is_soft: false,
            is_vague: false,
            is_complete: false,
            parts: None,
        })
    }

    fn digits(&mut self, value: Value, span: Range<usize>) {
        match &mut self.current {
            // «2 мың 500»
            Some(current)
                if current.scale > 0
                    && current.below == Value::ZERO
                    && !current.is_complete
                    && value < Value::whole(current.scale) =>
            {
                current.below = value;
                current.span.end = span.end;
            }
            _ => self.open(value, span).is_in_digits = true,
        }
    }

    /// A month counts where a number is before it; elsewhere it is found, so that it can be matched, but free: it may be
    /// a man, a cauldron or a season.
    fn month(&mut self, month: u8, span: Range<usize>, is_sure: bool) {
        let is_soft = !is_sure || self.current.is_none();
        self.close();
        let quantity = Quantity::Month(month);
        self.found.push(Found { quantity, span, is_in_digits: false, is_soft, scale: 0, shared_scale: 0 });
    }

    fn said(&mut self, said: Said, span: Range<usize>) {
        let end = span.end;
        match said {
            Said::Number { value, is_last, is_soft } => {
                let number = Value::whole(value);
                match &mut self.current {
                    Some(current) if current.takes(value) => {
                        let units = current.below.remainder(10);
                        current.below = if value == 100 && units > Value::ZERO {
                            units.times(value)
                        } else {
                            current.below.plus(number)
                        };
                        current.span.end = end;
                        (current.is_in_digits, current.is_soft, current.is_vague) = (false, false, false);
                        current.is_complete = is_last;
                    }
                    _ => {
                        let current = self.open(number, span);
                        (current.is_soft, current.is_complete) = (is_soft, is_last);
                    }
                }
            }
            Said::Scale { value, is_last, is_plural } => {
                let scale = Value::whole(value);
                match &mut self.current {
                    Some(current)
                        if !current.is_complete
                            && current.below > Value::ZERO
                            && (current.scale == 0 || value < current.scale) =>
                    {
                        current.end_fraction();
                        current.above = current.above.plus(current.below.times(value));
                        (current.below, current.scale) = (Value::ZERO, value);
                        current.span.end = end;
                        (current.is_in_digits, current.is_soft, current.is_complete) = (false, false, is_last);
                    }
                    _ => {
                        let current = self.open(Value::ZERO, span);
                        (current.above, current.scale) = (scale, value);
                        (current.is_vague, current.is_complete) = (is_plural, is_last);
                    }
                }
            }
            Said::AndAHalf => {
                if let Some(current) = &mut self.current {
                    current.below = if current.scale > 0 && current.below == Value::ZERO {
                        Value::whole(current.scale).half()
                    } else {
                        current.below.plus(Value::HALF)
                    };
                    current.span.end = end;
                    (current.is_in_digits, current.is_soft) = (false, false);
                }
            }
            Said::Half => {
                let current = self.open(Value::HALF, span);
                (current.is_soft, current.is_vague) = (true, false);
            }
            Said::OneAndAHalf => {
                self.open(Value::whole(1).plus(Value::HALF), span);
            }
            Said::HalfOf { value } => {
                let current = self.open(Value::ZERO, span);
                (current.above, current.scale, current.is_complete) = (Value::whole(value).half(), value, true);
            }
            Said::Share { value } => {
                self.open(Value::whole(value), span);
                self.percent(end);
            }
            Said::Percent => self.percent(span.start),
            Said::HalfTo { hour } => {
                let hour = if hour == 1 { 12 } else { hour - 1 };
                self.open(Value::whole(hour).plus(Value::HALF), span).is_complete = true;
            }
            Said::Alone { value } => {
                self.close();
                let current = self.open(Value::whole(value), span);
                (current.is_soft, current.is_complete) = (true, true);
                self.close();
            }
            Said::Whole => self.whole = self.current.take(),
            Said::Parts { value } => match (self.whole.take(), &mut self.current) {
                // «Үш бүтін оннан …»
                (Some(whole), None) => {
                    let current = self.open(Value::ZERO, whole.span.start..end);
                    current.parts = Some((whole.below, value));
                }
                // «Три целых пять десятых»
                (Some(whole), Some(current)) => {
                    current.parts = Some((whole.below, value));
                    current.end_fraction();
                    (current.span, current.is_complete) = (whole.span.start..end, false);
                    (current.is_in_digits, current.is_soft, current.is_vague) = (false, false, false);
                }
                (None, _) => self.close(),
            },
        }
    }

    /// Makes the number that was read last a share, if it ends where the word for it begins, or right before a hyphen
    /// there: «100-процентный».
    fn percent(&mut self, from: usize) {
        let is_behind_a_hyphen =
            self.current.is_none() && self.found.last().is_some_and(|found| found.span.end + 1 == from);
        let before = if is_behind_a_hyphen { self.found.len() - 1 } else { self.found.len() };
        self.close();
        if let Some(found) = self.found.get_mut(before)
            && let Quantity::Number(value) = found.quantity
        {
            found.quantity = Quantity::Percent(value);
            found.is_soft = false;
        }
    }
}

impl Current {
    /// Makes what was read behind «оннан» tenths of the whole before it.
    fn end_fraction(&mut self) {
        if let Some((whole, parts)) = self.parts.take() {
            self.below = whole.plus(self.below.over(parts));
        }
    }

    /// Whether a number below a thousand may follow as part of the same.
    fn takes(&self, value: i64) -> bool {
        if self.is_complete || self.is_in_digits {
            return false;
        }
        let units = self.below.remainder(10);
        let tens = self.below.remainder(100);
        if self.below == Value::ZERO {
            return self.scale > 0 || self.parts.is_some();
        }
        match value {
            // «Екі жүз»: the hundred multiplies, but only a lone digit.
            100 => self.below < Value::whole(10),
            _ if units > Value::ZERO => false,
            _ if tens > Value::ZERO => value < 10,
            _ => value < 100,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lang: Lang, text: &str, expect: &str) {
        let told = extract(text, lang).into_iter().map(|found| {
            let soft = if found.is_soft { "?" } else { "" };
            match found.quantity {
                Quantity::Number(value) => format!("{value}{soft}"),
                Quantity::Percent(value) => format!("{value}%{soft}"),
                Quantity::Month(month) => format!("m{month}{soft}"),
            }
        });
        assert_eq!(told.collect::<Vec<_>>().join(" "), expect, "{text}");
    }

    #[test]
    fn digits_are_read_as_they_are_written() {
        let check = |text, expect| check(Lang::Russian, text, expect);
        check("1 250,5 тенге", "1250,5");
        check("1\u{a0}250\u{a0}000", "1250000");
        check("в 2024 500 человек", "2024 500");
        check("в 14:30", "14 30");
        check("12.05.2024", "12 5 2024");
        check("3.5 и 3,5", "3,5 3,5");
        check("28-летний, 90-х", "28 90");
        check("10-15 человек", "10 15");
        check("COVID-19.", "19");
        check("7–2, 5– 1,", "7 2 5 1");
        check("25%, 7,5 % и 3 процента", "25% 7,5% 3%");
        let largest = Value::of_digits(&"9".repeat(50), "").to_string();
        check("99999999999999999999999999999999999999999", &largest);
        check("", "");
    }

    #[test]
    fn russian_words_make_numbers() {
        let check = |text, expect| check(Lang::Russian, text, expect);
        check("двадцать пять человек", "25");
        check("двадцати пяти процентов", "25%");
        check("две тысячи двадцать четвёртый год", "2024");
        check("сто двадцать три тысячи пятьсот", "123500");
        check("полтора миллиона", "1500000");
        check("два с половиной миллиона", "2500000");
        check("3,5 млн. тенге, 2 тысячи 500", "3500000 2500");
        check("пять-шесть дней", "5 6");
        check("один из нас", "1?");
        check("двадцать один", "21");
        check("тысячи людей, миллионы", "1000? 1000000?");
        check("тысяча благодарностей", "1000");
        check("пятого мая и в мае", "5 m5 m5?");
        check("с семью, полгода, десятилетие", "7? 6? 10?");
        check("во-вторых", "2");
        check("в XXI веке", "21");
        check("пятидесятилетие", "50");
        check("полмиллиона", "500000");
        check("стопроцентный", "100%");
        check("пять. Шесть", "5 6");
        check("двести тридцать первый", "231");
        check("две дюжины, два десятка, десяток", "24 20 10?");
        check("в половине двенадцатого, пол-одиннадцатого, до половины первого", "11,5 10,5 12,5");
        check("в первой половине дня, половина процента", "1? 0,5? 0,5%");
        check("десять минут четвёртого, без пяти три", "10 3 5 3");
        check("две целых три десятых триллиона", "2300000000000");
        check("пять целых и три десятых процента", "5,3%");
        check("ноль целых тридцать пять сотых процента, целых пять", "0,35% 5");
        check("100-процентный, сто процентов", "100% 100%");
        check("двух столетий, полувековая, с полуночи", "2 100? 50? 12?");
        check("двенадцатисерийный, сорокаградусный, стодвадцатилетие", "12 40 120");
        check("двухтысячелетний, полуторатысячелетний", "2000 1500?");
        check("удвоилось, впятеро, двойной, двугорбый, двойку", "2? 5? 2? 2? 2?");
        check("один, другой, третий", "1? 3?");
        check("семинар, стойкий, пятиться, столовый, полюс, половой", "");
        check("второклассник, девятерых", "2? 9");
        check("Николай ІІ, в начале ХХ века", "2 20");
    }

    #[test]
    fn kazakh_words_make_numbers() {
        let check = |text, expect| check(Lang::Kazakh, text, expect);
        check("жиырма бес адам", "25");
        check("жиырма бес пайыз", "25%");
        check("екі мың жиырма төртінші жыл", "2024");
        check("жүз жиырма үш мың бес жүз", "123500");
        check("бір жарым миллион", "1500000");
        check("екі жарым мың", "2500");
        check("3,5 млн теңге", "3500000");
        check("бес-алты күн", "5 6");
        check("бес алты күн", "5 6");
        check("бір күні", "1?");
        check("жиырма бір", "21");
        check("онда болған", "");
        check("он бесінші мамырда", "15 m5");
        check("екі жүз жобаның елу екісі", "200 52");
        check("жүздеген, мыңдаған адам", "");
        check("1,5 миллион", "1500000");
        check("2024 жылғы 5 мамыр", "2024 5 m5");
        check("үшінші тоқсанда, тоқсанға, әр тоқсан сайын", "3 90? 90 90?");
        check("он бір жарымда, мың жарымнан", "11,5 1500");
        check("екі бүтін оннан үш триллион, нөл бүтін жүзден отыз бес пайыз", "2300000000000 0,35%");
        check("екіқабатты, бесжылдық, үшжақты", "2 5 3");
        check("шілдесінде, 5 желтоқсанында", "m7? 5 m12");
        check("отыз мыңы, жүз мыңдайы, 75 мыңы", "30000 100000 75000");
        check("қаңтардың оны, сағат онда, онда, мамырдың онына", "m1? 10 10 m5? 10");
        check("сегіз жүзі, екі жүзін, жеті жүздей", "800 200 700");
        check("төрт түлік, жүзбе-жүз, жүзді, жетімін", "4? 100? 100?");
        check("бір қолымен, екінші қолымен; екінші жағынан", "1? 2? 2?");
        check("бірінші, екінші, жүз тоқсаны, бес жүз миллиондық", "1? 2 190 500000000");
        check("үздік ондық, ондығын, үшбұрыш, қырыққабат", "10? 10?");
        check("үштен бірге азайды", "3? 1?");
        check("отыз бірдемін", "31");
        check("үштен бір, бестен алтыға дейін, үштен", "3? 1? 5 6 3");
        check("наурыздың жиырмасы", "m3? 20");
        check("мың тоғыз жүз тоқсан бірінші", "1991");
    }
}
