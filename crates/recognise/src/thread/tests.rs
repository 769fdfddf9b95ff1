use super::*;
use crate::{Recogniser, Recognition, Request, Signals};
use dostyq_speech::{Hypothesis, Lang, SampleTime, SegmentId, TimeSpan};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Hears nothing, once it is let.
struct ScriptedRecogniser(Receiver<()>);

impl Recogniser for ScriptedRecogniser {
    fn recognise(&mut self, _: &Request<'_>) -> Result<Recognition, RecogniseError> {
        self.0.recv().map_err(|e| RecogniseError::Decode(e.to_string()))?;
        Ok(Recognition {
            hypothesis: Hypothesis { lang: Lang::Russian, lang_confidence: 1.0, words: Vec::new() },
            signals: Signals { mean_log_probability: 0.0, no_speech_probability: 1.0, looped: false },
        })
    }
}

fn utterance(segment: u64, length: usize, is_final: bool) -> Utterance {
    Utterance {
        segment: SegmentId(segment),
        start: SampleTime::ZERO,
        samples: vec![0.0; length],
        voiced: TimeSpan::default(),
        voiced_secs: length as f64,
        heard_until: SampleTime::ZERO,
        is_final,
    }
}

fn engine() -> (SyncSender<()>, RecogniserThread) {
    let (let_go, gate) = sync_channel(100);
    let reopen = Box::new(|| Err(RecogniseError::Stopped));
    (let_go, RecogniserThread::spawn("scripted", set(gate), reopen, Ladder::default()).expect("a thread"))
}

fn set(gate: Receiver<()>) -> EngineSet {
    EngineSet { usual: Box::new(ScriptedRecogniser(gate)), lighter: None }
}

#[test]
fn a_newer_draft_replaces_the_waiting_one_and_finals_all_come() {
    let (let_go, thread) = engine();
    let (heard, verdicts) = sync_channel(100);
    let room = thread.join(Listener::default(), move |verdict| {
        heard
            .send((verdict.utterance.segment.0, verdict.utterance.voiced_secs as usize, verdict.utterance.is_final))
            .expect("a reader");
    });
    // The first job occupies the engine; the others wait.
    thread.submit(Job { room, utterance: utterance(1, 10, false) }).expect("open");
    while thread.shared.lock().busy.is_none() {
        std::thread::yield_now();
    }
    for length in [20, 30, 40] {
        thread.submit(Job { room, utterance: utterance(1, length, false) }).expect("open");
    }
    assert!(!thread.pulse(room).is_ready);
    thread.submit(Job { room, utterance: utterance(1, 50, true) }).expect("open");
    thread.submit(Job { room, utterance: utterance(2, 60, true) }).expect("open");
    thread.submit(Job { room, utterance: utterance(3, 70, false) }).expect("open");
    for _ in 0..4 {
        let_go.send(()).expect("an engine");
    }
    let order: Vec<_> = verdicts.iter().take(4).collect();
    assert_eq!(order, [(1, 10, false), (1, 50, true), (2, 60, true), (3, 70, false)]);
}

#[test]
fn a_room_leaves_when_its_finals_are_heard() {
    let (let_go, thread) = engine();
    let (heard, verdicts) = sync_channel(100);
    let room = thread.join(Listener::default(), move |v| heard.send(v.utterance.segment.0).expect("a reader"));
    for segment in 1..=3 {
        thread.submit(Job { room, utterance: utterance(segment, 1, true) }).expect("open");
        let_go.send(()).expect("an engine");
    }
    thread.leave(room);
    assert_eq!(verdicts.iter().collect::<Vec<_>>(), [1, 2, 3]);
    assert!(matches!(thread.submit(Job { room, utterance: utterance(4, 1, true) }), Err(RecogniseError::Stopped)));
}

#[test]
fn a_closed_engine_keeps_nobody_waiting() {
    let (let_go, thread) = engine();
    let (heard, verdicts) = sync_channel(100);
    let room = thread.join(Listener::default(), move |v| heard.send(v.utterance.segment.0).expect("a reader"));
    thread.submit(Job { room, utterance: utterance(1, 1, true) }).expect("open");
    while thread.shared.lock().busy.is_none() {
        std::thread::yield_now();
    }
    for segment in 2..=4 {
        thread.submit(Job { room, utterance: utterance(segment, 1, true) }).expect("open");
    }
    assert_eq!(thread.close(), 3);
    thread.leave(room);
    let_go.send(()).expect("an engine");
    drop(thread);
    assert_eq!(verdicts.iter().collect::<Vec<_>>(), [1], "what the engine worked on is still answered");
}
#[test]
fn an_engine_that_hangs_is_replaced_and_its_room_goes_on() {
    let (_kept_shut, gate) = sync_channel(1);
    let (let_go, fresh) = sync_channel(100);
    let mut fresh = Some(fresh);
    let reopen = Box::new(move || fresh.take().map(set).ok_or(RecogniseError::Stopped));
    let moment = Duration::from_millis(50);
    let thread =
        RecogniserThread::spawn_with("scripted", set(gate), reopen, Ladder::default(), moment).expect("a thread");
    let (heard, verdicts) = sync_channel(100);
    let room = thread.join(Listener::default(), move |v| {
        heard.send((v.utterance.segment.0, v.heard.map_err(|(e, _)| e.to_string()))).expect("a reader");
    });
    for segment in 1..=2 {
        thread.submit(Job { room, utterance: utterance(segment, 1, true) }).expect("open");
    }
    let_go.send(()).expect("an engine");
    let (segment, lost) = verdicts.recv().expect("a verdict");
    assert!(segment == 1 && lost.expect_err("it hangs").contains("has not answered"));
    let (segment, heard) = verdicts.recv().expect("a verdict");
    assert!(segment == 2 && heard.is_ok(), "the new engine hears what waited");
}

#[test]
fn an_engine_that_crashes_and_cannot_be_replaced_refuses_work() {
    struct ScriptedCrash;
    impl Recogniser for ScriptedCrash {
        fn recognise(&mut self, _: &Request<'_>) -> Result<Recognition, RecogniseError> {
            panic!("scripted")
        }
    }
    let engines = EngineSet { usual: Box::new(ScriptedCrash), lighter: None };
    let reopen = Box::new(|| Err(RecogniseError::Stopped));
    let thread = RecogniserThread::spawn("scripted", engines, reopen, Ladder::default()).expect("a thread");
    let (heard, verdicts) = sync_channel(100);
    let room = thread.join(Listener::default(), move |v| heard.send(v.heard).expect("a reader"));
    thread.submit(Job { room, utterance: utterance(1, 1, true) }).expect("open");
    let verdict = verdicts.recv().expect("a verdict");
    assert!(matches!(verdict, Err((RecogniseError::Panicked, Some(rest))) if rest.transcript.is_final));
    thread.leave(room);
    let refused = thread.submit(Job { room, utterance: utterance(2, 1, true) });
    assert!(matches!(refused, Err(RecogniseError::Stopped)));
}
