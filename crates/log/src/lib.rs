//! Caption events become the one ordered, durable log of a room: an append answers with an offset, and any reader
//! reads on from the last offset it has.
//!
//! [`EventLog`] is the trait that the hub and the archive read; [`SqliteLog`] is the log of one machine. With the feature
//! `jetstream`, `JetStreamLog` is the log of many machines, and `SpooledLog` is what the machine that writes puts before
//! it, so that captions go on while NATS is away.
//!
//! ```
//! # #[cfg(feature = "sqlite")] {
//! use dostyq_log::{EventLog, SqliteLog};
//! use dostyq_speech::{Entry, Marker, Offset, SampleTime};
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("dostyq.db");
//! let log = SqliteLog::open_file(&path)?;
//! let room = "demo".parse()?;
//! assert_eq!(log.open(&room)?.top, Offset(0));
//!
//! let event = log.append(&room, &Entry::Marker { at: SampleTime::ZERO, marker: Marker::Started })?;
//! assert_eq!(event.offset, Offset(1)); // It is on the disk now, and may be shown.
//! assert_eq!(log.read(&room, Offset(0), 256)?, [event]);
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What it does not do: it tells nobody that an event came (whoever appends does), keeps no partial captions (they
//! are live state) and never changes or deletes an event (a correction is a new event). It cannot see that somebody
//! put an older copy of the file in its place: such a copy keeps its epoch.

#[cfg(feature = "sqlite")]
mod entry_text;
mod error;
mod event_log;
#[cfg(feature = "jetstream")]
mod jetstream;
#[cfg(feature = "jetstream")]
mod spool;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use error::{LogError, Result};
pub use event_log::{Anchor, EventLog, RoomHead};
#[cfg(feature = "jetstream")]
pub use jetstream::{
    APPEND_WITHIN, Credentials, FeedStep, JetStreamLog, NatsOptions, RoomFeed, Tenant, UnfitCredentials, UnfitTenant,
};
#[cfg(feature = "jetstream")]
pub use spool::{SPOOL_EVENTS, SpooledLog};
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteLog;
