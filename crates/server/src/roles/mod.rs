//! A machine as one of many: it writes the rooms, stands by, or shows what others write.
//!
//! What the machines tell one another goes over NATS: finished lines through the log ([`dostyq_log::JetStreamLog`]), open
//! lines as messages that may be lost (`told.rs`), and who has which room as states (`lease.rs`).

mod connect;
mod edge;
mod follow;
mod front;
mod infer;
mod keeper;
mod lease;
mod stage;
mod told;

pub(crate) use connect::reach;
pub(crate) use edge::run as run_edge;
pub(crate) use infer::run as run_infer;
pub use infer::run_scripted;
pub use stage::{Play, Stage};
