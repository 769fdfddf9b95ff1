//! The log becomes live captions on screens and phones: every viewer gets every final, in the order of the log, and
//! who was away gets exactly what it missed.
//!
//! A source publishes into a room through its [`RoomPublisher`]; where another machine writes the room's log, a
//! [`RoomFollower`] brings it. [`serve_tcp_viewer`] carries one viewer over a WebSocket.
//! What they say to each other is in [`wire`] and in `docs/protocol.md`.
//!
//! ```
//! use std::sync::Arc;
//!
//! use dostyq_hub::{Hub, HubOptions};
//! use dostyq_log::SqliteLog;
//! use dostyq_speech::{Marker, Offset, SampleTime};
//!
//! # let folder = tempfile::tempdir()?;
//! let log = SqliteLog::open_file(folder.path().join("dostyq.db"))?;
//! let hub = Hub::new(Arc::new(log), HubOptions::default());
//! let mut publisher = hub.open_room("demo".parse()?, "The great hall")?;
//! let offset = publisher.mark(SampleTime::ZERO, Marker::Started)?;
//! assert_eq!(offset, Offset(1)); // It is on the disk, and on its way to every viewer of the room.
//! assert_eq!(hub.rooms()[0].viewers, 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **How it works.** A room keeps its newest events, encoded once, in a ring, and its open lines with a version
//! number; a viewer is a cursor over both. A slow viewer therefore costs no memory: open lines coalesce by
//! themselves, and one that falls more than 128 events or 64 KB behind is closed with 3008 and recovers. Live events
//! and missed ones come out of the same ring, so that there is no seam between them. The log is read when a room
//! opens and never for a viewer.
//!
//! What it does not do: it opens no port and knows no HTTP (the server upgrades the connection and hands it over),
//! starts no task and no thread but those that write, decodes no sound, lays out no text, and does not know who may see a room.

// The tests of the room and those over sockets share one reader, which names the crate as a stranger does.
#[cfg(test)]
extern crate self as dostyq_hub;

mod counters;
mod encode;
mod error;
mod fan_out;
mod finished;
mod follower;
mod frame;
mod hub;
mod limits;
mod liveness;
mod open_lines;
mod open_watch;
mod publisher;
mod ring;
mod room;
mod room_follower;
mod room_source;
mod session;
mod socket;
pub mod wire;

pub use counters::Counts;
pub use encode::Encoded;
pub use error::HubError;
pub use follower::Follower;
pub use hub::Hub;
pub use limits::{
    BACKLOG_BYTES, BACKLOG_EVENTS, HubOptions, MESSAGE_BYTES, OPEN_LINES, RING_BYTES, RING_EVENTS, WELCOME_EVENTS,
    websocket_config,
};
pub use open_watch::OpenWatch;
pub use publisher::RoomPublisher;
pub use room_follower::RoomFollower;
pub use session::{refuse_viewer, serve_tcp_viewer, serve_viewer};
