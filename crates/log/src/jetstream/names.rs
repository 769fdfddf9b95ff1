//! What the subjects and streams are called.
//!
//! The parts of a subject are separated by dots and those of a stream's name by `+`; neither can stand in a tenant or a
//! room, so that no two rooms share a name.

use std::fmt;
use std::str::FromStr;

use dostyq_speech::RoomId;

/// A hall, a house or a customer with rooms of its own: 1 to 64 of `a-z`, `0-9`, `-` and `_`, as in a room's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant(RoomId);

/// A text that cannot name a tenant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" cannot name a tenant: use 1 to 64 of the characters a-z, 0-9, - and _")]
pub struct UnfitTenant(pub String);

impl FromStr for Tenant {
    type Err = UnfitTenant;
    fn from_str(text: &str) -> Result<Self, UnfitTenant> {
        text.parse().map(Tenant).map_err(|_| UnfitTenant(text.to_owned()))
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Tenant {
    /// Where the finished lines of a room go, in JetStream.
    pub fn log_subject(&self, room: &RoomId) -> String {
        format!("cap.v1.{self}.{room}.log")
    }

    /// Where the open lines of a room go, in core NATS: what nobody hears is gone.
    pub fn partial_subject(&self, room: &RoomId) -> String {
        format!("cap.v1.{self}.{room}.partial")
    }

    /// Where a room's state is kept, its newest alone: the title, and who writes it.
    pub fn state_subject(&self, room: &RoomId) -> String {
        format!("cap.v1.{self}.{room}.state")
    }

    /// The stream that holds the states of all rooms.
    pub fn state_stream(&self) -> String {
        format!("CAP-state+{self}")
    }

    /// Its subjects.
    pub fn all_states(&self) -> String {
        format!("cap.v1.{self}.*.state")
    }

    pub(super) fn log_stream(&self, room: &RoomId) -> String {
        format!("CAP-log+{self}+{room}")
    }

    pub(super) fn room_of_stream(&self, stream: &str) -> Option<RoomId> {
        stream.strip_prefix(&format!("CAP-log+{self}+"))?.parse().ok()
    }

    pub(super) fn anchor_stream(&self) -> String {
        format!("CAP-anchor+{self}")
    }

    pub(super) fn all_anchors(&self) -> String {
        format!("cap.v1.{self}.*.anchor.*")
    }

    pub(super) fn anchors_of(&self, room: &RoomId) -> String {
        format!("cap.v1.{self}.{room}.anchor.*")
    }

    pub(super) fn anchor_subject(&self, room: &RoomId, sample: u64) -> String {
        format!("cap.v1.{self}.{room}.anchor.{sample}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_their_room() {
        let tenant: Tenant = "dala".parse().expect("a tenant");
        let room: RoomId = "hall-1".parse().expect("a room");
        assert_eq!(tenant.log_subject(&room), "cap.v1.dala.hall-1.log");
        assert_eq!(tenant.room_of_stream(&tenant.log_stream(&room)), Some(room));
        for other in ["CAP-log+dala2+hall-1", "CAP-anchor+dala", "CAP-log+dala+", "hall-1"] {
            assert_eq!(tenant.room_of_stream(other), None, "{other}");
        }
    }

    #[test]
    fn a_tenant_cannot_reach_into_other_subjects() {
        for bad in ["", "a.b", "*", ">", "a b", "Dala"] {
            assert_eq!(bad.parse::<Tenant>(), Err(UnfitTenant(bad.to_owned())));
        }
    }
}
