use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use dostyq_recognise::{Turn, Turns};
use dostyq_translate::Translator;

use crate::interpreter::{Interpreted, Interpreter, SourceText};

/// The shortest time between two drafts of a room: nobody can read faster.
const DRAFT_STRIDE: Duration = Duration::from_millis(300);

/// A text to translate.
pub(crate) struct TranslationJob {
    pub(crate) source: SourceText,
    /// Gets the translation, on the translator's thread, or nothing where there will be none; should only pass it on. Of
    /// a draft that is out of date by its turn it is dropped.
    pub(crate) answer: Box<dyn FnOnce(Option<Interpreted>) + Send>,
}

impl Turn for TranslationJob {
    fn is_final(&self) -> bool {
        self.source.is_final
    }
}

/// One translation model on one named thread, shared by all rooms in turn: finals before drafts, and of a room's drafts
/// only the newest.
pub(crate) struct TranslatorThread {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    desk: Mutex<Desk>,
    /// Work came or the end.
    work: Condvar,
    /// A job is done: there is place for another.
    place: Condvar,
}

#[derive(Default)]
struct Desk {
    turns: Turns<TranslationJob>,
    next_room: usize,
    /// When each room handed in its latest draft.
    latest_drafts: BTreeMap<usize, Instant>,
    /// Rooms that hand in nothing more.
    leaving: BTreeSet<usize>,
    is_closed: bool,
}

impl TranslatorThread {
    pub(crate) fn spawn(translator: Box<dyn Translator>) -> std::io::Result<TranslatorThread> {
        let shared = Arc::new(Shared { desk: Mutex::default(), work: Condvar::default(), place: Condvar::default() });
        let mut worker = Worker { shared: Arc::clone(&shared), translator, interpreter: Interpreter::default() };
        let thread = std::thread::Builder::new().name("translate".into()).spawn(move || worker.run())?;
        Ok(TranslatorThread { shared, thread: Some(thread) })
    }

    /// A room joins: where it hands in its jobs.
    pub(crate) fn join(&self) -> TranslatorDesk {
        let mut desk = self.shared.lock();
        let room = desk.next_room;
        desk.next_room += 1;
        desk.turns.join(room);
        TranslatorDesk { shared: Arc::clone(&self.shared), room }
    }
}

impl Drop for TranslatorThread {
    fn drop(&mut self) {
        self.shared.lock().is_closed = true;
        self.shared.work.notify_all();
        self.shared.place.notify_all();
        if let Some(thread) = self.thread.take() {
            // A panic has been reported by the thread itself; there is nobody left to tell here.
            drop(thread.join());
        }
    }
}

/// Where a room hands in jobs. When it is dropped, what waits is still translated.
pub(crate) struct TranslatorDesk {
    shared: Arc<Shared>,
    room: usize,
}

impl TranslatorDesk {
    /// Hands in a job. A final waits while too many wait; a draft that comes too soon after another one is dropped.
    pub(crate) fn submit(&self, job: TranslationJob) {
        let mut desk = self.shared.lock();
        if !job.is_final() {
            let now = Instant::now();
            let latest = desk.latest_drafts.get(&self.room);
            if latest.is_some_and(|latest| now.duration_since(*latest) < DRAFT_STRIDE) {
                return;
            }
            desk.latest_drafts.insert(self.room, now);
        }
        while job.is_final() && !desk.is_closed && !desk.turns.has_place(self.room) {
            desk = self.shared.place.wait(desk).unwrap_or_else(PoisonError::into_inner);
        }
        if desk.is_closed {
            tracing::error!("the translator has stopped; captions stay in the language spoken: restart the server");
            return;
        }
        desk.turns.submit(self.room, job, 0.0);
        self.shared.work.notify_one();
    }
}

impl Drop for TranslatorDesk {
    fn drop(&mut self) {
        self.shared.lock().leaving.insert(self.room);
        self.shared.work.notify_one();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Desk> {
        // The desk is a plain value that every critical section leaves whole.
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Worker {
    shared: Arc<Shared>,
    translator: Box<dyn Translator>,
    interpreter: Interpreter,
}

impl Worker {
    /// Ends when the desk is closed and nothing waits.
    fn run(&mut self) {
        let shared = Arc::clone(&self.shared);
        let mut desk = shared.lock();
        loop {
            self.let_go(&mut desk);
            let Some((room, job)) = desk.turns.take() else {
                if desk.is_closed {
                    return;
                }
                desk = shared.work.wait(desk).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            drop(desk);
            let interpreted = self.translate(room, &job.source);
            (job.answer)(interpreted);
            desk = shared.lock();
            desk.turns.done(room);
            shared.place.notify_all();
        }
    }

    /// Forgets the rooms that have left and are owed nothing.
    fn let_go(&mut self, desk: &mut Desk) {
        let gone: Vec<usize> = desk.leaving.iter().copied().filter(|room| !desk.turns.is_owed(*room)).collect();
        for room in gone {
            desk.turns.leave(room);
            desk.latest_drafts.remove(&room);
            desk.leaving.remove(&room);
            self.interpreter.forget(room);
        }
    }

    fn translate(&mut self, room: usize, source: &SourceText) -> Option<Interpreted> {
        let (interpreter, translator) = (&mut self.interpreter, self.translator.as_mut());
        let segment = source.segment.0;
        // A model keeps nothing between two texts, so one that panicked is fit for the next.
        match catch_unwind(AssertUnwindSafe(|| interpreter.translate(translator, room, source))) {
            Ok(Ok(interpreted)) => Some(interpreted),
            Ok(Err(error)) => {
                tracing::error!(segment, "{error}");
                None
            }
            Err(_) => {
                tracing::error!(segment, "the translator has crashed over a text, which stays in the language spoken");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

    use super::*;
    use dostyq_speech::{Lang, SegmentId};
    use dostyq_translate::{Direction, SentenceRequest, TargetWord, TranslateError};

    /// Texts of one test, at the most.
    const MOST_TEXTS: usize = 8;

    /// Translates by shouting, slowly; fails over "ошибка" and panics over "паника".
    struct ScriptedTranslator {
        started: SyncSender<()>,
        go_on: Receiver<()>,
    }

    impl Translator for ScriptedTranslator {
        fn sentence(&mut self, request: &SentenceRequest<'_>) -> Result<Vec<TargetWord>, TranslateError> {
            self.started.send(()).expect("the test waits");
            self.go_on.recv().expect("the test goes on");
            match request.sentence {
                "ошибка" => Err(TranslateError::Text { reason: "scripted".into() }),
                "паника" => panic!("scripted"),
                said => Ok(said.split(' ').map(|w| TargetWord { text: w.to_uppercase(), tokens: vec![1] }).collect()),
            }
        }

        fn pieces<'t>(&self, sentence: &'t str, _: Direction) -> Result<Vec<&'t str>, TranslateError> {
            Ok(vec![sentence])
        }
    }

    /// Texts (of segment 1, a final ends with "!") that are all handed in while the first is being translated; what comes
    /// back.
    fn check(texts: &[&str], expect: &[Option<&str>]) {
        let (started, has_started) = sync_channel(MOST_TEXTS);
        let (go_on, may_go_on) = sync_channel(MOST_TEXTS);
        let thread = TranslatorThread::spawn(Box::new(ScriptedTranslator { started, go_on: may_go_on }));
        let thread = thread.expect("a thread can be started");
        let desk = thread.join();
        let (answers, answered) = sync_channel(MOST_TEXTS);
        for (number, text) in texts.iter().enumerate() {
            let is_final = text.ends_with('!');
            let source = SourceText {
                segment: SegmentId(1),
                from: Lang::Russian,
                text: text.trim_end_matches('!').into(),
                is_final,
                knowledge: Arc::default(),
            };
            let answers = answers.clone();
            let answer = Box::new(move |interpreted: Option<Interpreted>| {
                answers.send(interpreted.map(|interpreted| interpreted.translation.text)).expect("the test listens");
            });
            // Otherwise drafts come too soon one after another.
            std::thread::sleep(DRAFT_STRIDE);
            desk.submit(TranslationJob { source, answer });
            if number == 0 {
                has_started.recv().expect("the first is being translated");
            }
        }
        texts.iter().for_each(|_| go_on.send(()).expect("it waits"));
        drop((desk, answers));
        let expect: Vec<Option<String>> = expect.iter().map(|text| text.map(str::to_owned)).collect();
        assert_eq!(answered.iter().collect::<Vec<_>>(), expect, "{texts:?}");
    }

    #[test]
    fn every_final_is_answered_also_after_the_room_has_left() {
        check(&["раз!", "два!", "три!"], &[Some("РАЗ"), Some("ДВА"), Some("ТРИ")]);
    }

    #[test]
    fn drafts_that_are_out_of_date_are_dropped() {
        check(&["раз", "раз два", "раз два три", "раз два три!"], &[Some(""), Some("РАЗ ДВА ТРИ")]);
    }

    #[test]
    fn an_error_and_a_crash_cost_one_text() {
        check(&["ошибка!", "паника!", "три!"], &[None, None, Some("ТРИ")]);
    }
}
