use std::sync::Arc;

use dostyq_log::{Credentials, EventLog, FeedStep, JetStreamLog, LogError, NatsOptions};
use dostyq_speech::{Entry, Offset};

use crate::common::{self, line, offsets, room};
use crate::nats::Nats;
use crate::wire::ScriptedWire;
use crate::{connect, insist, options};

#[test]
fn the_log_keeps_what_its_trait_promises() {
    let nats = Nats::start();
    // A tenant of its own for each promise: none sees the rooms of another.
    let check = |tenant: &str, promise: fn(&dyn EventLog)| {
        let options = NatsOptions { tenant: tenant.parse().unwrap(), ..options(&[nats.url()], 1) };
        promise(&JetStreamLog::connect(&options).unwrap());
    };
    check("pages", common::pages_start_after_their_offset);
    check("apart", common::rooms_are_apart);
    check("unknown", common::unknown_rooms_are_refused_by_name);
    check("anchors", common::anchors_come_in_the_order_of_the_clock);
    check("unfit", common::unfit_entries_take_no_offset);
    common::keeps_what_was_appended(|| connect(nats.url()));
}

#[test]
fn many_threads_append_without_a_gap_while_others_read() {
    let nats = Nats::start();
    let log: Arc<dyn EventLog> = Arc::new(connect(nats.url()));
    common::many_threads_append_without_a_gap(&log);
}

#[test]
fn the_log_outlives_its_server() {
    let mut nats = Nats::start();
    let (log, hall) = (connect(nats.url()), room("hall"));
    let before = log.open(&hall).unwrap();
    for number in 1..=20 {
        log.append(&hall, &line(number)).unwrap();
    }
    nats.kill();
    let error = log.append(&hall, &line(21)).unwrap_err();
    assert!(matches!(error, LogError::Away { .. }), "{error}");
    assert!(matches!(log.read(&hall, Offset(0), 1), Err(LogError::Away { .. })));
    nats.start_again();
    assert_eq!(insist(|| log.append(&hall, &line(21))).offset, Offset(21));
    assert_eq!(log.append(&hall, &line(22)).unwrap().offset, Offset(22));
    let after = log.open(&hall).unwrap();
    assert_eq!((after.epoch, after.started_at_millis), (before.epoch, before.started_at_millis));
    let entries: Vec<Entry> = log.read(&hall, Offset(0), 100).unwrap().into_iter().map(|event| event.entry).collect();
    assert_eq!(entries, (1..=22).map(line).collect::<Vec<_>>());
}

#[test]
fn an_append_whose_answer_was_lost_is_written_once() {
    let nats = Nats::start();
    let wire = ScriptedWire::to(nats.port);
    let (log, hall) = (connect(format!("nats://127.0.0.1:{}", wire.port)), room("hall"));
    log.open(&hall).unwrap();
    log.append(&hall, &line(1)).unwrap();
    wire.lose_next_answer();
    assert_eq!(insist(|| log.append(&hall, &line(2))).offset, Offset(2));
    assert!(wire.has_lost(), "the answer came through, or this test shows nothing");
    // The same line once more is another line.
    assert_eq!(log.append(&hall, &line(2)).unwrap().offset, Offset(3));
    assert_eq!(offsets(&log.read(&hall, Offset(0), 9).unwrap()), [1, 2, 3]);
}

#[test]
fn of_an_append_that_was_given_up_nothing_is_written_over() {
    let mut nats = Nats::start();
    let wire = ScriptedWire::to(nats.port);
    let (log, hall) = (connect(format!("nats://127.0.0.1:{}", wire.port)), room("hall"));
    log.open(&hall).unwrap();
    log.append(&hall, &line(1)).unwrap();
    wire.lose_next_answer();
    // Written, the answer lost, and no server there to be asked again.
    std::thread::scope(|scope| {
        let appending = scope.spawn(|| log.append(&hall, &line(2)));
        crate::until("the answer is lost", || wire.has_lost());
        std::thread::sleep(std::time::Duration::from_millis(100));
        nats.kill();
        assert!(matches!(appending.join().unwrap(), Err(LogError::Away { .. })));
    });
    nats.start_again();
    // Another line takes the place after it.
    assert_eq!(insist(|| log.append(&hall, &line(3))).offset, Offset(3));
    let events = log.read(&hall, Offset(0), 9).unwrap();
    assert_eq!(events.into_iter().map(|event| event.entry).collect::<Vec<_>>(), [line(1), line(2), line(3)]);
}

#[test]
fn of_two_writers_the_older_one_is_fenced() {
    let nats = Nats::start();
    let (first, second, hall) = (connect(nats.url()), connect(nats.url()), room("hall"));
    assert_eq!(first.open(&hall).unwrap(), second.open(&hall).unwrap());
    assert_eq!(first.append(&hall, &line(1)).unwrap().offset, Offset(1));
    assert_eq!(second.append(&hall, &line(2)).unwrap().offset, Offset(2));
    for _ in 0..2 {
        let error = first.append(&hall, &line(3)).unwrap_err();
        assert!(matches!(&error, LogError::Fenced(name) if *name == hall), "{error}");
        assert!(error.to_string().contains("another server"), "{error}");
    }
    assert_eq!(second.append(&hall, &line(4)).unwrap().offset, Offset(3));
    // Looking is no claiming.
    first.open(&hall).unwrap();
    assert!(matches!(first.append(&hall, &line(5)), Err(LogError::Fenced(_))));
    first.claim(&hall);
    assert_eq!(first.append(&hall, &line(5)).unwrap().offset, Offset(4));
    assert!(matches!(second.append(&hall, &line(6)), Err(LogError::Fenced(_))));
    assert_eq!(offsets(&first.read(&hall, Offset(0), 9).unwrap()), [1, 2, 3, 4]);
}

#[test]
fn a_log_that_was_lost_begins_anew() {
    let nats = Nats::start();
    let (log, hall) = (connect(nats.url()), room("hall"));
    let before = log.open(&hall).unwrap();
    log.append(&hall, &line(1)).unwrap();
    log.wait(log.jetstream().delete_stream("CAP-log+test+hall")).unwrap();
    assert!(matches!(log.append(&hall, &line(2)), Err(LogError::UnknownRoom(_))));
    let after = log.open(&hall).unwrap();
    assert_ne!(after.epoch, before.epoch);
    assert_eq!(log.append(&hall, &line(2)).unwrap().offset, Offset(1));
}

#[test]
fn a_log_that_lost_its_newest_events_goes_on_from_those_it_has() {
    let mut nats = Nats::start();
    let (log, hall) = (connect(nats.url()), room("hall"));
    let head = log.open(&hall).unwrap();
    let append = |number| insist(|| log.append(&hall, &line(number))).offset.0;
    assert_eq!([1, 2, 3].map(append), [1, 2, 3]);
    nats.kill();
    nats.remember();
    nats.start_again();
    assert_eq!([4, 5].map(append), [4, 5]);
    let mut feed = log.feed(&hall, head.epoch, Offset(4));
    let mut next = || log.wait(async { tokio::time::timeout(crate::PATIENCE, feed.next()).await.unwrap() });
    assert!(matches!(next(), FeedStep::Event(event) if event.offset == Offset(5)));
    // As after a loss of power on a server that had not synced, or from a copy of yesterday.
    nats.kill();
    nats.go_back();
    nats.start_again();
    assert_eq!(append(6), 4);
    assert_eq!(next(), FeedStep::Replaced);
    assert_eq!(append(7), 5);
    assert_eq!(log.open(&hall).unwrap().epoch, head.epoch);
    assert_eq!(offsets(&log.read(&hall, Offset(0), 9).unwrap()), [1, 2, 3, 4, 5]);
}

#[test]
fn what_cannot_be_is_said() {
    let mut nats = Nats::with("authorization { user: dostyq, password: s3cret }");
    let url = nats.url();
    let check = |credentials: Credentials, expect: &str| {
        let options = NatsOptions { credentials, ..options(std::slice::from_ref(&url), 1) };
        match JetStreamLog::connect(&options) {
            Ok(log) => assert_eq!(log.open(&room("hall")).map(|head| head.top).unwrap(), Offset(0), "{expect}"),
            Err(error) => {
                let error = error.to_string();
                assert!(error.contains(expect) && !error.contains("s3cret"), "{error}");
            }
        }
    };
    check(Credentials::parse("dostyq:s3cret").unwrap(), "it is let in");
    check(Credentials::parse("dostyq:s3crets").unwrap(), "does not know the credentials");
    check(Credentials::None, "does not know the credentials");
    nats.kill();
    check(Credentials::None, "does not answer");

    // Three replicas on one server, and a server without JetStream.
    let nats = Nats::start();
    let log = JetStreamLog::connect(&options(&[nats.url()], 3)).unwrap();
    let error = log.open(&room("hall")).unwrap_err();
    assert!(matches!(error, LogError::Refused { .. }), "{error}");
    assert!(error.to_string().contains("replicas"), "{error}");
}
