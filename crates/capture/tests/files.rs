//! Recordings of every kind, whole and broken, as frames.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dostyq_capture::{CaptureError, FRAME_SAMPLES, FileOptions, FileReport, FileSource, Recovery, Source};
use dostyq_speech::{Level, Marker, SampleTime};
use hound::{SampleFormat, WavSpec, WavWriter};
use tempfile::TempDir;

/// The fixtures that hold the same speech, of this many samples at 16 kHz.
const SPEECH: [&str; 5] = ["speech.flac", "speech.mp3", "speech-vorbis.ogg", "speech-opus.ogg", "speech.m4a"];
const SPEECH_SAMPLES: usize = 26_288;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/audio").join(name)
}

fn options(channel: &str) -> FileOptions {
    FileOptions { channel: channel.parse().expect(channel), start: SampleTime(4_321) }
}

/// All that a file gives.
struct Heard {
    samples: Vec<f32>,
    gaps: Vec<(SampleTime, Marker)>,
    ends_early: Option<String>,
    report: FileReport,
}

/// Plays a file to its end and holds it to what `Source` promises.
fn hear(path: &Path, options: FileOptions) -> Result<Heard, CaptureError> {
    let mut source = FileSource::open(path, options)?;
    let (mut samples, mut gaps, mut ends_early, mut was_short) = (Vec::new(), Vec::new(), None, false);
    loop {
        match source.next_frame() {
            Ok(Some(frame)) => {
                assert_eq!(frame.start, options.start + samples.len() as u64, "frames follow one another");
                assert!((1..=FRAME_SAMPLES).contains(&frame.samples.len()) && !was_short, "only the last is shorter");
                assert!(frame.samples.iter().all(|sample| sample.abs() <= 1.0));
                was_short = frame.samples.len() < FRAME_SAMPLES;
                samples.extend(frame.samples);
                gaps.extend(source.take_marker());
                assert!(ends_early.is_none(), "nothing comes after an early end");
            }
            Ok(None) => break,
            Err(error) => {
                assert!(matches!(error, CaptureError::EndsEarly { .. }) && ends_early.is_none(), "{error}");
                assert_eq!(error.recovery(), Recovery::Continue);
                ends_early = Some(error.to_string());
            }
        }
    }
    assert!(matches!(source.next_frame(), Ok(None)), "the end stays the end");
    Ok(Heard { samples, gaps, ends_early, report: source.report() })
}

fn speech() -> Vec<f32> {
    hear(&fixture("speech.flac"), options("mix")).expect("the reference opens").samples
}

/// By how many samples `heard` lags `played`, and how well the two fit then, 0 to 1.
fn compare(played: &[f32], heard: &[f32]) -> (i64, f32) {
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let norm = (product(played, played) * product(heard, heard)).sqrt();
    let fit = |lag: i64| {
        let (played, heard) =
            if lag >= 0 { (played, &heard[lag as usize..]) } else { (&played[-lag as usize..], heard) };
        product(played, heard) / norm
    };
    (-800..=800).map(|lag| (lag, fit(lag))).max_by(|a, b| a.1.total_cmp(&b.1)).expect("there are lags")
}

fn write_wav(folder: &TempDir, spec: WavSpec, samples: impl Iterator<Item = f64>) -> PathBuf {
    let path = folder.path().join("made.wav");
    let mut writer = WavWriter::create(&path, spec).expect("the file is made");
    for sample in samples {
        match spec.sample_format {
            SampleFormat::Float => writer.write_sample(sample as f32),
            SampleFormat::Int => {
                writer.write_sample((sample * f64::from((1u32 << (spec.bits_per_sample - 1)) - 1)) as i32)
            }
        }
        .expect("a sample is written");
    }
    writer.finalize().expect("the file is finished");
    path
}

fn wav(channels: u16, sample_rate: u32, bits_per_sample: u16, sample_format: SampleFormat) -> WavSpec {
    WavSpec { channels, sample_rate, bits_per_sample, sample_format }
}

#[test]
fn speech_of_every_format_is_heard_when_it_was_spoken() {
    let played = speech();
    assert_eq!(played.len(), SPEECH_SAMPLES);
    for name in SPEECH {
        let heard = hear(&fixture(name), options("1")).expect(name);
        assert!(heard.samples.len().abs_diff(SPEECH_SAMPLES) <= 1, "{name}: {} samples", heard.samples.len());
        let (lag, fit) = compare(&played, &heard.samples);
        // A millisecond is 16 samples.
        assert!(lag.abs() <= 4 && fit > 0.9, "{name} lags by {lag} samples and fits with {fit}");
        assert!(heard.gaps.is_empty() && heard.ends_early.is_none() && heard.report.bad_packets == 0, "{name}");
        assert!((-12.0..0.0).contains(&heard.report.peak_dbfs), "{name}: {:?}", heard.report);
        let source = FileSource::open(fixture(name), FileOptions::default()).expect(name);
        let hint = source.duration_hint().expect("every fixture states its length");
        assert!(hint.abs_diff(Duration::from_millis(1_643)) <= Duration::from_millis(1), "{name}: {hint:?}");
    }
}

#[test]
fn a_click_in_a_wav_of_any_kind_is_heard_where_it_was() {
    let folder = TempDir::new().expect("a folder");
    let check = |spec: WavSpec, channel: &str, expect: bool| {
        // A click at 700 ms in the last channel of 1.5 s.
        let (rate, channels) = (u64::from(spec.sample_rate), u64::from(spec.channels));
        let click = (rate * 7 / 10 + 1) * channels - 1;
        let samples = (0..rate * 3 / 2 * channels).map(|i| if i == click { 0.9 } else { 0.0 });
        let heard = hear(&write_wav(&folder, spec, samples), options(channel)).expect("a WAV opens").samples;
        assert!(heard.len().abs_diff(24_000) <= 1, "{spec:?}: {} samples", heard.len());
        let (at, peak) = heard.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).expect("it is not empty");
        assert_eq!(*peak > 0.01, expect, "{spec:?} channel {channel}: a peak of {peak}");
        assert!(!expect || at.abs_diff(11_200) <= 1, "{spec:?} channel {channel}: heard at {at}");
    };
    for rate in [8_000, 16_000, 22_050, 44_100, 48_000] {
        check(wav(1, rate, 16, SampleFormat::Int), "mix", true);
        check(wav(2, rate, 16, SampleFormat::Int), "2", true);
        check(wav(2, rate, 16, SampleFormat::Int), "1", false);
    }
    check(wav(1, 48_000, 8, SampleFormat::Int), "mix", true);
    check(wav(2, 48_000, 24, SampleFormat::Int), "mix", true);
    check(wav(1, 48_000, 32, SampleFormat::Int), "1", true);
    check(wav(2, 44_100, 32, SampleFormat::Float), "2", true);
    check(wav(6, 48_000, 16, SampleFormat::Int), "6", true);
}

#[test]
fn what_is_no_sample_is_silence_and_what_is_too_loud_is_clipped() {
    let folder = TempDir::new().expect("a folder");
    let samples = [f64::NAN, f64::INFINITY, -1e30, 0.25].into_iter().cycle().take(48_000);
    let path = write_wav(&folder, wav(1, 48_000, 32, SampleFormat::Float), samples);
    let heard = hear(&path, options("mix")).expect("it opens");
    assert_eq!(heard.samples.len(), 16_000);
}

#[test]
fn digital_silence_is_decoded_and_can_be_noticed() {
    let folder = TempDir::new().expect("a folder");
    let path = write_wav(&folder, wav(1, 44_100, 16, SampleFormat::Int), (0..44_100).map(|_| 0.0));
    let heard = hear(&path, options("mix")).expect("it opens");
    assert_eq!((heard.samples.len(), heard.report.peak_dbfs), (16_000, Level::SILENCE.peak_dbfs));
}

#[test]
fn a_file_that_was_cut_off_gives_what_it_has_and_then_says_so() {
    let (whole, folder) = (speech(), TempDir::new().expect("a folder"));
    for name in SPEECH {
        for percent in [75, 90] {
            let bytes = fs::read(fixture(name)).expect(name);
            let path = folder.path().join(name);
            fs::write(&path, &bytes[..bytes.len() * percent / 100]).expect("it is written");
            let heard = hear(&path, options("mix")).expect(name);
            let length = heard.samples.len();
            // Frames and pages are lost whole; a FLAC frame of the fixture is 256 ms, an OGG page about 200 ms.
            let expect = SPEECH_SAMPLES * (percent - 25) / 100..SPEECH_SAMPLES;
            assert!(expect.contains(&length), "{name} cut to {percent} %: {length} samples");
            let (lag, fit) = compare(&whole[..length], &heard.samples);
            assert!(lag.abs() <= 4 && fit > 0.9, "{name} cut to {percent} % lags by {lag} and fits with {fit}");
            let told = heard.ends_early.expect("an early end is told");
            let at = SampleTime(length as u64).to_string();
            assert!(told.starts_with(&format!("{} ends early at {at} (", path.display())), "{told}");
        }
    }
}

#[test]
fn a_wav_that_was_cut_off_keeps_every_sample() {
    let folder = TempDir::new().expect("a folder");
    let samples = (0..32_000).map(|i| f64::from(i) / 32_000.0);
    let path = write_wav(&folder, wav(1, 16_000, 16, SampleFormat::Int), samples);
    let bytes = fs::read(&path).expect("it is there");
    fs::write(&path, &bytes[..44 + 2 * 20_001 + 1]).expect("it is written");
    let heard = hear(&path, options("mix")).expect("it opens");
    assert_eq!(heard.samples.len(), 20_001);
    assert!(heard.ends_early.expect("it is told").contains("ends early at 00:00:01.250"));
}

#[test]
fn damage_inside_is_silence_of_its_length_and_what_follows_keeps_its_time() {
    let (whole, folder) = (speech(), TempDir::new().expect("a folder"));
    // MP3 frames carry no time: what a damaged one held cannot be known.
    for name in ["speech.flac", "speech-vorbis.ogg", "speech-opus.ogg", "speech.m4a"] {
        let mut bytes = fs::read(fixture(name)).expect(name);
        let middle = bytes.len() / 2;
        bytes[middle..middle + 60].iter_mut().for_each(|byte| *byte = !*byte);
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("it is written");
        let heard = hear(&path, options("1")).expect(name);
        assert!(heard.samples.len().abs_diff(SPEECH_SAMPLES) <= 1, "{name}: {} samples", heard.samples.len());
        let tail = SPEECH_SAMPLES - 4_000;
        let (lag, fit) = compare(&whole[tail..], &heard.samples[tail..]);
        assert!(lag.abs() <= 4 && fit > 0.9, "{name}: the end lags by {lag} and fits with {fit}");
        let [(at, Marker::Gap { millis })] = heard.gaps[..] else { panic!("{name}: {:?}", heard.gaps) };
        assert!((300..1_300).contains(&at.as_millis()) && (15..500).contains(&millis), "{name}: {millis} ms at {at}");
        let filled = SampleTime(heard.report.filled_samples).as_millis();
        assert!(filled.abs_diff(millis) <= 1, "{name}: {:?}", heard.report);
    }
}

#[test]
fn what_cannot_be_heard_says_why_in_one_line() {
    let folder = TempDir::new().expect("a folder");
    let check = |name: &str, bytes: Option<&[u8]>, channel: &str, expect: &str| {
        let path = folder.path().join(name);
        if let Some(bytes) = bytes {
            fs::write(&path, bytes).expect("it is written");
        }
        let error = hear(&path, options(channel)).err().expect(name);
        assert_eq!(error.to_string(), format!("{}{expect}", path.display()));
        assert_eq!(error.recovery(), Recovery::Stop);
    };
    let read = |name: &str| fs::read(fixture(name)).expect(name);
    check("missing.wav", None, "mix", " does not exist: check the path");
    check("", None, "mix", " is a folder: name a recording in it");
    check("empty.wav", Some(b""), "mix", " is empty (0 bytes): copy it again from where it was recorded");
    let unknown = " is no recording in a known format: give a WAV, FLAC, MP3, OGG (Vorbis, Opus) or M4A (AAC) file";
    check("text.wav", Some("Құрметті қонақтар! ".repeat(500).as_bytes()), "mix", unknown);
    check("short.mp3", Some(b"x"), "mix", unknown);
    let silent = " has no audio track: export it again with its sound";
    check("silent.mp4", Some(&read("picture-only.mp4")), "mix", silent);
    let missing = " has 2 channel(s) and no channel 3: choose 1 to 2, or mix";
    check("stereo.mp3", Some(&read("speech.mp3")), "3", missing);
    check("stereo.m4a", Some(&read("speech.m4a")), "3", missing);
    // Most recorders write the index last: a file that was cut off has none.
    let mut m4a = read("speech.m4a");
    let index = m4a.windows(4).position(|name| name == b"moov").expect("a whole file has an index");
    m4a[index..index + 4].copy_from_slice(b"free");
    let no_index = " is damaged or incomplete (isomp4: missing moov atom) and nothing of it can be heard: get a whole \
                    copy";
    check("cut.m4a", Some(&m4a), "mix", no_index);
    let header = &read("speech.flac")[..2_000];
    let no_sound = " is damaged or incomplete (1.6 s more were announced) and nothing of it can be heard: get a whole \
                    copy";
    check("header.flac", Some(header), "mix", no_sound);
    write_wav(&folder, wav(1, 48_000, 16, SampleFormat::Int), std::iter::empty());
    check(
        "made.wav",
        None,
        "mix",
        " is damaged or incomplete (it holds no sound) and nothing of it can be heard: get a whole copy",
    );
    let path = write_wav(&folder, wav(1, 48_000, 16, SampleFormat::Int), (0..100).map(|_| 0.5));
    let plain = fs::read(path).expect("it is there");
    let mut absurd = plain.clone();
    absurd[24..28].copy_from_slice(&4_000_000_000u32.to_le_bytes());
    let reason = " holds sound that cannot be decoded here (a sample rate of 4000000000 Hz): convert it to WAV or FLAC";
    check("absurd.wav", Some(&absurd), "mix", reason);
    // The decoder library panics on this many channels, in a build that checks for overflow.
    let mut crowded = plain;
    crowded[22..24].copy_from_slice(&45_058u16.to_le_bytes());
    let path = folder.path().join("crowded.wav");
    fs::write(&path, crowded).expect("it is written");
    assert!(matches!(hear(&path, options("mix")).err(), Some(CaptureError::Damaged { .. })));
}

#[test]
fn the_name_of_a_file_does_not_matter() {
    let folder = TempDir::new().expect("a folder");
    for name in SPEECH {
        let path = folder.path().join("recording.wav");
        fs::copy(fixture(name), &path).expect("it is copied");
        assert_eq!(hear(&path, options("mix")).expect(name).samples.len(), SPEECH_SAMPLES, "{name}");
    }
}

#[test]
fn recordings_that_are_chained_in_one_file_follow_one_another() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("chained.ogg");
    let [vorbis, opus] = ["speech-vorbis.ogg", "speech-opus.ogg"].map(|name| fs::read(fixture(name)).expect(name));
    fs::write(&path, [vorbis, opus].concat()).expect("it is written");
    let heard = hear(&path, options("mix")).expect("it opens");
    assert!(heard.samples.len().abs_diff(2 * SPEECH_SAMPLES) <= 2, "{} samples", heard.samples.len());
    let (lag, fit) = compare(&speech(), &heard.samples[heard.samples.len() - SPEECH_SAMPLES..]);
    assert!(lag.abs() <= 4 && fit > 0.9, "the second lags by {lag} and fits with {fit}");
    assert!(heard.ends_early.is_none() && heard.gaps.is_empty());
}
