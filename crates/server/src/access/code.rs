use std::fmt;

use ring::digest::{Digest, SHA256, digest};
use serde::Deserialize;

/// Letters that a code may have: enough to be no guess, few enough to be typed on a phone.
const LENGTH: std::ops::RangeInclusive<usize> = 4..=64;

/// What viewers of a room say to be let in. Capitals and spaces around it do not matter, since it is read from a wall and
/// typed on a phone.
#[derive(Clone, Deserialize, PartialEq, Eq)]
#[serde(try_from = "String")]
pub struct RoomCode(String);

impl RoomCode {
    /// Whether this was said. The digests are compared: how long that takes tells nothing of the code.
    pub(crate) fn is(&self, said: &str) -> bool {
        digest(&SHA256, plain(said).as_bytes()).as_ref() == self.digest().as_ref()
    }

    pub(super) fn digest(&self) -> Digest {
        digest(&SHA256, self.0.as_bytes())
    }
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
        if fits { Ok(RoomCode(code)) } else { Err("a room's code has 4 to 64 letters and digits") }
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
        for unfit in ["", "123", "a\nbcd", &"x".repeat(65)] {
            assert!(RoomCode::try_from(unfit.to_owned()).is_err(), "{unfit:?}");
        }
    }
}
