//! What the end-to-end tests share: the program, the recordings, the scores.

// Each test file uses its own part of this.
#![allow(dead_code)]

pub(crate) mod server;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A path in the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// A recording with its reference.
pub(crate) fn speech(name: &str) -> PathBuf {
    repository("tests/fixtures/speech").join(name)
}

/// A recording in some container or codec.
pub(crate) fn audio(name: &str) -> PathBuf {
    repository("tests/fixtures/audio").join(name)
}

/// The program, with its own log kept apart from what it says to people.
pub(crate) fn dostyq() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dostyq"));
    command.env("RUST_LOG", "warn").stdin(Stdio::null());
    command
}

/// Runs a command line to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    dostyq().args(arguments).output().expect("the program runs")
}

/// The one line that a refusal consists of; the exit code must say that the input was at fault.
pub(crate) fn refusal(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "bad input must exit with 2: {text}");
    assert_eq!(text.lines().count(), 1, "a refusal is one line: {text}");
    text
}

/// The figures of `scripts/score_trace.py`, which knows nothing of the program.
pub(crate) fn score(trace: &Path, reference: &Path) -> serde_json::Value {
    let output = Command::new("python3")
        .arg(repository("scripts/score_trace.py"))
        .args([trace, reference])
        .arg("--json")
        .output()
        .expect("python3 runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("the scorer writes JSON")
}

/// A figure that no run may exceed (or fall below), from `tests/ceilings.toml`.
pub(crate) fn ceiling(key: &str) -> f64 {
    let text = std::fs::read_to_string(repository("tests/ceilings.toml")).expect("the ceilings");
    let table: toml::Table = text.parse().expect("the ceilings are TOML");
    table[key].as_float().unwrap_or_else(|| panic!("{key} is not in tests/ceilings.toml"))
}
