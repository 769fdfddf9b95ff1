//! The log into a session, a session into files.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use std::fs;
use std::path::Path;

use dostyq_archive::{ArchiveError, Exports, Session, collect, read_session, write_exports};
use dostyq_log::{Anchor, EventLog, LogError, RoomHead, SqliteLog};
use dostyq_speech::{
    Author, Caption, Cue, CueLine, Entry, Epoch, Lang, Marker, Offset, RoomId, SampleTime, SegmentId, TimeSpan,
};

fn room() -> RoomId {
    "hall".parse().unwrap()
}

fn caption(number: u64) -> Caption {
    Caption {
        segment: SegmentId(number),
        revision: 0,
        lang: Lang::Russian,
        spoken: Lang::Russian,
        lang_confidence: 1.0,
        span: TimeSpan::default(),
        text: format!("строка {number}"),
        words: vec![],
        author: Author::Machine,
    }
}

/// Exports with one cue in each track, whose text tells the tracks apart.
fn exports(text: &str) -> Exports {
    let track = |lang, name: &str| {
        let line = CueLine { lang, text: format!("{text} {name}") };
        let span = TimeSpan::new(SampleTime::ZERO, SampleTime::from_millis(1000));
        vec![Cue { segment: SegmentId(1), span, lines: vec![line] }]
    };
    Exports {
        kazakh: track(Lang::Kazakh, "kk"),
        russian: track(Lang::Russian, "ru"),
        bilingual: track(Lang::Russian, "bilingual"),
        session: Session {
            room: room(),
            head: RoomHead { epoch: Epoch(1), top: Offset(0), started_at_millis: 0 },
            anchors: vec![],
            events: vec![],
        },
        srt_byte_order_mark: false,
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

const NAMES: [&str; 7] = [
    "talk.bilingual.srt",
    "talk.bilingual.vtt",
    "talk.json",
    "talk.kk.srt",
    "talk.kk.vtt",
    "talk.ru.srt",
    "talk.ru.vtt",
];

#[test]
fn a_log_of_many_pages_is_read_whole_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let log = SqliteLog::open_file(folder.path().join("log.db")).unwrap();
    let head = log.open(&room()).unwrap();
    let anchor = Anchor { at: SampleTime::ZERO, unix_millis: head.started_at_millis };
    log.anchor(&room(), anchor).unwrap();
    log.append(&room(), &Entry::Marker { at: SampleTime::ZERO, marker: Marker::Started }).unwrap();
    for number in 1..=600 {
        log.append(&room(), &Entry::Final(caption(number))).unwrap();
    }

    let session = read_session(&log, &room()).unwrap();
    assert_eq!(session.head, RoomHead { top: Offset(601), ..head });
    assert_eq!(session.anchors, [anchor]);
    assert_eq!(session.events.iter().map(|event| event.offset.0).collect::<Vec<_>>(), (1..=601).collect::<Vec<_>>());
    assert_eq!(collect(&log, &room()).unwrap(), (1..=600).map(caption).collect::<Vec<_>>());
}

#[test]
fn asking_for_an_archive_creates_no_room() {
    let folder = tempfile::tempdir().unwrap();
    let log = SqliteLog::open_file(folder.path().join("log.db")).unwrap();
    let error = read_session(&log, &room()).unwrap_err();
    assert!(matches!(error, ArchiveError::Log(LogError::UnknownRoom(_))), "{error}");
    assert_eq!(log.rooms().unwrap(), []);
}

#[test]
fn every_track_is_written_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("new/folder");
    let mut paths = write_exports(&out, "talk", &exports("сөз")).unwrap();
    paths.sort();
    assert_eq!(paths, NAMES.map(|name| out.join(name)));
    assert_eq!(names(&out), NAMES, "and nothing else is left");
    for name in NAMES.iter().filter(|name| !name.ends_with(".json")) {
        let track = name.split('.').nth(1).unwrap();
        let text = fs::read_to_string(out.join(name)).unwrap();
        assert!(text.contains(&format!("сөз {track}")), "{name}: {text}");
        assert_eq!(text.starts_with("WEBVTT"), name.ends_with(".vtt"), "{name}: {text}");
    }
    assert!(fs::read_to_string(out.join("talk.json")).unwrap().contains("dostyq-session"));
}

#[test]
fn a_byte_order_mark_is_there_when_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let check = |srt_byte_order_mark, expect: &[u8]| {
        write_exports(folder.path(), "talk", &Exports { srt_byte_order_mark, ..exports("сөз") }).unwrap();
        assert!(fs::read(folder.path().join("talk.kk.srt")).unwrap().starts_with(expect));
        assert!(fs::read(folder.path().join("talk.kk.vtt")).unwrap().starts_with(b"WEBVTT"));
    };
    check(false, b"1\r\n");
    check(true, b"\xef\xbb\xbf1\r\n");
}

#[test]
fn a_failure_names_the_file_and_leaves_the_old_ones() {
    let folder = tempfile::tempdir().unwrap();
    write_exports(folder.path(), "talk", &exports("ескі")).unwrap();
    // A folder where the file should be: the new file cannot take its name.
    let blocked = folder.path().join("talk.ru.srt");
    fs::remove_file(&blocked).unwrap();
    fs::create_dir(&blocked).unwrap();

    let message = write_exports(folder.path(), "talk", &exports("жаңа")).unwrap_err().to_string();
    assert!(message.contains(blocked.to_str().unwrap()) && !message.contains('\n'), "{message}");
    let text = |name| fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(text("talk.kk.srt").contains("жаңа") && text("talk.bilingual.srt").contains("ескі"));
    assert_eq!(names(folder.path()), NAMES, "no half file is left");
}

#[test]
fn a_name_stays_in_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["", ".", "..", "../talk", "a/b", "/talk", "talk/"] {
        let error = write_exports(folder.path(), name, &exports("сөз")).unwrap_err();
        assert!(matches!(error, ArchiveError::UnfitName(_)), "{name:?}: {error}");
    }
    assert_eq!(names(folder.path()), [] as [&str; 0]);
    write_exports(folder.path(), "Баяндама №1. Алматы", &exports("сөз")).unwrap();
    assert!(folder.path().join("Баяндама №1. Алматы.kk.srt").is_file());
}
