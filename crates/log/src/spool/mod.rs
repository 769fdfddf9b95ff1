//! Captions go on while NATS is away: finals wait on the disk of the machine that writes, and are shipped in order.

mod shipper;
mod store;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use dostyq_speech::{Entry, Event, Offset, RoomId};

use crate::{Anchor, EventLog, JetStreamLog, LogError, Result, RoomHead};
use store::Store;

/// Events of a room that may wait on the disk: some hours of speech in two languages, 15 MB. When one more comes the
/// append is refused with [`LogError::SpoolFull`], and the room waits.
pub const SPOOL_EVENTS: u64 = 10_000;

/// The log of a machine that writes to NATS JetStream.
///
/// While NATS answers, an append goes to the stream. When it does not, the append goes to a file and returns: it is on
/// the disk, with the offset that it will have in the stream, since this machine is the room's only writer. The thread
/// `spool` ships what waits, in order, as soon as NATS is back; until all is shipped new appends wait behind it.
///
/// If another machine has written to the room in the meantime, what waits cannot have its offsets any more. It is put
/// aside in the same file (table `stranded`), the error log says so, and every append is refused with
/// [`LogError::Fenced`] until [`claim`](SpooledLog::claim) is called.
pub struct SpooledLog {
    shared: Arc<Shared>,
    shipper: Option<JoinHandle<()>>,
}

struct Shared {
    stream: Arc<JetStreamLog>,
    store: Mutex<Store>,
    path: PathBuf,
    /// Most events of a room that may wait.
    limit: u64,
    lines: Mutex<BTreeMap<RoomId, Line>>,
    /// Appends to a room wait for one another here, for as long as NATS takes; nobody else does.
    gates: Mutex<BTreeMap<RoomId, Arc<Mutex<()>>>>,
    /// Wakes the shipper.
    changed: Condvar,
    is_ending: AtomicBool,
}

/// A room that this machine writes, or did.
#[derive(Clone, Copy, Debug)]
struct Line {
    /// Its top counts what waits.
    head: RoomHead,
    /// Events that wait on the disk; they are the last ones of the log.
    waiting: u64,
    is_fenced: bool,
}

impl Line {
    /// The last event that is in the stream.
    fn shipped(&self) -> Offset {
        Offset(self.head.top.0 - self.waiting)
    }
}

impl SpooledLog {
    /// Puts a spool before a log. `file` is made if need be; what an earlier run left in it is shipped when its room is
    /// claimed.
    pub fn open(stream: Arc<JetStreamLog>, file: impl Into<PathBuf>) -> Result<SpooledLog> {
        SpooledLog::with_limit(stream, file.into(), SPOOL_EVENTS)
    }

    /// As [`open`](SpooledLog::open), for at most `limit` events of a room.
    pub fn with_limit(stream: Arc<JetStreamLog>, path: PathBuf, limit: u64) -> Result<SpooledLog> {
        let store = Mutex::new(Store::open(&path)?);
        let (lines, gates) = (Mutex::default(), Mutex::default());
        let (changed, is_ending) = (Condvar::new(), AtomicBool::new(false));
        let shared = Arc::new(Shared { stream, store, path, limit, lines, gates, changed, is_ending });
        let shipping = Arc::clone(&shared);
        let run = move || shipper::run(&shipping);
        let shipper = std::thread::Builder::new().name("spool".into()).spawn(run);
        let shipper = shipper.map_err(|error| shared.failed(&error))?;
        Ok(SpooledLog { shared, shipper: Some(shipper) })
    }

    /// The log behind it.
    pub fn stream(&self) -> &Arc<JetStreamLog> {
        &self.shared.stream
    }

    /// The file that events wait in.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// Takes a room over, or back: what an earlier run left on the disk is shipped, and the next append goes to the end
    /// of the stream as it is then. The first append to a room does so by itself.
    pub fn claim(&self, room: &RoomId) -> Result<()> {
        self.shared.lines().remove(room);
        self.shared.stream.claim(room);
        self.shared.stream.open(room)?;
        while shipper::ship_next(&self.shared, room)? {}
        let head = self.shared.stream.open(room)?;
        self.shared.lines().insert(room.clone(), Line { head, waiting: 0, is_fenced: false });
        Ok(())
    }

    /// Writes nothing more to a room, whose next writer is another machine, until [`claim`](SpooledLog::claim) is called.
    pub fn retire(&self, room: &RoomId) -> Result<()> {
        self.shared.fence(room)
    }

    /// Events of a room that wait for NATS.
    pub fn waiting(&self, room: &RoomId) -> u64 {
        self.shared.lines().get(room).map_or(0, |line| line.waiting)
    }

    /// Events of a room that were put aside because another machine had taken their place.
    pub fn stranded(&self, room: &RoomId) -> Result<u64> {
        self.shared.store().stranded(room)
    }
}

impl Shared {
    fn lines(&self) -> MutexGuard<'_, BTreeMap<RoomId, Line>> {
        // Each critical section leaves every line whole.
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        // A panic with the lock rolled its transaction back.
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn gate(&self, room: &RoomId) -> Arc<Mutex<()>> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(gates.entry(room.clone()).or_default())
    }

    fn is_ending(&self) -> bool {
        self.is_ending.load(Ordering::Relaxed)
    }

    fn failed(&self, cause: &impl ToString) -> LogError {
        LogError::Failed { path: self.path.clone(), cause: cause.to_string() }
    }

    /// Puts an event behind those that wait.
    fn keep(&self, room: &RoomId, entry: &Entry) -> Result<Event> {
        let text = crate::entry_text::encode(room, entry)?;
        let mut lines = self.lines();
        let line = lines.get_mut(room).ok_or_else(|| LogError::UnknownRoom(room.clone()))?;
        if line.is_fenced {
            return Err(LogError::Fenced(room.clone()));
        }
        if line.waiting >= self.limit {
            return Err(LogError::SpoolFull { room: room.clone(), held: line.waiting, path: self.path.clone() });
        }
        let offset = line.head.top.next();
        self.store().push(room, line.head.epoch, offset, &text)?;
        (line.head.top, line.waiting) = (offset, line.waiting + 1);
        if line.waiting == 1 {
            tracing::warn!("room {room}: NATS is away, captions wait in {}", self.path.display());
        }
        self.changed.notify_all();
        Ok(Event { offset, entry: entry.clone() })
    }

    /// Another machine has the room: what waits is put aside, and nothing more is written.
    fn fence(&self, room: &RoomId) -> Result<()> {
        let mut lines = self.lines();
        let stranded = self.store().strand(room)?;
        if stranded > 0 {
            tracing::error!(
                "room {room}: another server writes its log, and {stranded} event(s) that waited for NATS are not in it; \
                 they are kept in the table `stranded` of {}",
                self.path.display()
            );
        }
        if let Some(line) = lines.get_mut(room) {
            (line.head.top, line.waiting, line.is_fenced) = (line.shipped(), 0, true);
        }
        Ok(())
    }
}

impl EventLog for SpooledLog {
    fn open(&self, room: &RoomId) -> Result<RoomHead> {
        let line = self.shared.lines().get(room).copied();
        match line {
            Some(line) if !line.is_fenced => Ok(line.head),
            // A room that this machine does not write, or not any more, goes on without it.
            _ => self.shared.stream.open(room),
        }
    }

    fn append(&self, room: &RoomId, entry: &Entry) -> Result<Event> {
        let gate = self.shared.gate(room);
        let _turn = gate.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.shared.lines().contains_key(room) {
            // A room that nobody opened is refused, not made.
            self.shared.stream.read(room, Offset(0), 0)?;
            self.claim(room)?;
        }
        let line = self.shared.lines().get(room).copied();
        let line = line.ok_or_else(|| LogError::UnknownRoom(room.clone()))?;
        if line.is_fenced {
            return Err(LogError::Fenced(room.clone()));
        }
        if line.waiting > 0 || !self.shared.stream.is_connected() {
            return self.shared.keep(room, entry);
        }
        match self.shared.stream.append(room, entry) {
            Ok(event) => {
                if let Some(line) = self.shared.lines().get_mut(room) {
                    line.head.top = event.offset;
                }
                Ok(event)
            }
            // It may be in the stream all the same. The shipper finds it there: it has the same offset and the same text.
            Err(LogError::Away { .. }) => self.shared.keep(room, entry),
            Err(error @ LogError::Fenced(_)) => {
                self.shared.fence(room)?;
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    fn read(&self, room: &RoomId, after: Offset, limit: usize) -> Result<Vec<Event>> {
        // What waits is read at one moment with the line that counts it; it may be shipped while the stream is read.
        let (shipped, kept) = {
            let lines = self.shared.lines();
            match lines.get(room) {
                Some(line) if line.waiting > 0 => {
                    (line.shipped(), self.shared.store().read(room, after.max(line.shipped()), limit)?)
                }
                _ => (Offset(u64::MAX), Vec::new()),
            }
        };
        let there = shipped.0.saturating_sub(after.0);
        let from_stream = usize::try_from(there).unwrap_or(usize::MAX).min(limit);
        let mut events = match from_stream {
            0 => Vec::new(),
            count => self.shared.stream.read(room, after, count)?,
        };
        events.extend(kept.into_iter().take(limit - from_stream));
        Ok(events)
    }

    fn rooms(&self) -> Result<Vec<RoomId>> {
        self.shared.stream.rooms()
    }

    fn anchor(&self, room: &RoomId, anchor: Anchor) -> Result<()> {
        self.shared.stream.anchor(room, anchor)
    }

    fn anchors(&self, room: &RoomId) -> Result<Vec<Anchor>> {
        self.shared.stream.anchors(room)
    }
}

impl Drop for SpooledLog {
    fn drop(&mut self) {
        self.shared.is_ending.store(true, Ordering::Relaxed);
        self.shared.changed.notify_all();
        if let Some(shipper) = self.shipper.take() {
            shipper.join().ok();
        }
    }
}

impl fmt::Debug for SpooledLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpooledLog").field("path", &self.shared.path).finish_non_exhaustive()
    }
}
