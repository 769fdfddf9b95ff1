//! How often somebody may be wrong. Only wrong tries count, so that a hall that types a code is not held up by its size.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::door::addresses::household;
use super::door::bucket::{Bucket, Rate};

/// Addresses that are remembered. When there are more, all begin anew; the rate of all together still holds.
const ADDRESSES: usize = 16_384;

/// Tokens: nobody types one, so a few wrong ones are a mistake and many are not.
pub(super) const TOKENS: [Rate; 2] = [Rate { burst: 10.0, per_sec: 0.1 }, Rate { burst: 200.0, per_sec: 2.0 }];
/// Codes of rooms: a hall of phones stands behind one address and mistypes.
pub(super) const CODES: [Rate; 2] = [Rate { burst: 200.0, per_sec: 0.5 }, Rate { burst: 1_000.0, per_sec: 5.0 }];

/// Wrong tries, by address and altogether.
#[derive(Debug)]
pub(super) struct Guesses {
    of_one: Rate,
    of_all: Rate,
    left: Mutex<Left>,
}

#[derive(Debug)]
struct Left {
    by_address: HashMap<IpAddr, Bucket>,
    all: Bucket,
}

impl Guesses {
    pub(super) fn new([of_one, of_all]: [Rate; 2]) -> Guesses {
        let left = Left { by_address: HashMap::new(), all: Bucket::full(of_all, Instant::now()) };
        Guesses { of_one, of_all, left: Mutex::new(left) }
    }

    /// Whether this address may try now.
    pub(super) fn may_try(&self, address: IpAddr, now: Instant) -> bool {
        let mut left = self.left();
        let has_one = match left.by_address.get_mut(&household(address)) {
            Some(bucket) => bucket.has_one(self.of_one, now),
            None => true,
        };
        has_one && left.all.has_one(self.of_all, now)
    }

    /// It was wrong.
    pub(super) fn was_wrong(&self, address: IpAddr, now: Instant) {
        let mut left = self.left();
        if left.by_address.len() >= ADDRESSES {
            left.by_address.clear();
        }
        let fresh = || Bucket::full(self.of_one, now);
        left.by_address.entry(household(address)).or_insert_with(fresh).take(self.of_one, now);
        left.all.take(self.of_all, now);
    }

    fn left(&self) -> MutexGuard<'_, Left> {
        // Counts, which every critical section leaves whole.
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn who_is_wrong_too_often_waits_and_nobody_else_does() {
        let guesses = Guesses::new([Rate { burst: 2.0, per_sec: 1.0 }, Rate { burst: 3.0, per_sec: 1.0 }]);
        let (one, other, start) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]), Instant::now());
        for _ in 0..2 {
            assert!(guesses.may_try(one, start));
            guesses.was_wrong(one, start);
        }
        assert!(!guesses.may_try(one, start));
        assert!(guesses.may_try(other, start));
        assert!(guesses.may_try(one, start + Duration::from_secs(1)));
        // All together have their bound as well.
        guesses.was_wrong(other, start + Duration::from_secs(1));
        guesses.was_wrong(other, start + Duration::from_secs(1));
        guesses.was_wrong(one, start + Duration::from_secs(1));
        assert!(!guesses.may_try(IpAddr::from([10, 0, 0, 3]), start + Duration::from_secs(1)));
    }
}
