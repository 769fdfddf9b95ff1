//! How much of the server one address takes. A hall stands behind one address with thousands of phones, so the bounds are
//! wide: they are there for the one machine that opens connections until nobody else can.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::bucket::{Bucket, Rate};
use crate::config::Web;

/// Addresses that are remembered though they hold no connection.
const IDLE_ADDRESSES: usize = 16_384;

#[derive(Debug)]
pub(in crate::web) struct Addresses {
    most: u32,
    rate: Rate,
    known: Mutex<All>,
}

#[derive(Debug, Default)]
struct All {
    by_address: HashMap<IpAddr, Known>,
    /// Those that hold a connection.
    present: usize,
}

#[derive(Debug)]
struct Known {
    sockets: u32,
    bucket: Bucket,
}

impl Addresses {
    pub(in crate::web) fn new(web: &Web) -> Arc<Addresses> {
        let rate = Rate { burst: f64::from(web.burst_per_address), per_sec: f64::from(web.new_sockets_per_second) };
        Arc::new(Addresses { most: web.sockets_per_address, rate, known: Mutex::default() })
    }

    /// A place for one more connection of this address, unless it holds too many or opens them too fast.
    pub(in crate::web) fn enter(self: &Arc<Self>, address: IpAddr, now: Instant) -> Option<Place> {
        let address = household(address);
        let mut known = self.known();
        let All { by_address, present } = &mut *known;
        if by_address.len() > *present + IDLE_ADDRESSES {
            by_address.retain(|_, one| one.sockets > 0);
        }
        let fresh = || Known { sockets: 0, bucket: Bucket::full(self.rate, now) };
        let one = by_address.entry(address).or_insert_with(fresh);
        if one.sockets >= self.most || !one.bucket.take(self.rate, now) {
            return None;
        }
        one.sockets += 1;
        *present += usize::from(one.sockets == 1);
        Some(Place { addresses: Arc::clone(self), address })
    }

    fn leave(&self, address: &IpAddr) {
        let (mut known, now) = (self.known(), Instant::now());
        let All { by_address, present } = &mut *known;
        let Some(one) = by_address.get_mut(address) else { return };
        one.sockets -= 1;
        if one.sockets == 0 {
            *present -= 1;
            if one.bucket.is_full(self.rate, now) {
                by_address.remove(address);
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, All> {
        // Counts, which every critical section leaves whole.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection's place; dropping it gives it back.
#[derive(Debug)]
pub(in crate::web) struct Place {
    addresses: Arc<Addresses>,
    address: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.addresses.leave(&self.address);
    }
}

/// What counts as one address: a household has a whole network of IPv6 (a /64), and may use a new address for each
/// connection.
pub(in crate::web) fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn addresses(sockets: u32, burst: u32) -> Arc<Addresses> {
        let web =
            Web { sockets_per_address: sockets, burst_per_address: burst, new_sockets_per_second: 1, ..Web::default() };
        Addresses::new(&web)
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().expect(text)
    }

    #[test]
    fn an_address_has_so_many_places_and_gets_back_those_it_leaves() {
        let (addresses, now) = (addresses(2, 100), Instant::now());
        let first = addresses.enter(ip("10.0.0.1"), now).expect("a place");
        let _second = addresses.enter(ip("::ffff:10.0.0.1"), now).expect("a place");
        assert!(addresses.enter(ip("10.0.0.1"), now).is_none());
        assert!(addresses.enter(ip("10.0.0.2"), now).is_some(), "nobody else is concerned");
        drop(first);
        assert!(addresses.enter(ip("10.0.0.1"), now).is_some());
    }

    #[test]
    fn who_opens_connections_too_fast_waits() {
        let (addresses, now) = (addresses(100, 3), Instant::now());
        for expect in [true, true, true, false] {
            assert_eq!(addresses.enter(ip("2001:db8::1"), now).is_some(), expect);
        }
        assert!(addresses.enter(ip("2001:db8::2"), now).is_none(), "the same household");
        assert!(addresses.enter(ip("2001:db8:0:1::1"), now).is_some(), "another one");
        assert!(addresses.enter(ip("2001:db8::1"), now + Duration::from_secs(1)).is_some());
    }

    #[test]
    fn a_hall_behind_one_address_comes_in_at_once() {
        let (addresses, now) = (Addresses::new(&Web::default()), Instant::now());
        let places: Vec<_> = (0..5_000).filter_map(|_| addresses.enter(ip("10.0.0.1"), now)).collect();
        assert_eq!(places.len(), 5_000);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (addresses, now) = (addresses(1, 1), Instant::now());
        for number in 0..40_000 {
            assert!(addresses.enter(IpAddr::from(u32::to_be_bytes(number)), now).is_some());
        }
        let known = addresses.known();
        assert!(known.by_address.len() <= IDLE_ADDRESSES + 1);
        assert_eq!(known.present, 0);
    }
}
