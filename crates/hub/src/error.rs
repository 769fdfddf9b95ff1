use dostyq_log::LogError;
use dostyq_speech::{Offset, RoomId};

/// Why a room cannot be opened or an event not be published.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// Two sources for one room would mix their captions.
    #[error("room \"{0}\" already has a source: stop that one first, or give this one a room of its own")]
    RoomTaken(RoomId),

    /// The hub is shutting down. No room is opened any more.
    #[error("room \"{0}\" cannot be opened while the server stops: start the server again")]
    Stopped(RoomId),

    /// The log refused. A final that it refused was shown to nobody; publish it again once the cause is gone.
    #[error(transparent)]
    Log(#[from] LogError),

    /// The log does not read back as what it says it holds.
    #[error(
        "the log of room \"{room}\" is not whole, event {} is missing: restore it from a copy, or move it away and \
         start a new one", missing.0
    )]
    BrokenLog {
        /// The room.
        room: RoomId,
        /// The first event that is not there.
        missing: Offset,
    },
}
