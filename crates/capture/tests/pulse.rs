//! A real device: a PulseAudio sink's monitor, heard through ALSA's pulse plugin.
//!
//! Runs when `DOSTYQ_TEST_PULSE=1`, which `scripts/test` sets once it has started a sound server with a null sink
//! named `dostyq`. The environment also says where the server is (`PULSE_SERVER`) and what its clients play into
//! and listen to (`PULSE_SINK=dostyq`, `PULSE_SOURCE=dostyq.monitor`).

use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use dostyq_capture::{
    CaptureError, Channel, DeviceOptions, DeviceSource, FileOptions, FileSource, Recovery, Source, devices,
};
use dostyq_speech::{Marker, SampleTime};

const SINK: [&str; 5] = ["load-module", "module-null-sink", "sink_name=dostyq", "rate=48000", "channels=2"];

fn speech() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/audio/speech.flac")
}

fn play(file: &Path) -> Child {
    Command::new("paplay").arg(file).spawn().expect("paplay plays the speech")
}

fn pactl(arguments: &[&str]) -> String {
    let output = Command::new("pactl").args(arguments).output().expect("pactl runs");
    assert!(output.status.success(), "pactl {arguments:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn open(channel: Channel) -> DeviceSource {
    let options = DeviceOptions { name: Some("pulse".to_owned()), channel, start: SampleTime::from_millis(7_000) };
    DeviceSource::open(options).expect("the pulse device opens")
}

/// Listens for a while; what was heard starts at `start`, which advances.
fn listen(source: &mut DeviceSource, start: &mut SampleTime, secs: f64) -> Vec<f32> {
    let mut heard = Vec::new();
    while heard.len() < SampleTime::from_secs(secs).0 as usize {
        let frame = source.next_frame().expect("the device stays").expect("a device never ends");
        assert_eq!(frame.start, *start, "frames follow one another");
        *start = frame.span().end;
        heard.extend(frame.samples);
    }
    heard
}

/// How well `speech` fits `heard` at a place, 0 to 1.
fn fit(speech: &[f32], heard: &[f32], at: usize) -> f32 {
    let there = &heard[at..at + speech.len()];
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    product(speech, there) / (product(speech, speech) * product(there, there)).sqrt().max(1e-6)
}

/// Where `speech` lies in `heard`, in samples, and how well it fits there: first by every fourth sample, then exactly.
fn locate(speech: &[f32], heard: &[f32]) -> (usize, f32) {
    let thin = |samples: &[f32]| samples.chunks_exact(4).map(|four| four.iter().sum()).collect::<Vec<f32>>();
    let best = |speech: &[f32], heard: &[f32], places: std::ops::Range<usize>| {
        let fits = places.map(|at| (at, fit(speech, heard, at)));
        fits.max_by(|a, b| a.1.total_cmp(&b.1)).expect("more was heard than the speech")
    };
    let (rough, _) = best(&thin(speech), &thin(heard), 0..(heard.len() - speech.len()) / 4);
    best(speech, heard, (4 * rough).saturating_sub(8)..(4 * rough + 8).min(heard.len() - speech.len()))
}

#[test]
fn a_real_device_is_heard_lost_and_heard_again() {
    if std::env::var("DOSTYQ_TEST_PULSE").as_deref() != Ok("1") {
        eprintln!("skipped: DOSTYQ_TEST_PULSE is not 1");
        return;
    }
    pulse_is_listed();
    speech_is_heard_as_it_was_played();
    a_device_that_goes_comes_back_on_the_same_clock();
}

fn pulse_is_listed() {
    let devices = devices().expect("ALSA lists its inputs");
    let pulse = devices.iter().find(|device| device.name == "pulse").expect("ALSA's pulse plugin is installed");
    assert!(pulse.channels >= 2 && pulse.rates.contains(&48_000), "{pulse:?}");
    let name = "no such desk";
    let missing = DeviceSource::open(DeviceOptions { name: Some(name.to_owned()), ..DeviceOptions::default() });
    assert!(matches!(missing.err(), Some(CaptureError::NoSuchDevice { name: told }) if told == name));
}

fn speech_is_heard_as_it_was_played() {
    let mut file = FileSource::open(speech(), FileOptions::default()).expect("the speech opens");
    let mut played = Vec::new();
    while let Some(frame) = file.next_frame().expect("the speech is whole") {
        played.extend(frame.samples);
    }
    // Half a second of it is enough to find, and quick to look for.
    let (offset, played) = (8_000, &played[8_000..16_000]);
    for channel in ["mix", "2"] {
        let mut source = open(channel.parse().expect("a channel"));
        let mut clock = SampleTime::from_millis(7_000);
        // A sleeping sink brings its first sound late.
        listen(&mut source, &mut clock, 0.5);
        let mut player = play(&speech());
        let heard = listen(&mut source, &mut clock, 3.0);
        player.wait().expect("paplay ends");
        let (at, fit) = locate(played, &heard);
        assert!(fit > 0.95, "channel {channel}: the speech fits with {fit} at {at}");
        assert!(at >= offset, "channel {channel}: heard at {at} before it was played");
        let status = source.status();
        assert!(status.is_live && status.overruns == 0 && status.filled_samples == 0, "{status:?}");
    }
}

fn a_device_that_goes_comes_back_on_the_same_clock() {
    let mut source = open(Channel::Mix);
    let mut clock = SampleTime::from_millis(7_000);
    listen(&mut source, &mut clock, 0.5);
    let heard_until = Instant::now();
    let clock_then = clock;
    let modules = pactl(&["list", "short", "modules"]);
    let sink = modules.lines().find(|line| line.contains("sink_name=dostyq")).expect("the sink is loaded");
    pactl(&["unload-module", sink.split_whitespace().next().expect("a module has a number")]);
    let lost = loop {
        match source.next_frame() {
            Ok(frame) => clock = frame.expect("a device never ends").span().end,
            Err(error) => break error,
        }
        assert!(heard_until.elapsed() < Duration::from_secs(5), "the loss is noticed");
    };
    assert!(matches!(&lost, CaptureError::DeviceLost { at, .. } if at.0.abs_diff(clock.0) < 16_000), "{lost}");
    assert_eq!(lost.recovery(), Recovery::Continue);
    // The clock goes on in real time without a device.
    let silence = listen(&mut source, &mut clock, 1.0);
    assert!(silence.iter().all(|sample| *sample == 0.0));
    assert!(!source.status().is_live && source.take_marker().is_none());
    pactl(&SINK);
    while !source.status().is_live {
        listen(&mut source, &mut clock, 0.03);
        assert!(heard_until.elapsed() < Duration::from_secs(20), "the device comes back: {:?}", source.status());
    }
    // What had come by then waited; after it the clock is that of the world again.
    listen(&mut source, &mut clock, 2.0);
    let passed = heard_until.elapsed().as_secs_f64();
    let counted = clock.as_secs() - clock_then.as_secs();
    assert!((passed - counted).abs() < 0.3, "{passed} s passed and {counted} s were counted");
    let (at, marker) = source.take_marker().expect("the gap is told");
    assert!(at.0.abs_diff(clock_then.0) < 16_000, "the gap began at {at}");
    assert!(matches!(marker, Marker::Gap { millis } if millis > 1_000), "{marker:?}");
    assert_eq!(source.status().returns, 1);
}
