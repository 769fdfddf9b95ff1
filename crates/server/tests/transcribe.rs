//! `dostyq transcribe` on real speech, with the real models.

mod common;

use std::path::Path;
use std::time::Duration;

use aspasia::{SubRipSubtitle, Subtitle, WebVttSubtitle};
use common::{audio, ceiling, dostyq, refusal, run, score, speech};

fn transcribe(recording: &Path, out: &Path, more: &[&str]) -> std::process::Output {
    let mut arguments = vec!["transcribe", recording.to_str().expect("UTF-8"), "--out", out.to_str().expect("UTF-8")];
    arguments.extend(more);
    run(&arguments)
}

fn cues(path: &Path) -> Vec<(f64, f64, String)> {
    let text = std::fs::read_to_string(path).expect("the file is there");
    let subtitle: SubRipSubtitle = text.parse().expect("SubRip");
    let cues: Vec<_> = subtitle
        .events()
        .iter()
        .map(|cue| (i64::from(cue.start) as f64 / 1000.0, i64::from(cue.end) as f64 / 1000.0, cue.text.clone()))
        .collect();
    // aspasia gives an empty file where it understands nothing, so the count is compared with one of our own.
    assert_eq!(cues.len(), text.matches(" --> ").count(), "{}", path.display());
    cues
}

#[test]
#[ignore = "needs the models: scripts/test runs it"]
fn the_demo_becomes_subtitles_in_both_languages() {
    let out = tempfile::tempdir().expect("a folder");
    let trace = out.path().join("trace.jsonl");
    let output = transcribe(&speech("demo.flac"), out.path(), &["--trace", trace.to_str().expect("UTF-8")]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for name in ["demo.kk.srt", "demo.ru.srt", "demo.bilingual.srt"] {
        let cues = cues(&out.path().join(name));
        assert!(!cues.is_empty(), "{name} has cues");
        assert!(cues.windows(2).all(|pair| pair[0].1 <= pair[1].0), "cues of {name} follow one another");
    }
    for name in ["demo.kk.vtt", "demo.ru.vtt", "demo.bilingual.vtt"] {
        let text = std::fs::read_to_string(out.path().join(name)).expect("the file is there");
        let subtitle: WebVttSubtitle = text.parse().expect("WebVTT");
        assert_eq!(subtitle.events().len(), text.matches(" --> ").count());
        assert!(!subtitle.events().is_empty(), "{name} has cues");
    }

    // The spoken language is on the right side: Kazakh letters that Russian lacks, and none of them in Russian.
    let kazakh = std::fs::read_to_string(out.path().join("demo.kk.srt")).expect("the file is there");
    let russian = std::fs::read_to_string(out.path().join("demo.ru.srt")).expect("the file is there");
    assert!(kazakh.contains(|c| "әғқңөұүһі".contains(c)), "{kazakh}");
    assert!(russian.to_lowercase().contains("конференц"), "{russian}");

    let figures = score(&trace, &speech("demo.json"));
    let at_most = |key: &str, ceiling_key: &str| {
        let figure = figures[key].as_f64().unwrap_or_else(|| panic!("{key} is missing: {figures}"));
        assert!(figure <= ceiling(ceiling_key), "{key} is {figure}: {figures}");
    };
    at_most("wer", "demo_word_error_rate");
    at_most("cer", "demo_character_error_rate");
    for key in ["lost_segments", "captions_without_speech", "committed_changed"] {
        assert_eq!(figures[key], 0, "{key}: {figures}");
    }
    assert_eq!(figures["language_accuracy"], 1.0, "{figures}");
}

#[test]
#[ignore = "needs the models: scripts/test runs it"]
fn captions_lie_where_the_speech_is() {
    let out = tempfile::tempdir().expect("a folder");
    let output = transcribe(&speech("demo.flac"), out.path(), &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(speech("demo.json")).expect("the reference");
    let reference: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let segments = reference["segments"].as_array().expect("segments");
    let cues = cues(&out.path().join("demo.bilingual.srt"));
    let near = |moment: f64, edges: &[f64]| edges.iter().any(|edge| (edge - moment).abs() <= 0.5);
    let (starts, ends): (Vec<f64>, Vec<f64>) = cues.iter().map(|cue| (cue.0, cue.1)).unzip();
    for segment in segments {
        let (start, end) = (segment["start"].as_f64().expect("s"), segment["end"].as_f64().expect("s"));
        // Segments with hardly a pause between them may share a cue; each still begins or ends one at its outer edge.
        assert!(near(start, &starts) || near(end, &ends), "{segment} has no caption at its time: {cues:?}");
    }
}

#[test]
#[ignore = "needs the models: scripts/test runs it"]
fn every_container_and_rate_says_the_same() {
    let out = tempfile::tempdir().expect("a folder");
    let names = ["speech.flac", "speech.mp3", "speech-vorbis.ogg", "speech-opus.ogg", "speech.m4a"];
    for recording in names.map(audio) {
        let output = transcribe(&recording, out.path(), &["--lang", "ru"]);
        assert!(output.status.success(), "{}: {}", recording.display(), String::from_utf8_lossy(&output.stderr));
        let name = recording.file_stem().expect("a name").to_string_lossy().into_owned();
        let cues = cues(&out.path().join(format!("{name}.ru.srt")));
        let said: String = cues.iter().map(|cue| cue.2.to_lowercase()).collect::<Vec<_>>().join(" ");
        assert!(said.contains("если верно"), "{}: {said:?}", recording.display());
    }
}

#[test]
#[ignore = "needs the models: scripts/test runs it"]
fn ctrl_c_leaves_what_was_done() {
    let out = tempfile::tempdir().expect("a folder");
    let recording = speech("demo.flac");
    let arguments = ["transcribe", recording.to_str().expect("UTF-8"), "--realtime", "--out"];
    let child = dostyq().args(arguments).arg(out.path()).spawn().expect("the program starts");
    // Long enough for the models and the first two utterances, in real time.
    std::thread::sleep(Duration::from_secs(20));
    let interrupted = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(interrupted.expect("kill runs").success());
    let output = child.wait_with_output().expect("the program ends");
    assert!(output.status.success(), "a stop on request is no failure");
    let cues = cues(&out.path().join("demo.ru.srt"));
    assert!(!cues.is_empty(), "the captions until then are in the file");
}

#[test]
fn bad_input_is_named_with_its_remedy() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("text.wav"), "this is no recording").expect("writable");
    std::fs::write(path("empty.flac"), "").expect("writable");
    let check = |recording: &Path, expect: &str| {
        let line = refusal(&transcribe(recording, folder.path(), &[]));
        let name = recording.file_name().expect("a name").to_string_lossy().into_owned();
        assert!(line.contains(&name) && line.contains(expect), "{line:?} should name {name} and contain {expect:?}");
    };
    check(&path("missing.wav"), "does not exist");
    check(&path("text.wav"), "no recording in a known format");
    check(&path("empty.flac"), "empty");
    check(folder.path(), "is a folder");
    check(&audio("picture-only.mp4"), "no audio track");
    let line = refusal(&transcribe(&speech("demo.flac"), folder.path(), &["--channel", "7"]));
    assert!(line.contains("channel 7"), "{line}");
}

#[test]
#[ignore = "needs the models: scripts/test runs it"]
fn a_recording_that_breaks_off_is_captioned_until_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = std::fs::read(speech("demo.flac")).expect("the demo");
    let broken = folder.path().join("broken.flac");
    std::fs::write(&broken, &whole[..whole.len() / 3]).expect("writable");
    let line = refusal(&transcribe(&broken, folder.path(), &[]));
    assert!(line.contains("broken.flac ends early at 00:00:1"), "{line}");
    assert!(cues(&folder.path().join("broken.ru.srt")).len() >= 3, "what came before is in the files");
}

#[test]
#[ignore = "needs the models: scripts/test runs it"]
fn a_recording_without_sound_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let silent = folder.path().join("silent.wav");
    // A second of zeros: RIFF header, 16-bit mono at 16 kHz.
    let mut bytes =
        b"RIFF\x24\x7d\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0data\0\x7d\0\0".to_vec();
    bytes.resize(bytes.len() + 32_000, 0);
    std::fs::write(&silent, bytes).expect("writable");
    let line = refusal(&transcribe(&silent, folder.path(), &[]));
    assert!(line.contains("silent.wav holds nothing but digital silence"), "{line}");
}

#[test]
#[ignore = "needs the models: scripts/test runs it"]
fn a_damaged_or_missing_model_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let recording = speech("demo.flac");
    let arguments = ["transcribe", recording.to_str().expect("UTF-8"), "--out", folder.path().to_str().expect("UTF-8")];
    let output = dostyq().args(arguments).env("DOSTYQ_MODELS", folder.path().join("none")).output().expect("runs");
    assert!(refusal(&output).contains("dostyq models pull"), "the remedy is named");

    let bundled = folder.path().join("models/silero-vad");
    std::fs::create_dir_all(&bundled).expect("writable");
    for file in std::fs::read_dir(common::repository("models/silero-vad")).expect("bundled").flatten() {
        let mut bytes = std::fs::read(file.path()).expect("readable");
        bytes[100] ^= 1;
        std::fs::write(bundled.join(file.file_name()), bytes).expect("writable");
    }
    let output = dostyq().args(arguments).env("DOSTYQ_BUNDLED", folder.path().join("models")).output().expect("runs");
    let line = refusal(&output);
    assert!(line.contains("silero-vad") && line.contains("wrong checksum"), "{line}");

    let line = refusal(&run(&[&arguments[..], &["--speech", "whisper-enormous"]].concat()));
    assert!(line.contains("whisper-enormous") && line.contains("whisper-base"), "{line}");
}
