//! The hub over real sockets, with a real log on a disk; the fan-out threads write to the viewers.

mod faults;
mod following;
mod hall;
mod live;
mod reader;
mod recovery;
mod refusals;
mod scripted_log;
mod slow;

/// Whether each viewer's own task writes to it.
const BY_TASK: bool = false;
