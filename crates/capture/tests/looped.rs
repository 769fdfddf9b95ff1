//! A recording that is played again and again.

use std::path::Path;
use std::time::Duration;

use dostyq_capture::{FRAME_SAMPLES, FileOptions, FileSource, Looped, Source};
use dostyq_speech::{Marker, SampleTime};

#[test]
fn a_loop_goes_on_on_one_clock_and_says_when_it_begins_again() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/audio/speech-opus.ogg");
    let options = FileOptions { start: SampleTime(999), ..FileOptions::default() };
    let mut once = Vec::new();
    let mut source = FileSource::open(&path, options).expect("the speech opens");
    while let Some(frame) = source.next_frame().expect("the speech is whole") {
        once.extend(frame.samples);
    }
    let pause = Duration::from_millis(250);
    let mut looped = Looped::open(&path, options, pause).expect("the speech opens");
    let (mut heard, mut markers) = (Vec::new(), Vec::new());
    let period = once.len() + 4_000;
    while heard.len() < 3 * period {
        let frame = looped.next_frame().expect("the file stays").expect("a loop never ends");
        assert_eq!(frame.start, options.start + heard.len() as u64, "frames follow one another");
        assert_eq!(frame.samples.len(), FRAME_SAMPLES, "every frame is whole");
        heard.extend(frame.samples);
        while let Some((at, marker)) = looped.take_marker() {
            assert!(at <= options.start + heard.len() as u64, "nothing is told before it happens");
            markers.push((at, marker));
        }
    }
    for play in 0..3 {
        let (speech, silence) = heard[play * period..][..period].split_at(once.len());
        assert!(speech == once, "play {play} is the recording");
        assert!(silence.iter().all(|sample| *sample == 0.0), "pause {play} is silence");
    }
    let begins = [1, 2, 3].map(|play| (options.start + (play * period) as u64, Marker::Looped));
    assert!(begins.starts_with(&markers) && markers.len() >= 2, "{markers:?}");
    assert!(looped.loops() >= 2);
}
