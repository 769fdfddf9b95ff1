use super::*;
use std::path::PathBuf;

/// A sound entry; each case below spoils one thing in it.
const SOUND: &str = r#"
[[model]]
name = "tiny"
task = "speech"
family = "whisper"
languages = ["kk", "ru"]
licence = "MIT"
verified_here = true
note = "A test."
source = { kind = "python-package", packages = ["tiny-weights==1.0.0"] }
[[model.file]]
path = "ggml.bin"
size = 3
sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
from = ["tiny/part1", "tiny/part2"]
"#;

const SHA: &str = "sha256 = \"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"\n";
const FROM: &str = "from = [\"tiny/part1\", \"tiny/part2\"]\n";

#[test]
fn a_sound_entry_is_read_whole() {
    let manifest = Manifest::parse(SOUND).expect("sound");
    let model = manifest.get("tiny").expect("there");
    assert_eq!((model.task, model.bytes(), model.is_pinned()), (Task::Speech, Some(3), true));
    assert_eq!(model.files[0].sha256, Some(Sha256::of(b"abc")));
    assert_eq!(manifest.get("huge"), None);
}

#[test]
fn what_is_wrong_is_named() {
    let check = |from: &str, to: &str, expect: &str| {
        assert!(SOUND.contains(from), "{from}");
        let error = Manifest::parse(&SOUND.replacen(from, to, 1)).expect_err(expect).to_string();
        assert!(error.contains(expect), "{error:?} should contain {expect:?}");
        assert_eq!(error.lines().count(), 1, "{error:?}");
    };
    check("family = ", "colour = 1\nfamily = ", "unknown field `colour`");
    check("family = ", "colour = 1\nfamily = ", "line 5");
    check("size = 3", "size = 3\ncolour = 1", "unknown field `colour`");
    check("kind = \"python-package\"", "kind = \"python-package\", colour = 1", "unknown field `colour`");
    check("[[model]]", "colour = 1\n[[model]]", "unknown field `colour`");
    check("licence = \"MIT\"\n", "", "missing field `licence`");
    check("\"speech\"", "\"singing\"", "unknown variant `singing`");
    check("\"kk\"", "\"en\"", "unknown variant `en`");
    check("python-package", "floppy", "unknown variant `floppy`");
    check("size = 3", "size = -3", "invalid value: integer `-3`");
    check("ba7816", "ya7816", "is no SHA-256");
    check("\"tiny\"", "\"../tiny\"", "cannot be a model's name");
    check("\"ggml.bin\"", "\"../ggml.bin\"", "does not stay within");
    check("\"ggml.bin\"", "\"/ggml.bin\"", "does not stay within");
    check("\"ggml.bin\"", "\"a\\\\..\\\\ggml.bin\"", "does not stay within");
    check("\"ggml.bin\"", "\"\"", "does not stay within");
    check(SHA, "", "ggml.bin needs size and sha256");
    check("size = 3\n", "", "ggml.bin needs size and sha256");
    check(FROM, "", "ggml.bin needs `from`");
    check("==1.0.0", ">=1.0.0", "NAME==VERSION");
    check("tiny-weights==", "--index-url==", "NAME==VERSION");
    check("note = ", "about_bytes = 3\nnote = ", "about_bytes");
    check("[[model]]", "[[model]", "line 2");

    let twice = Manifest::parse(&format!("{SOUND}{SOUND}")).expect_err("twice").to_string();
    assert_eq!(twice, "the model manifest, model \"tiny\": the name is given twice");
}

#[test]
fn only_addresses_and_steps_by_hand_may_lack_checksums() {
    let entry = |source: &str, file: &str| {
        SOUND[..SOUND.find("source =").expect("there")].to_owned() + "about_bytes = 9\n" + source + file
    };
    let file = "\n[[model.file]]\npath = \"a.bin\"\n";
    for (source, file) in [
        (r#"source = { kind = "url", base = "https://example.org/m/" }"#, file),
        (r#"source = { kind = "by-hand", page = "https://example.org/m", steps = "convert it" }"#, ""),
    ] {
        let manifest = Manifest::parse(&entry(source, file)).expect(source);
        assert!(!manifest.models()[0].is_pinned());
        assert_eq!(manifest.models()[0].bytes(), Some(9));
    }
    for (source, file) in [
        (r#"source = { kind = "bundled" }"#, file),
        (r#"source = { kind = "url", base = "https://example.org/m" }"#, file),
        (r#"source = { kind = "url", base = "file:///m/" }"#, file),
        (r#"source = { kind = "url", base = "https://example.org/m/" }"#, ""),
    ] {
        assert!(Manifest::parse(&entry(source, file)).is_err(), "{source} {file}");
    }
}

#[test]
fn a_file_for_another_machine_is_not_needed_here() {
    let elsewhere = SOUND.replace("size = 3", "platform = \"plan9-mips\"\nsize = 3");
    assert_eq!(Manifest::parse(&elsewhere).expect("sound").models()[0].files().count(), 0);
    let here = SOUND.replace("size = 3", &format!("platform = \"{}\"\nsize = 3", platform()));
    assert_eq!(Manifest::parse(&here).expect("sound").models()[0].files().count(), 1);
}

#[test]
fn a_record_reads_back_as_the_model_it_was() {
    for model in Manifest::embedded().models() {
        assert_eq!(Manifest::parse(&model.to_record()).expect("sound").models(), std::slice::from_ref(model));
    }
}

#[test]
fn the_embedded_manifest_has_what_dostyq_needs() {
    let manifest = Manifest::embedded();
    for (name, task) in [
        ("whisper-base", Task::Speech),
        ("silero-vad", Task::VoiceActivity),
        ("dostyq-mini", Task::Translation),
        ("onnxruntime", Task::Runtime),
    ] {
        let model = manifest.get(name).expect(name);
        assert!(model.task == task && model.verified_here && model.is_pinned(), "{name}");
    }
    for model in manifest.models() {
        assert!(!model.languages.is_empty() || matches!(model.task, Task::VoiceActivity | Task::Runtime));
        let fetched_here = matches!(model.source, Source::Bundled | Source::PythonPackage { .. });
        assert_eq!(model.verified_here, fetched_here, "{}", model.name);
        if let Source::Url { base: address } | Source::ByHand { page: address, .. } = &model.source {
            assert!(address.starts_with("https://"), "{address}");
        }
    }
}

#[test]
fn every_bundled_file_is_in_the_repository_and_matches() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../models");
    for model in Manifest::embedded().models().iter().filter(|model| model.source == Source::Bundled) {
        for file in &model.files {
            let path = folder.join(&model.name).join(&file.path);
            let (size, digest) = crate::digest::hash_file(&path, &mut |_| ())
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let hint = format!("{}: run scripts/manifest-hashes --update", path.display());
            assert_eq!((Some(size), Some(digest)), (file.size, file.sha256), "{hint}");
        }
    }
}
