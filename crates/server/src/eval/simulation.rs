use std::collections::BTreeMap;
use std::sync::Arc;

use dostyq_capture::{Recovery, Source};
use dostyq_prepared::PreparedSpeech;
use dostyq_recognise::{EngineSet, Heard, Ladder, Listener, Workload};
use dostyq_speech::{Effort, LangChoice, SampleTime, SegmentId, Transcript, Utterance};
use dostyq_translate::{Knowledge, Translator};

use super::charge::Charge;
use crate::authorship::{Authorship, Written};
use crate::engines::Models;
use crate::glossary::RoomTerms;
use crate::interpreter::{Interpreter, SourceText};
use crate::pipeline::{Attention, Moments};
use crate::trace::TraceLine;

/// What came of a room.
#[derive(Debug, Default)]
pub(crate) struct Simulated {
    /// Hypotheses thrown out, by cause.
    pub(crate) rejected: BTreeMap<&'static str, u64>,
    /// Steps of the degradation ladder, each with its second.
    pub(crate) ladder: Vec<(f64, Effort)>,
    /// When a prepared speech went on air and off.
    pub(crate) on_air: Vec<(f64, bool)>,
    /// Seconds of sound.
    pub(crate) sound_secs: f64,
    /// By how much each translation came later than its finished source, seconds.
    pub(crate) translation_secs: Vec<f64>,
}

/// What came of all rooms.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) rooms: Vec<Simulated>,
    /// All that was charged, seconds.
    pub(crate) charged: f64,
}

/// Judges the voice in a frame.
pub(crate) type Detector = Box<dyn FnMut(&[f32]) -> anyhow::Result<f32>>;

/// The engines that the rooms share.
pub(crate) struct Machine<'a> {
    pub(crate) new_detector: Box<dyn Fn() -> anyhow::Result<Detector> + 'a>,
    pub(crate) recognisers: &'a mut EngineSet,
    pub(crate) translator: &'a mut dyn Translator,
}

impl<'a> Machine<'a> {
    pub(crate) fn of(models: &'a mut Models) -> Machine<'a> {
        let Models { voice_detectors, recognisers, translator } = models;
        let new_detector = || -> anyhow::Result<Detector> {
            let mut detector = voice_detectors.make()?;
            Ok(Box::new(move |samples| Ok(detector.probability(samples)?)))
        };
        Machine { new_detector: Box::new(new_detector), recognisers, translator: translator.as_mut() }
    }
}

/// What the engine works on; what came of it is known when it is done.
struct Job {
    room: usize,
    is_final: bool,
    /// Seconds, without the translation.
    cost: f64,
    heard: Heard,
    heard_until: SampleTime,
}

/// A room of the simulation.
struct Room {
    source: Box<dyn Source>,
    detector: Detector,
    attention: Attention,
    listener: Listener,
    moments: Moments,
    authorship: Authorship,
    knowledge: Arc<Knowledge>,
    effort: Effort,
    /// What was translated last: the segment, and how much of it.
    translated: (SegmentId, usize),
    has_ended: bool,
    outcome: Simulated,
}

/// A machine on which rooms are captioned as `serve` does it, on a clock that costs nothing: time passes with the sound,
/// and each piece of work occupies the processor for as long as it is charged. The rooms' frames arrive side by side.
pub(crate) struct Simulation<'a> {
    machine: Machine<'a>,
    charge: Charge,
    interpreter: Interpreter,
    rooms: Vec<Room>,
    workload: Workload,
    /// Until when the processor is busy, seconds of simulated time.
    busy_until: f64,
    /// The room that the engine works for until then.
    heard: Option<Job>,
    charged: f64,
}

impl<'a> Simulation<'a> {
    pub(crate) fn new(machine: Machine<'a>, ladder: Ladder, charge: Charge) -> Simulation<'a> {
        let workload = Workload::new(ladder);
        let interpreter = Interpreter::default();
        Simulation {
            machine,
            charge,
            interpreter,
            rooms: Vec::new(),
            workload,
            busy_until: 0.0,
            heard: None,
            charged: 0.0,
        }
    }

    /// Adds a room that hears `source` from its start, in which perhaps a prepared speech is held.
    pub(crate) fn add(
        &mut self,
        source: Box<dyn Source>,
        lang: LangChoice,
        terms: &RoomTerms,
        speech: Option<&PreparedSpeech>,
    ) -> anyhow::Result<()> {
        self.workload.turns().join(self.rooms.len());
        let mut authorship = Authorship::new(SegmentId(1));
        authorship.load(speech);
        self.rooms.push(Room {
            source,
            detector: (self.machine.new_detector)()?,
            attention: Attention::new(SegmentId(1), SampleTime::ZERO, true),
            listener: Listener::new(lang, Arc::clone(&terms.spoken)),
            moments: Moments::from(SampleTime::ZERO),
            authorship,
            knowledge: Arc::clone(&terms.translated),
            effort: Effort::Full,
            translated: (SegmentId(0), 0),
            has_ended: false,
            outcome: Simulated::default(),
        });
        Ok(())
    }

    /// Runs all rooms to their ends; `show` gets what the viewers of each room could see, in the order of display.
    pub(crate) fn run(mut self, show: &mut dyn FnMut(usize, TraceLine)) -> anyhow::Result<Outcome> {
        while self.rooms.iter().any(|room| !room.has_ended) {
            for room in 0..self.rooms.len() {
                self.hear_frame(room, show)?;
            }
        }
        self.work_until(f64::INFINITY, show)?;
        for number in 0..self.rooms.len() {
            let written = self.rooms[number].authorship.finish();
            self.write(number, written, self.busy_until, show)?;
        }
        let rooms = self.rooms.into_iter().map(|room| room.outcome).collect();
        Ok(Outcome { rooms, charged: self.charged })
    }

    /// One frame of one room: capture, voice activity, segmentation; then the engine works as far as time has passed.
    fn hear_frame(&mut self, number: usize, show: &mut dyn FnMut(usize, TraceLine)) -> anyhow::Result<()> {
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
                self.workload.submit(number, utterance, room.outcome.sound_secs);
            }
            return Ok(());
        };
        let now = frame.span().end.as_secs();
        room.outcome.sound_secs = now;
        let (probability, cost) = self.charge.of(|| (room.detector)(&frame.samples));
        self.disturb(now, cost);
        self.work_until(now, show)?;
        let pulse = self.workload.pulse(number, now);
        let room = &mut self.rooms[number];
        if pulse.effort != room.effort {
            room.effort = pulse.effort;
            room.outcome.ladder.push((now, pulse.effort));
        }
        let probability = probability?;
        let moment = room.moments.pass(frame.span().end, probability);
        let written = moment.map(|is_voiced| room.authorship.advance(frame.span().end, is_voiced));
        self.write(number, written.unwrap_or_default(), now, show)?;
        for utterance in self.rooms[number].attention.hear(&frame, probability, pulse) {
            self.workload.submit(number, utterance, now);
            self.work_until(now, show)?;
        }
        Ok(())
    }

    /// Starts the jobs for which the processor is free before `now`.
    fn work_until(&mut self, now: f64, show: &mut dyn FnMut(usize, TraceLine)) -> anyhow::Result<()> {
        while self.busy_until <= now {
            if let Some(job) = self.heard.take() {
                self.done(&job, show)?;
                continue;
            }
            let Some((number, utterance)) = self.workload.turns().take() else { return Ok(()) };
            // It was handed in when it had been heard; the processor may have become free only later.
            let start = self.busy_until.max(utterance.heard_until.as_secs());
            self.recognise(number, &utterance, start)?;
        }
        Ok(())
    }

    /// Hears an utterance from the moment `start` on.
    fn recognise(&mut self, number: usize, utterance: &Utterance, start: f64) -> anyhow::Result<()> {
        let room = &mut self.rooms[number];
        let engine = self.machine.recognisers.at(self.workload.effort());
        let (heard, cost) = self.charge.of(|| room.listener.hear(engine, utterance));
        self.occupy(start, cost);
        let (heard, heard_until, is_final) = (heard?, utterance.span().end, utterance.is_final);
        self.heard = Some(Job { room: number, is_final, cost, heard, heard_until });
        Ok(())
    }

    /// The engine is done with an utterance.
    fn done(&mut self, job: &Job, show: &mut dyn FnMut(usize, TraceLine)) -> anyhow::Result<()> {
        let &Job { room: number, is_final, cost, ref heard, heard_until } = job;
        self.workload.done(number, is_final, cost);
        if let Some(at) = heard.switched_at {
            self.workload.switched(number, at);
        }
        let room = &mut self.rooms[number];
        if let Some(cause) = heard.rejection {
            *room.outcome.rejected.entry(cause.name()).or_default() += 1;
        }
        let written = room.authorship.hear(heard, heard_until);
        room.listener.expect(room.authorship.expected());
        self.write(number, written, self.busy_until, show)
    }

    /// Viewers see lines from the moment `at` on.
    fn write(
        &mut self,
        number: usize,
        written: Vec<Written>,
        at: f64,
        show: &mut dyn FnMut(usize, TraceLine),
    ) -> anyhow::Result<()> {
        for written in written {
            match written {
                Written::Line { transcript, partner } => {
                    if let Some(line) = TraceLine::of(at, &transcript, SampleTime::ZERO) {
                        show(number, line);
                    }
                    if partner.is_none() && self.workload.effort() < Effort::SourceOnly {
                        self.translate(number, &transcript)?;
                    }
                }
                Written::Withdrawn(segment) => show(number, TraceLine::withdrawn(at, segment)),
                Written::OnAir { is_script, .. } => self.rooms[number].outcome.on_air.push((at, is_script)),
            }
        }
        Ok(())
    }

    /// The translation itself is not scored here; its work delays what comes after it.
    fn translate(&mut self, number: usize, transcript: &Transcript) -> anyhow::Result<()> {
        let room = &mut self.rooms[number];
        let Some(source) = SourceText::of(transcript, &room.knowledge) else { return Ok(()) };
        let now = (source.segment, source.text.len());
        if !source.is_final && std::mem::replace(&mut room.translated, now) == now {
            return Ok(());
        }
        let (interpreter, translator) = (&mut self.interpreter, &mut *self.machine.translator);
        let (translated, cost) = self.charge.of(|| interpreter.translate(translator, number, &source));
        translated?;
        self.occupy(self.busy_until, cost);
        if source.is_final {
            self.rooms[number].outcome.translation_secs.push(cost);
        }
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

#[cfg(test)]
mod tests;
