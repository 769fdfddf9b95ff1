//! What a word says of a number, whatever the language.

/// A word's part in a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// A number below a thousand.
    Number {
        /// Its value.
        value: i64,
        /// Whether nothing of the same number can follow, as after an ordinal.
        is_last: bool,
        /// Whether translations leave it out or put it in freely: «бір», «один», «оба».
        is_soft: bool,
    },
    /// A thousand, a million and so on: multiplies what is before it.
    Scale {
        value: i64,
        is_last: bool,
        /// Alone it is no number then: «тысячи людей».
        is_plural: bool,
    },
    /// «Жарым», «с половиной»: half of the last unit more.
    AndAHalf,
    /// «Жарты»: half of the scale that follows.
    Half,
    /// «Полтора».
    OneAndAHalf,
    /// «Полмиллиона».
    HalfOf { value: i64 },
    /// «Стопроцентный».
    Share { value: i64 },
    /// «Пайыз», «процент».
    Percent,
}
