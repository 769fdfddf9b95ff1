use std::sync::atomic::{AtomicU64, Ordering};

/// What the hub did since its start, for the metrics page. Each number only grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Events, open lines and drops that were written to viewers, those in welcomes not counted.
    pub delivered: u64,
    /// Viewers closed because they read too slowly (3008).
    pub slow_closes: u64,
    /// Viewers that came back and got exactly what they missed.
    pub recovered: u64,
    /// Viewers that came back and had to start afresh.
    pub not_recovered: u64,
    /// Connections refused before their welcome for what they said or did not say (3000, 4500 to 4504).
    pub bad_hellos: u64,
    /// Viewers closed after their welcome for what they said (4500, 4503).
    pub bad_messages: u64,
    /// Viewers closed because they answered no ping (3012).
    pub silent_closes: u64,
    /// Connections refused because the hub was full (1013).
    pub busy_closes: u64,
}

/// A number that many tasks raise. Nothing is ordered by it, so the weakest ordering will do.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The living form of [`Counts`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) delivered: Counter,
    pub(crate) slow_closes: Counter,
    pub(crate) recovered: Counter,
    pub(crate) not_recovered: Counter,
    pub(crate) bad_hellos: Counter,
    pub(crate) bad_messages: Counter,
    pub(crate) silent_closes: Counter,
    pub(crate) busy_closes: Counter,
}

impl Counters {
    pub(crate) fn read(&self) -> Counts {
        Counts {
            delivered: self.delivered.get(),
            slow_closes: self.slow_closes.get(),
            recovered: self.recovered.get(),
            not_recovered: self.not_recovered.get(),
            bad_hellos: self.bad_hellos.get(),
            bad_messages: self.bad_messages.get(),
            silent_closes: self.silent_closes.get(),
            busy_closes: self.busy_closes.get(),
        }
    }
}
