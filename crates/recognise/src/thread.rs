use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use dostyq_speech::{Effort, LangChoice, Utterance};

use crate::{EngineSet, ExpectedText, Heard, Ladder, Listener, Pulse, RecogniseError, Workload};

/// An utterance for the engine.
#[derive(Clone, Debug)]
pub struct Job {
    /// The number of the room that asks, as given by [`RecogniserThread::join`].
    pub room: usize,
    /// What to hear.
    pub utterance: Utterance,
}

/// The engine's answer to a job.
#[derive(Debug)]
pub struct Verdict {
    /// What was asked; the samples are dropped.
    pub utterance: Utterance,
    /// What was heard. After an error the segment of a final utterance ends with what was committed of it.
    pub heard: Result<Heard, (RecogniseError, Option<Heard>)>,
    /// How long the engine worked on it, wall time.
    pub took: Duration,
    /// How much work is done now: on the lower rungs nothing is translated.
    pub effort: Effort,
}

type Answer = Box<dyn FnMut(Verdict) + Send>;

/// Makes the engines again after they failed.
pub type Reopen = Box<dyn FnMut() -> Result<EngineSet, RecogniseError> + Send>;

/// Time after which an engine that has not answered counts as hung: so long in any case, and so many times the length of
/// the sound. A machine that only just keeps up needs less than once the length.
const HANGS_AFTER: Duration = Duration::from_secs(20);
const HANGS_AFTER_TIMES_LENGTH: f64 = 3.0;
/// How often the watchdog looks.
const WATCH_EVERY: Duration = Duration::from_millis(500);
/// Hung engines that are left behind, each with its memory, before it is given up.
const MOST_ABANDONED: u32 = 3;

/// One set of engines on one named thread, shared by all rooms as [`Workload`] says.
///
/// A watchdog looks after it: an engine that panics or does not come back is replaced by a new one; the utterance it
/// worked on is answered with an error, and the room goes on.
pub struct RecogniserThread {
    shared: Arc<Shared>,
    watchdog: Option<JoinHandle<()>>,
}

struct Shared {
    desk: Mutex<Desk>,
    /// Work came or the end.
    work: Condvar,
    /// A job is done: there is room for another, or nothing is owed any more.
    room: Condvar,
    /// The end, for the watchdog, which else looks by itself.
    watch: Condvar,
    began: Instant,
    hangs_after: Duration,
}

#[derive(Default)]
struct Desk {
    workload: Workload,
    rooms: BTreeMap<usize, Room>,
    next_room: usize,
    /// What the engine works on.
    busy: Option<Busy>,
    /// The number of the thread that works. An older one that comes back after it was given up finds another number here.
    shift: u32,
    is_closed: bool,
}

struct Room {
    /// As it was before the job that the engine works on: if that comes to nothing, the room goes on from here.
    listener: Listener,
    answer: Arc<Mutex<Answer>>,
}

struct Busy {
    room: usize,
    /// Without its samples.
    utterance: Utterance,
    since: Instant,
    limit: Duration,
}

impl RecogniserThread {
    /// Starts the thread; it owns the engines. `reopen` makes new ones when they fail.
    pub fn spawn(name: &str, engines: EngineSet, reopen: Reopen, ladder: Ladder) -> std::io::Result<RecogniserThread> {
        RecogniserThread::spawn_with(name, engines, reopen, ladder, HANGS_AFTER)
    }

    fn spawn_with(
        name: &str,
        engines: EngineSet,
        reopen: Reopen,
        ladder: Ladder,
        hangs_after: Duration,
    ) -> std::io::Result<RecogniserThread> {
        let desk = Mutex::new(Desk { workload: Workload::new(ladder), ..Desk::default() });
        let (work, room, watch) = Default::default();
        let shared = Arc::new(Shared { desk, work, room, watch, began: Instant::now(), hangs_after });
        let worker = Worker::spawn(name, 0, &shared, engines)?;
        let watch = Watch { name: name.to_owned(), shared: Arc::clone(&shared), reopen, worker: Some(worker) };
        let watchdog = std::thread::Builder::new().name(format!("watch-{name}")).spawn(move || watch.run())?;
        Ok(RecogniserThread { shared, watchdog: Some(watchdog) })
    }

    /// A room joins; `answer` is called on the engine's thread with each verdict and should only pass it on.
    pub fn join(&self, listener: Listener, answer: impl FnMut(Verdict) + Send + 'static) -> usize {
        let mut desk = self.shared.lock();
        let room = desk.next_room;
        desk.next_room += 1;
        desk.workload.turns().join(room);
        desk.rooms.insert(room, Room { listener, answer: Arc::new(Mutex::new(Box::new(answer))) });
        room
    }

    /// The operator changes a room's language; it holds from its next utterance on.
    pub fn set_choice(&self, room: usize, choice: LangChoice) {
        if let Some(room) = self.shared.lock().rooms.get_mut(&room) {
            room.listener.set_choice(choice);
        }
    }

    /// Says what is expected of a segment of a room, or that nothing is any more; it holds from the next job on.
    pub fn expect(&self, room: usize, text: Option<ExpectedText>) {
        if let Some(room) = self.shared.lock().rooms.get_mut(&room) {
            room.listener.expect(text);
        }
    }

    /// Hands in a job. A draft replaces the one that waits. A final waits for a place, and is refused only when the
    /// engine is gone.
    pub fn submit(&self, job: Job) -> Result<(), RecogniseError> {
        let mut desk = self.shared.lock();
        let is_open = |desk: &mut Desk| !desk.is_closed && desk.workload.turns().knows(job.room);
        while job.utterance.is_final && is_open(&mut desk) && !desk.workload.turns().has_place(job.room) {
            desk = self.shared.wait_for_room(desk);
        }
        if !is_open(&mut desk) {
            return Err(RecogniseError::Stopped);
        }
        let now = self.shared.now();
        desk.workload.submit(job.room, job.utterance, now);
        self.shared.work.notify_one();
        Ok(())
    }

    /// What a room may do now; to be asked with each frame, since that is how the ladder sees time pass.
    pub fn pulse(&self, room: usize) -> Pulse {
        let now = self.shared.now();
        self.shared.lock().workload.pulse(room, now)
    }

    /// Gives up on everything that waits; the number of finals among it. Only what the engine works on is still answered.
    pub fn close(&self) -> usize {
        let mut desk = self.shared.lock();
        desk.is_closed = true;
        let abandoned = desk.workload.turns().clear();
        drop(desk);
        self.shared.tell_all();
        abandoned
    }

    /// A room leaves: its waiting finals are heard first, its draft is forgotten, its answer is dropped last.
    pub fn leave(&self, room: usize) {
        let mut desk = self.shared.lock();
        while desk.workload.turns().is_owed(room) && !desk.is_closed {
            desk = self.shared.wait_for_room(desk);
        }
        desk.workload.turns().leave(room);
        desk.rooms.remove(&room);
    }
}

impl Drop for RecogniserThread {
    fn drop(&mut self) {
        self.close();
        if let Some(watchdog) = self.watchdog.take() {
            // A panic has been reported by the thread itself; there is nobody left to tell here.
            drop(watchdog.join());
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Desk> {
        // The desk is a plain value that every critical section leaves whole.
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_for_room<'a>(&self, desk: MutexGuard<'a, Desk>) -> MutexGuard<'a, Desk> {
        self.room.wait(desk).unwrap_or_else(PoisonError::into_inner)
    }

    fn tell_all(&self) {
        self.work.notify_all();
        self.room.notify_all();
        self.watch.notify_all();
    }

    /// Seconds since the thread was started.
    fn now(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }
}

/// The thread that works.
struct Worker {
    shift: u32,
    shared: Arc<Shared>,
    engines: EngineSet,
}

impl Worker {
    fn spawn(name: &str, shift: u32, shared: &Arc<Shared>, engines: EngineSet) -> std::io::Result<JoinHandle<()>> {
        let mut worker = Worker { shift, shared: Arc::clone(shared), engines };
        std::thread::Builder::new().name(name.to_owned()).spawn(move || worker.run())
    }

    /// Ends when the desk is closed, when the engine panicked, or when this thread was given up.
    fn run(&mut self) {
        let mut desk = self.shared.lock();
        loop {
            if desk.is_closed || desk.shift != self.shift {
                return;
            }
            let Some((room, utterance, mut listener, answer)) = desk.take(&self.shared) else {
                desk = self.shared.work.wait(desk).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let effort = desk.workload.effort();
            drop(desk);
            let began = Instant::now();
            let engine = self.engines.at(effort);
            let outcome = catch_unwind(AssertUnwindSafe(|| listener.hear(engine, &utterance)));
            // A panic is left to the watchdog, which answers for this thread: the engine is not fit for another job.
            let Ok(heard) = outcome else { return };
            let heard = heard.map_err(|error| {
                let rest = listener.give_up(&utterance).map(Heard::given_up);
                (error, rest)
            });
            desk = self.shared.lock();
            if desk.shift != self.shift {
                return;
            }
            let Some(busy) = desk.busy.take() else { return };
            if let Some(at) = heard.as_ref().ok().and_then(|heard| heard.switched_at) {
                desk.workload.switched(room, at);
            }
            drop(desk);
            let took = began.elapsed();
            call(&answer, Verdict { utterance: busy.utterance, heard, took, effort });
            desk = self.shared.lock();
            desk.done(room, utterance.is_final, took, Some(listener));
            self.shared.room.notify_all();
        }
    }
}

/// The thread that looks after the one that works.
struct Watch {
    name: String,
    shared: Arc<Shared>,
    reopen: Reopen,
    worker: Option<JoinHandle<()>>,
}

impl Watch {
    fn run(mut self) {
        let mut desk = self.shared.lock();
        loop {
            let has_ended = self.worker.as_ref().is_none_or(JoinHandle::is_finished);
            let is_late = desk.busy.as_ref().is_some_and(|busy| busy.since.elapsed() > busy.limit);
            let has_failed = desk.busy.is_some() && (has_ended || is_late);
            if desk.is_closed && (has_ended || is_late) {
                desk.busy = None;
                self.shared.room.notify_all();
                return;
            }
            if !has_failed {
                let waited = self.shared.watch.wait_timeout(desk, WATCH_EVERY);
                desk = waited.unwrap_or_else(PoisonError::into_inner).0;
                continue;
            }
            let Some(busy) = desk.busy.take() else { continue };
            desk.shift += 1;
            let error = if has_ended { RecogniseError::Panicked } else { RecogniseError::Hung(busy.since.elapsed()) };
            desk = self.answer_for_the_lost(desk, busy, error);
            let shift = desk.shift;
            drop(desk);
            let replacement = if shift > MOST_ABANDONED { None } else { self.replace(shift) };
            desk = self.shared.lock();
            self.worker = replacement;
            if self.worker.is_none() {
                desk.is_closed = true;
                self.shared.tell_all();
                return;
            }
        }
    }

    fn answer_for_the_lost<'a>(
        &'a self,
        mut desk: MutexGuard<'a, Desk>,
        busy: Busy,
        error: RecogniseError,
    ) -> MutexGuard<'a, Desk> {
        let Busy { room: number, utterance, since, .. } = busy;
        let (is_final, took, effort) = (utterance.is_final, since.elapsed(), desk.workload.effort());
        if let Some(room) = desk.rooms.get_mut(&number) {
            let rest = room.listener.give_up(&utterance).map(Heard::given_up);
            let answer = Arc::clone(&room.answer);
            drop(desk);
            call(&answer, Verdict { utterance, heard: Err((error, rest)), took, effort });
            desk = self.shared.lock();
        }
        desk.done(number, is_final, Duration::ZERO, None);
        self.shared.room.notify_all();
        desk
    }

    /// Another worker with new engines; nothing when they cannot be had.
    fn replace(&mut self, shift: u32) -> Option<JoinHandle<()>> {
        let engines = (self.reopen)().ok()?;
        Worker::spawn(&self.name, shift, &self.shared, engines).ok()
    }
}

fn call(answer: &Mutex<Answer>, verdict: Verdict) {
    // An answer that panicked once is called again: it only passes values on.
    let mut answer = answer.lock().unwrap_or_else(PoisonError::into_inner);
    answer(verdict);
}

impl Desk {
    /// The next job with what its room listens with, and where the answer goes, also when the room leaves meanwhile.
    fn take(&mut self, shared: &Shared) -> Option<(usize, Utterance, Listener, Arc<Mutex<Answer>>)> {
        let (number, utterance) = self.workload.turns().take()?;
        let room = self.rooms.get(&number)?;
        let (listener, answer) = (room.listener.clone(), Arc::clone(&room.answer));
        let limit = shared.hangs_after.as_secs_f64() + utterance.span().length_secs() * HANGS_AFTER_TIMES_LENGTH;
        let without_samples = Utterance { samples: Vec::new(), ..utterance.clone() };
        let limit = Duration::from_secs_f64(limit);
        self.busy = Some(Busy { room: number, utterance: without_samples, since: Instant::now(), limit });
        Some((number, utterance, listener, answer))
    }

    /// The engine is done with a job; the room goes on with `listener`, or, if it came to nothing, as it was before.
    fn done(&mut self, number: usize, is_final: bool, took: Duration, listener: Option<Listener>) {
        self.workload.done(number, is_final, took.as_secs_f64());
        if let (Some(room), Some(mut listener)) = (self.rooms.get_mut(&number), listener) {
            // The operator may have changed the language meanwhile, or a speech may go on.
            listener.set_choice(room.listener.choice());
            listener.expect(room.listener.expected());
            room.listener = listener;
        }
    }
}

#[cfg(test)]
mod tests;
