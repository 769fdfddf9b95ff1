//! `dostyq bench`: how many viewers a machine can serve, measured over real sockets.
//!
//! Three processes: the one that was asked for, which leads and reports; a server, which is the program's own pages and
//! hub with a log on a disk; and the viewers. Each is accounted for by itself, so that what the viewers cost does not
//! count as the server's. Everything stays on the loopback addresses and ends by itself.

mod account;
mod audience;
mod captions;
mod child;
mod hub;
mod nchan;
mod orders;
mod server;
mod tally;
pub(crate) mod tls;
mod viewer;

use std::net::SocketAddr;

use clap::{Args, Subcommand};

/// The commands of `dostyq bench`.
#[derive(Debug, Subcommand)]
pub enum Bench {
    /// Show captions to many viewers on this machine, and tell what reached them, how late, and what it cost
    Hub(BenchHub),
    /// The server that is measured
    #[command(hide = true)]
    HubServer(HubServer),
    /// The viewers
    #[command(hide = true)]
    HubViewers(HubViewers),
}

/// Options of `dostyq bench hub`.
#[derive(Debug, Args)]
pub struct BenchHub {
    /// Viewers, half of them of both languages and a quarter of each one
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=200_000))]
    pub viewers: u32,
    /// Finished lines a second, in turn in both languages, 300 bytes each
    #[arg(long, default_value_t = 3.0, value_parser = rate)]
    pub rate: f64,
    /// How long to show them
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub seconds: u32,
    /// The percentage of viewers that never read
    #[arg(long, default_value_t = 0, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(0..=90))]
    pub slow: u32,
    /// Break the connections of so many viewers at once after a third of the time, and let them come back at once
    #[arg(long, default_value_t = 0, value_name = "VIEWERS")]
    pub storm: u32,
    /// Encrypt the connections; with another server, its address must speak TLS and its publisher's must not
    #[arg(long)]
    pub tls: bool,
    /// Print one JSON object instead of a table
    #[arg(long)]
    pub json: bool,
    /// Measure another server instead: one that takes POST /pub/demo and serves WebSockets at /sub/demo, as nchan does
    #[arg(long, hide = true, value_name = "ADDRESS", requires = "peer_pid", conflicts_with = "storm")]
    pub peer: Option<SocketAddr>,
    /// Where that server takes its messages, if not at the same address
    #[arg(long, hide = true, value_name = "ADDRESS", requires = "peer")]
    pub peer_publish: Option<SocketAddr>,
    /// The process of that server; its children are accounted for too
    #[arg(long, hide = true, value_name = "PID")]
    pub peer_pid: Option<u32>,
}

/// Options of the measured server.
#[derive(Debug, Args)]
pub struct HubServer {
    /// Connections at a time
    #[arg(long)]
    places: u32,
    /// Encrypt their connections
    #[arg(long)]
    tls: bool,
}

/// Options of the viewers.
#[derive(Debug, Args)]
pub struct HubViewers {
    /// Where the server listens
    #[arg(long)]
    address: SocketAddr,
    /// How many there are
    #[arg(long)]
    viewers: u32,
    /// How many of them never read
    #[arg(long)]
    slow: u32,
    /// The server is not Dostyq's: there is no hello and no welcome
    #[arg(long)]
    plain: bool,
    /// The connections are encrypted
    #[arg(long)]
    tls: bool,
}

/// A rate that a room could have, 0.1 to 1000 a second.
fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.1..=1000.0).contains(&rate) { Ok(rate) } else { Err("0.1 to 1000 lines a second".to_owned()) }
}

pub(crate) fn run(command: Bench) -> anyhow::Result<()> {
    match command {
        Bench::Hub(options) => hub::run(&options),
        Bench::HubServer(options) => server::run(&options),
        Bench::HubViewers(options) => audience::run(&options),
    }
}
