//! Writes what is new to many sockets at once, without waking a task for each.
//!
//! Waking a viewer's task, letting it look at its socket, at the clock and at the room, and setting all three up again
//! costs as much as half of the system call that it is for. So a viewer that has everything hands its socket over, and a
//! few threads go from socket to socket with the frame that all of them get. Only a socket that takes no more goes back to
//! its viewer's task, which can wait. What is encrypted cannot be shared; such a viewer writes by itself.

mod dues;
mod gallery;
mod seat;
mod stream;

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use crate::counters::Counters;
use crate::hub::Room;
pub(crate) use gallery::{Gallery, Seated};
pub(crate) use seat::Seat;
pub(crate) use stream::SharedStream;

/// The fan-out threads. They end, and are waited for, when this is dropped.
pub(crate) struct FanOut {
    bells: Bells,
    threads: Vec<JoinHandle<()>>,
}

/// Wakes the fan-out threads; one for each of them.
#[derive(Clone)]
pub(crate) struct Bells(Arc<[Bell]>);

#[derive(Default)]
struct Bell {
    news: Mutex<News>,
    rung: Condvar,
}

#[derive(Default)]
struct News {
    /// Rooms that have changed; each at most once.
    rooms: Vec<Arc<Room>>,
    is_over: bool,
}

impl FanOut {
    /// Starts `threads` threads, 1 or more.
    pub(crate) fn start(threads: usize, counters: &Arc<Counters>) -> FanOut {
        let bells = Bells((0..threads.max(1)).map(|_| Bell::default()).collect());
        let start = |number: usize| {
            let (bells, counters) = (bells.clone(), Arc::clone(counters));
            let work = move || bells.0[number].answer(number, &counters);
            // Nothing can be shown to anyone without it.
            std::thread::Builder::new().name(format!("fan-out-{number}")).spawn(work).expect("a thread can be started")
        };
        let threads = (0..bells.0.len()).map(start).collect();
        FanOut { bells, threads }
    }

    pub(crate) fn bells(&self) -> &Bells {
        &self.bells
    }
}

impl Drop for FanOut {
    fn drop(&mut self) {
        for bell in self.bells.0.iter() {
            bell.news().is_over = true;
            bell.rung.notify_one();
        }
        for thread in self.threads.drain(..) {
            // One that panicked has said so.
            let _ = thread.join();
        }
    }
}

impl Bells {
    /// How many threads there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// A room has changed. Never waits for a viewer.
    pub(crate) fn ring(&self, room: &Arc<Room>) {
        for bell in self.0.iter() {
            let mut news = bell.news();
            if !news.rooms.iter().any(|known| Arc::ptr_eq(known, room)) {
                news.rooms.push(Arc::clone(room));
                bell.rung.notify_one();
            }
        }
    }
}

impl Bell {
    fn answer(&self, number: usize, counters: &Counters) {
        loop {
            let rooms = {
                let waits = |news: &mut News| news.rooms.is_empty() && !news.is_over;
                let mut news = self.rung.wait_while(self.news(), waits).unwrap_or_else(PoisonError::into_inner);
                if news.is_over {
                    return;
                }
                std::mem::take(&mut news.rooms)
            };
            for room in rooms {
                counters.delivered.add(room.gallery.push(number, &room.state) as u64);
            }
        }
    }

    /// Nobody panics while holding the lock.
    fn news(&self) -> MutexGuard<'_, News> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
