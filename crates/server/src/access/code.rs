use std::fmt;

use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use serde::Deserialize;

use super::secret;

/// Letters that a code may have: enough to be no guess, few enough to be typed on a phone.
const LENGTH: std::ops::RangeInclusive<usize> = 4..=64;

/// What viewers of a room say to be let in. Capitals and spaces around it do not matter, since it is read from a wall and
/// typed on a phone. Kept is its digest, by which machines of a cluster tell it to one another.
#[derive(Clone, Deserialize, PartialEq, Eq)]
#[serde(try_from = "String")]
pub struct RoomCode(Vec<u8>);

impl RoomCode {
    /// Whether this was said. The digests are compared: how long that takes tells nothing of the code.
    pub(crate) fn is(&self, said: &str) -> bool {
        of(&plain(said)) == self.0
    }

    pub(super) fn digest(&self) -> &[u8] {
        &self.0
    }

    /// Its digest as text.
    pub(crate) fn told(&self) -> String {
        secret::hex(&self.0)
    }

    /// The code of which another machine told the digest; a text that is none stands for a code that nobody knows.
    pub(crate) fn of_told(text: &str) -> RoomCode {
        let digest = secret::unhex(text).filter(|digest| digest.len() == SHA256_OUTPUT_LEN);
        RoomCode(digest.unwrap_or_else(|| rand::random::<[u8; SHA256_OUTPUT_LEN]>().to_vec()))
    }
}

fn of(plain: &str) -> Vec<u8> {
    digest(&SHA256, plain.as_bytes()).as_ref().to_vec()
}

fn plain(text: &str) -> String {
    text.trim().to_lowercase()
}

impl TryFrom<String> for RoomCode {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let code = plain(&text);
        let fits = LENGTH.contains(&code.chars().count()) && !code.chars().any(char::is_control);
        // The code itself is not repeated: this ends up in logs.
        if fits { Ok(RoomCode(of(&code))) } else { Err("a room's code has 4 to 64 letters and digits") }
    }
}

impl fmt::Debug for RoomCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RoomCode")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_known_however_it_is_typed() {
        let code = RoomCode::try_from("Алтай-7".to_owned()).expect("a code");
        for (said, expect) in [("алтай-7", true), (" АЛТАЙ-7\n", true), ("алтай", false), ("", false)] {
            assert_eq!(code.is(said), expect, "{said}");
        }
        assert_eq!(format!("{code:?}"), "RoomCode");
        let told = RoomCode::of_told(&code.told());
        assert!(told.is("алтай-7") && !told.is("алтай") && told == code);
        assert!(!RoomCode::of_told("no digest").is("") && !RoomCode::of_told("").is(""));
        for unfit in ["", "123", "a\nbcd", &"x".repeat(65)] {
            assert!(RoomCode::try_from(unfit.to_owned()).is_err(), "{unfit:?}");
        }
    }
}
