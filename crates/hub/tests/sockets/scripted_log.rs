//! The real log on a disk, with faults on demand.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard};

use dostyq_log::{Anchor, EventLog, LogError, Result, RoomHead, SqliteLog};
use dostyq_speech::{Entry, Event, Offset, RoomId};

/// What goes wrong at an append.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// The disk is full: nothing is written.
    Full,
    /// The entry is written, and the disk fails before it can say so.
    Unsure,
}

pub(crate) struct ScriptedLog {
    path: PathBuf,
    log: Mutex<SqliteLog>,
    faults: Mutex<VecDeque<Fault>>,
    hidden: Mutex<Option<Offset>>,
}

impl ScriptedLog {
    pub(crate) fn new(path: PathBuf) -> ScriptedLog {
        let log = Mutex::new(SqliteLog::open_file(&path).expect("a log"));
        ScriptedLog { path, log, faults: Mutex::default(), hidden: Mutex::default() }
    }

    /// The next append will go wrong.
    pub(crate) fn fail(&self, fault: Fault) {
        self.faults.lock().expect("no test panics with it").push_back(fault);
    }

    /// The log is lost, and an empty one of a new epoch takes its place.
    pub(crate) fn lose(&self) {
        *self.log() = SqliteLog::open_file(self.path.with_extension("new")).expect("a log");
    }

    /// Keeps the log as it is now, for [`go_back`](ScriptedLog::go_back).
    pub(crate) fn remember(&self) {
        let _held = self.log();
        for suffix in ["", "-wal"] {
            let from = PathBuf::from(format!("{}{suffix}", self.path.display()));
            let to = PathBuf::from(format!("{}.kept{suffix}", self.path.display()));
            std::fs::copy(from, to).expect("the file is copied");
        }
    }

    /// The log is as it was remembered, in the same epoch; what was appended since is not in it.
    pub(crate) fn go_back(&self) {
        *self.log() = SqliteLog::open_file(format!("{}.kept", self.path.display())).expect("a log");
    }

    /// From now on this event cannot be read.
    pub(crate) fn hide(&self, offset: Offset) {
        *self.hidden.lock().expect("no test panics with it") = Some(offset);
    }

    fn log(&self) -> MutexGuard<'_, SqliteLog> {
        self.log.lock().expect("no test panics with it")
    }
}

impl EventLog for ScriptedLog {
    fn open(&self, room: &RoomId) -> Result<RoomHead> {
        self.log().open(room)
    }

    fn append(&self, room: &RoomId, entry: &Entry) -> Result<Event> {
        let path = self.path.clone();
        match self.faults.lock().expect("no test panics with it").pop_front() {
            None => self.log().append(room, entry),
            Some(Fault::Full) => Err(LogError::Full { path }),
            Some(Fault::Unsure) => {
                self.log().append(room, entry)?;
                Err(LogError::Failed { path, cause: "scripted".into() })
            }
        }
    }

    fn read(&self, room: &RoomId, after: Offset, limit: usize) -> Result<Vec<Event>> {
        let hidden = *self.hidden.lock().expect("no test panics with it");
        let events = self.log().read(room, after, limit)?;
        Ok(events.into_iter().filter(|event| Some(event.offset) != hidden).collect())
    }

    fn rooms(&self) -> Result<Vec<RoomId>> {
        self.log().rooms()
    }

    fn anchor(&self, room: &RoomId, anchor: Anchor) -> Result<()> {
        self.log().anchor(room, anchor)
    }

    fn anchors(&self, room: &RoomId) -> Result<Vec<Anchor>> {
        self.log().anchors(room)
    }
}
