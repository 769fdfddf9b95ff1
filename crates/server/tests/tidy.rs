//! Rules of the house that a machine can hold.

use std::collections::BTreeMap;
use std::process::Command;

/// What each stage may use of Dostyq besides `speech`. Stages are siblings: only the server joins them.
const MAY_USE: [(&str, &[&str]); 12] = [
    ("speech", &[]),
    ("models", &[]),
    ("capture", &[]),
    ("segment", &[]),
    ("recognise", &[]),
    ("translate", &[]),
    ("prepared", &[]),
    ("caption", &[]),
    ("log", &[]),
    ("hub", &["log"]),
    ("archive", &["log"]),
    (
        "server",
        &["models", "capture", "segment", "recognise", "translate", "prepared", "caption", "log", "hub", "archive"],
    ),
];

/// Crates of others that a stage must not compile, whoever brings them in.
const MUST_NOT_COMPILE: [(&str, &[&str]); 5] = [
    ("hub", &["whisper-rs-sys", "ort", "rusqlite", "async-nats"]),
    ("archive", &["tokio", "whisper-rs-sys", "ort", "rusqlite", "async-nats"]),
    ("caption", &["tokio", "ort", "whisper-rs-sys"]),
    ("recognise", &["tokio", "axum"]),
    ("prepared", &["tokio", "ort", "whisper-rs-sys"]),
];

/// The crates that `cargo tree` shows under a package, without what only its tests need.
fn tree(package: &str, depth: Option<u32>) -> Vec<String> {
    let mut command = Command::new(env!("CARGO"));
    command.args(["tree", "--locked", "--offline", "--edges", "normal,build", "--prefix", "none", "--format", "{p}"]);
    command.args(["--package", &format!("dostyq-{package}")]);
    if let Some(depth) = depth {
        command.args(["--depth", &depth.to_string()]);
    }
    let output = command.output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("cargo writes UTF-8");
    text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn no_stage_imports_a_stage() {
    for (package, allowed) in MAY_USE {
        let used = tree(package, Some(1));
        let own: Vec<_> =
            used.iter().filter_map(|name| name.strip_prefix("dostyq-")).filter(|n| *n != package).collect();
        for name in &own {
            assert!(
                *name == "speech" || allowed.contains(name),
                "{package} imports {name}: stages are siblings, only the server joins them"
            );
        }
    }
}

#[test]
fn every_crate_has_its_rule() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let mut rules: BTreeMap<_, _> = MAY_USE.into_iter().collect();
    for entry in std::fs::read_dir(folder).expect("the crates").flatten() {
        let name = entry.file_name().into_string().expect("a crate's name");
        assert!(rules.remove(name.as_str()).is_some(), "{name} has no rule in this file");
    }
    assert!(rules.is_empty(), "these rules are about nothing: {rules:?}");
}

#[test]
fn the_hub_compiles_no_whisper_and_the_archive_no_socket() {
    for (package, forbidden) in MUST_NOT_COMPILE {
        let compiled = tree(package, None);
        for name in forbidden {
            assert!(!compiled.iter().any(|c| c == name), "{package} compiles {name}");
        }
    }
}
