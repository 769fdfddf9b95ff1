//! `dostyq eval speech`: its figures, and that they are those of the independent scorer.

mod common;

use common::{ceiling, refusal, repository, run, score, speech};
use serde_json::Value;

#[test]
#[ignore = "needs the models: scripts/test runs it"]
fn live_captions_are_scored_as_the_independent_scorer_does() {
    let traces = tempfile::tempdir().expect("a folder");
    let folder = repository("tests/fixtures/speech");
    let arguments = ["eval", "speech", folder.to_str().expect("UTF-8"), "--json", "--trace"];
    let output = run(&[&arguments[..], &[traces.path().to_str().expect("UTF-8")]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let report: Value = serde_json::from_str(text.trim()).expect("one object for one recording");
    assert_eq!(report["recording"], "demo");

    let trace = std::fs::read_to_string(traces.path().join("demo.jsonl")).expect("the trace");
    assert!(trace.lines().any(|line| line.contains("\"final\":false")), "lines grow before they are finished");

    let independent = score(&traces.path().join("demo.jsonl"), &speech("demo.json"));
    for (key, expect) in independent.as_object().expect("figures") {
        assert_eq!(&report[key], expect, "{key}");
    }
    assert_eq!(report["committed_changed"], 0, "{report}");
    assert_eq!(report["captions_without_speech"], 0, "{report}");
    assert_eq!(report["lost_segments"], 0, "{report}");
    let figure = |key: &str| report[key].as_f64().unwrap_or_else(|| panic!("{key}: {report}"));
    assert!(figure("wer") <= ceiling("demo_live_word_error_rate"), "{report}");
    assert!(figure("rtf") > 0.0 && figure("peak_memory_mb") > 100.0, "{report}");
}

#[test]
#[ignore = "needs the models: scripts/test runs it"]
fn a_prepared_speech_is_followed() {
    let folder = repository("tests/fixtures/speech");
    let output = run(&["eval", "speech", folder.to_str().expect("UTF-8"), "--json", "--script", "ru"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).expect("one object for one recording");
    let on_air = report["on_air"].as_array().expect("when it was on air");
    // The Kazakh clips between the Russian sentences are not in the speech.
    assert!(on_air.len() >= 4, "{report}");
    assert!(report["wer"].as_f64().expect("a rate") <= ceiling("demo_script_word_error_rate"), "{report}");
    assert!(report["within_a_second"].as_f64().expect("a share") >= ceiling("demo_script_within_a_second"), "{report}");
    assert!(
        refusal(&run(&["eval", "speech", folder.to_str().expect("UTF-8"), "--script", "en"])).contains("write kk, ru")
    );
}

#[test]
fn a_folder_without_references_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("UTF-8");
    assert!(refusal(&run(&["eval", "speech", path])).contains("no recording with a reference"));
    assert!(refusal(&run(&["eval", "speech", "/nowhere/at/all"])).contains("/nowhere/at/all"));
}
