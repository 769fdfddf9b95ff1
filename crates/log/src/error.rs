use std::path::PathBuf;

use dostyq_speech::RoomId;

/// What a call of a log gives.
pub type Result<T, E = LogError> = std::result::Result<T, E>;

/// Why a log could not do what it was asked; each says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Nobody opened the room yet. Open it, then call again.
    #[error("the log knows no room \"{0}\": open it first, or look for the name among the rooms")]
    UnknownRoom(RoomId),

    /// The file cannot be opened or created.
    #[error("cannot open the log {}: {cause}; see that its folder exists and that this user may write in it", path.display())]
    Open {
        /// The file of the log.
        path: PathBuf,
        /// What the database said.
        cause: String,
    },

    /// The file is a database of some other program.
    #[error("{} is not a log of Dostyq: name another file, this one was left as it is", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },

    /// The file was written by a newer version of this program.
    #[error(
        "the log {} was written by a newer Dostyq (format {found}, this one reads {known}): \
         run that version, or name another file; this one was left as it is", path.display()
    )]
    Newer {
        /// The file of the log.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format that this program reads.
        known: i64,
    },

    /// The file is damaged. Nothing is moved or deleted, because it may hold captions that exist nowhere else.
    #[error(
        "the log {0} is damaged ({cause}): move it away together with {0}-wal and start again; \
         keep both, `sqlite3 {0} .recover` saves what can be read", path.display()
    )]
    Damaged {
        /// The file of the log.
        path: PathBuf,
        /// What the database said.
        cause: String,
    },

    /// The disk is full. Nothing was written; append again once there is room.
    #[error("no room left for the log {}: free some space on its disk, captions wait until then", path.display())]
    Full {
        /// The file of the log.
        path: PathBuf,
    },

    /// Another program holds the file. Nothing was written; the same call may be made again.
    #[error("the log {} is held by another program: stop the other Dostyq or database tool", path.display())]
    Busy {
        /// The file of the log.
        path: PathBuf,
    },

    /// An entry cannot be kept, because it would not read back as it is: a number in it is not finite.
    #[error("an entry for room \"{room}\" cannot be kept ({cause}): this is a fault of the stage that made it")]
    UnfitEntry {
        /// The room.
        room: RoomId,
        /// What is wrong with it.
        cause: String,
    },

    /// The disk or the database failed in some other way. Whether an append took place is unknown until the room
    /// is read again.
    #[error("the log {} failed: {cause}; see that its disk is mounted, writable and healthy", path.display())]
    Failed {
        /// The file of the log.
        path: PathBuf,
        /// What the database said.
        cause: String,
    },

    /// NATS cannot be reached, or did not answer in time. Whether an append took place is unknown; the same call may be
    /// made again and writes the entry once.
    #[error("NATS at {servers} does not answer ({cause}): see that it runs and that the network reaches it")]
    Away {
        /// The addresses that were tried.
        servers: String,
        /// What went wrong last.
        cause: String,
    },

    /// NATS answers, and will not do it: rights, limits or a configuration that does not allow it.
    #[error("NATS refuses: {cause}; see the rights, the limits and JetStream in the configuration of its servers")]
    Refused {
        /// What NATS said.
        cause: String,
    },

    /// Another server writes the log of this room. This one writes nothing to it any more, so that no line comes twice.
    #[error("another server writes the log of room \"{0}\" now: this one has stopped; let only one have the room")]
    Fenced(RoomId),

    /// A stream with the name of a room's log holds something else.
    #[error("the stream {stream} is not a log of Dostyq ({cause}): set cluster.tenant to a name of its own")]
    BadStream {
        /// The stream.
        stream: String,
        /// What is wrong with it.
        cause: String,
    },

    /// NATS has been away for so long that no more fits on the disk of this machine. Nothing was written; append again
    /// once NATS is back.
    #[error(
        "{held} events of room \"{room}\" wait in {} for NATS, and no more may: bring NATS back, captions wait until then",
        path.display()
    )]
    SpoolFull {
        /// The room.
        room: RoomId,
        /// How many wait.
        held: u64,
        /// The file that they wait in.
        path: PathBuf,
    },
}
