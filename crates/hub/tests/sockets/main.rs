//! The hub over real sockets, with a real log on a disk.

mod faults;
mod following;
mod hall;
mod live;
mod reader;
mod recovery;
mod refusals;
mod scripted_log;
mod slow;
