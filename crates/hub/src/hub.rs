use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dostyq_log::EventLog;
use dostyq_speech::RoomId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::counters::Counters;
use crate::fan_out::{Bells, FanOut, Gallery};
use crate::room::RoomState;
use crate::room_source::{RoomSource, load, ring_of};
use crate::wire::{CloseCode, RoomSummary};
use crate::{Counts, HubError, HubOptions, RoomFollower, RoomPublisher};

/// The rooms of this machine and everyone who watches them. A clone is the same hub.
#[derive(Clone)]
pub struct Hub {
    shared: Arc<Shared>,
}

struct Shared {
    log: Arc<dyn EventLog>,
    options: HubOptions,
    rooms: Mutex<Rooms>,
    /// One permit a connection: it bounds them, and a shutdown waits until all are back.
    places: Arc<Semaphore>,
    counters: Arc<Counters>,
    fan_out: FanOut,
}

#[derive(Default)]
struct Rooms {
    by_id: BTreeMap<RoomId, Arc<Room>>,
    closing: bool,
    /// Viewers are turned away for now.
    is_shut: bool,
}

/// A room, shared by its publisher and its viewers.
pub(crate) struct Room {
    pub(crate) id: RoomId,
    /// Watched by those who write to their viewers themselves; changed by [`change`](Room::change) alone.
    pub(crate) state: watch::Sender<RoomState>,
    /// The viewers to whom the fan-out threads write.
    pub(crate) gallery: Gallery,
    bells: Bells,
    viewers: AtomicUsize,
    taken: AtomicBool,
}

impl Hub {
    /// A hub without rooms. It starts [`HubOptions::fan_out_threads`], which end when the last clone is dropped.
    pub fn new(log: Arc<dyn EventLog>, options: HubOptions) -> Hub {
        let places = Arc::new(Semaphore::new(options.max_viewers.max(1) as usize));
        let (rooms, counters) = (Mutex::default(), Arc::<Counters>::default());
        let fan_out = FanOut::start(options.fan_out_threads, &counters);
        Hub { shared: Arc::new(Shared { log, options, rooms, places, counters, fan_out }) }
    }

    /// Opens a room, with the newest part of its log, for one source of captions at a time. `title` is its name for
    /// people. A room stays open when its publisher is gone; opening it again gives it a new one, and its viewers
    /// stay.
    ///
    /// Blocks on the log: call it from a plain thread. Open the rooms before the server listens, because a viewer of
    /// an unknown room is sent away for good.
    pub fn open_room(&self, id: RoomId, title: impl Into<String>) -> Result<RoomPublisher, HubError> {
        self.enter(id, title.into()).map(RoomPublisher::new)
    }

    /// Opens a room whose log is written elsewhere, with the newest part of that log. Everything else is as for
    /// [`open_room`](Hub::open_room), the two even follow one another: a machine that was to stand by goes on writing
    /// where it followed, and its viewers stay.
    pub fn follow_room(&self, id: RoomId, title: impl Into<String>) -> Result<RoomFollower, HubError> {
        self.enter(id, title.into()).map(RoomFollower::new)
    }

    /// The room, up to date with its log, for the one source that it has from now on.
    fn enter(&self, id: RoomId, title: String) -> Result<RoomSource, HubError> {
        let log = Arc::clone(&self.shared.log);
        let known = self.rooms_mut().open_for_changes(&id)?.get(&id).cloned();
        if let Some(room) = known {
            if room.taken.swap(true, Ordering::AcqRel) {
                return Err(HubError::RoomTaken(id));
            }
            let source = RoomSource { room, log };
            source.rename(title);
            source.catch_up()?;
            return Ok(source);
        }
        let (epoch, newest) = load(&*log, &id)?;
        let state = RoomState::new(title, epoch, ring_of(&newest));
        let room = Arc::new(Room::new(id.clone(), state, self.shared.fan_out.bells()));
        let mut rooms = self.rooms_mut();
        let by_id = rooms.open_for_changes(&id)?;
        if by_id.contains_key(&id) {
            return Err(HubError::RoomTaken(id));
        }
        by_id.insert(id, Arc::clone(&room));
        Ok(RoomSource { room, log })
    }

    /// Turns everyone away for now (1013), until [`open_door`](Hub::open_door): for a machine that does not know its
    /// rooms yet, and would send viewers of them away for good. Who is in stays.
    pub fn shut_door(&self) {
        self.rooms_mut().is_shut = true;
    }

    /// Lets viewers in; the door of a new hub is open.
    pub fn open_door(&self) {
        self.rooms_mut().is_shut = false;
    }

    /// Whether viewers are let in.
    pub fn is_door_open(&self) -> bool {
        !self.rooms_mut().is_shut
    }

    /// The rooms by name, with the number of their viewers.
    pub fn rooms(&self) -> Vec<RoomSummary> {
        let rooms = self.rooms_mut();
        let summary = |room: &Arc<Room>| RoomSummary {
            room: room.id.clone(),
            title: room.state.borrow().title.clone(),
            viewers: room.viewers.load(Ordering::Relaxed),
        };
        rooms.by_id.values().map(summary).collect()
    }

    /// Whether there is such a room.
    pub fn has_room(&self, id: &RoomId) -> bool {
        self.find(id).is_some()
    }

    /// How many watch a room now; 0 for a room that is not here.
    pub fn viewers(&self, id: &RoomId) -> usize {
        self.find(id).map_or(0, |room| room.viewers.load(Ordering::Relaxed))
    }

    /// What happened since the start.
    pub fn counts(&self) -> Counts {
        self.shared.counters.read()
    }

    /// Sends every viewer what is left for it and closes it with 1012. Returns how many connections were still there
    /// when the time was up, normally 0; the caller ends their tasks. New connections are closed at once.
    ///
    /// Stop the sources first, so that their last finals are among what is left.
    pub async fn shutdown(&self) -> usize {
        {
            let mut rooms = self.rooms_mut();
            rooms.closing = true;
            for room in rooms.by_id.values() {
                room.change(|state| state.closing = true);
            }
        }
        let places = self.shared.options.max_viewers.max(1);
        let all_back = self.shared.places.acquire_many(places);
        match tokio::time::timeout(self.shared.options.shutdown_within, all_back).await {
            Ok(_) => 0,
            Err(_) => places as usize - self.shared.places.available_permits(),
        }
    }

    pub(crate) fn options(&self) -> &HubOptions {
        &self.shared.options
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.shared.counters
    }

    /// A place for one connection, for as long as it is held; or the code to close with.
    pub(crate) fn place(&self) -> Result<OwnedSemaphorePermit, CloseCode> {
        {
            let rooms = self.rooms_mut();
            if rooms.closing {
                return Err(CloseCode::Restart);
            }
            if rooms.is_shut {
                return Err(CloseCode::Busy);
            }
        }
        Arc::clone(&self.shared.places).try_acquire_owned().map_err(|_| CloseCode::Busy)
    }

    pub(crate) fn find(&self, id: &RoomId) -> Option<Arc<Room>> {
        self.rooms_mut().by_id.get(id).cloned()
    }

    /// Nobody panics while holding the lock, and the map would be sound if somebody did.
    fn rooms_mut(&self) -> MutexGuard<'_, Rooms> {
        self.shared.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rooms {
    fn open_for_changes(&mut self, wanted: &RoomId) -> Result<&mut BTreeMap<RoomId, Arc<Room>>, HubError> {
        if self.closing { Err(HubError::Stopped(wanted.clone())) } else { Ok(&mut self.by_id) }
    }
}

impl Room {
    /// A room with its publisher.
    fn new(id: RoomId, state: RoomState, bells: &Bells) -> Room {
        let (state, gallery) = (watch::Sender::new(state), Gallery::new(bells.count()));
        Room { id, state, gallery, bells: bells.clone(), viewers: AtomicUsize::new(0), taken: AtomicBool::new(true) }
    }

    /// Changes what is known of the room, and has its viewers told.
    pub(crate) fn change(self: &Arc<Room>, change: impl FnOnce(&mut RoomState)) {
        self.state.send_modify(change);
        self.bells.ring(self);
    }

    /// Lets the next publisher in.
    pub(crate) fn release(&self) {
        self.taken.store(false, Ordering::Release);
    }

    /// Counts a viewer for as long as the value lives.
    pub(crate) fn count_viewer(self: &Arc<Room>) -> Present {
        self.viewers.fetch_add(1, Ordering::Relaxed);
        Present(Arc::clone(self))
    }
}

/// A viewer of a room.
pub(crate) struct Present(Arc<Room>);

impl Drop for Present {
    fn drop(&mut self) {
        self.0.viewers.fetch_sub(1, Ordering::Relaxed);
    }
}
