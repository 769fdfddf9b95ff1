//! What the log promises, on a real file.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod common;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use common::{line, offsets, room};
use dostyq_log::{EventLog, SqliteLog};
use dostyq_speech::Offset;
use tempfile::TempDir;

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dostyq.db");
    (folder, path)
}

#[test]
fn the_log_keeps_what_its_trait_promises() {
    let check = |promise: fn(&dyn EventLog)| {
        let (_folder, path) = folder();
        promise(&SqliteLog::open_file(path).unwrap());
    };
    check(common::pages_start_after_their_offset);
    check(common::rooms_are_apart);
    check(common::unknown_rooms_are_refused_by_name);
    check(common::anchors_come_in_the_order_of_the_clock);
    check(common::unfit_entries_take_no_offset);
}

#[test]
fn what_was_appended_reads_back_the_same_after_reopening() {
    let (_folder, path) = folder();
    common::keeps_what_was_appended(|| SqliteLog::open_file(&path).unwrap());
}

#[test]
fn many_threads_append_without_a_gap_while_others_read() {
    let (_folder, path) = folder();
    let log: Arc<dyn EventLog> = Arc::new(SqliteLog::open_file(&path).unwrap());
    common::many_threads_append_without_a_gap(&log);
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
