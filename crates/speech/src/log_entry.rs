use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Caption, Effort, SampleTime};

/// The name of a room: part of its address and of file names, so 1 to 64 of `a-z`, `0-9`, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RoomId(String);

impl RoomId {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that cannot name a room.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" cannot name a room: use 1 to 64 of the characters a-z, 0-9, - and _")]
pub struct UnfitRoomId(pub String);

impl FromStr for RoomId {
    type Err = UnfitRoomId;
    fn from_str(text: &str) -> Result<Self, UnfitRoomId> {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        if (1..=64).contains(&text.len()) && text.chars().all(fits) {
            Ok(RoomId(text.to_owned()))
        } else {
            Err(UnfitRoomId(text.to_owned()))
        }
    }
}

impl TryFrom<String> for RoomId {
    type Error = UnfitRoomId;
    fn try_from(text: String) -> Result<Self, UnfitRoomId> {
        text.parse()
    }
}

impl From<RoomId> for String {
    fn from(room: RoomId) -> String {
        room.0
    }
}

impl fmt::Display for RoomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A random number that names one unbroken life of a room's log; it changes only when the log was lost or restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Epoch(pub u128);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for Epoch {
    type Err = std::num::ParseIntError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u128::from_str_radix(text, 16).map(Epoch)
    }
}

impl TryFrom<String> for Epoch {
    type Error = std::num::ParseIntError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Epoch> for String {
    fn from(epoch: Epoch) -> String {
        epoch.to_string()
    }
}

/// The place of an event in its room's log: 1, 2, 3 … without gaps; 0 stands before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Offset(pub u64);

impl Offset {
    /// The place after this one.
    pub const fn next(self) -> Offset {
        Offset(self.0 + 1)
    }
}

/// What a log holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Entry {
    /// A finished line.
    Final(Caption),
    /// Something that happened to the room itself.
    Marker {
        /// When, on the room's clock.
        at: SampleTime,
        /// What.
        marker: Marker,
    },
}

/// What can happen to a room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Marker {
    /// Capture began; a log that begins a second time belongs to a server that was restarted.
    Started,
    /// The source came to its end or was closed.
    Ended,
    /// A recording began again from its start.
    Looped,
    /// Sound was missing and counted as silence.
    Gap {
        /// How much, in milliseconds.
        millis: u64,
    },
    /// The machine was too slow, or is quick enough again: how much of its work is done from now on.
    Effort {
        /// The rung of the degradation ladder.
        effort: Effort,
    },
    /// A prepared speech writes the captions from here on, or the machine does again.
    Script {
        /// The speech is on air.
        is_on_air: bool,
    },
}

/// An entry in its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its place.
    pub offset: Offset,
    /// What it holds.
    pub entry: Entry,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_name_is_safe_in_addresses_and_file_names() {
        for good in ["demo", "hall-1", "a"] {
            assert_eq!(good.parse::<RoomId>().expect(good).as_str(), good);
        }
        for bad in ["", "Hall", "../etc", "зал", "a b", &"x".repeat(65)] {
            assert!(bad.parse::<RoomId>().is_err(), "{bad:?} must not name a room");
        }
    }

    #[test]
    fn an_epoch_is_32_hexadecimal_digits() {
        let epoch = Epoch(0xabc);
        assert_eq!(epoch.to_string(), format!("{}abc", "0".repeat(29)));
        assert_eq!(epoch.to_string().parse(), Ok(epoch));
    }
}
