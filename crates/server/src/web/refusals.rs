//! What was refused, counted for everyone and told in one line a minute: a log that grows with an attack is a part of it.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dostyq_hub::{Counts, Hub};

/// How often the numbers are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long nothing more is told after a line.
const SILENCE: Duration = Duration::from_secs(60);

/// A number that many tasks raise. Nothing is ordered by it, so the weakest ordering will do.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    pub(super) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What the web server refused since its start.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    /// Connections of an address that has too many, or opens them too fast.
    pub(super) sockets: Count,
    /// Connections that did not become encrypted, or not in time.
    pub(super) handshakes: Count,
    /// What is no request of HTTP, or is too long.
    pub(super) requests: Count,
    /// Connections without a whole request in time.
    pub(super) mute: Count,
    /// Requests without the right to what they ask for.
    pub(super) access: Count,
    /// Requests that a page of another site makes a browser send.
    pub(super) origins: Count,
    /// Wrong tokens and room codes, and tries beyond the rate.
    pub(super) guesses: Count,
}

/// A number with its name. Less than `from` more of it is no news: browsers open connections that they do not use, and
/// shy away from a certificate that they do not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Number {
    name: &'static str,
    from: u64,
    value: u64,
}

/// In the order in which they are told.
type Numbers = [Number; 12];

impl Refusals {
    fn numbers(&self, hub: &Counts) -> Numbers {
        let some = |name, value| Number { name, from: 1, value };
        let many = |name, value| Number { name, from: 50, value };
        [
            some("connections beyond the limits of their address", self.sockets.get()),
            many("failed handshakes of TLS", self.handshakes.get()),
            many("connections without a request", self.mute.get()),
            some("bad requests", self.requests.get()),
            some("requests without the right", self.access.get()),
            some("requests from other sites", self.origins.get()),
            some("wrong tokens or codes", self.guesses.get()),
            some("viewers refused at hello", hub.bad_hellos),
            some("viewers closed for what they said", hub.bad_messages),
            some("viewers closed as too slow", hub.slow_closes),
            some("viewers gone silent", hub.silent_closes),
            some("viewers for whom there was no place", hub.busy_closes),
        ]
    }

    /// Tells what was refused for as long as it is polled: the first at once, then at most a line a minute.
    pub(super) async fn tell(&self, hub: &Hub) {
        let mut told = self.numbers(&hub.counts());
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let now = self.numbers(&hub.counts());
            if let Some(line) = growth(&told, &now) {
                tracing::warn!("refused: {line}");
                told = now;
                tokio::time::sleep(SILENCE).await;
            }
        }
    }
}

/// What is more than it was; None when nothing is.
fn growth(before: &Numbers, now: &Numbers) -> Option<String> {
    let mut line = String::new();
    for (before, now) in before.iter().zip(now) {
        let more = now.value - before.value;
        if more >= now.from {
            let comma = if line.is_empty() { "" } else { ", " };
            // Writing to a text cannot fail.
            let _ = write!(line, "{comma}{more} {}", now.name);
        }
    }
    (!line.is_empty()).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_grew_is_told() {
        let refusals = Refusals::default();
        let before = refusals.numbers(&Counts::default());
        assert_eq!(growth(&before, &before), None);
        (0..49).for_each(|_| refusals.mute.add());
        assert_eq!(growth(&before, &refusals.numbers(&Counts::default())), None, "browsers do that");
        (0..3).for_each(|_| refusals.requests.add());
        refusals.guesses.add();
        let now = refusals.numbers(&Counts::default());
        assert_eq!(growth(&before, &now).as_deref(), Some("3 bad requests, 1 wrong tokens or codes"));
    }
}
