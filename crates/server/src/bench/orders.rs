//! What the leading process says to the others over their standard input, and what they answer: a line of JSON each.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// To the server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum ServerOrder {
    /// Show lines at this rate for this time; answered with [`ServerAnswer::Published`] at its end.
    Publish { rate: f64, seconds: u32 },
}

/// From the server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum ServerAnswer {
    /// It listens.
    Listening(SocketAddr),
    /// All is published; the offset of the last line.
    Published { top: u64 },
}

/// To the viewers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum ViewerOrder {
    /// Count from here on.
    Begin,
    /// So many break their connections and come back.
    Storm { viewers: u32 },
    /// Tell what was seen, once everyone who reads has this offset, or after the patience for it.
    Report { top: u64 },
}

/// From the viewers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum ViewerAnswer {
    /// The hall is full; so many could not come.
    Present { failed: u32, why: Option<String> },
    /// What was seen.
    Report(Box<Report>),
}

/// What the viewers saw since [`ViewerOrder::Begin`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Report {
    /// Messages with an event that arrived, those in a welcome included.
    pub(super) delivered: u64,
    /// Lines that a viewer who reads did not get.
    pub(super) lost_finals: u64,
    /// Lines that a viewer got again.
    pub(super) doubled_finals: u64,
    /// From the call that publishes a line, which also writes it to the disk, to its arrival.
    pub(super) latency_ms: Quantiles,
    /// The same for viewers who stayed, from a storm on.
    pub(super) storm_latency_ms: Option<Quantiles>,
    /// From the start of a storm until the last viewer had come back and had everything.
    pub(super) caught_up_secs: Option<f64>,
    /// Viewers of a storm who did not come back in time.
    pub(super) still_away: u64,
    /// Connections that ended without being asked to, by cause.
    pub(super) endings: BTreeMap<String, u64>,
}

/// Milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Quantiles {
    pub(super) p50: f64,
    pub(super) p99: f64,
    pub(super) max: f64,
}
