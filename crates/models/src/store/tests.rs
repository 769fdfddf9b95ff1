use super::*;
use crate::testing::{Hall, manifest, pinned_file, unheard};

const WEIGHTS: &[u8] = b"these are weights";

fn bundled() -> String {
    manifest("tiny", "{ kind = \"bundled\" }", &pinned_file("sub/a.onnx", WEIGHTS))
}

#[test]
fn a_sound_model_is_located() {
    let hall = Hall::new();
    let file = hall.write("bundled/tiny/sub/a.onnx", WEIGHTS);
    let store = hall.store(&bundled());
    let located = store.locate("tiny").expect("sound");
    let expect = ModelFiles { name: "tiny".into(), folder: hall.path("bundled/tiny"), files: vec![file.clone()] };
    assert_eq!(located, expect);
    assert_eq!(located.main_file(), file);
    assert_eq!(store.list()[0].presence, Presence::Here);
    assert!(store.verify("tiny", &mut unheard).expect("known").iter().all(|check| check.fault.is_none()));
}

#[test]
fn every_fault_is_found_at_the_start() {
    let check = |content: Option<&[u8]>, presence: Presence, expect: &str| {
        let hall = Hall::new();
        if let Some(content) = content {
            hall.write("bundled/tiny/sub/a.onnx", content);
        }
        let store = hall.store(&bundled());
        let error = store.locate("tiny").expect_err(expect).to_string();
        assert!(error.starts_with("model tiny: ") && error.contains("sub/a.onnx"), "{error}");
        assert!(error.contains(expect) && error.ends_with("restore the models folder of the installation"), "{error}");
        assert_eq!(store.list()[0].presence, presence, "{expect}");
        let fault = store.verify("tiny", &mut unheard).expect("known").remove(0).fault.expect(expect);
        assert_eq!(fault.to_string(), error);
    };
    check(None, Presence::Absent, "is missing");
    check(Some(&WEIGHTS[1..]), Presence::Damaged, "has 16 bytes instead of 17");
    // The size alone cannot tell this one.
    check(Some(b"these are weight5"), Presence::Here, "wrong checksum");
}

#[test]
fn a_file_changed_behind_a_running_store_is_found() {
    let hall = Hall::new();
    let file = hall.write("bundled/tiny/sub/a.onnx", WEIGHTS);
    let store = hall.store(&bundled());
    store.locate("tiny").expect("sound");
    let modified = fs::metadata(&file).and_then(|metadata| metadata.modified()).expect("a time");
    fs::write(&file, b"these are weight5").expect("writable");
    // Even with its old time, which a check of times and sizes would believe.
    fs::File::open(&file).and_then(|file| file.set_modified(modified)).expect("ours");
    assert!(matches!(store.locate("tiny"), Err(Error::WrongChecksum { .. })));
}

#[test]
fn unknown_names_are_answered_with_the_known_ones() {
    let hall = Hall::new();
    let store = hall.store(&bundled());
    for name in ["large", "../tiny", "", "/"] {
        let error = store.locate(name).expect_err(name).to_string();
        assert!(error.ends_with("shows them: tiny"), "{error}");
    }
}

#[test]
fn a_model_for_other_machines_says_so() {
    let hall = Hall::new();
    let file = pinned_file("a.onnx", WEIGHTS) + "platform = \"plan9-mips\"\n";
    let store = hall.store(&manifest("tiny", "{ kind = \"bundled\" }", &file));
    assert!(matches!(store.locate("tiny"), Err(Error::NoPlatform { .. })));
    assert_eq!(store.list()[0].presence, Presence::OtherMachine);
}

#[test]
fn a_record_that_is_not_about_the_model_is_ignored() {
    let hall = Hall::new();
    hall.write("cache/mine/ggml.bin", WEIGHTS);
    let imported = "{ kind = \"imported\", from = \"there\" }";
    let store = hall.store(&bundled());
    for (record, found) in [
        (manifest("mine", imported, &pinned_file("ggml.bin", WEIGHTS)), true),
        (manifest("other", imported, &pinned_file("ggml.bin", WEIGHTS)), false),
        (manifest("mine", imported, &pinned_file("ggml.bin", WEIGHTS)).replace("ggml.bin", "../../secret"), false),
        ("garbage".to_owned(), false),
    ] {
        hall.write("cache/mine/dostyq-model.toml", record.as_bytes());
        assert_eq!(store.locate("mine").is_ok(), found, "{record}");
        assert_eq!(store.list().len(), if found { 2 } else { 1 }, "{record}");
    }
}

#[test]
fn the_cache_folder_follows_the_environment() {
    let check = |environment: &[(&str, &str)], expect: Option<&str>| {
        let lookup = |name: &str| environment.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into());
        assert_eq!(cache_folder_from(lookup), expect.map(PathBuf::from), "{environment:?}");
    };
    check(&[("DOSTYQ_MODELS", "/m"), ("XDG_CACHE_HOME", "/c"), ("HOME", "/h")], Some("/m"));
    check(&[("DOSTYQ_MODELS", ""), ("XDG_CACHE_HOME", "/c"), ("HOME", "/h")], Some("/c/dostyq/models"));
    check(&[("XDG_CACHE_HOME", "relative"), ("HOME", "/h")], Some("/h/.cache/dostyq/models"));
    check(&[("HOME", "/h")], Some("/h/.cache/dostyq/models"));
    check(&[], None);
}
