use std::time::{Duration, Instant};

/// A gap that the audio system reports is measured from this length on; less is the jitter of its report.
const LEAST_REPORTED_GAP: Duration = Duration::from_millis(5);

/// A gap that nobody reports is believed from this length on: three lost buffers of an ordinary sound card.
const LEAST_UNREPORTED_GAP: Duration = Duration::from_millis(50);

/// How long the sound must stay behind before an unreported gap is believed: a busy machine delivers late and then
/// makes up for it within a second.
const PATIENCE: Duration = Duration::from_secs(2);

/// Finds out how much sound a device lost, from when its deliveries came.
///
/// The lag of a delivery is the time that has passed less the sound that has come. It wobbles with the scheduler
/// and creeps with the sound card's own idea of a second, neither of which is a gap; when sound is lost it jumps
/// up and stays. So the least lag of a while is compared with the least lag of the while before, and a gap is found
/// within two whiles; one that is reported is measured at once.
#[derive(Debug)]
pub(super) struct GapFinder {
    rate: u32,
    began: Instant,
    /// Samples that came and samples that were found missing.
    accounted: u64,
    /// The usual lag in seconds.
    usual: Option<f64>,
    /// The least lag of the current while, and when the while began.
    least: f64,
    since: Instant,
}

impl GapFinder {
    pub(super) fn new(rate: u32, now: Instant) -> GapFinder {
        GapFinder { rate, began: now, accounted: 0, usual: None, least: f64::INFINITY, since: now }
    }

    /// Hears that `samples` came `at` this moment. `lost` counts samples before them that are known to be missing,
    /// `was_broken` says that the audio system reported a break without measuring it. Says how many samples are
    /// missing before this delivery, `lost` included.
    pub(super) fn hear(&mut self, at: Instant, samples: u64, lost: u64, was_broken: bool) -> u64 {
        self.accounted += samples + lost;
        let rate = f64::from(self.rate);
        let lag = at.duration_since(self.began).as_secs_f64() - self.accounted as f64 / rate;
        let usual = *self.usual.get_or_insert(lag);
        self.least = self.least.min(lag);
        let mut gap = 0.0;
        if was_broken {
            gap = if lag - usual >= LEAST_REPORTED_GAP.as_secs_f64() { lag - usual } else { 0.0 };
            self.begin_while(at);
        } else if at.duration_since(self.since) >= PATIENCE {
            if self.least - usual >= LEAST_UNREPORTED_GAP.as_secs_f64() {
                gap = self.least - usual;
            } else {
                self.usual = Some(self.least);
            }
            self.begin_while(at);
        }
        let missing = (gap * rate).round() as u64;
        self.accounted += missing;
        lost + missing
    }

    fn begin_while(&mut self, at: Instant) {
        self.since = at;
        self.least = f64::INFINITY;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u32 = 48_000;

    /// Deliveries of 10 ms, each `late(n)` seconds later than an ideal card would bring it; gives the missing sound
    /// that was found, in milliseconds, and at which delivery. `broken` is the one that a break is reported with.
    fn find(deliveries: u32, late: impl Fn(u32) -> f64, broken: Option<u32>) -> Vec<(u32, u64)> {
        let began = Instant::now();
        let mut finder = GapFinder::new(RATE, began);
        let mut found = Vec::new();
        for n in 0..deliveries {
            let at = began + Duration::from_secs_f64(f64::from(n + 1) * 0.01 + late(n));
            let missing = finder.hear(at, 480, 0, broken == Some(n));
            if missing > 0 {
                found.push((n, missing / 48));
            }
        }
        found
    }

    fn check(deliveries: u32, late: impl Fn(u32) -> f64, broken: Option<u32>, expect: &[(u32, u64)]) {
        assert_eq!(find(deliveries, late, broken), expect);
    }

    #[test]
    fn an_even_card_and_a_drifting_one_have_no_gaps() {
        check(2_000, |_| 0.3, None, &[]);
        // 300 ppm slow and fast over a quarter of an hour.
        check(90_000, |n| f64::from(n) * 0.01 * 3e-4, None, &[]);
        check(90_000, |n| 0.3 - f64::from(n) * 0.01 * 3e-4, None, &[]);
    }

    #[test]
    fn late_deliveries_that_catch_up_are_no_gap() {
        // A stall of 1.5 s, after which everything that waited comes at once.
        check(2_000, |n| if (500..650).contains(&n) { f64::from(650 - n) * 0.01 } else { 0.0 }, None, &[]);
        // Deliveries in bursts of half a second.
        check(2_000, |n| f64::from(49 - n % 50) * 0.01, None, &[]);
    }

    #[test]
    fn a_reported_break_is_measured_at_once() {
        check(1_000, |n| if n >= 500 { 0.125 } else { 0.0 }, Some(500), &[(500, 125)]);
        check(1_000, |_| 0.0, Some(500), &[]);
    }

    #[test]
    fn an_unreported_gap_is_found_within_twice_the_patience() {
        for begin in [401, 500, 599] {
            let found = find(1_500, |n| if n >= begin { 0.75 } else { 0.0 }, None);
            assert!(matches!(found[..], [(n, 750)] if (begin..begin + 400).contains(&n)), "from {begin}: {found:?}");
        }
        check(1_500, |n| if n >= 500 { 0.03 } else { 0.0 }, None, &[]);
    }

    #[test]
    fn samples_known_to_be_lost_are_not_found_again() {
        let began = Instant::now();
        let mut finder = GapFinder::new(RATE, began);
        let mut missing = 0;
        for n in 0..1_000u64 {
            // Half a second goes missing before delivery 500.
            let (lost, late) = if n >= 500 { (if n == 500 { 24_000 } else { 0 }, 500) } else { (0, 0) };
            missing += finder.hear(began + Duration::from_millis((n + 1) * 10 + late), 480, lost, false);
        }
        assert_eq!(missing, 24_000);
    }
}
