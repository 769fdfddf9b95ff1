use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};
use std::time::Instant;

use dostyq_recognise::{ExpectedText, Heard, Verdict};
use dostyq_speech::{Effort, SampleTime};
use dostyq_translate::Knowledge;

use super::{Arrival, RoomControl, RoomOptions};
use crate::authorship::{Authorship, Written};
use crate::interpreter::{Interpreted, SourceText};
use crate::prompter::Prompter;
use crate::status::RoomStatus;
use crate::trace::{Trace, TraceLine};
use crate::translator_thread::{TranslationJob, TranslatorDesk};

/// What reaches the author.
pub(super) enum Sound {
    /// What the recogniser made of a segment.
    Recognised(Box<Verdict>),
    /// The room was heard up to here, and since the moment before somebody spoke or nobody did.
    Listened { until: SampleTime, is_voiced: bool },
}

/// Decides who writes a room's lines, the machine or a prepared speech, and has them translated; on a thread of its own,
/// which may wait for the translator: captions that are ready do not wait with it.
pub(super) struct Author {
    authorship: Authorship,
    prompter: Arc<Prompter>,
    recogniser: RoomControl,
    /// What the recogniser expects to be said.
    expected: Option<ExpectedText>,
    translator: TranslatorDesk,
    knowledge: Arc<Knowledge>,
    arrivals: SyncSender<Arrival>,
    /// The latest rung of the degradation ladder.
    effort: Effort,
    trace: Option<Trace>,
    clock: Clock,
    status: Arc<RoomStatus>,
}

impl Author {
    pub(super) fn new(
        options: &RoomOptions,
        recogniser: RoomControl,
        translator: TranslatorDesk,
        arrivals: SyncSender<Arrival>,
        trace: Option<Trace>,
        status: Arc<RoomStatus>,
    ) -> Author {
        let clock =
            Clock { is_live: options.is_live, began: Instant::now(), begin: options.begin, busy_until_secs: 0.0 };
        Author {
            authorship: Authorship::new(options.first_segment),
            prompter: Arc::clone(&options.prompter),
            recogniser,
            expected: None,
            translator,
            knowledge: Arc::clone(&options.terms.translated),
            arrivals,
            effort: Effort::Full,
            trace,
            clock,
            status,
        }
    }

    /// Ends when nobody is left who could send.
    pub(super) fn run(mut self, queue: &Receiver<Sound>) {
        for sound in queue {
            let wished = self.prompter.instruct(&mut self.authorship);
            self.write(wished, None);
            match sound {
                Sound::Recognised(verdict) => self.recognised(&verdict),
                Sound::Listened { until, is_voiced } => {
                    let written = self.authorship.advance(until, is_voiced);
                    self.write(written, None);
                }
            }
            self.status.set_on_air(self.authorship.on_air());
        }
        let written = self.authorship.finish();
        self.write(written, None);
    }

    fn recognised(&mut self, verdict: &Verdict) {
        if let Err((error, _)) = &verdict.heard {
            tracing::error!(segment = verdict.utterance.segment.0, "{error}");
        }
        self.effort = verdict.effort;
        let at = self.clock.shown_secs(verdict);
        let heard = heard(verdict);
        if let Some(heard) = heard {
            let written = self.authorship.hear(heard, verdict.utterance.span().end);
            let expected = self.authorship.expected();
            if expected != self.expected {
                self.recogniser.expect(expected.clone());
                self.expected = expected;
            }
            self.write(written, Some(at));
        }
        let lag = at - self.clock.secs_since_begin(verdict.utterance.voiced.end);
        self.status.answered(verdict, heard, lag);
    }

    /// Hands on lines that can be seen `at` seconds after the source began, or now.
    fn write(&mut self, written: Vec<Written>, at: Option<f64>) {
        for written in written {
            let source = match &written {
                Written::Line { transcript, partner } => {
                    self.trace(|at, begin| TraceLine::of(at, transcript, begin), at);
                    SourceText::of(transcript, &self.knowledge).filter(|_| partner.is_none())
                }
                Written::Withdrawn(segment) => {
                    self.trace(|at, _| Some(TraceLine::withdrawn(at, *segment)), at);
                    None
                }
                Written::OnAir { .. } => None,
            };
            self.send(Arrival::Written(written));
            if let Some(source) = source {
                self.translate(source);
            }
        }
    }

    fn translate(&self, source: SourceText) {
        let (segment, is_final) = (source.segment, source.is_final);
        if self.effort >= Effort::SourceOnly {
            if is_final {
                self.send(Arrival::NotTranslated(segment));
            }
            return;
        }
        let arrivals = self.arrivals.clone();
        let answer = Box::new(move |interpreted: Option<Interpreted>| {
            let arrival = match interpreted {
                Some(interpreted) => Arrival::Translated(interpreted),
                // The next draft makes up for one that failed.
                None if is_final => Arrival::NotTranslated(segment),
                None => return,
            };
            arrivals.send(arrival).ok();
        });
        self.translator.submit(TranslationJob { source, answer });
    }

    /// Writes what can be seen `at` seconds after the source began, or now.
    fn trace(&mut self, line: impl FnOnce(f64, SampleTime) -> Option<TraceLine>, at: Option<f64>) {
        let Some(trace) = &mut self.trace else { return };
        let at = at.unwrap_or_else(|| self.clock.began.elapsed().as_secs_f64());
        if let Some(line) = line(at, self.clock.begin) {
            trace.write(&line);
        }
    }

    fn send(&self, arrival: Arrival) {
        // The caption thread outlives this one, which holds a sender; if it failed, the room's `wait` says so.
        self.arrivals.send(arrival).ok();
    }
}

/// What is known of the segment after a verdict; nothing when a draft failed.
fn heard(verdict: &Verdict) -> Option<&Heard> {
    match &verdict.heard {
        Ok(heard) => Some(heard),
        Err((_, rest)) => rest.as_ref(),
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
