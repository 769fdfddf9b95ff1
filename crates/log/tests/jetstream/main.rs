//! The log of many machines, on real servers of NATS.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/nats.rs"]
mod nats;
#[path = "../common/wire.rs"]
mod wire;

mod cluster;
mod feed;
mod one_server;
mod spool;

use std::time::{Duration, Instant};

use dostyq_log::{Credentials, JetStreamLog, NatsOptions};

/// Long enough for a busy machine and an election; nothing waits for it unless the test fails.
const PATIENCE: Duration = Duration::from_secs(40);

fn options(servers: &[String], replicas: usize) -> NatsOptions {
    NatsOptions {
        servers: servers.to_vec(),
        tenant: "test".parse().unwrap(),
        replicas,
        credentials: Credentials::None,
        name: "test".into(),
    }
}

fn connect(url: String) -> JetStreamLog {
    JetStreamLog::connect(&options(&[url], 1)).unwrap()
}

/// Tries until it works: what the pipeline does with a log that refuses.
fn insist<T, E: std::fmt::Display>(mut work: impl FnMut() -> Result<T, E>) -> T {
    let began = Instant::now();
    loop {
        match work() {
            Ok(value) => return value,
            Err(error) => assert!(began.elapsed() < PATIENCE, "still: {error}"),
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Waits until something is so.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
