//! Four hours of a hall, with engines that say what they are told: nothing may grow, and no time may drift.

use dostyq_capture::CaptureError;
use dostyq_recognise::{RecogniseError, Recogniser, Recognition, Request, Signals};
use dostyq_speech::{AudioFrame, Hypothesis, Lang, LangChoice, Marker, TimeSpan, Word};
use dostyq_translate::{Direction, SentenceRequest, TargetWord, TranslateError};

use super::*;
use crate::eval::memory_mb;

const FRAME: usize = 512;
/// One word of the scripted speech, samples (0.4 s).
const WORD: u64 = 6_400;
/// Words that are spoken, and words' time of silence after them, again and again.
const SPOKEN: u64 = 17;
const SILENT: u64 = 3;

/// Speech as a level: a word is there or it is not.
struct ScriptedHall {
    at: u64,
    until: u64,
}

impl Source for ScriptedHall {
    fn next_frame(&mut self) -> Result<Option<AudioFrame>, CaptureError> {
        if self.at >= self.until {
            return Ok(None);
        }
        let samples = (self.at..).take(FRAME).map(|i| if is_spoken(i) { 0.5 } else { 0.0 }).collect();
        let frame = AudioFrame { start: SampleTime(self.at), samples };
        self.at += FRAME as u64;
        Ok(Some(frame))
    }

    fn take_marker(&mut self) -> Option<(SampleTime, Marker)> {
        None
    }
}

fn is_spoken(sample: u64) -> bool {
    sample / WORD % (SPOKEN + SILENT) < SPOKEN
}

/// Hears each whole word, by its number since the start.
struct ScriptedRecogniser;

impl Recogniser for ScriptedRecogniser {
    fn recognise(&mut self, request: &Request<'_>) -> Result<Recognition, RecogniseError> {
        let span = request.utterance.span();
        let numbers = span.start.0.div_ceil(WORD)..span.end.0 / WORD;
        let words = numbers.filter(|number| is_spoken(number * WORD)).map(|number| {
            let start = SampleTime(number * WORD);
            Word { text: format!("слово{number}"), span: TimeSpan::new(start, start + WORD), confidence: 0.9 }
        });
        Ok(Recognition {
            hypothesis: Hypothesis { lang: Lang::Russian, lang_confidence: 1.0, words: words.collect() },
            signals: Signals { mean_log_probability: -0.1, no_speech_probability: 0.0, looped: false },
        })
    }
}

struct ScriptedTranslator;

impl Translator for ScriptedTranslator {
    fn sentence(&mut self, request: &SentenceRequest<'_>) -> Result<Vec<TargetWord>, TranslateError> {
        let words = request.sentence.split_whitespace();
        Ok(words.map(|word| TargetWord { text: word.into(), tokens: vec![0] }).collect())
    }

    fn pieces<'t>(&self, sentence: &'t str, _: Direction) -> Result<Vec<&'t str>, TranslateError> {
        Ok(vec![sentence])
    }
}

#[test]
fn four_hours_neither_grow_nor_drift() {
    const HOURS: u64 = 4;
    const HOUR: u64 = 3_600 * 16_000;
    let mut recognisers = EngineSet { usual: Box::new(ScriptedRecogniser), lighter: None };
    let mut translator = ScriptedTranslator;
    let new_detector = || -> anyhow::Result<Detector> {
        Ok(Box::new(|samples: &[f32]| Ok(if samples.iter().any(|s| *s > 0.0) { 0.9 } else { 0.0 })))
    };
    let machine =
        Machine { new_detector: Box::new(new_detector), recognisers: &mut recognisers, translator: &mut translator };
    let mut simulation = Simulation::new(machine, Ladder::default(), Charge::Processor { cores: 1 });
    let hall = ScriptedHall { at: 0, until: HOURS * HOUR };
    simulation.add(Box::new(hall), LangChoice::Auto, &RoomTerms::default(), None).expect("a room");

    let (mut finals, mut words, mut drift): (u64, u64, f64) = (0, 0, 0.0);
    let mut memory = Vec::new();
    let outcome = simulation
        .run(&mut |_, line| {
            if !line.is_final {
                return;
            }
            finals += 1;
            let numbers: Vec<u64> = line
                .committed
                .split_whitespace()
                .map(|word| word.trim_start_matches("слово").parse().expect("a number"))
                .collect();
            words += numbers.len() as u64;
            let secs = |number: u64| SampleTime(number * WORD).as_secs();
            let (first, last) = (numbers[0], numbers[numbers.len() - 1]);
            drift = drift.max((line.start - secs(first)).abs()).max((line.end - secs(last + 1)).abs());
            if line.end > (memory.len() + 1) as f64 * 3_600.0 - 60.0 {
                memory.push(memory_mb("VmRSS:").unwrap_or(0.0));
            }
        })
        .expect("it runs");

    let cycles = HOURS * HOUR / (WORD * (SPOKEN + SILENT));
    assert!(finals >= cycles, "a line for each stretch of speech: {finals} of {cycles}");
    assert_eq!(words, cycles * SPOKEN, "no word is lost or doubled");
    assert!(drift < 0.05, "times drift by {drift} s");
    let growth = memory[memory.len() - 1] - memory[0];
    assert!(growth < 4.0, "memory at the end of each hour, MB: {memory:?}");
    assert_eq!(outcome.rooms[0].ladder, [], "an engine that costs nothing keeps up");
}
