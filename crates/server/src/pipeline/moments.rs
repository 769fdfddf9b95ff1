use dostyq_speech::SampleTime;

/// Probability of voice from which somebody speaks.
const VOICE: f32 = 0.5;
/// Sound between two moments (0.1 s), in samples: words that appear with the time of their speaking need no finer clock.
const STRIDE: u64 = 1_600;

/// Divides a room's sound into moments of about a tenth of a second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moments {
    latest: SampleTime,
    is_voiced: bool,
}

impl Moments {
    /// From the beginning of the sound on.
    pub(crate) fn from(begin: SampleTime) -> Moments {
        Moments { latest: begin, is_voiced: false }
    }

    /// Sound has passed up to `now` with this probability of voice; where a moment ends, whether somebody spoke in it.
    pub(crate) fn pass(&mut self, now: SampleTime, probability: f32) -> Option<bool> {
        self.is_voiced |= probability >= VOICE;
        (now.samples_since(self.latest) >= STRIDE).then(|| {
            self.latest = now;
            std::mem::take(&mut self.is_voiced)
        })
    }
}
