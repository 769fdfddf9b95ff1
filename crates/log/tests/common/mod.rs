//! What the tests of every log share: entries, and what the trait promises.

// Each test file uses its own part of this.
#![allow(dead_code)]
#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use std::sync::Arc;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use dostyq_log::{Anchor, EventLog, LogError};
use dostyq_speech::{
    Author, Caption, Entry, Event, Lang, Marker, Offset, RoomId, SampleTime, SegmentId, TimeSpan, Word,
};

pub(crate) fn room(name: &str) -> RoomId {
    name.parse().unwrap()
}

/// A caption whose text and numbers differ with `number`.
pub(crate) fn line(number: u64) -> Entry {
    let span = TimeSpan::new(SampleTime::from_millis(number * 100), SampleTime::from_millis(number * 100 + 90));
    Entry::Final(Caption {
        segment: SegmentId(number),
        revision: 0,
        lang: Lang::Kazakh,
        spoken: Lang::Kazakh,
        lang_confidence: 0.1 + 1.0 / (number as f32 + 2.0),
        span,
        text: format!("«Құрметті әріптестер» №{number}\n\"'\u{0}"),
        words: vec![Word { text: "Құрметті".into(), span, confidence: 1.0 / 3.0 }],
        author: Author::Machine,
    })
}

pub(crate) fn offsets(events: &[Event]) -> Vec<u64> {
    events.iter().map(|event| event.offset.0).collect()
}

/// What was appended reads back the same from the log that `reopen` gives.
pub(crate) fn keeps_what_was_appended<Log: EventLog>(open: impl Fn() -> Log) {
    let hall = room("hall");
    let entries: Vec<Entry> = [
        line(1),
        line(2),
        Entry::Marker { at: SampleTime(u64::MAX), marker: Marker::Gap { millis: 1500 } },
        Entry::Marker { at: SampleTime(7), marker: Marker::Looped },
    ]
    .into();

    let log = open();
    let before = log.open(&hall).unwrap();
    assert_eq!(before.top, Offset(0));
    let appended: Vec<Event> = entries.iter().map(|entry| log.append(&hall, entry).unwrap()).collect();
    assert_eq!(offsets(&appended), [1, 2, 3, 4]);
    drop(log);

    let log = open();
    let after = log.open(&hall).unwrap();
    assert_eq!((after.epoch, after.started_at_millis), (before.epoch, before.started_at_millis));
    assert_eq!(after.top, Offset(4));
    assert_eq!(log.read(&hall, Offset(0), usize::MAX).unwrap(), appended);
    assert_eq!(appended.iter().map(|event| event.entry.clone()).collect::<Vec<_>>(), entries);
    assert_eq!(log.append(&hall, &line(5)).unwrap().offset, Offset(5));
}

pub(crate) fn pages_start_after_their_offset(log: &dyn EventLog) {
    let hall = room("hall");
    log.open(&hall).unwrap();
    for number in 1..=5 {
        log.append(&hall, &line(number)).unwrap();
    }
    let check = |after, limit, expect: &[u64]| {
        assert_eq!(offsets(&log.read(&hall, Offset(after), limit).unwrap()), expect, "after {after}, limit {limit}");
    };
    check(0, 100, &[1, 2, 3, 4, 5]);
    check(0, 2, &[1, 2]);
    check(2, 2, &[3, 4]);
    check(4, 2, &[5]);
    check(5, 2, &[]);
    check(0, 0, &[]);
    check(u64::MAX, 2, &[]);
}

pub(crate) fn rooms_are_apart(log: &dyn EventLog) {
    let (left, right) = (room("left"), room("right"));
    let now = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
    let (left_head, right_head) = (log.open(&left).unwrap(), log.open(&right).unwrap());
    assert_ne!(left_head.epoch, right_head.epoch);
    assert!((now..now + 60_000).contains(&left_head.started_at_millis), "a room begins at the present: {left_head:?}");

    log.append(&left, &line(1)).unwrap();
    assert_eq!(log.append(&right, &line(2)).unwrap().offset, Offset(1));
    assert_eq!(log.append(&left, &line(3)).unwrap().offset, Offset(2));
    assert_eq!(log.rooms().unwrap(), [left, right]);
}

pub(crate) fn unknown_rooms_are_refused_by_name(log: &dyn EventLog) {
    let nobody = room("nobody");
    let anchor = Anchor { at: SampleTime::ZERO, unix_millis: 0 };
    let errors = [
        log.append(&nobody, &line(1)).unwrap_err(),
        log.read(&nobody, Offset(0), 1).unwrap_err(),
        log.anchor(&nobody, anchor).unwrap_err(),
        log.anchors(&nobody).unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(&error, LogError::UnknownRoom(name) if *name == nobody), "{error}");
    }
    assert_eq!(log.rooms().unwrap(), []);
}

pub(crate) fn anchors_come_in_the_order_of_the_clock(log: &dyn EventLog) {
    let hall = room("hall");
    log.open(&hall).unwrap();
    assert_eq!(log.anchors(&hall).unwrap(), []);
    let anchor = |millis, unix_millis| Anchor { at: SampleTime::from_millis(millis), unix_millis };
    for noted in [anchor(60_000, 1_060_006), anchor(0, 1_000_000), anchor(60_000, 1_060_007)] {
        log.anchor(&hall, noted).unwrap();
    }
    assert_eq!(log.anchors(&hall).unwrap(), [anchor(0, 1_000_000), anchor(60_000, 1_060_007)]);
}

pub(crate) fn many_threads_append_without_a_gap(log: &Arc<dyn EventLog>) {
    const WRITERS: u64 = 2;
    const EACH: u64 = 50;
    let hall = room("hall");
    log.open(&hall).unwrap();

    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (log, hall) = (Arc::clone(log), hall.clone());
            thread::spawn(move || {
                for number in 0..EACH {
                    log.append(&hall, &line(writer * EACH + number)).unwrap();
                }
            })
        })
        .collect();
    // A reader that only ever asks for what it lacks ends up with everything, once and in order.
    let mut seen = Vec::new();
    loop {
        let is_last_look = writers.iter().all(|writer| writer.is_finished());
        let page = log.read(&hall, Offset(seen.last().copied().unwrap_or(0)), 7).unwrap();
        seen.extend(offsets(&page));
        if is_last_look && page.is_empty() {
            break;
        }
    }
    for writer in writers {
        writer.join().unwrap();
    }
    assert_eq!(seen, (1..=WRITERS * EACH).collect::<Vec<_>>());
}

pub(crate) fn unfit_entries_take_no_offset(log: &dyn EventLog) {
    let hall = room("hall");
    log.open(&hall).unwrap();
    let Entry::Final(mut caption) = line(1) else { unreachable!() };
    caption.words[0].confidence = f32::NAN;
    let error = log.append(&hall, &Entry::Final(caption)).unwrap_err();
    assert!(matches!(error, LogError::UnfitEntry { .. }), "{error}");
    assert_eq!(log.append(&hall, &line(1)).unwrap().offset, Offset(1));
}
