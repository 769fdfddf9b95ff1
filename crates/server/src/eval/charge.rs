use std::time::Instant;

use cpu_time::ProcessTime;

/// How work is charged to a simulated clock.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Charge {
    /// The processor time of all threads over the cores that they can use: what the work takes on a machine that does
    /// nothing else. Shared machines stall, so their wall time says little.
    Processor {
        /// The smaller of the engine's threads and the machine's cores, at least 1.
        cores: usize,
    },
    /// The time on the clock on the wall.
    Wall,
}

impl Charge {
    /// Does the work; returns its result and what it is charged, in seconds.
    pub(crate) fn of<T>(self, work: impl FnOnce() -> T) -> (T, f64) {
        match self {
            Charge::Processor { cores } => {
                let began = ProcessTime::now();
                let result = work();
                (result, began.elapsed().as_secs_f64() / cores.max(1) as f64)
            }
            Charge::Wall => {
                let began = Instant::now();
                let result = work();
                (result, began.elapsed().as_secs_f64())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_charged() {
        let work = || {
            let began = Instant::now();
            while began.elapsed().as_millis() < 30 {
                std::hint::spin_loop();
            }
            "done"
        };
        for charge in [Charge::Wall, Charge::Processor { cores: 1 }, Charge::Processor { cores: 0 }] {
            let (result, secs) = charge.of(work);
            assert!(result == "done" && secs > 0.0, "{charge:?}: {secs}");
        }
        assert!(Charge::Wall.of(work).1 >= 0.03);
    }
}
