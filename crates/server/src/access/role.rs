use std::fmt;

use clap::ValueEnum;
use dostyq_speech::RoomId;
use serde::{Deserialize, Serialize};

/// What somebody is here for. `docs/security.md` says what each may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// Reads captions, also of rooms with a code
    Viewer,
    /// Runs the rooms: languages, prepared speeches, everything else
    Operator,
    /// Reads captions and takes them away as files
    Archivist,
    /// A program of the venue: reads captions and how the rooms are doing, changes nothing
    Integrator,
}

impl Role {
    const ALL: [Role; 4] = [Role::Viewer, Role::Operator, Role::Archivist, Role::Integrator];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Operator => "operator",
            Role::Archivist => "archivist",
            Role::Integrator => "integrator",
        }
    }

    pub(super) fn named(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.name() == name)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Somebody whose token counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Principal {
    /// The token, by its id, which is no secret.
    pub(crate) token: String,
    pub(crate) name: String,
    pub(crate) role: Role,
    /// The rooms that it is for; None for all.
    pub(crate) rooms: Option<Vec<RoomId>>,
}

impl Principal {
    pub(crate) fn is_for(&self, room: &RoomId) -> bool {
        self.rooms.as_ref().is_none_or(|rooms| rooms.contains(room))
    }
}
