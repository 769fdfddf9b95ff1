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
    /// «Половина двенадцатого»: half past the hour before this one.
    HalfTo { hour: i64 },
    /// «Столетие»: a number of its own, which joins no other and which translations may leave out.
    Alone { value: i64 },
    /// «Бүтін», «целых»: what is before it is whole, a fraction follows.
    Whole,
    /// «Десятых», «оннан»: into so many parts one is divided; in Kazakh before their number, in Russian behind it.
    Parts { value: i64 },
    /// «Стопроцентный».
    Share { value: i64 },
    /// «Пайыз», «процент».
    Percent,
}

impl Said {
    /// The same, but free.
    pub(super) fn softened(self) -> Said {
        match self {
            Said::Number { value, is_last, .. } => Said::Number { value, is_last, is_soft: true },
            Said::Scale { value, is_last, .. } => Said::Scale { value, is_last, is_plural: true },
            other => other,
        }
    }
}
