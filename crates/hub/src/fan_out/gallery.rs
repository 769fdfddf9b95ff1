use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::dues::Dues;
use super::seat::Seat;
use super::stream::SharedStream;
use crate::hub::Room;
use crate::room::RoomState;

/// Viewers that a pass looks at before others may come and go, and before the room is looked at anew.
const ROW: usize = 256;

/// The viewers of a room whose sockets the fan-out threads write to, shared out among the threads.
pub(crate) struct Gallery {
    shares: Box<[Mutex<Share>]>,
    next: AtomicU64,
}

/// The viewers of one thread by number. A newcomer has a higher number than all before, so a pass that goes upwards
/// meets everyone who was there when it began.
type Share = BTreeMap<u64, Arc<Seat>>;

impl Gallery {
    /// An empty one, for so many threads.
    pub(crate) fn new(threads: usize) -> Gallery {
        Gallery { shares: (0..threads).map(|_| Mutex::default()).collect(), next: AtomicU64::new(0) }
    }

    /// Writes to each viewer of a thread what is due to it, as far as its socket takes it; returns how many messages.
    pub(super) fn push(&self, thread: usize, state: &watch::Sender<RoomState>) -> usize {
        let (mut row, mut first, mut count) = (Vec::with_capacity(ROW), 0, 0);
        let mut dues = Dues::new(state);
        loop {
            row.extend(self.share(thread).range(first..).take(ROW).map(|(number, seat)| (*number, Arc::clone(seat))));
            let Some((last, _)) = row.last() else { return count };
            first = last + 1;
            count += row.drain(..).map(|(_, seat)| seat.push(&mut dues)).sum::<usize>();
            dues.renew();
        }
    }

    fn share(&self, number: usize) -> MutexGuard<'_, Share> {
        // Nobody panics while holding the lock, and the map would be sound if somebody did.
        self.shares[number].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn share_of(&self, number: u64) -> usize {
        (number % self.shares.len() as u64) as usize
    }
}

/// A viewer in its seat; it leaves when this is dropped.
pub(crate) struct Seated {
    room: Arc<Room>,
    number: u64,
    seat: Arc<Seat>,
}

impl Seated {
    /// Takes a seat; the viewer's task still writes.
    pub(crate) fn new(room: &Arc<Room>, stream: SharedStream) -> Seated {
        let number = room.gallery.next.fetch_add(1, Ordering::Relaxed);
        let seat = Arc::new(Seat::new(stream));
        room.gallery.share(room.gallery.share_of(number)).insert(number, Arc::clone(&seat));
        Seated { room: Arc::clone(room), number, seat }
    }

    pub(crate) fn seat(&self) -> &Seat {
        &self.seat
    }
}

impl Drop for Seated {
    fn drop(&mut self) {
        // A pass that still holds the seat writes nothing any more.
        self.seat.take_back();
        let gallery = &self.room.gallery;
        gallery.share(gallery.share_of(self.number)).remove(&self.number);
    }
}
