//! What all viewers together saw. One thread carries them all, so nothing is locked.

use std::collections::BTreeMap;
use std::time::Instant;

use hdrhistogram::Histogram;

use super::captions::{Seen, now_micros};
use super::orders::{Quantiles, Report};

/// The longest latency that is told apart from longer ones, in microseconds.
const LONGEST_MICROS: u64 = 120_000_000;

pub(super) struct Tally {
    is_counting: bool,
    delivered: u64,
    lost: u64,
    doubled: u64,
    latency: Histogram<u64>,
    storm: Option<Storm>,
    endings: BTreeMap<String, u64>,
}

struct Storm {
    began: Instant,
    away: u64,
    last_back: Instant,
    latency: Histogram<u64>,
}

/// What a viewer has of the log.
#[derive(Clone, Debug, Default)]
pub(super) struct Held {
    /// Empty before the first welcome.
    pub(super) epoch: String,
    pub(super) offset: Option<u64>,
}

impl Tally {
    pub(super) fn new() -> anyhow::Result<Tally> {
        Ok(Tally {
            is_counting: false,
            delivered: 0,
            lost: 0,
            doubled: 0,
            latency: histogram()?,
            storm: None,
            endings: BTreeMap::new(),
        })
    }

    pub(super) fn begin(&mut self) {
        self.is_counting = true;
    }

    pub(super) fn storm(&mut self, viewers: u64) -> anyhow::Result<()> {
        let now = Instant::now();
        self.storm = Some(Storm { began: now, away: viewers, last_back: now, latency: histogram()? });
        Ok(())
    }

    /// A viewer of the storm has everything again.
    pub(super) fn is_back(&mut self) {
        if let Some(storm) = &mut self.storm {
            storm.away = storm.away.saturating_sub(1);
            storm.last_back = Instant::now();
        }
    }

    /// A message came to a viewer, which stayed if it was not in a storm.
    pub(super) fn see(&mut self, seen: Seen, held: &mut Held, has_stayed: bool) {
        let Seen::Event { offset, published } = seen else { return };
        // The first one of a server without welcomes is where its viewer begins.
        let expected = held.offset.map_or(offset, |held| held + 1);
        if offset < expected {
            self.doubled += 1;
            return;
        }
        held.offset = Some(offset);
        if !self.is_counting {
            return;
        }
        self.lost += offset - expected;
        self.delivered += 1;
        let Some(published) = published else { return };
        let micros = now_micros().saturating_sub(published);
        self.latency.saturating_record(micros);
        if let Some(storm) = &mut self.storm
            && has_stayed
        {
            storm.latency.saturating_record(micros);
        }
    }

    /// A welcome brought what a viewer had missed, or could not.
    pub(super) fn recover(&mut self, events: u64, missed: u64) {
        self.delivered += events.min(missed);
        self.lost += missed.saturating_sub(events);
        self.doubled += events.saturating_sub(missed);
    }

    pub(super) fn lose(&mut self, finals: u64) {
        self.lost += finals;
    }

    pub(super) fn end(&mut self, cause: String) {
        *self.endings.entry(cause).or_default() += 1;
    }

    pub(super) fn a_cause(&self) -> Option<String> {
        self.endings.keys().next().cloned()
    }

    pub(super) fn report(&self) -> Report {
        let storm = self.storm.as_ref();
        Report {
            delivered: self.delivered,
            lost_finals: self.lost,
            doubled_finals: self.doubled,
            latency_ms: quantiles(&self.latency),
            storm_latency_ms: storm.map(|storm| quantiles(&storm.latency)),
            caught_up_secs: storm.map(|storm| (storm.last_back - storm.began).as_secs_f64()),
            still_away: storm.map_or(0, |storm| storm.away),
            endings: self.endings.clone(),
        }
    }
}

fn histogram() -> anyhow::Result<Histogram<u64>> {
    Ok(Histogram::new_with_max(LONGEST_MICROS, 3)?)
}

fn quantiles(micros: &Histogram<u64>) -> Quantiles {
    let at = |quantile| micros.value_at_quantile(quantile) as f64 / 1000.0;
    Quantiles { p50: at(0.5), p99: at(0.99), max: micros.max() as f64 / 1000.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_lost_and_repetitions_are_doubled() {
        let check = |offsets: &[u64], expect| {
            let mut tally = Tally::new().expect("the bounds of the histogram make sense");
            tally.begin();
            let mut held = Held { epoch: "e".into(), offset: Some(5) };
            for &offset in offsets {
                tally.see(Seen::Event { offset, published: Some(now_micros()) }, &mut held, true);
            }
            let report = tally.report();
            assert_eq!((report.delivered, report.lost_finals, report.doubled_finals), expect, "{offsets:?}");
        };
        check(&[6, 7, 8], (3, 0, 0));
        check(&[6, 8], (2, 1, 0));
        check(&[6, 6, 7], (2, 0, 1));
        check(&[10, 11], (2, 4, 0));
        check(&[], (0, 0, 0));
    }

    #[test]
    fn a_welcome_that_lacks_something_lost_it() {
        let check = |events, missed, expect| {
            let mut tally = Tally::new().expect("the bounds of the histogram make sense");
            tally.recover(events, missed);
            let report = tally.report();
            assert_eq!((report.delivered, report.lost_finals, report.doubled_finals), expect);
        };
        check(3, 3, (3, 0, 0));
        check(2, 3, (2, 1, 0));
        check(4, 3, (3, 0, 1));
    }
}
