use std::collections::BTreeMap;

use dostyq_capture::{Recovery, Source};
use dostyq_recognise::{Heard, Listener, Turns};
use dostyq_speech::{LangChoice, SampleTime, SegmentId, Transcript, Utterance, join_words};

use super::charge::Charge;
use crate::engines::Models;
use crate::pipeline::Attention;
use crate::trace::TraceLine;

/// What came of a room.
#[derive(Debug, Default)]
pub(crate) struct Simulated {
    /// What viewers could see, in the order of display.
    pub(crate) trace: Vec<TraceLine>,
    /// Hypotheses thrown out, by cause.
    pub(crate) rejected: BTreeMap<&'static str, u64>,
    /// Seconds of sound.
    pub(crate) sound_secs: f64,
}

/// A room of the simulation.
struct Room {
    source: Box<dyn Source>,
    detector: dostyq_segment::SileroVad,
    attention: Attention,
    listener: Listener,
    has_ended: bool,
    outcome: Simulated,
}

/// A machine on which rooms are captioned as `serve` does it, on a clock that costs nothing: time passes with the sound,
/// and each piece of work occupies the processor for as long as it is charged. The rooms' frames arrive side by side.
pub(crate) struct Simulation<'a> {
    models: &'a mut Models,
    charge: Charge,
    rooms: Vec<Room>,
    turns: Turns,
    /// Until when the processor is busy, seconds of simulated time.
    busy_until: f64,
    /// The room that the engine works for until then.
    heard: Option<usize>,
    /// All that was charged, seconds.
    pub(crate) charged: f64,
}

impl<'a> Simulation<'a> {
    pub(crate) fn new(models: &'a mut Models, charge: Charge) -> Simulation<'a> {
        Simulation {
            models,
            charge,
            rooms: Vec::new(),
            turns: Turns::default(),
            busy_until: 0.0,
            heard: None,
            charged: 0.0,
        }
    }

    /// Adds a room that hears `source` from its start.
    pub(crate) fn add(&mut self, source: Box<dyn Source>, lang: LangChoice) -> anyhow::Result<()> {
        self.turns.join(self.rooms.len());
        self.rooms.push(Room {
            source,
            detector: self.models.voice_detectors.make()?,
            attention: Attention::new(SegmentId(1), SampleTime::ZERO, true),
            listener: Listener::new(lang),
            has_ended: false,
            outcome: Simulated::default(),
        });
        Ok(())
    }

    /// Runs all rooms to their ends.
    pub(crate) fn run(&mut self) -> anyhow::Result<Vec<Simulated>> {
        while self.rooms.iter().any(|room| !room.has_ended) {
            for room in 0..self.rooms.len() {
                self.hear_frame(room)?;
            }
        }
        self.work_until(f64::INFINITY)?;
        Ok(self.rooms.drain(..).map(|room| room.outcome).collect())
    }

    /// One frame of one room: capture, voice activity, segmentation; then the engine works as far as time has passed.
    fn hear_frame(&mut self, number: usize) -> anyhow::Result<()> {
        let room = &mut self.rooms[number];
        if room.has_ended {
            return Ok(());
        }
        let frame = loop {
            match room.source.next_frame() {
                Ok(frame) => break frame,
                Err(error) if error.recovery() == Recovery::Continue => tracing::warn!("{error}"),
                Err(error) => return Err(error.into()),
            }
        };
        let Some(frame) = frame else {
            room.has_ended = true;
            if let Some(utterance) = room.attention.finish() {
                self.turns.submit(number, utterance);
            }
            return Ok(());
        };
        let now = frame.span().end.as_secs();
        room.outcome.sound_secs = now;
        let (probability, cost) = self.charge.of(|| room.detector.probability(&frame.samples));
        self.disturb(now, cost);
        self.work_until(now)?;
        let (busy, heard) = (self.busy_until > now, self.heard);
        let is_idle = || self.turns.is_idle(number) && !(busy && heard == Some(number));
        if let Some(utterance) = self.rooms[number].attention.hear(&frame, probability?, is_idle) {
            self.turns.submit(number, utterance);
            self.work_until(now)?;
        }
        Ok(())
    }

    /// Starts the jobs for which the processor is free before `now`.
    fn work_until(&mut self, now: f64) -> anyhow::Result<()> {
        while self.busy_until <= now {
            self.heard = None;
            let Some((number, utterance)) = self.turns.take() else { return Ok(()) };
            self.turns.done(number);
            // It was handed in when it had been heard; the processor may have become free only later.
            let start = self.busy_until.max(utterance.heard_until.as_secs());
            self.recognise(number, &utterance, start)?;
        }
        Ok(())
    }

    fn recognise(&mut self, number: usize, utterance: &Utterance, start: f64) -> anyhow::Result<()> {
        let room = &mut self.rooms[number];
        let (heard, cost) = self.charge.of(|| room.listener.hear(&mut self.models.recogniser, utterance));
        self.occupy(start, cost);
        self.heard = Some(number);
        let Heard { transcript, rejection } = heard?;
        let outcome = &mut self.rooms[number].outcome;
        if let Some(cause) = rejection {
            *outcome.rejected.entry(cause.name()).or_default() += 1;
        }
        outcome.trace.extend(TraceLine::of(self.busy_until, &transcript, SampleTime::ZERO));
        if transcript.is_final && !transcript.committed.is_empty() {
            self.translate(&transcript)?;
        }
        Ok(())
    }

    /// The translation itself is not scored here; its work delays what comes after it.
    fn translate(&mut self, transcript: &Transcript) -> anyhow::Result<()> {
        let text = join_words(&transcript.committed);
        let translator = &mut self.models.translator;
        let (translated, cost) =
            self.charge.of(|| translator.translate(&text, transcript.lang, transcript.lang.other()));
        translated?;
        self.occupy(self.busy_until, cost);
        Ok(())
    }

    /// A little work at `now` that delays what is being done, and finds room in the pauses between two jobs.
    fn disturb(&mut self, now: f64, cost: f64) {
        if self.busy_until > now {
            self.busy_until += cost;
        }
        self.charged += cost;
    }

    /// The processor works for `cost` seconds, from `start` or from when it is free.
    fn occupy(&mut self, start: f64, cost: f64) {
        self.busy_until = self.busy_until.max(start) + cost;
        self.charged += cost;
    }
}
