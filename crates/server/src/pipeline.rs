//! The path of a caption, left to right:
//!
//! ```text
//! capture ─► segment ─► recognise ─┬──────────────► caption ─► sink (log and hub, or files)
//! └── thread "hear-ROOM" ┘  (model) └► translate ──►┘ └──── thread "caption-ROOM" ────┘
//! ```
//! Values go only to the right, through bounded queues, so no stage can wait in a circle. A live room's queues hold
//! minutes of finals; a recording that is read faster than it is understood waits at the first of them.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use dostyq_caption::Captioner;
use dostyq_capture::{CaptureError, Recovery, Source};
use dostyq_recognise::{Heard, Job, RecogniserThread, Verdict};
use dostyq_segment::{Segmenter, SegmenterOptions, SileroVad};
use dostyq_speech::{
    CaptionEvent, LangChoice, Marker, SampleTime, SegmentId, Transcript, Translation, Utterance, join_words,
};

use crate::Stop;
use crate::engines::Engines;
use crate::status::RoomStatus;
use crate::trace::Trace;
use crate::translator_thread::{TranslationJob, TranslatorDesk};

/// Events on their way to the captioner. Finals are bounded by the recogniser's queue; this is room for their drafts,
/// translations and marks.
const CAPTION_QUEUE: usize = 256;
/// Shortest time between two drafts of a growing utterance, in samples (0.4 s): more often than that flickers, and a
/// slower machine asks less often by itself, since a draft waits until the engine is free.
const DRAFT_STRIDE: u64 = 6_400;
/// Sound that a first draft needs, in samples (0.8 s): in less, a language cannot be told.
const DRAFT_LEAST: usize = 12_800;
/// Sound between two notes of the wall time (a minute), in samples.
const ANCHOR_STRIDE: u64 = 60 * 16_000;

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
    /// The id of the next segment; 1 for a new room.
    pub first_segment: SegmentId,
    /// The moment on the room's clock at which the source begins.
    pub begin: SampleTime,
    /// The source keeps real time: drafts are made, and a trace tells wall time. Otherwise only finals are, and a trace
    /// tells when a live room would have shown them, from the time that recognition took.
    pub is_live: bool,
}

/// A room that runs.
pub struct RunningRoom {
    hearing: JoinHandle<anyhow::Result<()>>,
    captioning: JoinHandle<()>,
}

impl RunningRoom {
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
    Heard(Verdict),
    Translated(Translation),
    NotTranslated,
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
    let detector = engines.voice_detector()?;
    let recogniser = Arc::clone(&engines.recogniser);
    let room = recogniser.join(options.language, answer(arrivals.clone(), engines.translator.desk()));
    let name = options.name.clone();

    let captioning = {
        let clock = Clock { is_live: options.is_live, began: Instant::now(), begin: options.begin, busy_until: 0.0 };
        let captions = Captions { captioner: Captioner::new(), sink, trace, clock, status: Arc::clone(&status) };
        std::thread::Builder::new().name(format!("caption-{name}")).spawn(move || captions.run(&queue))
    }
    .context("the caption thread cannot be started")?;

    let hearing = {
        let segmenter = Segmenter::new(SegmenterOptions::default(), options.first_segment);
        let ear = Ear {
            source,
            detector,
            segmenter,
            recogniser: Arc::clone(&recogniser),
            room,
            arrivals,
            is_live: options.is_live,
            status,
            stop,
            last_draft: options.begin,
            last_anchor: None,
        };
        std::thread::Builder::new().name(format!("hear-{name}")).spawn(move || ear.run(options.begin))
    }
    .context("the capture thread cannot be started")?;
    Ok(RunningRoom { hearing, captioning })
}

/// Capture and segmentation of one room.
struct Ear {
    source: Box<dyn Source>,
    detector: SileroVad,
    segmenter: Segmenter,
    recogniser: Arc<RecogniserThread>,
    room: usize,
    arrivals: SyncSender<Arrival>,
    is_live: bool,
    status: Arc<RoomStatus>,
    stop: Stop,
    last_draft: SampleTime,
    last_anchor: Option<SampleTime>,
}

impl Ear {
    fn run(mut self, begin: SampleTime) -> anyhow::Result<()> {
        self.mark(begin, Marker::Started);
        let mut now = begin;
        let outcome = self.listen(&mut now);
        // Whatever ended it, what was heard is captioned to its end before the room is left.
        if let Some(utterance) = self.segmenter.finish() {
            self.submit(utterance)?;
        }
        self.recogniser.leave(self.room);
        self.send(Arrival::Ended(now));
        self.status.ended(outcome.as_ref().err());
        outcome.map_err(Into::into)
    }

    fn listen(&mut self, now: &mut SampleTime) -> Result<(), CaptureError> {
        while !self.stop.is_raised() {
            let frame = match self.source.next_frame() {
                Ok(Some(frame)) => frame,
                Ok(None) => return Ok(()),
                Err(error) if error.recovery() == Recovery::Continue => {
                    // Who waits for a recording tells of it at the end; a live room's crew must know now.
                    if self.is_live {
                        tracing::warn!("{error}");
                    }
                    self.status.source_trouble(&error);
                    continue;
                }
                Err(error) => return Err(error),
            };
            while let Some((at, marker)) = self.source.take_marker() {
                self.mark(at, marker);
            }
            *now = frame.span().end;
            self.anchor(*now);
            let probability = self.detector.probability(&frame.samples).unwrap_or_else(|error| {
                // A window that cannot be judged counts as voice: a caption too many is better than a word lost.
                tracing::error!("{error}");
                1.0
            });
            self.status.heard(&frame, probability);
            if let Some(utterance) = self.segmenter.push(&frame, probability) {
                self.last_draft = *now;
                if self.submit(utterance).is_err() {
                    return Ok(());
                }
            } else if self.is_live {
                self.draft(*now);
            }
        }
        Ok(())
    }

    /// Hands the growing utterance in, when it has grown and the engine is free for it.
    fn draft(&mut self, now: SampleTime) {
        if now.samples_since(self.last_draft) < DRAFT_STRIDE || !self.recogniser.is_idle(self.room) {
            return;
        }
        if let Some(utterance) = self.segmenter.growing().filter(|u| u.samples.len() >= DRAFT_LEAST) {
            self.last_draft = now;
            // A refused draft means that the engine is gone, which the next final reports.
            self.submit(utterance).ok();
        }
    }

    fn submit(&self, utterance: Utterance) -> anyhow::Result<()> {
        if utterance.is_final {
            self.status.final_waits();
        }
        Ok(self.recogniser.submit(Job { room: self.room, utterance })?)
    }

    fn mark(&self, at: SampleTime, marker: Marker) {
        self.send(Arrival::Marked(at, marker));
    }

    fn anchor(&mut self, now: SampleTime) {
        if self.is_live && self.last_anchor.is_none_or(|last| now.samples_since(last) >= ANCHOR_STRIDE) {
            self.last_anchor = Some(now);
            self.send(Arrival::Anchored(now, unix_millis()));
        }
    }

    fn send(&self, arrival: Arrival) {
        // The caption thread outlives this one, since it ends when the last sender is gone; if it failed, `wait` says so.
        self.arrivals.send(arrival).ok();
    }
}

/// What happens on the recogniser's thread with a verdict: to the captioner first, then, if it is final, to the
/// translator, whose answer comes to the captioner as well.
fn answer(arrivals: SyncSender<Arrival>, translator: TranslatorDesk) -> impl FnMut(Verdict) + Send + 'static {
    move |verdict| {
        let finished = heard(&verdict).map(|heard| &heard.transcript).filter(|t| t.is_final && !t.committed.is_empty());
        let job = finished.map(|transcript| {
            let (segment, from) = (transcript.segment, transcript.lang);
            let arrivals = arrivals.clone();
            TranslationJob {
                segment,
                from,
                text: join_words(&transcript.committed),
                answer: Box::new(move |translated| {
                    let arrival = translated.map_or_else(
                        |error| {
                            tracing::error!(segment = segment.0, "{error}");
                            Arrival::NotTranslated
                        },
                        Arrival::Translated,
                    );
                    arrivals.send(arrival).ok();
                }),
            }
        });
        arrivals.send(Arrival::Heard(verdict)).ok();
        if let Some(job) = job {
            translator.submit(job);
        }
    }
}

fn heard(verdict: &Verdict) -> Option<&Heard> {
    match &verdict.heard {
        Ok(heard) => Some(heard),
        Err((_, rest)) => rest.as_ref(),
    }
}

/// Captioning of one room.
struct Captions {
    captioner: Captioner,
    sink: Box<dyn CaptionSink>,
    trace: Option<Trace>,
    clock: Clock,
    status: Arc<RoomStatus>,
}

impl Captions {
    /// Ends when nobody is left who could send.
    fn run(mut self, queue: &Receiver<Arrival>) {
        let mut ended = None;
        for arrival in queue {
            match arrival {
                Arrival::Heard(verdict) => self.heard(&verdict),
                Arrival::Translated(translation) => {
                    let events = self.captioner.push_translation(translation);
                    self.show(events);
                }
                Arrival::NotTranslated => self.status.not_translated(),
                Arrival::Marked(at, marker) => self.sink.mark(at, marker),
                Arrival::Anchored(at, unix_millis) => self.sink.anchor(at, unix_millis),
                Arrival::Ended(at) => ended = Some(at),
            }
        }
        // The last translations came after the end of the sound; the mark comes after them.
        if let Some(at) = ended {
            self.sink.mark(at, Marker::Ended);
        }
        if let Some(trace) = self.trace {
            trace.finish();
        }
    }

    fn heard(&mut self, verdict: &Verdict) {
        if let Err((error, _)) = &verdict.heard {
            tracing::error!(segment = verdict.utterance.segment.0, "{error}");
        }
        let at = self.clock.shown(verdict);
        if let Some(heard) = heard(verdict) {
            let transcript = heard.transcript.clone();
            self.trace(at, &transcript);
            let events = self.captioner.push_transcript(transcript);
            self.show(events);
        }
        let lag = at - self.clock.since_begin(verdict.utterance.voiced.end);
        self.status.answered(verdict, heard(verdict), lag);
    }

    fn show(&mut self, events: Vec<CaptionEvent>) {
        for event in events {
            self.sink.show(event);
        }
    }

    fn trace(&mut self, at: f64, transcript: &Transcript) {
        if let Some(trace) = &mut self.trace {
            trace.write(at, transcript, self.clock.begin);
        }
    }
}

/// When a caption could be seen, in seconds since the source began.
struct Clock {
    is_live: bool,
    began: Instant,
    begin: SampleTime,
    /// Until when the engine would have been busy in a live room.
    busy_until: f64,
}

impl Clock {
    fn shown(&mut self, verdict: &Verdict) -> f64 {
        if self.is_live {
            return self.began.elapsed().as_secs_f64();
        }
        // Before this moment the utterance was not known to be over.
        let known = self.since_begin(verdict.utterance.heard_until);
        self.busy_until = self.busy_until.max(known) + verdict.took.as_secs_f64();
        self.busy_until
    }

    fn since_begin(&self, moment: SampleTime) -> f64 {
        SampleTime(moment.samples_since(self.begin)).as_secs()
    }
}

/// The present, in Unix milliseconds.
pub(crate) fn unix_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
