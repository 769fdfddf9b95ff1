//! Whether a viewer is still there, and whether it says more than it should: decided from times alone.

use std::time::Duration;

use tokio::time::Instant;

use crate::limits::MESSAGES_PER_PING;
use crate::wire::CloseCode;

/// What the clock asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    None,
    /// Ask whether the peer is there.
    Ping,
    /// The peer was silent for too long.
    Dead,
}

#[derive(Debug)]
pub(crate) struct Liveness {
    ping_every: Duration,
    silence_limit: Duration,
    last_heard: Instant,
    next_ping: Instant,
    /// Messages since the last ping.
    messages: u32,
}

impl Liveness {
    pub(crate) fn new(now: Instant, ping_every: Duration, silence_limit: Duration) -> Liveness {
        Liveness { ping_every, silence_limit, last_heard: now, next_ping: now + ping_every, messages: 0 }
    }

    /// The peer said something.
    pub(crate) fn heard(&mut self, now: Instant) -> Result<(), CloseCode> {
        self.last_heard = now;
        self.messages += 1;
        if self.messages > MESSAGES_PER_PING { Err(CloseCode::Flood) } else { Ok(()) }
    }

    /// What is due at `now`; a ping is due once.
    pub(crate) fn sign(&mut self, now: Instant) -> Sign {
        if now >= self.last_heard + self.silence_limit {
            return Sign::Dead;
        }
        if now < self.next_ping {
            return Sign::None;
        }
        self.next_ping = now + self.ping_every;
        self.messages = 0;
        Sign::Ping
    }

    /// When to look at [`sign`](Liveness::sign) again.
    pub(crate) fn next(&self) -> Instant {
        self.next_ping.min(self.last_heard + self.silence_limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_peer_that_answers_lives_and_one_that_does_not_is_dead_after_two_pings() {
        let start = Instant::now();
        let mut liveness = Liveness::new(start, 25 * SECOND, 60 * SECOND);
        let mut check = |second: u32, expect| {
            assert_eq!(liveness.sign(start + second * SECOND), expect, "at {second} s");
            if second == 26 {
                liveness.heard(start + 26 * SECOND).expect("one message is no flood");
            }
        };
        check(0, Sign::None);
        check(24, Sign::None);
        check(25, Sign::Ping);
        check(26, Sign::None);
        check(50, Sign::Ping);
        check(75, Sign::Ping);
        check(85, Sign::None);
        check(86, Sign::Dead);
    }

    #[test]
    fn the_clock_is_looked_at_when_something_is_due() {
        let start = Instant::now();
        let mut liveness = Liveness::new(start, 25 * SECOND, 60 * SECOND);
        assert_eq!(liveness.next(), start + 25 * SECOND);
        liveness.sign(start + 25 * SECOND);
        liveness.sign(start + 50 * SECOND);
        assert_eq!(liveness.next(), start + 60 * SECOND);
    }

    #[test]
    fn a_flood_is_what_exceeds_the_messages_of_one_ping() {
        let start = Instant::now();
        let mut liveness = Liveness::new(start, 25 * SECOND, 60 * SECOND);
        for _ in 0..MESSAGES_PER_PING {
            assert_eq!(liveness.heard(start), Ok(()));
        }
        liveness.sign(start + 25 * SECOND);
        for _ in 0..MESSAGES_PER_PING {
            assert_eq!(liveness.heard(start), Ok(()));
        }
        assert_eq!(liveness.heard(start), Err(CloseCode::Flood));
    }
}
