//! Who may do what: tokens with their roles, sessions of browsers, and the codes of rooms.

mod code;
mod role;
mod secret;
mod store;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use dostyq_speech::RoomId;
use ring::hmac;

pub use code::RoomCode;
pub(crate) use role::{Principal, Role};
pub(crate) use store::{NewToken, OPERATOR_KEY, SESSION_SECS, Store};

use crate::config::Config;
use crate::operator_key::OperatorKey;

/// What the server knows of people's rights.
pub(crate) struct Access {
    pub(crate) store: Store,
    codes: Codes,
}

/// The rooms that are not open to everyone, and what opens them. A clone is the same list: a machine that shows rooms of
/// others learns their codes as it finds them.
#[derive(Clone, Default)]
pub(crate) struct Codes(Arc<RwLock<BTreeMap<RoomId, RoomCode>>>);

impl Codes {
    /// Sets or removes the code of a room.
    pub(crate) fn set(&self, room: &RoomId, code: Option<RoomCode>) {
        // A map that every critical section leaves whole.
        let mut codes = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match code {
            Some(code) => codes.insert(room.clone(), code),
            None => codes.remove(room),
        };
    }

    fn of(&self, room: &RoomId) -> Option<RoomCode> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(room).cloned()
    }
}

impl Access {
    /// What a configuration says, and its data folder keeps.
    pub(crate) fn of(config: &Config, key: &OperatorKey) -> anyhow::Result<Access> {
        let codes = config.rooms.iter().filter_map(|room| Some((room.name.clone(), room.code.clone()?)));
        Access::open(&config.server.data, key, codes.collect())
    }

    /// Opens what the data folder keeps; the operator's key counts as a token from then on.
    pub(crate) fn open(data: &Path, key: &OperatorKey, codes: BTreeMap<RoomId, RoomCode>) -> anyhow::Result<Access> {
        let store = Store::open(data)?;
        store.set_operator_key(key.text())?;
        Ok(Access { store, codes: Codes(Arc::new(RwLock::new(codes))) })
    }

    /// The list of the rooms' codes.
    pub(crate) fn codes(&self) -> &Codes {
        &self.codes
    }

    /// Whether a room asks for a code.
    pub(crate) fn is_closed(&self, room: &RoomId) -> bool {
        self.codes.of(room).is_some()
    }

    /// What a browser shows from now on for having said the code of a room; None for a wrong one, and for an open room.
    pub(crate) fn stamp(&self, room: &RoomId, said: &str) -> Option<String> {
        let code = self.codes.of(room).filter(|code| code.is(said))?;
        Some(secret::hex(hmac::sign(&stamper(&code), room.as_str().as_bytes()).as_ref()))
    }

    /// Whether this is what [`stamp`](Access::stamp) gave, here or on another machine of the cluster; it no longer is once
    /// the room has another code.
    pub(crate) fn is_stamp(&self, room: &RoomId, stamp: &str) -> bool {
        let (Some(code), Some(tag)) = (self.codes.of(room), secret::unhex(stamp)) else { return false };
        hmac::verify(&stamper(&code), room.as_str().as_bytes(), &tag).is_ok()
    }
}

/// Only who knows the code of a room can stamp for it.
fn stamper(code: &RoomCode) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, code.digest())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(name: &str) -> RoomId {
        name.parse().expect(name)
    }

    #[test]
    fn a_stamp_is_for_one_room_and_one_code() {
        let folder = tempfile::tempdir().expect("a folder");
        let open = |code: &str| {
            let key = OperatorKey::open(folder.path()).expect("a key");
            let codes = ["a", "b"].map(|name| (room(name), RoomCode::try_from(code.to_owned()).expect(code)));
            Access::open(folder.path(), &key, codes.into()).expect("opened")
        };
        let access = open("4711");
        assert!(access.is_closed(&room("a")) && !access.is_closed(&room("c")));
        assert_eq!(access.stamp(&room("a"), "4712"), None);
        assert_eq!(access.stamp(&room("c"), ""), None);
        let stamp = access.stamp(&room("a"), " 4711 ").expect("the right code");
        assert!(!stamp.contains("4711"));
        assert!(access.is_stamp(&room("a"), &stamp));
        assert!(!access.is_stamp(&room("b"), &stamp));
        assert!(!access.is_stamp(&room("a"), "00"));
        assert!(!access.is_stamp(&room("a"), "not hexadecimal"));
        // It outlives a restart, but not a new code.
        assert!(open("4711").is_stamp(&room("a"), &stamp));
        assert!(!open("4713").is_stamp(&room("a"), &stamp));
        // It holds on every machine that was told of the code, and opens nothing where what was told makes no sense.
        let (elsewhere, told) = (tempfile::tempdir().expect("a folder"), RoomCode::try_from("4711".to_owned()));
        let key = OperatorKey::open(elsewhere.path()).expect("a key");
        let other = Access::open(elsewhere.path(), &key, BTreeMap::new()).expect("opened");
        other.codes().set(&room("a"), Some(RoomCode::of_told(&told.expect("a code").told())));
        assert!(other.is_stamp(&room("a"), &stamp));
        let nothing = hmac::Key::new(hmac::HMAC_SHA256, b"");
        let forged = secret::hex(hmac::sign(&nothing, b"a").as_ref());
        for senseless in ["", "00", "no digest"] {
            other.codes().set(&room("a"), Some(RoomCode::of_told(senseless)));
            assert!(!other.is_stamp(&room("a"), &forged) && other.stamp(&room("a"), senseless).is_none());
        }
    }
}
