//! The path of a caption, left to right:
//!
//! ```text
//! capture ─► segment ─► recognise ─► author ─┬──────────────► caption ─► sink (log and hub, or files)
//! └─ thread "hear-ROOM" ┘ (model)     │      └─► translate ──►┘ └──── thread "caption-ROOM" ────┘
//!                      thread "write-ROOM"         (model)
//! ```
//! Values go only to the right, through bounded queues, so no stage can wait in a circle. A live room's queues hold
//! minutes of finals; a recording that is read faster than it is understood waits at the first of them.

mod attention;
mod author;
mod captions;
mod ear;
mod moments;

use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use anyhow::Context;
use dostyq_capture::Source;
use dostyq_recognise::{ExpectedText, Listener, RecogniserThread, Verdict};
use dostyq_speech::{CaptionEvent, LangChoice, Marker, SampleTime, SegmentId};

use crate::Stop;
use crate::authorship::Written;
use crate::engines::Engines;
use crate::glossary::RoomTerms;
use crate::interpreter::Interpreted;
use crate::prompter::Prompter;
use crate::status::RoomStatus;
use crate::trace::Trace;
pub(crate) use attention::Attention;
use author::{Author, Sound};
use captions::Captions;
use ear::Ear;
pub(crate) use ear::unix_millis;
pub(crate) use moments::Moments;

/// What was recognised on its way to the author, and moments; a moment that finds no place is left out.
const SOUND_QUEUE: usize = 64;
/// Events on their way to the captioner. Finals are bounded by the recogniser's queue; this is room for their drafts,
/// translations and marks.
const CAPTION_QUEUE: usize = 256;

/// Where captions go at the end of the path. Called on one thread; may wait for a disk, never for a viewer.
pub trait CaptionSink: Send {
    /// Shows a caption event; a final is durable when this returns.
    fn show(&mut self, event: CaptionEvent);
    /// Notes what happened to the room.
    fn mark(&mut self, at: SampleTime, marker: Marker);
    /// Notes which wall time a moment was, in Unix milliseconds.
    fn anchor(&mut self, at: SampleTime, unix_millis: u64);
}

/// How to run one room.
pub struct RoomOptions {
    /// The name, for threads and messages.
    pub name: String,
    /// The language spoken.
    pub language: LangChoice,
    /// Names, terms, and sentences that are translated already.
    pub terms: RoomTerms,
    /// The speech that will be held there.
    pub prompter: Arc<Prompter>,
    /// The id of the next segment; 1 for a new room.
    pub first_segment: SegmentId,
    /// The moment on the room's clock at which the source begins.
    pub begin: SampleTime,
    /// The source keeps real time: drafts are made, and a trace tells wall time. Otherwise only finals are, and a trace
    /// tells when a live room would have shown them, from the time that recognition took.
    pub is_live: bool,
}

/// A hand on a room that runs.
#[derive(Clone)]
pub(crate) struct RoomControl {
    recogniser: Arc<RecogniserThread>,
    /// The room's number at the recogniser; none while another machine captions it.
    room: Arc<Mutex<Option<usize>>>,
}

impl RoomControl {
    /// A hand on a room that does not run yet.
    pub(crate) fn idle(recogniser: &Arc<RecogniserThread>) -> RoomControl {
        RoomControl { recogniser: Arc::clone(recogniser), room: Arc::default() }
    }

    /// From now on it is a hand on what the other one is.
    pub(crate) fn become_one_of(&self, other: &RoomControl) {
        let room = other.room();
        *self.room.lock().unwrap_or_else(PoisonError::into_inner) = room;
    }

    fn room(&self) -> Option<usize> {
        // A plain value that every critical section leaves whole.
        *self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The operator says which language is spoken; it holds for what is not committed yet.
    pub(crate) fn set_language(&self, choice: LangChoice) {
        if let Some(room) = self.room() {
            self.recogniser.set_choice(room, choice);
        }
    }

    /// What the speaker is expected to say; it holds from the next job on.
    fn expect(&self, text: Option<ExpectedText>) {
        if let Some(room) = self.room() {
            self.recogniser.expect(room, text);
        }
    }
}

/// A room that runs.
pub struct RunningRoom {
    control: RoomControl,
    hearing: JoinHandle<anyhow::Result<()>>,
    writing: JoinHandle<()>,
    captioning: JoinHandle<()>,
}

impl RunningRoom {
    /// A hand on it, for as long as anyone likes.
    pub(crate) fn control(&self) -> RoomControl {
        self.control.clone()
    }

    /// Whether the source has come to its end.
    pub fn has_ended(&self) -> bool {
        self.hearing.is_finished()
    }

    /// Waits until the source has ended (or the stop flag is raised) and everything heard is captioned.
    pub fn wait(self) -> anyhow::Result<()> {
        let heard = self.hearing.join().map_err(|_| anyhow::anyhow!("the capture thread failed; see the log"))?;
        self.writing.join().map_err(|_| anyhow::anyhow!("the author thread failed; see the log"))?;
        self.captioning.join().map_err(|_| anyhow::anyhow!("the caption thread failed; see the log"))?;
        heard
    }
}

/// What reaches the captioner.
enum Arrival {
    Written(Written),
    Translated(Interpreted),
    /// A finished segment stays without a translation.
    NotTranslated(SegmentId),
    Marked(SampleTime, Marker),
    Anchored(SampleTime, u64),
    /// Nothing more is heard; what was is still on its way.
    Ended(SampleTime),
}

/// Starts a room. `source` must begin at `options.begin`.
pub fn start(
    engines: &Engines,
    source: Box<dyn Source>,
    sink: Box<dyn CaptionSink>,
    options: RoomOptions,
    status: Arc<RoomStatus>,
    trace: Option<Trace>,
    stop: Stop,
) -> anyhow::Result<RunningRoom> {
    let (arrivals, arriving) = sync_channel(CAPTION_QUEUE);
    let (sounds, sounding) = sync_channel(SOUND_QUEUE);
    let detector = engines.voice_detectors.make()?;
    let recogniser = Arc::clone(&engines.recogniser);
    let recognised = sounds.clone();
    let room = recogniser.join(
        Listener::new(options.language, Arc::clone(&options.terms.spoken)),
        // The author outlives the room at the recogniser; if it failed, the room's `wait` says so.
        move |verdict: Verdict| drop(recognised.send(Sound::Recognised(Box::new(verdict)))),
    );

    let control = RoomControl { recogniser: Arc::clone(&recogniser), room: Arc::new(Mutex::new(Some(room))) };
    status.set_language(options.language);
    let captions = Captions::new(sink, Arc::clone(&status));
    let captioning = named(&format!("caption-{}", options.name), move || captions.run(&arriving))?;
    let author =
        Author::new(&options, control.clone(), engines.translator.join(), arrivals.clone(), trace, Arc::clone(&status));
    let writing = named(&format!("write-{}", options.name), move || author.run(&sounding))?;
    let ear = Ear::new(source, detector, recogniser, room, sounds, arrivals, status, stop, &options);
    let hearing = named(&format!("hear-{}", options.name), move || ear.run())?;
    Ok(RunningRoom { control, hearing, writing, captioning })
}

fn named<T: Send + 'static>(name: &str, run: impl FnOnce() -> T + Send + 'static) -> anyhow::Result<JoinHandle<T>> {
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run);
    thread.with_context(|| format!("the thread {name} cannot be started"))
}
