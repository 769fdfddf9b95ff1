use std::collections::VecDeque;

use dostyq_speech::{AudioFrame, SampleTime, SegmentId, TimeSpan, Utterance};

/// The rules of segmentation. All lengths are milliseconds of sound.
#[derive(Clone, Debug)]
pub struct SegmenterOptions {
    /// Probability from which a window counts as voice while nobody is speaking, 0 to 1.
    pub onset_probability: f32,
    /// Probability under which a window counts as silence while somebody is speaking; below the onset, so that a
    /// soft ending is not cut off.
    pub offset_probability: f32,
    /// Voice needed to open an utterance: shorter than a syllable would open on every click.
    pub onset_millis: u64,
    /// Sound kept from before the onset, so that the first consonant is not lost.
    pub pre_roll_millis: u64,
    /// Silence that ends a short utterance; half a second is a pause of thought, less is a breath.
    pub endpoint_millis: u64,
    /// Silence kept behind the last voiced window, so that a final consonant is not lost.
    pub post_roll_millis: u64,
    /// Length from which shorter and shorter pauses end the utterance: the other half of the hall waits for its end.
    pub patience_millis: u64,
    /// Length from which a breath ends it.
    pub breath_from_millis: u64,
    /// Length at which the utterance is cut at its best pause of late, whatever the speaker does; at most 28 s, since
    /// Whisper hears 30 s at once.
    pub longest_millis: u64,
}

impl Default for SegmenterOptions {
    fn default() -> Self {
        SegmenterOptions {
            onset_probability: 0.5,
            offset_probability: 0.35,
            onset_millis: 90,
            pre_roll_millis: 320,
            endpoint_millis: 500,
            post_roll_millis: 200,
            patience_millis: 4_000,
            breath_from_millis: 9_000,
            longest_millis: 24_000,
        }
    }
}

impl SegmenterOptions {
    /// Rules for a machine that is too slow: utterances of half the length.
    pub fn short() -> SegmenterOptions {
        SegmenterOptions {
            patience_millis: 2_000,
            breath_from_millis: 5_000,
            longest_millis: 12_000,
            ..SegmenterOptions::default()
        }
    }

    /// The silence that ends an utterance of this length: falls evenly from the endpoint's to that of a breath.
    fn closing_silence_millis(&self, length_millis: u64) -> u64 {
        let stretch = self.breath_from_millis.saturating_sub(self.patience_millis).max(1);
        let over = length_millis.saturating_sub(self.patience_millis).min(stretch);
        let fall = self.endpoint_millis.saturating_sub(BREATH_MILLIS);
        self.endpoint_millis - fall * over / stretch
    }
}

/// A breath between two words.
const BREATH_MILLIS: u64 = 100;
/// How far back a forced cut looks for the best pause, in milliseconds.
const CUT_SEARCH_MILLIS: u64 = 6_000;

/// Cuts a stream of windows into utterances; see the crate's example.
///
/// No sample is lost or doubled: what follows a forced cut begins the next utterance.
pub struct Segmenter {
    options: SegmenterOptions,
    next_segment: SegmentId,
    heard_until: SampleTime,
    state: State,
}

/// A window with its judgement.
struct Window {
    frame: AudioFrame,
    probability: f32,
}

enum State {
    /// Nobody speaks; the latest windows wait as a possible pre-roll.
    Quiet { recent: VecDeque<Window> },
    /// An utterance is open; it holds its pre-roll too.
    Open { segment: SegmentId, windows: Vec<Window> },
}

impl Segmenter {
    /// A segmenter whose first utterance will be `first_segment`.
    pub fn new(options: SegmenterOptions, first_segment: SegmentId) -> Segmenter {
        let state = State::Quiet { recent: VecDeque::new() };
        Segmenter { options, next_segment: first_segment, heard_until: SampleTime::ZERO, state }
    }

    /// Other rules, from the next window on.
    pub fn set_options(&mut self, options: SegmenterOptions) {
        self.options = options;
    }

    /// Takes the window that follows the previous one, and its probability of being voice; returns the utterance
    /// that it ended, if it did.
    pub fn push(&mut self, frame: &AudioFrame, probability: f32) -> Option<Utterance> {
        self.heard_until = frame.span().end;
        let window = Window { frame: frame.clone(), probability };
        match &mut self.state {
            State::Quiet { recent } => {
                recent.push_back(window);
                self.forget_old();
                if self.onset() {
                    self.open();
                }
                None
            }
            State::Open { windows, .. } => {
                windows.push(window);
                self.endpoint().or_else(|| self.forced_cut())
            }
        }
    }

    /// Ends the open utterance at a moment inside it; what follows is the next one. Nothing when that is not open (any
    /// more).
    pub fn cut_at(&mut self, moment: SampleTime) -> Option<Utterance> {
        let State::Open { segment, windows } = &self.state else { return None };
        let at = windows.iter().position(|window| window.frame.start >= moment).filter(|at| *at > 0)?;
        let segment = *segment;
        let ended = self.split(segment, at);
        self.open();
        ended
    }

    /// The open utterance as it is so far; nothing while nobody speaks.
    pub fn growing(&self) -> Option<Utterance> {
        match &self.state {
            State::Quiet { .. } => None,
            State::Open { segment, windows } => Some(self.utterance(*segment, windows, false)),
        }
    }

    /// Where voice has been heard in the open utterance, from its first to its latest voiced window; nothing while nobody
    /// speaks.
    pub fn voiced(&self) -> Option<TimeSpan> {
        match &self.state {
            State::Quiet { .. } => None,
            State::Open { windows, .. } => self.voice_in(windows).map(|(span, _)| span),
        }
    }

    /// The end of the sound: the open utterance as it is.
    pub fn finish(&mut self) -> Option<Utterance> {
        match std::mem::replace(&mut self.state, State::Quiet { recent: VecDeque::new() }) {
            State::Quiet { .. } => None,
            State::Open { segment, windows } => Some(self.utterance(segment, &windows, true)),
        }
    }

    /// Whether the latest windows are voice without a break for long enough.
    fn onset(&self) -> bool {
        let State::Quiet { recent } = &self.state else { return false };
        let voiced = recent.iter().rev().take_while(|w| w.probability >= self.options.onset_probability);
        millis(voiced.map(|w| w.frame.samples.len()).sum()) >= self.options.onset_millis
    }

    fn open(&mut self) {
        if let State::Quiet { recent } = &mut self.state {
            let windows = std::mem::take(recent).into();
            self.state = State::Open { segment: self.next_segment, windows };
            self.next_segment = SegmentId(self.next_segment.0 + 1);
        }
    }

    /// Keeps only as much as a pre-roll and an onset need.
    fn forget_old(&mut self) {
        let State::Quiet { recent } = &mut self.state else { return };
        let keep = self.options.pre_roll_millis + self.options.onset_millis;
        let mut kept = millis(recent.iter().map(|w| w.frame.samples.len()).sum());
        while let Some(oldest) = recent.front() {
            let length = millis(oldest.frame.samples.len());
            if kept < keep + length {
                break;
            }
            kept -= length;
            recent.pop_front();
        }
    }

    /// Ends the utterance when silence has lasted long enough; the silence becomes the next pre-roll.
    fn endpoint(&mut self) -> Option<Utterance> {
        let State::Open { segment, windows } = &mut self.state else { return None };
        let silent = windows.iter().rev().take_while(|w| w.probability < self.options.offset_probability).count();
        let silence = millis(windows[windows.len() - silent..].iter().map(|w| w.frame.samples.len()).sum());
        let length = millis(windows.iter().map(|w| w.frame.samples.len()).sum());
        if silence < self.options.closing_silence_millis(length) {
            return None;
        }
        let segment = *segment;
        let silence_start = windows.len() - silent;
        self.split(segment, silence_start)
    }

    /// Cuts an utterance that has grown too long at the quietest place of its latest seconds.
    fn forced_cut(&mut self) -> Option<Utterance> {
        let State::Open { segment, windows } = &self.state else { return None };
        let length = millis(windows.iter().map(|w| w.frame.samples.len()).sum());
        if length < self.options.longest_millis {
            return None;
        }
        let mut best = windows.len() - 1;
        let mut searched = 0;
        for (i, window) in windows.iter().enumerate().rev() {
            searched += millis(window.frame.samples.len());
            if searched > CUT_SEARCH_MILLIS || i == 0 {
                break;
            }
            if window.probability < windows[best].probability {
                best = i;
            }
        }
        let segment = *segment;
        let ended = self.split(segment, best);
        // Somebody is in mid-sentence: what follows the cut is the next utterance, whatever its probabilities say.
        self.open();
        ended
    }

    /// Ends `segment` before window `at`; the windows from there on wait as the beginning of the next one.
    /// Forgets none of them: after a forced cut they are speech.
    fn split(&mut self, segment: SegmentId, at: usize) -> Option<Utterance> {
        let State::Open { windows, .. } = &mut self.state else { return None };
        let mut rest: VecDeque<Window> = windows.split_off(at).into();
        let mut ended = std::mem::take(windows);
        // The first of the silence belongs to the ending word; it is shared with the next pre-roll only in the sense
        // that silence is silence: the samples go to this utterance alone.
        let mut post_roll = 0;
        while let Some(window) = rest.front() {
            post_roll += millis(window.frame.samples.len());
            if window.probability >= self.options.offset_probability || post_roll > self.options.post_roll_millis {
                break;
            }
            ended.extend(rest.pop_front());
        }
        let utterance = self.utterance(segment, &ended, true);
        self.state = State::Quiet { recent: rest };
        Some(utterance)
    }

    /// From the first to the last voiced window, and the seconds of all voiced ones; nothing where there is none.
    fn voice_in(&self, windows: &[Window]) -> Option<(TimeSpan, f64)> {
        let voiced = || windows.iter().filter(|window| window.probability >= self.options.offset_probability);
        let (first, last) = (voiced().next()?, voiced().next_back()?);
        let span = TimeSpan::new(first.frame.start, last.frame.span().end);
        Some((span, voiced().map(|window| window.frame.span().length_secs()).sum()))
    }

    fn utterance(&self, segment: SegmentId, windows: &[Window], is_final: bool) -> Utterance {
        let start = windows.first().map_or(SampleTime::ZERO, |w| w.frame.start);
        let mut samples = Vec::with_capacity(windows.iter().map(|w| w.frame.samples.len()).sum());
        for window in windows {
            samples.extend_from_slice(&window.frame.samples);
        }
        let (voiced, voiced_secs) = self.voice_in(windows).unwrap_or((TimeSpan::new(start, start), 0.0));
        Utterance { segment, start, samples, voiced, voiced_secs, heard_until: self.heard_until, is_final }
    }
}

fn millis(samples: usize) -> u64 {
    SampleTime(samples as u64).as_millis()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::WINDOW;

    /// Runs a script of (windows, probability) and returns the utterances, the last one by `finish`.
    fn run(options: SegmenterOptions, script: &[(usize, f32)]) -> Vec<Utterance> {
        let mut segmenter = Segmenter::new(options, SegmentId(1));
        let mut ended = Vec::new();
        let mut i = 0u64;
        for &(count, probability) in script {
            for _ in 0..count {
                // The samples carry their own index, so that a lost or doubled one shows.
                let samples = (0..WINDOW as u64).map(|s| (i * WINDOW as u64 + s) as f32).collect();
                let frame = AudioFrame { start: SampleTime(i * WINDOW as u64), samples };
                ended.extend(segmenter.push(&frame, probability));
                i += 1;
            }
        }
        ended.extend(segmenter.finish());
        ended
    }

    /// The spans in windows.
    fn check(script: &[(usize, f32)], expect: &[(u64, u64)]) {
        let ended = run(SegmenterOptions::default(), script);
        let spans: Vec<_> = ended.iter().map(|u| (u.start.0 / WINDOW as u64, u.span().end.0 / WINDOW as u64)).collect();
        assert_eq!(spans, expect, "{script:?}");
        for utterance in &ended {
            let first = utterance.start.0;
            assert!(
                utterance.samples.iter().enumerate().all(|(i, s)| *s == (first + i as u64) as f32),
                "the samples of an utterance are those of the stream, each once"
            );
        }
    }

    #[test]
    fn silence_yields_nothing() {
        check(&[(500, 0.1)], &[]);
        // A click of two windows is not speech.
        check(&[(50, 0.1), (2, 0.9), (50, 0.1)], &[]);
    }

    #[test]
    fn speech_is_kept_with_its_pre_roll_and_post_roll() {
        // 90 ms of onset are 3 windows, 320 ms of pre-roll 10, 200 ms of post-roll 6.
        check(&[(50, 0.1), (30, 0.9), (50, 0.1)], &[(40, 86)]);
        // Speech from the first window on has no pre-roll to keep.
        check(&[(30, 0.9), (50, 0.1)], &[(0, 36)]);
        // Speech to the last window ends with the sound.
        check(&[(50, 0.1), (30, 0.9)], &[(40, 80)]);
    }

    #[test]
    fn a_breath_does_not_end_an_utterance_and_a_pause_does() {
        check(&[(20, 0.9), (10, 0.1), (20, 0.9), (30, 0.1)], &[(0, 56)]);
        check(&[(20, 0.9), (17, 0.1), (20, 0.9), (30, 0.1)], &[(0, 26), (27, 63)]);
    }

    #[test]
    fn a_soft_ending_is_still_speech() {
        check(&[(20, 0.9), (20, 0.4), (30, 0.1)], &[(0, 46)]);
        // The same softness does not begin one.
        check(&[(20, 0.4), (30, 0.1)], &[]);
    }

    #[test]
    fn a_long_utterance_ends_at_a_short_pause() {
        let windows = |secs: f64| (secs * 16_000.0 / WINDOW as f64) as usize;
        let check = |secs, pause_secs, expect| {
            let script = [(windows(secs), 0.9), (windows(pause_secs), 0.1), (windows(2.0), 0.9)];
            let ended = run(SegmenterOptions::default(), &script);
            assert_eq!(ended.len(), expect, "{secs} s, then a pause of {pause_secs} s");
        };
        check(3.5, 0.4, 1);
        check(6.0, 0.25, 1);
        check(6.0, 0.4, 2);
        check(10.0, 0.13, 2);
    }

    #[test]
    fn an_endless_utterance_is_cut_at_its_quietest_window_without_loss() {
        let ended = run(SegmenterOptions::default(), &[(700, 0.9), (1, 0.5), (400, 0.9)]);
        assert_eq!(ended.len(), 2);
        assert_eq!(ended[0].span().end.0 / WINDOW as u64, 700, "cut where the voice was weakest");
        assert_eq!(ended[1].start, ended[0].span().end, "no window lost or doubled at the seam");
        assert!(ended.iter().all(|u| u.span().length_millis() <= 24_100));
    }

    #[test]
    fn an_utterance_can_be_cut_where_the_language_changes() {
        let mut segmenter = Segmenter::new(SegmenterOptions::default(), SegmentId(1));
        let moment = |window: u64| SampleTime(window * WINDOW as u64);
        assert_eq!(segmenter.cut_at(moment(0)), None, "nobody speaks");
        for i in 0..60 {
            let frame = AudioFrame { start: moment(i), samples: vec![i as f32; WINDOW] };
            assert_eq!(segmenter.push(&frame, 0.9), None);
        }
        assert_eq!(segmenter.cut_at(moment(0)), None, "nothing lies before it");
        assert_eq!(segmenter.cut_at(moment(99)), None, "it is not heard yet");
        let before = segmenter.cut_at(moment(30)).expect("it is open");
        assert_eq!(
            (before.segment, before.span(), before.is_final),
            (SegmentId(1), TimeSpan::new(moment(0), moment(30)), true)
        );
        let after = segmenter.finish().expect("it goes on");
        assert_eq!((after.segment, after.span()), (SegmentId(2), TimeSpan::new(moment(30), moment(60))));
        assert_eq!(after.samples[0], 30.0, "no window lost or doubled at the seam");
    }

    #[test]
    fn speech_without_end_is_always_cut() {
        let ended = run(SegmenterOptions::default(), &[(4000, 0.9)]);
        let total: usize = ended.iter().map(|u| u.samples.len()).sum();
        assert_eq!(total, 4000 * WINDOW);
        assert!(ended.len() >= 5 && ended.windows(2).all(|pair| pair[1].segment.0 == pair[0].segment.0 + 1));
    }

    #[test]
    fn a_growing_utterance_can_be_looked_at() {
        let mut segmenter = Segmenter::new(SegmenterOptions::default(), SegmentId(7));
        assert_eq!(segmenter.growing(), None);
        for i in 0..10 {
            let frame = AudioFrame { start: SampleTime(i * WINDOW as u64), samples: vec![0.0; WINDOW] };
            assert_eq!(segmenter.push(&frame, 0.9), None);
        }
        let growing = segmenter.growing().expect("somebody speaks");
        assert_eq!((growing.segment, growing.samples.len(), growing.is_final), (SegmentId(7), 10 * WINDOW, false));
        assert_eq!(growing.voiced.length(), 10 * WINDOW as u64);
    }
}
