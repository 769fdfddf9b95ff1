use dostyq_recognise::Pulse;
use dostyq_segment::{Segmenter, SegmenterOptions};
use dostyq_speech::{AudioFrame, Effort, SampleTime, SegmentId, Utterance};

/// Silence after which a draft is made of everything that was said, in samples (0.2 s): if the speaker has come to an end,
/// it is the final, and is there when the endpoint is.
const PAUSE: u64 = 3_200;
/// Sound that a first draft needs, in samples (0.8 s): in less, a language cannot be told.
const DRAFT_LEAST: u64 = 12_800;

/// Decides what of a room's sound is handed to the recogniser, and when. Pure: its only clock is that of the frames.
pub(crate) struct Attention {
    segmenter: Segmenter,
    makes_drafts: bool,
    last_draft: SampleTime,
    effort: Effort,
}

impl Attention {
    /// For a room whose sound begins at `begin`; without drafts only finished utterances are handed in.
    pub(crate) fn new(first_segment: SegmentId, begin: SampleTime, makes_drafts: bool) -> Attention {
        let segmenter = Segmenter::new(SegmenterOptions::default(), first_segment);
        Attention { segmenter, makes_drafts, last_draft: begin, effort: Effort::Full }
    }

    /// Takes the next frame, its probability of being voice, and what the engine says; returns what is to be recognised
    /// now, if anything, in order.
    pub(crate) fn hear(&mut self, frame: &AudioFrame, probability: f32, pulse: Pulse) -> Vec<Utterance> {
        self.set_effort(pulse.effort);
        let left = pulse.switched_at.and_then(|at| self.segmenter.cut_at(at));
        let ended = self.segmenter.push(frame, probability);
        if left.is_some() || ended.is_some() {
            self.last_draft = frame.span().end;
            return left.into_iter().chain(ended).collect();
        }
        self.draft(frame.span().end, pulse).into_iter().collect()
    }

    /// The open utterance as it is, where a draft of it is due.
    fn draft(&mut self, now: SampleTime, pulse: Pulse) -> Option<Utterance> {
        if !self.makes_drafts || !pulse.is_ready {
            return None;
        }
        let voiced = self.segmenter.voiced()?;
        // While the speaker goes on, drafts follow the voice; in a pause one more hears its end, and then none, so that
        // the engine is free when the utterance ends.
        let pause = now.samples_since(voiced.end);
        let has_heard_the_end = self.last_draft >= voiced.end + PAUSE;
        let is_in_stride = now.samples_since(self.last_draft) >= SampleTime::from_secs(pulse.stride).0;
        let is_due = (pause == 0 && is_in_stride) || (pause >= PAUSE && !has_heard_the_end);
        if !is_due || now.samples_since(voiced.start) < DRAFT_LEAST {
            return None;
        }
        self.last_draft = now;
        self.segmenter.growing()
    }

    fn set_effort(&mut self, effort: Effort) {
        let is_short = |effort| effort >= Effort::ShorterUtterances;
        if is_short(effort) != is_short(self.effort) {
            let options = if is_short(effort) { SegmenterOptions::short() } else { SegmenterOptions::default() };
            self.segmenter.set_options(options);
        }
        self.effort = effort;
    }

    /// The end of the sound: the open utterance as it is.
    pub(crate) fn finish(&mut self) -> Option<Utterance> {
        self.segmenter.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_EASE: Pulse = Pulse { effort: Effort::Full, is_ready: true, stride: 0.4, switched_at: None };

    /// Two seconds of voice and one of silence; returns (end of the sound heard in 0.1 s, is final) of what is handed in.
    fn run(makes_drafts: bool, pulse: Pulse) -> Vec<(u64, bool)> {
        let mut attention = Attention::new(SegmentId(1), SampleTime::ZERO, makes_drafts);
        let frames = (0..94u64).map(|i| AudioFrame { start: SampleTime(i * 512), samples: vec![0.0; 512] });
        let handed_in = frames.enumerate().flat_map(|(i, frame)| {
            let voice = if i < 63 { 0.9 } else { 0.0 };
            attention.hear(&frame, voice, pulse)
        });
        handed_in.map(|utterance| (utterance.heard_until.as_millis() / 100, utterance.is_final)).collect()
    }

    #[test]
    fn drafts_keep_their_stride_and_the_final_comes_in_any_case() {
        // The draft after 2.2 s hears the end of the voice; none follows it, since nothing more is said.
        assert_eq!(run(true, AT_EASE), [(8, false), (12, false), (16, false), (22, false), (25, true)]);
        assert_eq!(run(true, Pulse { stride: 1.0, ..AT_EASE }), [(10, false), (22, false), (25, true)]);
        assert_eq!(run(true, Pulse { is_ready: false, ..AT_EASE }), [(25, true)], "a busy engine gets no drafts");
        assert_eq!(run(false, AT_EASE), [(25, true)]);
    }

    #[test]
    fn a_machine_that_is_too_slow_cuts_shorter() {
        let finals = |effort: Effort| {
            let mut attention = Attention::new(SegmentId(1), SampleTime::ZERO, false);
            let frames = (0..940u64).map(|i| AudioFrame { start: SampleTime(i * 512), samples: vec![0.0; 512] });
            frames.flat_map(|frame| attention.hear(&frame, 0.9, Pulse { effort, ..AT_EASE })).count()
        };
        assert_eq!((finals(Effort::Full), finals(Effort::ShorterUtterances)), (1, 2));
    }
}
