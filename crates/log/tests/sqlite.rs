//! What the log promises, on a real file.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use dostyq_log::{Anchor, EventLog, LogError, SqliteLog};
use dostyq_speech::{
    Author, Caption, Entry, Event, Lang, Marker, Offset, RoomId, SampleTime, SegmentId, TimeSpan, Word,
};
use tempfile::TempDir;

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dostyq.db");
    (folder, path)
}

fn room(name: &str) -> RoomId {
    name.parse().unwrap()
}

/// A caption whose text and numbers differ with `number`.
fn line(number: u64) -> Entry {
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

fn offsets(events: &[Event]) -> Vec<u64> {
    events.iter().map(|event| event.offset.0).collect()
}

#[test]
fn what_was_appended_reads_back_the_same_after_reopening() {
    let (_folder, path) = folder();
    let hall = room("hall");
    let entries: Vec<Entry> = [
        line(1),
        line(2),
        Entry::Marker { at: SampleTime(u64::MAX), marker: Marker::Gap { millis: 1500 } },
        Entry::Marker { at: SampleTime(7), marker: Marker::Looped },
    ]
    .into();

    let log = SqliteLog::open_file(&path).unwrap();
    let before = log.open(&hall).unwrap();
    assert_eq!(before.top, Offset(0));
    let appended: Vec<Event> = entries.iter().map(|entry| log.append(&hall, entry).unwrap()).collect();
    assert_eq!(offsets(&appended), [1, 2, 3, 4]);
    drop(log);

    let log = SqliteLog::open_file(&path).unwrap();
    let after = log.open(&hall).unwrap();
    assert_eq!((after.epoch, after.started_at_millis), (before.epoch, before.started_at_millis));
    assert_eq!(after.top, Offset(4));
    assert_eq!(log.read(&hall, Offset(0), usize::MAX).unwrap(), appended);
    assert_eq!(appended.iter().map(|event| event.entry.clone()).collect::<Vec<_>>(), entries);
    assert_eq!(log.append(&hall, &line(5)).unwrap().offset, Offset(5));
}

#[test]
fn a_page_starts_after_its_offset_and_keeps_its_limit() {
    let (_folder, path) = folder();
    let log = SqliteLog::open_file(&path).unwrap();
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

#[test]
fn rooms_have_their_own_epochs_and_offsets() {
    let (_folder, path) = folder();
    let log = SqliteLog::open_file(&path).unwrap();
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

#[test]
fn a_room_that_nobody_opened_is_refused_by_name() {
    let (_folder, path) = folder();
    let log = SqliteLog::open_file(&path).unwrap();
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

#[test]
fn anchors_come_back_in_the_order_of_the_clock() {
    let (_folder, path) = folder();
    let log = SqliteLog::open_file(&path).unwrap();
    let hall = room("hall");
    log.open(&hall).unwrap();
    let anchor = |millis, unix_millis| Anchor { at: SampleTime::from_millis(millis), unix_millis };
    for noted in [anchor(60_000, 1_060_006), anchor(0, 1_000_000), anchor(60_000, 1_060_007)] {
        log.anchor(&hall, noted).unwrap();
    }
    assert_eq!(log.anchors(&hall).unwrap(), [anchor(0, 1_000_000), anchor(60_000, 1_060_007)]);
}

#[test]
fn many_threads_append_without_a_gap_while_others_read() {
    const WRITERS: u64 = 2;
    const EACH: u64 = 50;
    let (_folder, path) = folder();
    let log: Arc<dyn EventLog> = Arc::new(SqliteLog::open_file(&path).unwrap());
    let hall = room("hall");
    log.open(&hall).unwrap();

    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (log, hall) = (Arc::clone(&log), hall.clone());
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

#[test]
fn two_programs_share_one_file() {
    let (_folder, path) = folder();
    let hall = room("hall");
    let (first, second) = (SqliteLog::open_file(&path).unwrap(), SqliteLog::open_file(&path).unwrap());
    assert_eq!(first.open(&hall).unwrap(), second.open(&hall).unwrap());
    assert_eq!(first.append(&hall, &line(1)).unwrap().offset, Offset(1));
    assert_eq!(second.append(&hall, &line(2)).unwrap().offset, Offset(2));
    assert_eq!(offsets(&first.read(&hall, Offset(0), 9).unwrap()), [1, 2]);
}

#[test]
fn a_reader_does_not_wait_for_a_writer() {
    let (_folder, path) = folder();
    let log = SqliteLog::open_file(&path).unwrap();
    let hall = room("hall");
    log.open(&hall).unwrap();
    log.append(&hall, &line(1)).unwrap();

    // If the reader had to wait, it would give up as busy, since this one never ends.
    let writer = rusqlite::Connection::open(&path).unwrap();
    writer.execute_batch("BEGIN EXCLUSIVE; INSERT INTO events VALUES ('hall', 2, '{}')").unwrap();
    assert_eq!(log.open(&hall).unwrap().top, Offset(1));
    assert_eq!(offsets(&log.read(&hall, Offset(0), 9).unwrap()), [1]);
}

/// A process that is killed closes nothing: the files stay as they are at that moment. So the files are copied while
/// the log is open, and the copy is what the next start finds.
#[test]
fn what_was_appended_survives_a_kill() {
    let (_folder, path) = folder();
    let (_other_folder, copy) = folder();
    let hall = room("hall");
    let log = SqliteLog::open_file(&path).unwrap();
    let before = log.open(&hall).unwrap();
    for number in 1..=20 {
        log.append(&hall, &line(number)).unwrap();
    }
    let wal = |path: &PathBuf| PathBuf::from(format!("{}-wal", path.display()));
    let write_ahead = fs::read(wal(&path)).unwrap();
    assert!(!write_ahead.is_empty(), "the events are not in the file itself yet, or this test shows nothing");
    fs::copy(&path, &copy).unwrap();
    fs::write(wal(&copy), &write_ahead).unwrap();

    let after = SqliteLog::open_file(&copy).unwrap();
    assert_eq!(after.open(&hall).unwrap().epoch, before.epoch);
    assert_eq!(after.read(&hall, Offset(0), 100).unwrap(), log.read(&hall, Offset(0), 100).unwrap());
    drop(after);

    // Cut in the middle of the last append: that event is not there, and all before it are.
    let (_third_folder, torn) = self::folder();
    fs::copy(&path, &torn).unwrap();
    fs::write(wal(&torn), &write_ahead[..write_ahead.len() - 100]).unwrap();
    let after = SqliteLog::open_file(&torn).unwrap();
    assert_eq!(after.open(&hall).unwrap().top, Offset(19));
    assert_eq!(after.append(&hall, &line(20)).unwrap().offset, Offset(20));
}

#[test]
fn an_entry_that_would_not_read_back_is_refused_and_takes_no_offset() {
    let (_folder, path) = folder();
    let log = SqliteLog::open_file(&path).unwrap();
    let hall = room("hall");
    log.open(&hall).unwrap();
    let Entry::Final(mut caption) = line(1) else { unreachable!() };
    caption.words[0].confidence = f32::NAN;
    let error = log.append(&hall, &Entry::Final(caption)).unwrap_err();
    assert!(matches!(error, LogError::UnfitEntry { .. }), "{error}");
    assert_eq!(log.append(&hall, &line(1)).unwrap().offset, Offset(1));
}

/// Every file that is refused is named in one line, and left byte for byte as it was.
fn check_refused(prepare: impl FnOnce(&PathBuf), expect: &str) {
    let (_folder, path) = folder();
    prepare(&path);
    let before = fs::read(&path).ok();
    let message = SqliteLog::open_file(&path).unwrap_err().to_string();
    assert!(message.contains(expect), "{message}\nshould say: {expect}");
    assert!(message.contains(path.to_str().unwrap()), "{message}\nshould name the file");
    assert!(!message.contains('\n'), "{message}\nshould be one line");
    assert_eq!(fs::read(&path).ok(), before, "{message}\nthe file changed");
}

/// A sound log with enough in it to be damaged.
fn fill(path: &PathBuf) {
    let log = SqliteLog::open_file(path).unwrap();
    let hall = room("hall");
    log.open(&hall).unwrap();
    for number in 1..=40 {
        log.append(&hall, &line(number)).unwrap();
    }
}

fn with_database(path: &PathBuf, sql: &str) {
    rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn a_file_that_cannot_be_a_log_is_refused() {
    check_refused(
        |path| fs::write(path, "not a database at all, but long enough to be one".repeat(50)).unwrap(),
        "damaged",
    );
    check_refused(
        |path| {
            fill(path);
            let mut bytes = fs::read(path).unwrap();
            let end = bytes.len();
            bytes[end - 3000..].fill(0xAA);
            fs::write(path, bytes).unwrap();
        },
        "is damaged",
    );
    check_refused(
        |path| {
            fill(path);
            let bytes = fs::read(path).unwrap();
            fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
        },
        "keep both",
    );
    check_refused(|path| with_database(path, "CREATE TABLE songs (name TEXT)"), "not a log of Dostyq");
    check_refused(
        |path| {
            fill(path);
            with_database(path, "PRAGMA user_version = 7");
        },
        "newer Dostyq (format 7, this one reads 1)",
    );
    check_refused(|path| fs::create_dir(path).unwrap(), "cannot open the log");
}

#[test]
fn a_folder_that_is_missing_is_named() {
    let (_folder, path) = folder();
    let message = SqliteLog::open_file(path.join("nowhere.db")).unwrap_err().to_string();
    assert!(message.contains("nowhere.db") && message.contains("folder exists"), "{message}");
}
