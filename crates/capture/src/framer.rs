use std::collections::VecDeque;

use dostyq_speech::{AudioFrame, SampleTime};

use crate::FRAME_SAMPLES;

/// Cuts a stream of 16 kHz samples into frames on the clock.
#[derive(Debug)]
pub(crate) struct Framer {
    /// The moment of the first pending sample.
    start: SampleTime,
    pending: VecDeque<f32>,
}

impl Framer {
    pub(crate) fn new(start: SampleTime) -> Framer {
        Framer { start, pending: VecDeque::new() }
    }

    /// The moment after everything that was pushed.
    pub(crate) fn end(&self) -> SampleTime {
        self.start + self.pending.len() as u64
    }

    pub(crate) fn push_silence(&mut self, samples: u64) {
        self.extend((0..samples).map(|_| 0.0));
    }

    /// Whether a whole frame is pending.
    pub(crate) fn has_frame(&self) -> bool {
        self.pending.len() >= FRAME_SAMPLES
    }

    /// The next whole frame.
    pub(crate) fn pop(&mut self) -> Option<AudioFrame> {
        self.has_frame().then(|| self.cut(FRAME_SAMPLES))
    }

    /// What is left when nothing more will come: whole frames, then a shorter one.
    pub(crate) fn pop_rest(&mut self) -> Option<AudioFrame> {
        let length = self.pending.len().min(FRAME_SAMPLES);
        (length > 0).then(|| self.cut(length))
    }

    fn cut(&mut self, length: usize) -> AudioFrame {
        let frame = AudioFrame { start: self.start, samples: self.pending.drain(..length).collect() };
        self.start = self.start + length as u64;
        frame
    }
}

/// The resampler overshoots a little at full scale; a frame's samples are promised to lie in [-1, 1].
impl Extend<f32> for Framer {
    fn extend<I: IntoIterator<Item = f32>>(&mut self, samples: I) {
        self.pending.extend(samples.into_iter().map(|sample| sample.clamp(-1.0, 1.0)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_follow_one_another_and_the_last_is_shorter() {
        let mut framer = Framer::new(SampleTime(100));
        framer.extend([1.5; 1000]);
        framer.push_silence(100);
        assert_eq!(framer.end(), SampleTime(1200));
        let mut lengths = Vec::new();
        let mut expect = SampleTime(100);
        while let Some(frame) = framer.pop().or_else(|| framer.pop_rest()) {
            assert_eq!(frame.start, expect);
            assert!(frame.samples.iter().all(|sample| (0.0..=1.0).contains(sample)));
            expect = frame.span().end;
            lengths.push(frame.samples.len());
        }
        assert_eq!(lengths, [512, 512, 76]);
    }
}
