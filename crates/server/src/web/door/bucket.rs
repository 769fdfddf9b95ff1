use std::time::Instant;

/// How often something may happen: so often at once, and so often a second in the long run.
#[derive(Clone, Copy, Debug)]
pub(in crate::web) struct Rate {
    pub(in crate::web) burst: f64,
    pub(in crate::web) per_sec: f64,
}

/// What is left of a rate.
#[derive(Clone, Copy, Debug)]
pub(in crate::web) struct Bucket {
    left: f64,
    at: Instant,
}

impl Bucket {
    pub(in crate::web) fn full(rate: Rate, now: Instant) -> Bucket {
        Bucket { left: rate.burst, at: now }
    }

    /// Whether it may happen once more; nothing is taken.
    pub(in crate::web) fn has_one(&mut self, rate: Rate, now: Instant) -> bool {
        let gained = now.saturating_duration_since(self.at).as_secs_f64() * rate.per_sec;
        (self.left, self.at) = ((self.left + gained).min(rate.burst), now);
        self.left >= 1.0
    }

    /// Takes one, if there is one.
    pub(in crate::web) fn take(&mut self, rate: Rate, now: Instant) -> bool {
        let has_one = self.has_one(rate, now);
        if has_one {
            self.left -= 1.0;
        }
        has_one
    }

    /// Nothing is missing, so that there is nothing to remember.
    pub(in crate::web) fn is_full(&mut self, rate: Rate, now: Instant) -> bool {
        self.has_one(rate, now) && self.left >= rate.burst
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_is_taken_at_once_and_comes_back_in_time() {
        let rate = Rate { burst: 3.0, per_sec: 0.5 };
        let start = Instant::now();
        let mut bucket = Bucket::full(rate, start);
        let mut check = |millis, expect| {
            assert_eq!(bucket.take(rate, start + Duration::from_millis(millis)), expect, "at {millis} ms");
        };
        check(0, true);
        check(0, true);
        check(0, true);
        check(0, false);
        check(1900, false);
        check(2000, true);
        check(2100, false);
        // However long nobody came, it holds no more than the burst.
        for expect in [true, true, true, false] {
            check(1_000_000, expect);
        }
    }
}
