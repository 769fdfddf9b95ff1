use std::time::Duration;

use dostyq_log::{EventLog, FeedStep, JetStreamLog, RoomFeed};
use dostyq_speech::Offset;

use crate::common::{line, room};
use crate::nats::Nats;
use crate::{PATIENCE, connect, insist};

fn next(log: &JetStreamLog, feed: &mut RoomFeed) -> FeedStep {
    log.wait(async { tokio::time::timeout(PATIENCE, feed.next()).await.expect("it comes in time") })
}

fn expect_events(log: &JetStreamLog, feed: &mut RoomFeed, offsets: std::ops::RangeInclusive<u64>) {
    for offset in offsets {
        let FeedStep::Event(event) = next(log, feed) else { panic!("the log was not replaced") };
        assert_eq!((event.offset.0, event.entry), (offset, line(offset)));
    }
}

#[test]
fn a_feed_brings_every_event_once_across_a_restart_of_the_server() {
    let mut nats = Nats::start();
    let (writer, reader, hall) = (connect(nats.url()), connect(nats.url()), room("hall"));
    let head = writer.open(&hall).unwrap();
    for number in 1..=5 {
        writer.append(&hall, &line(number)).unwrap();
    }
    let mut feed = reader.feed(&hall, head.epoch, Offset(2));
    expect_events(&reader, &mut feed, 3..=5);
    let append = |numbers: std::ops::RangeInclusive<u64>| {
        numbers.for_each(|number| drop(insist(|| writer.append(&hall, &line(number)))));
    };
    append(6..=8);
    expect_events(&reader, &mut feed, 6..=8);
    // Away, back, and nothing said in between; then away while something was said.
    for round in [9, 12] {
        nats.kill();
        std::thread::sleep(Duration::from_millis(500));
        nats.start_again();
        append(round..=round + 2);
        expect_events(&reader, &mut feed, round..=round + 2);
    }
}

#[test]
fn a_feed_whose_consumer_is_gone_opens_another() {
    let nats = Nats::start();
    let (log, hall) = (connect(nats.url()), room("hall"));
    let head = log.open(&hall).unwrap();
    let mut feed = log.feed(&hall, head.epoch, Offset(0));
    log.append(&hall, &line(1)).unwrap();
    expect_events(&log, &mut feed, 1..=1);
    // As a server does that thinks its reader dead.
    let deleted = log.wait(async {
        use futures_util::TryStreamExt;
        let stream = log.jetstream().get_stream("CAP-log+test+hall").await.unwrap();
        let names: Vec<String> = stream.consumer_names().try_collect().await.unwrap();
        for name in &names {
            stream.delete_consumer(name).await.unwrap();
        }
        names.len()
    });
    assert_eq!(deleted, 1);
    log.append(&hall, &line(2)).unwrap();
    expect_events(&log, &mut feed, 2..=2);
}

#[test]
fn a_log_that_was_replaced_is_told_from_one_that_is_away() {
    let nats = Nats::start();
    let (log, hall) = (connect(nats.url()), room("hall"));
    let head = log.open(&hall).unwrap();
    let mut feed = log.feed(&hall, head.epoch, Offset(0));
    log.append(&hall, &line(1)).unwrap();
    expect_events(&log, &mut feed, 1..=1);
    log.wait(log.jetstream().delete_stream("CAP-log+test+hall")).unwrap();
    let silence = log.wait(async { tokio::time::timeout(Duration::from_secs(2), feed.next()).await });
    assert!(silence.is_err(), "a log that is not there is none that was replaced");
    assert_ne!(log.open(&hall).unwrap().epoch, head.epoch);
    assert_eq!(next(&log, &mut feed), FeedStep::Replaced);
}
