use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Instant;

use dostyq_caption::Captioner;
use dostyq_recognise::Verdict;
use dostyq_speech::{CaptionEvent, Marker, SampleTime};

use super::{Arrival, CaptionSink, RoomOptions, heard};
use crate::interpreter::Interpreted;
use crate::status::RoomStatus;
use crate::trace::{Trace, TraceLine};

/// Captioning of one room, on a thread of its own.
pub(super) struct Captions {
    captioner: Captioner,
    sink: Box<dyn CaptionSink>,
    trace: Option<Trace>,
    clock: Clock,
    status: Arc<RoomStatus>,
}

impl Captions {
    pub(super) fn new(
        sink: Box<dyn CaptionSink>,
        trace: Option<Trace>,
        status: Arc<RoomStatus>,
        options: &RoomOptions,
    ) -> Captions {
        let clock =
            Clock { is_live: options.is_live, began: Instant::now(), begin: options.begin, busy_until_secs: 0.0 };
        Captions { captioner: Captioner::new(), sink, trace, clock, status }
    }

    /// Ends when nobody is left who could send.
    pub(super) fn run(mut self, queue: &Receiver<Arrival>) {
        let mut ended = None;
        for arrival in queue {
            match arrival {
                Arrival::Heard(verdict) => self.heard(&verdict),
                Arrival::Translated(Interpreted { translation, doubt, remembered }) => {
                    self.status.remembered(remembered);
                    if let Some(doubt) = doubt {
                        self.status.doubted(doubt);
                    }
                    let events = self.captioner.push_translation(translation);
                    self.show(events);
                }
                Arrival::NotTranslated(segment) => {
                    self.status.not_translated();
                    let events = self.captioner.give_up_translation(segment);
                    self.show(events);
                }
                Arrival::Marked(at, marker) => self.sink.mark(at, marker),
                Arrival::Anchored(at, unix_millis) => self.sink.anchor(at, unix_millis),
                Arrival::Ended(at) => ended = Some(at),
            }
        }
        // The last translations came after the end of the sound; the mark comes after them.
        if let Some(at) = ended {
            self.sink.mark(at, Marker::Ended);
        }
    }

    fn heard(&mut self, verdict: &Verdict) {
        if let Err((error, _)) = &verdict.heard {
            tracing::error!(segment = verdict.utterance.segment.0, "{error}");
        }
        let at = self.clock.shown_secs(verdict);
        if let Some(heard) = heard(verdict) {
            if let (Some(trace), Some(line)) = (&mut self.trace, TraceLine::of(at, &heard.transcript, self.clock.begin))
            {
                trace.write(&line);
            }
            let events = self.captioner.push_transcript(heard.transcript.clone());
            self.show(events);
        }
        let lag = at - self.clock.secs_since_begin(verdict.utterance.voiced.end);
        self.status.answered(verdict, heard(verdict), lag);
    }

    fn show(&mut self, events: Vec<CaptionEvent>) {
        for event in events {
            self.sink.show(event);
        }
    }
}

/// When a caption could be seen.
struct Clock {
    is_live: bool,
    began: Instant,
    begin: SampleTime,
    /// Until when the engine would have been busy in a live room.
    busy_until_secs: f64,
}

impl Clock {
    /// Seconds since the source began.
    fn shown_secs(&mut self, verdict: &Verdict) -> f64 {
        if self.is_live {
            return self.began.elapsed().as_secs_f64();
        }
        // Before this moment the utterance was not known to be over.
        let known = self.secs_since_begin(verdict.utterance.heard_until);
        self.busy_until_secs = self.busy_until_secs.max(known) + verdict.took.as_secs_f64();
        self.busy_until_secs
    }

    fn secs_since_begin(&self, moment: SampleTime) -> f64 {
        SampleTime(moment.samples_since(self.begin)).as_secs()
    }
}
