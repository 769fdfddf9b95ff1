use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dostyq_capture::{Recovery, Source};
use dostyq_recognise::{Job, RecogniserThread};
use dostyq_segment::SileroVad;
use dostyq_speech::{Effort, Marker, SampleTime, Utterance};

use super::author::Sound;
use super::{Arrival, Attention, Moments, RoomOptions};
use crate::Stop;
use crate::status::RoomStatus;

/// Sound between two notes of the wall time (a minute), in samples.
const ANCHOR_STRIDE: u64 = 60 * 16_000;

/// Capture and segmentation of one room, on a thread of its own.
pub(super) struct Ear {
    source: Box<dyn Source>,
    detector: SileroVad,
    attention: Attention,
    recogniser: Arc<RecogniserThread>,
    /// The room's number at the recogniser.
    room: usize,
    sounds: SyncSender<Sound>,
    arrivals: SyncSender<Arrival>,
    status: Arc<RoomStatus>,
    stop: Stop,
    begin: SampleTime,
    is_live: bool,
    moments: Moments,
    last_anchor: Option<SampleTime>,
    effort: Effort,
}

impl Ear {
    #[expect(clippy::too_many_arguments, reason = "the one place where all that a room hears with comes together")]
    pub(super) fn new(
        source: Box<dyn Source>,
        detector: SileroVad,
        recogniser: Arc<RecogniserThread>,
        room: usize,
        sounds: SyncSender<Sound>,
        arrivals: SyncSender<Arrival>,
        status: Arc<RoomStatus>,
        stop: Stop,
        options: &RoomOptions,
    ) -> Ear {
        let (begin, is_live) = (options.begin, options.is_live);
        let attention = Attention::new(options.first_segment, begin, is_live);
        let (last_anchor, effort) = (None, Effort::Full);
        Ear {
            source,
            detector,
            attention,
            recogniser,
            room,
            sounds,
            arrivals,
            status,
            stop,
            begin,
            is_live,
            moments: Moments::from(begin),
            last_anchor,
            effort,
        }
    }

    /// Listens until the source ends or the stop flag is raised; whatever ended it, what was heard is captioned to its
    /// end before the room is left.
    pub(super) fn run(mut self) -> anyhow::Result<()> {
        self.send(Arrival::Marked(self.begin, Marker::Started));
        let mut now = self.begin;
        let mut outcome = self.listen(&mut now);
        if let Some(utterance) = self.attention.finish() {
            outcome = outcome.and(self.submit(utterance));
        }
        self.recogniser.leave(self.room);
        self.send(Arrival::Ended(now));
        // An engine that is closed because everything stops is no trouble.
        let outcome = outcome.or_else(|error| if self.stop.is_raised() { Ok(()) } else { Err(error) });
        let trouble = outcome.as_ref().err().map(|error| format!("{error:#}"));
        if let Some(trouble) = trouble.as_ref().filter(|_| self.is_live) {
            tracing::error!("a room fell silent: {trouble}");
        }
        self.status.ended(trouble);
        outcome
    }

    fn listen(&mut self, now: &mut SampleTime) -> anyhow::Result<()> {
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
                Err(error) => return Err(error.into()),
            };
            while let Some((at, marker)) = self.source.take_marker() {
                self.send(Arrival::Marked(at, marker));
            }
            *now = frame.span().end;
            self.anchor(*now);
            let probability = self.detector.probability(&frame.samples).unwrap_or_else(|error| {
                // A window that cannot be judged counts as voice: a caption too many is better than a word lost.
                tracing::error!("{error}");
                1.0
            });
            self.status.heard(&frame, probability);
            self.note_moment(*now, probability);
            let pulse = self.recogniser.pulse(self.room);
            self.note_effort(pulse.effort, *now);
            for utterance in self.attention.hear(&frame, probability, pulse) {
                self.submit(utterance)?;
            }
        }
        Ok(())
    }

    /// A prepared speech goes on with the voice, not with what is recognised of it.
    fn note_moment(&mut self, now: SampleTime, probability: f32) {
        if let Some(is_voiced) = self.moments.pass(now, probability).filter(|_| self.is_live) {
            // Capture waits for nobody: of two moments the later one is enough.
            self.sounds.try_send(Sound::Listened { until: now, is_voiced }).ok();
        }
    }

    /// A step of the degradation ladder is an event that the crew sees.
    fn note_effort(&mut self, effort: Effort, now: SampleTime) {
        if effort != self.effort {
            if self.is_live && effort > self.effort {
                tracing::warn!("the machine is too slow: {effort}");
            }
            self.effort = effort;
            self.status.set_effort(effort);
            self.send(Arrival::Marked(now, Marker::Effort { effort }));
        }
    }

    fn submit(&self, utterance: Utterance) -> anyhow::Result<()> {
        if utterance.is_final {
            self.status.final_waits();
        }
        Ok(self.recogniser.submit(Job { room: self.room, utterance })?)
    }

    fn anchor(&mut self, now: SampleTime) {
        if self.is_live && self.last_anchor.is_none_or(|last| now.samples_since(last) >= ANCHOR_STRIDE) {
            self.last_anchor = Some(now);
            self.send(Arrival::Anchored(now, unix_millis()));
        }
    }

    fn send(&self, arrival: Arrival) {
        // The caption thread outlives this one, since it ends when the last sender is gone; if it failed, the room's
        // `wait` says so.
        self.arrivals.send(arrival).ok();
    }
}

/// The present, in Unix milliseconds.
pub(crate) fn unix_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
