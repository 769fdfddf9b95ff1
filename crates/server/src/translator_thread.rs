use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use dostyq_speech::{Lang, SegmentId, Translation};
use dostyq_translate::{TranslateError, Translator};

/// Segments of all rooms that may wait for translation. Translation is far quicker than recognition, so more than a few
/// means that it has stopped; then recognition waits too, and nothing is dropped.
const WAITING: usize = 64;

/// A segment to translate.
pub(crate) struct TranslationJob {
    pub(crate) segment: SegmentId,
    pub(crate) text: String,
    pub(crate) from: Lang,
    /// Gets the translation, on the translator's thread; should only pass it on.
    pub(crate) answer: Box<dyn FnOnce(Result<Translation, TranslateError>) + Send>,
}

/// One translation model on one named thread, shared by all rooms in the order in which they ask.
pub(crate) struct TranslatorThread {
    jobs: Option<SyncSender<TranslationJob>>,
    thread: Option<JoinHandle<()>>,
}

impl TranslatorThread {
    pub(crate) fn spawn(mut translator: Box<dyn Translator>) -> std::io::Result<TranslatorThread> {
        let (jobs, waiting) = sync_channel(WAITING);
        let thread = std::thread::Builder::new().name("translate".into()).spawn(move || {
            work(&waiting, translator.as_mut());
        })?;
        Ok(TranslatorThread { jobs: Some(jobs), thread: Some(thread) })
    }

    /// A way to hand in jobs; waits while too many wait. A job that cannot be handed in because the thread is gone is
    /// returned without an answer.
    pub(crate) fn desk(&self) -> TranslatorDesk {
        TranslatorDesk(self.jobs.clone())
    }
}

/// Where jobs are handed in. The thread ends when the last desk and the thread's own handle are gone.
#[derive(Clone)]
pub(crate) struct TranslatorDesk(Option<SyncSender<TranslationJob>>);

impl TranslatorDesk {
    pub(crate) fn submit(&self, job: TranslationJob) {
        let refused = match &self.0 {
            Some(jobs) => jobs.send(job).is_err(),
            None => true,
        };
        if refused {
            tracing::error!("the translator has stopped; captions stay in the language spoken: restart the server");
        }
    }
}

impl Drop for TranslatorThread {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A panic has been reported by the thread itself; there is nobody left to tell here.
            drop(thread.join());
        }
    }
}

fn work(jobs: &Receiver<TranslationJob>, translator: &mut dyn Translator) {
    for job in jobs {
        let lang = job.from.other();
        let translated = translator.translate(&job.text, job.from, lang);
        (job.answer)(translated.map(|text| Translation { segment: job.segment, lang, text }));
    }
}
