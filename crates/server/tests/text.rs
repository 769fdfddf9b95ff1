//! `dostyq translate` and `dostyq eval text`.

mod common;

use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};

use aspasia::{SubRipSubtitle, Subtitle};
use common::{dostyq, refusal, run};
use serde_json::Value;

fn text_of(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("writable");
    path.to_str().expect("UTF-8").to_owned()
}

/// Runs a command line with a text on standard input.
fn pipe(arguments: &[&str], text: &str) -> Output {
    let mut command = dostyq();
    let command = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut program = command.spawn().expect("the program runs");
    program.stdin.take().expect("piped").write_all(text.as_bytes()).expect("the program reads");
    program.wait_with_output().expect("the program ends")
}

#[test]
fn bad_input_is_named_before_a_model_is_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    let check = |arguments: &[&str], expect: &str| {
        let line = refusal(&run(arguments));
        assert!(line.contains(expect), "{arguments:?}: {line}");
    };
    check(&["translate", "nowhere.txt"], "nowhere.txt");
    check(&["translate", folder.path().to_str().expect("UTF-8")], "is a folder");
    check(&["translate", "--from", "ru", "--to", "ru"], "the same language");
    let broken = "1\n00:00:00,000 --> 00:00:01,000\nиә\n\n2\n00:00:01,000 -> 00:00:02,000\nжоқ\n";
    check(&["translate", &file(folder.path(), "broken.srt", broken)], "broken.srt:5 is no SRT (the cue has no times)");
    check(&["translate", "--memory", "nowhere.tmx"], "nowhere.tmx");
    check(&["translate", "--memory", &file(folder.path(), "empty.tsv", "")], "holds no pairs");

    check(&["eval", "text", "nowhere.tsv", "--from", "kk"], "nowhere.tsv");
    let halved = file(folder.path(), "halved.tsv", "иә\tда\nжоқ\n");
    check(&["eval", "text", &halved, "--from", "kk", "--to", "ru"], "halved.tsv:2 is no pair");
    check(&["eval", "text", &halved, "--from", "kk", "--to", "kk"], "the same language");
}

#[test]
#[ignore = "needs the models: scripts/test runs it"]
fn a_text_is_translated_line_by_line_and_the_memory_wins() {
    let folder = tempfile::tempdir().expect("a folder");
    let memory = file(folder.path(), "memory.tsv", "Форумға қош келдіңіздер!\tДобро пожаловать на форум!\nжоқ\n");
    let text = "Форумға қош келдіңіздер\n\nСегодня мы говорим о дружбе. 🙂\n2024\n";
    let output = pipe(&["translate", "--memory", &memory], text);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("memory.tsv:2: it has no tab"), "{told}");
    assert!(told.contains("of 4 sentence(s), the memory knew 1, 0 of them by a near match"), "{told}");
    let translated = text_of(output);
    let lines: Vec<_> = translated.lines().collect();
    assert_eq!((lines.len(), lines[0], lines[1], lines[3]), (4, "Добро пожаловать на форум!", "", "2024"));
    assert!(lines[2].contains(|c| "әғқңөұүһі".contains(c)), "{translated}");
    assert_eq!(text_of(pipe(&["translate", "--from", "kk"], "")), "");
}

#[test]
#[ignore = "needs the models: scripts/test runs it"]
fn subtitles_keep_their_times() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "\u{feff}3\r\n00:00:01,000 --> 00:00:03,000\r\nҚұрметті қатысушылар, бүгін біз достық туралы\r\n\r\n\
                4\r\n00:00:03,000 --> 00:00:05,500\r\nсөйлесеміз. Келгендеріңізге рақмет!\r\n\r\n";
    let srt = file(folder.path(), "talk.srt", text);
    let translated = text_of(run(&["translate", "--from", "kk", "--to", "ru", &srt]));
    assert!(translated.starts_with("3\r\n00:00:01,000 --> 00:00:03,000\r\n"), "{translated}");
    let subtitle: SubRipSubtitle = translated.parse().expect("SubRip");
    let cues = subtitle.events();
    assert_eq!(
        cues.iter().map(|c| (i64::from(c.start), i64::from(c.end))).collect::<Vec<_>>(),
        [(1000, 3000), (3000, 5500)]
    );
    for cue in cues {
        assert!(!cue.text.trim().is_empty() && !cue.text.contains(|c| "әғқңөұүһі".contains(c)), "{translated}");
        assert!(
            cue.text.lines().count() <= 2 && cue.text.lines().all(|line| line.chars().count() <= 42),
            "{translated}"
        );
    }
}

#[test]
#[ignore = "needs the models: scripts/test runs it"]
fn a_test_set_is_scored() {
    let folder = tempfile::tempdir().expect("a folder");
    let set = file(folder.path(), "set.tsv", "Сәлем, достар!\tПривет, друзья!\nРақмет!\tСпасибо!\n");
    let hypotheses = folder.path().join("hypotheses.txt");
    let arguments = ["eval", "text", &set, "--from", "kk", "--to", "ru", "--json"];
    let written = ["--hypotheses", hypotheses.to_str().expect("UTF-8")];
    let report: Value = serde_json::from_str(&text_of(run(&[&arguments[..], &written].concat()))).expect("one object");
    assert_eq!(
        (&report["name"], &report["pairs"], &report["direction"]),
        (&"set.tsv".into(), &2.into(), &"kk-ru".into())
    );
    for key in ["bleu", "chrf", "chrfpp", "peak_memory_mb"] {
        assert!(report[key].as_f64().is_some_and(|figure| figure >= 0.0), "{key}: {report}");
    }
    assert!(report["latency_ms"]["p50"].as_f64().is_some_and(|p50| p50 > 0.0), "{report}");
    assert!(report["normalised_erasure"].is_null(), "{report}");
    assert_eq!(std::fs::read_to_string(&hypotheses).expect("written").lines().count(), 2);

    let live: Value = serde_json::from_str(&text_of(run(&[&arguments[..], &["--live"]].concat()))).expect("one object");
    assert!(live["normalised_erasure"].as_f64().is_some(), "{live}");
}
