use std::thread;
use std::time::{Duration, Instant};

use dostyq_speech::{AudioFrame, Marker, SampleTime};

use crate::{CaptureError, Source};

/// A source that hands frames out in real time, as a microphone would: each when its last sample has been spoken.
///
/// The clock starts with the first call. Every frame is due by its place on the sample clock and not by the frame
/// before it, so nothing drifts. A reader who comes late gets the frames that are due at once, one after another,
/// until it has caught up; none is skipped.
pub struct Paced<S> {
    source: S,
    /// When the first frame began, on both clocks.
    anchor: Option<(Instant, SampleTime)>,
}

impl<S: Source> Paced<S> {
    /// Paces a source.
    pub fn new(source: S) -> Paced<S> {
        Paced { source, anchor: None }
    }

    /// The source that is paced.
    pub fn source(&self) -> &S {
        &self.source
    }
}

/// How long after the first sample the last one of `frame` has been spoken.
fn due(first: SampleTime, frame: &AudioFrame) -> Duration {
    Duration::from_secs_f64(SampleTime(frame.span().end.samples_since(first)).as_secs())
}

impl<S: Source> Source for Paced<S> {
    fn next_frame(&mut self) -> Result<Option<AudioFrame>, CaptureError> {
        let asked = Instant::now();
        let frame = self.source.next_frame()?;
        if let Some(frame) = &frame {
            let (began, first) = *self.anchor.get_or_insert((asked, frame.start));
            thread::sleep(due(first, frame).saturating_sub(began.elapsed()));
        }
        Ok(frame)
    }

    fn take_marker(&mut self) -> Option<(SampleTime, Marker)> {
        self.source.take_marker()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FRAME_SAMPLES;

    /// Hands out this many frames of silence from `next` on.
    struct ScriptedSource {
        next: SampleTime,
        left: usize,
    }

    impl Source for ScriptedSource {
        fn next_frame(&mut self) -> Result<Option<AudioFrame>, CaptureError> {
            if self.left == 0 {
                return Ok(None);
            }
            self.left -= 1;
            let frame = AudioFrame { start: self.next, samples: vec![0.0; FRAME_SAMPLES] };
            self.next = frame.span().end;
            Ok(Some(frame))
        }
    }

    #[test]
    fn a_frame_is_due_when_its_last_sample_has_been_spoken() {
        let frame = AudioFrame { start: SampleTime::from_millis(5_000), samples: vec![0.0; 512] };
        assert_eq!(due(SampleTime::from_millis(5_000), &frame), Duration::from_millis(32));
        assert_eq!(due(SampleTime::from_millis(1_000), &frame), Duration::from_millis(4_032));
    }

    #[test]
    fn frames_come_in_real_time_and_a_late_reader_catches_up() {
        let mut paced = Paced::new(ScriptedSource { next: SampleTime(777), left: 12 });
        let began = Instant::now();
        for _ in 0..5 {
            paced.next_frame().expect("a frame").expect("a frame");
        }
        assert!(began.elapsed() >= Duration::from_millis(160), "five frames came in {:?}", began.elapsed());
        thread::sleep(Duration::from_millis(170));
        let late = Instant::now();
        let mut expect = SampleTime(777 + 5 * 512);
        for _ in 0..5 {
            let frame = paced.next_frame().expect("a frame").expect("a frame");
            assert_eq!(frame.start, expect, "nothing is skipped");
            expect = frame.span().end;
        }
        assert!(late.elapsed() < Duration::from_millis(100), "five frames that were due took {:?}", late.elapsed());
        paced.next_frame().expect("a frame").expect("a frame");
        assert!(began.elapsed() >= Duration::from_millis(352), "then it is real time again: {:?}", began.elapsed());
    }
}
