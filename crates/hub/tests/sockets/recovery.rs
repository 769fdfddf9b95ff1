use dostyq_hub::{RING_EVENTS, WELCOME_EVENTS};
use dostyq_log::EventLog;
use dostyq_speech::{CaptionEvent, Entry, Lang, Marker, Offset, SampleTime};
use proptest::prelude::*;
use tokio::task::block_in_place;

use crate::hall::{Hall, Viewer, final_line, open_line, room};
use crate::reader::Reader;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_that_drops_after_any_event_gets_exactly_what_it_missed() {
    let mut hall = Hall::open().await;
    let mut away = Vec::new();
    for segment in 1..40 {
        // One viewer leaves before each event, with what it has.
        away.push(Viewer::come(hall.address, Reader::new(&[Lang::Russian])).await.reader);
        hall.finals(segment..segment + 1);
    }
    let events = hall.events();
    for (held, reader) in away.into_iter().enumerate() {
        assert_eq!(reader.offset, Offset(held as u64));
        let viewer = Viewer::come(hall.address, reader).await;
        assert!(viewer.reader.is_recovered, "it had {held} events");
        viewer.reader.assert_holds(&events);
    }
    hall.until("all recovered", |hub| hub.counts().recovered == 39).await;
    assert_eq!(hall.hub.counts().not_recovered, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recovery_outlives_the_server() {
    let mut hall = Hall::open().await;
    hall.finals(1..4);
    let viewer = Viewer::come(hall.address, Reader::new(&Lang::ALL)).await;
    hall.publish(CaptionEvent::Open(open_line(4, Lang::Kazakh, "біз", "")));
    let held = viewer.reader.clone();
    drop(viewer);
    hall.finals(5..8);

    let mut hall = hall.restart().await;
    hall.finals(8..10);
    let viewer = Viewer::come(hall.address, held).await;
    assert!(viewer.reader.is_recovered, "the epoch is the log's, not the server's");
    assert!(viewer.reader.open.is_empty(), "what was open when the server went is gone");
    viewer.reader.assert_holds(&hall.events());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_away_too_long_starts_from_the_newest_events() {
    let mut hall = Hall::open().await;
    let early = Viewer::come(hall.address, Reader::new(&Lang::ALL)).await.reader;
    hall.finals(1..2);
    let late = Viewer::come(hall.address, Reader::new(&Lang::ALL)).await.reader;
    hall.finals(2..RING_EVENTS as u64 + 2);
    let check = async |reader: Reader, is_recovered, count| {
        let viewer = Viewer::come(hall.address, reader).await;
        assert_eq!(viewer.reader.is_recovered, is_recovered);
        assert_eq!(viewer.reader.events.len(), count);
        viewer.reader.assert_holds(&hall.events());
    };
    check(early, false, WELCOME_EVENTS).await;
    check(late, true, RING_EVENTS + 1).await;
    check(Reader::new(&[Lang::Kazakh]), false, WELCOME_EVENTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_else_wrote_to_the_log_is_shown_in_its_place() {
    let mut hall = Hall::open().await;
    let mut viewer = Viewer::come(hall.address, Reader::new(&Lang::ALL)).await;
    hall.finals(1..3);
    for _ in 0..2 {
        let entry = Entry::Marker { at: SampleTime::ZERO, marker: Marker::Gap { millis: 5 } };
        block_in_place(|| hall.log.append(&room(), &entry)).expect("the log takes it");
    }
    hall.finals(3..5);
    viewer.until(Offset(6)).await;
    viewer.reader.assert_holds(&hall.events());
}

/// What happens in the hall, in order.
#[derive(Clone, Copy, Debug)]
enum Step {
    Final,
    Open,
    /// A viewer comes, or comes back with what it has.
    Come(usize),
    /// A viewer reads up to the event that is now the last.
    Read(usize),
    /// A viewer's connection is cut with whatever was on its way.
    Cut(usize),
}

const VIEWERS: usize = 3;

async fn play(steps: Vec<Step>) {
    let mut hall = Hall::open().await;
    let languages: [&[Lang]; VIEWERS] = [&Lang::ALL, &[Lang::Kazakh], &[Lang::Russian]];
    let mut held = languages.map(Reader::new);
    let mut there: [Option<Viewer>; VIEWERS] = [const { None }; VIEWERS];
    let mut segment = 0;
    for step in steps {
        match step {
            Step::Final => {
                segment += 1;
                hall.finals(segment..segment + 1);
            }
            Step::Open => {
                let lang = Lang::ALL[segment as usize % 2];
                hall.publish(CaptionEvent::Open(open_line(segment + 1, lang, "а", "б")));
            }
            Step::Come(who) => {
                if let Some(viewer) = there[who].take() {
                    held[who] = viewer.reader;
                }
                there[who] = Some(Viewer::come(hall.address, held[who].clone()).await);
            }
            Step::Read(who) => {
                if let Some(viewer) = &mut there[who] {
                    viewer.until(Offset(segment)).await;
                }
            }
            Step::Cut(who) => {
                if let Some(viewer) = there[who].take() {
                    held[who] = viewer.reader;
                }
            }
        }
    }
    for (viewer, held) in there.into_iter().zip(held) {
        let mut viewer = match viewer {
            Some(viewer) => viewer,
            None => Viewer::come(hall.address, held).await,
        };
        viewer.until(Offset(segment)).await;
        viewer.reader.assert_holds(&hall.events());
    }
    assert_eq!(hall.hub.counts().not_recovered, 0, "nobody was away for long");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, max_shrink_iters: 64, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_every_viewers_text_is_the_log(
        steps in prop::collection::vec(
            prop_oneof![
                6 => Just(Step::Final),
                3 => Just(Step::Open),
                3 => (0..VIEWERS).prop_map(Step::Come),
                2 => (0..VIEWERS).prop_map(Step::Read),
                2 => (0..VIEWERS).prop_map(Step::Cut),
            ],
            0..60,
        )
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        runtime.block_on(async { tokio::spawn(play(steps)).await })?;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn viewers_that_come_and_go_while_a_stage_speaks_miss_nothing() {
    const EVENTS: u64 = 400;
    let mut hall = Hall::open().await;
    let mut stage = hall.stage.take().expect("a stage");
    let speaking = std::thread::spawn(move || {
        for segment in 1..=EVENTS {
            let line = final_line(segment, Lang::ALL[segment as usize % 2], "сөз");
            stage.publish(CaptionEvent::Final(line)).expect("it is published");
        }
    });
    let address = hall.address;
    let coming_and_going = |stay: u64, languages: &'static [Lang]| async move {
        let mut reader = Reader::new(languages);
        while reader.offset < Offset(EVENTS) {
            let mut viewer = Viewer::come(address, reader).await;
            let leaves = Offset(EVENTS.min(viewer.reader.offset.0 + stay));
            viewer.until(leaves).await;
            reader = viewer.reader;
        }
        reader
    };
    let viewers = [(1, &Lang::ALL[..]), (7, &Lang::ALL[..1]), (50, &Lang::ALL[1..]), (EVENTS, &Lang::ALL[..])];
    let tasks = viewers.map(|(stay, languages)| tokio::spawn(coming_and_going(stay, languages)));
    for task in tasks {
        let reader = task.await.expect("it reads to the end");
        assert!(reader.events.contains_key(&1), "all were there from the start");
        reader.assert_holds(&hall.events());
    }
    speaking.join().expect("it speaks to the end");
    assert_eq!(hall.hub.counts().not_recovered, 0);
}
