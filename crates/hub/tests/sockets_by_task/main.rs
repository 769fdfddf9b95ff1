//! The tests of `sockets` once more, with viewers whose own tasks write to them, as they do where a connection is encrypted.

#[path = "../sockets/faults.rs"]
mod faults;
#[path = "../sockets/following.rs"]
mod following;
#[path = "../sockets/hall.rs"]
mod hall;
#[path = "../sockets/live.rs"]
mod live;
#[path = "../sockets/reader.rs"]
mod reader;
#[path = "../sockets/recovery.rs"]
mod recovery;
#[path = "../sockets/refusals.rs"]
mod refusals;
#[path = "../sockets/scripted_log.rs"]
mod scripted_log;
#[path = "../sockets/slow.rs"]
mod slow;

/// Whether each viewer's own task writes to it.
const BY_TASK: bool = true;
