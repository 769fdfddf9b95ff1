//! The path of a caption, left to right:
//!
//! ```text
//! capture ─► segment ─► recognise ─┬──────────────► caption ─► sink (log and hub, or files)
//! └── thread "hear-ROOM" ┘ (model) └─► translate ──►┘ └──── thread "caption-ROOM" ────┘
//! ```
//! Values go only to the right, through bounded queues, so no stage can wait in a circle. A live room's queues hold
//! minutes of finals; a recording that is read faster than it is understood waits at the first of them.

mod attention;
mod captions;
mod ear;

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use anyhow::Context;
use dostyq_capture::Source;
use dostyq_recognise::{Heard, Listener, RecogniserThread, Verdict};
use dostyq_speech::{CaptionEvent, Effort, LangChoice, Marker, SampleTime, SegmentId};
use dostyq_translate::Knowledge;

use crate::Stop;
use crate::engines::Engines;
use crate::glossary::RoomTerms;
use crate::interpreter::{Interpreted, SourceText};
use crate::status::RoomStatus;
use crate::trace::Trace;
use crate::translator_thread::{TranslationJob, TranslatorDesk};
pub(crate) use attention::Attention;
use captions::Captions;
use ear::Ear;
pub(crate) use ear::unix_millis;

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
    /// The room's number at the recogniser.
    room: usize,
}

impl RoomControl {
    /// The operator says which language is spoken; it holds for what is not committed yet.
    pub(crate) fn set_language(&self, choice: LangChoice) {
        self.recogniser.set_choice(self.room, choice);
    }
}

/// A room that runs.
pub struct RunningRoom {
    control: RoomControl,
    hearing: JoinHandle<anyhow::Result<()>>,
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
        self.captioning.join().map_err(|_| anyhow::anyhow!("the caption thread failed; see the log"))?;
        heard
    }
}

/// What reaches the captioner.
enum Arrival {
    Heard(Box<Verdict>),
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
    let (arrivals, queue) = sync_channel(CAPTION_QUEUE);
    let detector = engines.voice_detectors.make()?;
    let recogniser = Arc::clone(&engines.recogniser);
    let room = recogniser.join(
        Listener::new(options.language, Arc::clone(&options.terms.spoken)),
        answer(arrivals.clone(), engines.translator.join(), Arc::clone(&options.terms.translated)),
    );

    let control = RoomControl { recogniser: Arc::clone(&recogniser), room };
    status.set_language(options.language);
    let captions = Captions::new(sink, trace, Arc::clone(&status), &options);
    let captioning = std::thread::Builder::new()
        .name(format!("caption-{}", options.name))
        .spawn(move || captions.run(&queue))
        .context("the caption thread cannot be started")?;

    let ear = Ear::new(source, detector, recogniser, room, arrivals, status, stop, &options);
    let hearing = std::thread::Builder::new()
        .name(format!("hear-{}", options.name))
        .spawn(move || ear.run())
        .context("the capture thread cannot be started")?;
    Ok(RunningRoom { control, hearing, captioning })
}

/// What happens on the recogniser's thread with a verdict: to the captioner first, then, as far as it is committed, to the
/// translator, whose answer comes to the captioner as well.
fn answer(
    arrivals: SyncSender<Arrival>,
    translator: TranslatorDesk,
    knowledge: Arc<Knowledge>,
) -> impl FnMut(Verdict) + Send + 'static {
    // What was handed to the translator last: the segment, and how much of it.
    let mut latest = (SegmentId(0), 0);
    move |verdict| {
        let is_translated = verdict.effort < Effort::SourceOnly;
        let source = heard(&verdict).and_then(|heard| SourceText::of(&heard.transcript, &knowledge));
        arrivals.send(Arrival::Heard(Box::new(verdict))).ok();
        let Some(source) = source else { return };
        let (segment, is_final) = (source.segment, source.is_final);
        let now = (segment, source.text.len());
        if !is_translated {
            if is_final {
                arrivals.send(Arrival::NotTranslated(segment)).ok();
            }
        } else if is_final || now != latest {
            latest = now;
            let arrivals = arrivals.clone();
            let answer = Box::new(move |interpreted: Option<Interpreted>| {
                let arrival = match interpreted {
                    Some(interpreted) => Arrival::Translated(interpreted),
                    // The next draft makes up for one that failed.
                    None if is_final => Arrival::NotTranslated(segment),
                    None => return,
                };
                arrivals.send(arrival).ok();
            });
            translator.submit(TranslationJob { source, answer });
        }
    }
}

/// What is known of the segment after a verdict; nothing when a draft failed.
fn heard(verdict: &Verdict) -> Option<&Heard> {
    match &verdict.heard {
        Ok(heard) => Some(heard),
        Err((_, rest)) => rest.as_ref(),
    }
}
