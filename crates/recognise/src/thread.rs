use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use dostyq_speech::{LangChoice, Utterance};

use crate::{Heard, Listener, RecogniseError, Recogniser, Turns};

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
}

type Answer = Box<dyn FnMut(Verdict) + Send>;

/// One engine on one named thread, shared fairly by all rooms as [`Turns`] says.
pub struct RecogniserThread {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    desk: Mutex<Desk>,
    /// Work came or the end.
    work: Condvar,
    /// A job is done: there is room for another, or nothing is owed any more.
    room: Condvar,
}

#[derive(Default)]
struct Desk {
    turns: Turns,
    /// What each room listens with; away while the engine works for the room.
    ears: BTreeMap<usize, Ear>,
    /// What the operator said of a room's language since its last job.
    choices: BTreeMap<usize, LangChoice>,
    next_room: usize,
    is_closed: bool,
}

struct Ear {
    listener: Listener,
    answer: Answer,
}

impl RecogniserThread {
    /// Starts the thread; it owns the engine.
    pub fn spawn(name: &str, engine: Box<dyn Recogniser>) -> std::io::Result<RecogniserThread> {
        let shared = Arc::new(Shared { desk: Mutex::default(), work: Condvar::new(), room: Condvar::new() });
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || work(&theirs, engine))?;
        Ok(RecogniserThread { shared, thread: Some(thread) })
    }

    /// A room joins; `answer` is called on the engine's thread with each verdict and should only pass it on.
    pub fn join(&self, choice: LangChoice, answer: impl FnMut(Verdict) + Send + 'static) -> usize {
        let mut desk = self.shared.lock();
        let room = desk.next_room;
        desk.next_room += 1;
        desk.turns.join(room);
        desk.ears.insert(room, Ear { listener: Listener::new(choice), answer: Box::new(answer) });
        room
    }

    /// The operator changes a room's language; it holds from its next utterance on.
    pub fn set_choice(&self, room: usize, choice: LangChoice) {
        self.shared.lock().choices.insert(room, choice);
    }

    /// Hands in a job. A draft replaces the one that waits. A final waits for a place, and is refused only when the
    /// engine is gone.
    pub fn submit(&self, job: Job) -> Result<(), RecogniseError> {
        let mut desk = self.shared.lock();
        let is_open = |desk: &Desk| !desk.is_closed && desk.turns.knows(job.room);
        while job.utterance.is_final && is_open(&desk) && !desk.turns.has_place(job.room) {
            desk = self.shared.wait_for_room(desk);
        }
        if !is_open(&desk) {
            return Err(RecogniseError::Stopped);
        }
        desk.turns.submit(job.room, job.utterance);
        self.shared.work.notify_one();
        Ok(())
    }

    /// Whether a room has nothing waiting, so that a draft would be heard soon.
    pub fn is_idle(&self, room: usize) -> bool {
        self.shared.lock().turns.is_idle(room)
    }

    /// Gives up on everything that waits; the number of finals among it. Only what the engine works on is still answered.
    pub fn close(&self) -> usize {
        let mut desk = self.shared.lock();
        desk.is_closed = true;
        let abandoned = desk.turns.clear();
        drop(desk);
        self.shared.work.notify_all();
        self.shared.room.notify_all();
        abandoned
    }

    /// A room leaves: its waiting finals are heard first, its draft is forgotten, its answer is dropped last.
    pub fn leave(&self, room: usize) {
        let mut desk = self.shared.lock();
        while desk.turns.is_owed(room) && !desk.is_closed {
            desk = self.shared.wait_for_room(desk);
        }
        desk.turns.leave(room);
        desk.ears.remove(&room);
    }
}

impl Drop for RecogniserThread {
    fn drop(&mut self) {
        self.close();
        if let Some(thread) = self.thread.take() {
            // A panic of the engine has been reported by the thread itself; there is nobody left to tell here.
            drop(thread.join());
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
}

/// Closes the desk when the engine's thread ends, also by a panic: nobody waits for an answer that cannot come.
struct Closing<'a>(&'a Shared);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.lock().is_closed = true;
        self.0.room.notify_all();
    }
}

fn work(shared: &Shared, mut engine: Box<dyn Recogniser>) {
    let _closing = Closing(shared);
    let mut desk = shared.lock();
    loop {
        if desk.is_closed {
            return;
        }
        let Some((room, utterance, mut ear)) = desk.take() else {
            desk = shared.work.wait(desk).unwrap_or_else(PoisonError::into_inner);
            continue;
        };
        drop(desk);
        let verdict = hear(&mut ear.listener, engine.as_mut(), utterance);
        (ear.answer)(verdict);
        desk = shared.lock();
        // A room that left in the meantime, because the desk was closed, gets its ear back no more.
        if desk.turns.is_owed(room) {
            desk.ears.insert(room, ear);
        }
        desk.turns.done(room);
        shared.room.notify_all();
    }
}

fn hear(listener: &mut Listener, engine: &mut dyn Recogniser, mut utterance: Utterance) -> Verdict {
    let began = Instant::now();
    let heard = listener.hear(engine, &utterance).map_err(|error| {
        let rest = listener.give_up(&utterance).map(|transcript| Heard { transcript, rejection: None });
        (error, rest)
    });
    utterance.samples = Vec::new();
    Verdict { utterance, heard, took: began.elapsed() }
}

impl Desk {
    /// The next job with what its room listens with.
    fn take(&mut self) -> Option<(usize, Utterance, Ear)> {
        let (room, utterance) = self.turns.take()?;
        let mut ear = self.ears.remove(&room)?;
        if let Some(choice) = self.choices.remove(&room) {
            ear.listener.set_choice(choice);
        }
        Some((room, utterance, ear))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Recognition, Request, Signals};
    use dostyq_speech::{Hypothesis, Lang, SampleTime, SegmentId, TimeSpan};
    use std::sync::mpsc::{SyncSender, sync_channel};

    /// Hears nothing, once it is let.
    struct ScriptedRecogniser(std::sync::mpsc::Receiver<()>);

    impl Recogniser for ScriptedRecogniser {
        fn recognise(&mut self, _: &Request<'_>) -> Result<Recognition, RecogniseError> {
            self.0.recv().map_err(|e| RecogniseError::Decode(e.to_string()))?;
            Ok(Recognition {
                hypothesis: Hypothesis { lang: Lang::Russian, lang_confidence: 1.0, words: Vec::new() },
                signals: Signals { mean_log_probability: 0.0, no_speech_probability: 1.0, looped: false },
            })
        }
    }

    fn utterance(segment: u64, length: usize, is_final: bool) -> Utterance {
        Utterance {
            segment: SegmentId(segment),
            start: SampleTime::ZERO,
            samples: vec![0.0; length],
            voiced: TimeSpan::default(),
            voiced_secs: length as f64,
            heard_until: SampleTime::ZERO,
            is_final,
        }
    }

    fn engine() -> (SyncSender<()>, RecogniserThread) {
        let (let_go, gate) = sync_channel(100);
        (let_go, RecogniserThread::spawn("scripted", Box::new(ScriptedRecogniser(gate))).expect("a thread"))
    }

    #[test]
    fn a_newer_draft_replaces_the_waiting_one_and_finals_all_come() {
        let (let_go, thread) = engine();
        let (heard, verdicts) = sync_channel(100);
        let room = thread.join(LangChoice::Auto, move |verdict| {
            heard
                .send((verdict.utterance.segment.0, verdict.utterance.voiced_secs as usize, verdict.utterance.is_final))
                .expect("a reader");
        });
        // The first job occupies the engine; the others wait.
        thread.submit(Job { room, utterance: utterance(1, 10, false) }).expect("open");
        while thread.shared.lock().ears.contains_key(&room) {
            std::thread::yield_now();
        }
        for length in [20, 30, 40] {
            thread.submit(Job { room, utterance: utterance(1, length, false) }).expect("open");
        }
        assert!(!thread.is_idle(room));
        thread.submit(Job { room, utterance: utterance(1, 50, true) }).expect("open");
        thread.submit(Job { room, utterance: utterance(2, 60, true) }).expect("open");
        thread.submit(Job { room, utterance: utterance(3, 70, false) }).expect("open");
        for _ in 0..4 {
            let_go.send(()).expect("an engine");
        }
        let order: Vec<_> = verdicts.iter().take(4).collect();
        assert_eq!(order, [(1, 10, false), (1, 50, true), (2, 60, true), (3, 70, false)]);
    }

    #[test]
    fn a_room_leaves_when_its_finals_are_heard() {
        let (let_go, thread) = engine();
        let (heard, verdicts) = sync_channel(100);
        let room = thread.join(LangChoice::Auto, move |v| heard.send(v.utterance.segment.0).expect("a reader"));
        for segment in 1..=3 {
            thread.submit(Job { room, utterance: utterance(segment, 1, true) }).expect("open");
            let_go.send(()).expect("an engine");
        }
        thread.leave(room);
        assert_eq!(verdicts.iter().collect::<Vec<_>>(), [1, 2, 3]);
        assert!(matches!(thread.submit(Job { room, utterance: utterance(4, 1, true) }), Err(RecogniseError::Stopped)));
    }

    #[test]
    fn a_closed_engine_keeps_nobody_waiting() {
        let (let_go, thread) = engine();
        let (heard, verdicts) = sync_channel(100);
        let room = thread.join(LangChoice::Auto, move |v| heard.send(v.utterance.segment.0).expect("a reader"));
        thread.submit(Job { room, utterance: utterance(1, 1, true) }).expect("open");
        while thread.shared.lock().ears.contains_key(&room) {
            std::thread::yield_now();
        }
        for segment in 2..=4 {
            thread.submit(Job { room, utterance: utterance(segment, 1, true) }).expect("open");
        }
        assert_eq!(thread.close(), 3);
        thread.leave(room);
        let_go.send(()).expect("an engine");
        drop(thread);
        assert_eq!(verdicts.iter().collect::<Vec<_>>(), [1], "what the engine worked on is still answered");
    }
}
