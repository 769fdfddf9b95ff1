//! What a number is worth.

use std::fmt;

/// Millionths in one.
const ONE: i128 = 1_000_000;

/// A number, in millionths: enough for every share and every budget that is said aloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(super) struct Value(i128);

impl Value {
    pub(super) const ZERO: Value = Value(0);
    pub(super) const HALF: Value = Value(ONE / 2);

    pub(super) const fn whole(value: i64) -> Value {
        Value(value as i128 * ONE)
    }

    /// The value of digits and a fraction of digits; a number too long to count is the largest there is.
    pub(super) fn of_digits(whole: &str, fraction: &str) -> Value {
        let fraction: String = fraction.chars().chain("000000".chars()).take(6).collect();
        let number = |digits: &str| digits.parse::<i128>().ok();
        let value = number(whole).and_then(|whole| whole.checked_mul(ONE)).zip(number(&fraction));
        Value(value.and_then(|(whole, fraction)| whole.checked_add(fraction)).unwrap_or(i128::MAX))
    }

    pub(super) fn plus(self, other: Value) -> Value {
        Value(self.0.saturating_add(other.0))
    }

    pub(super) fn times(self, by: i64) -> Value {
        Value(self.0.saturating_mul(by as i128))
    }

    pub(super) fn over(self, by: i64) -> Value {
        Value(self.0 / by as i128)
    }

    pub(super) fn half(self) -> Value {
        Value(self.0 / 2)
    }

    pub(super) fn floor(self) -> Value {
        Value(self.0 - self.0 % ONE)
    }

    /// What is left of it when it is divided, in whole numbers.
    pub(super) fn remainder(self, by: i64) -> Value {
        Value(self.0 % (by as i128 * ONE))
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fraction = format!("{:06}", self.0 % ONE);
        let fraction = fraction.trim_end_matches('0');
        write!(f, "{}", self.0 / ONE)?;
        if fraction.is_empty() { Ok(()) } else { write!(f, ",{fraction}") }
    }
}
