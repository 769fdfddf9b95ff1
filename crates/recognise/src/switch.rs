use dostyq_speech::{Lang, SampleTime, SegmentId, Utterance};

use crate::LangScores;

/// Voice before a change of language, in samples (1 s): less is a borrowed word.
const HEAD: u64 = 16_000;
/// Voice after a change of language from which it counts, in samples (2 s): a clause, not a borrowed word, and enough to
/// tell a language by.
const TAIL: u64 = 32_000;
/// Sound in which a place is looked for at once, in samples (1 s): each look costs as much as a short draft.
const STRETCH: u64 = 16_000;
/// The same when the speaker pauses and may have come to an end, in samples (0.2 s).
const SHORT_STRETCH: u64 = 3_200;
/// Samples that a stretch shares with the one before (0.3 s), so that no pause falls between two stretches.
const OVERLAP: u64 = 4_800;
/// A breath between two languages, in samples (60 ms): the place is where so much sound is quietest.
const BREATH: usize = 960;

/// Log-odds of Kazakh below which a clause is Russian, and above which it is Kazakh. On two to four seconds Whisper base
/// gives Russian speech -13 to -3 and Kazakh speech with Russian words in it -1.5 to 12.
const RUSSIAN_BELOW: f32 = -4.0;
const KAZAKH_ABOVE: f32 = 0.0;

/// Looks for the place in a growing utterance where the speaker changes the language for a clause or more. Pure: what is
/// heard after the place is somebody else's to say.
#[derive(Clone, Debug, Default)]
pub(crate) struct SwitchWatch {
    segment: Option<SegmentId>,
    /// Until where places were looked for.
    watched_until: SampleTime,
}

/// A place at which the language may change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Candidate<'a> {
    /// Where it is.
    pub(crate) place: SampleTime,
    /// The sound from there to the end of the voice.
    pub(crate) tail: &'a [f32],
}

impl SwitchWatch {
    /// The likeliest place for a change among those that were not looked at yet; nothing while there are too few.
    pub(crate) fn candidate<'a>(&mut self, utterance: &'a Utterance) -> Option<Candidate<'a>> {
        let voiced = utterance.voiced;
        if self.segment != Some(utterance.segment) {
            *self = SwitchWatch { segment: Some(utterance.segment), watched_until: voiced.start + HEAD };
        }
        let from = self.watched_until;
        let until = SampleTime(voiced.end.0.saturating_sub(TAIL));
        let is_pause = utterance.span().end.samples_since(voiced.end) >= SHORT_STRETCH;
        let stretch = if is_pause { SHORT_STRETCH } else { STRETCH };
        if until.samples_since(from) < stretch {
            return None;
        }
        self.watched_until = until;
        let at = |moment: SampleTime| moment.samples_since(utterance.start) as usize;
        let from = SampleTime(from.0.saturating_sub(OVERLAP).max(voiced.start.0 + HEAD));
        let samples = &utterance.samples;
        let place = quietest(samples.get(at(from)..at(until))?)? + at(from);
        let tail = samples.get(place..at(voiced.end))?;
        Some(Candidate { place: utterance.start + place as u64, tail })
    }
}

/// Whether a clause with these scores is surely not in the language `before`.
pub(crate) fn is_switch(before: Lang, clause: LangScores) -> bool {
    match before {
        Lang::Russian => clause.log_odds > KAZAKH_ABOVE,
        Lang::Kazakh => clause.log_odds < RUSSIAN_BELOW,
    }
}

/// The middle of the quietest breath in a stretch of sound.
fn quietest(samples: &[f32]) -> Option<usize> {
    let power = |breath: &[f32]| breath.iter().map(|sample| sample * sample).sum::<f32>();
    let breaths = samples.windows(BREATH).step_by(BREATH / 4).enumerate();
    let (number, _) = breaths.min_by(|a, b| power(a.1).total_cmp(&power(b.1)))?;
    Some(number * (BREATH / 4) + BREATH / 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dostyq_speech::TimeSpan;

    /// Voice from 0 to `voice` seconds of `length`, with a breath at `breath`.
    fn utterance(segment: u64, length: f64, voice: f64, breath: f64) -> Utterance {
        let mut samples = vec![0.5; (length * 16_000.0) as usize];
        let at = (breath * 16_000.0) as usize;
        samples[at..at + BREATH].fill(0.0);
        let start = SampleTime(160_000);
        Utterance {
            segment: SegmentId(segment),
            start,
            samples,
            voiced: TimeSpan::new(start, start + (voice * 16_000.0) as u64),
            voiced_secs: voice,
            heard_until: start,
            is_final: false,
        }
    }

    #[test]
    fn each_place_is_looked_at_once_and_has_a_clause_after_it() {
        let mut watch = SwitchWatch::default();
        let mut look = |utterance: Utterance| {
            let found = watch.candidate(&utterance);
            let tenths = |samples: u64| (samples as f64 / 1_600.0).round() / 10.0;
            found.map(|c| (tenths(c.place.samples_since(utterance.start)), tenths(c.tail.len() as u64)))
        };
        assert_eq!(look(utterance(1, 3.5, 3.5, 1.5)), None, "too short for two languages");
        assert_eq!(look(utterance(1, 4.2, 4.2, 1.5)), Some((1.5, 2.7)));
        assert_eq!(look(utterance(1, 4.8, 4.8, 2.5)), None, "the rest has been looked at");
        assert_eq!(look(utterance(1, 5.4, 5.4, 2.5)), Some((2.5, 2.9)));
        assert_eq!(look(utterance(1, 6.0, 5.7, 3.5)), Some((3.5, 2.2)), "sooner when the speaker pauses");
        assert_eq!(look(utterance(2, 3.5, 3.5, 1.5)), None, "another segment, another beginning");
    }

    #[test]
    fn doubtful_clauses_are_no_switch() {
        let check = |log_odds, expect: (bool, bool)| {
            let clause = LangScores { log_odds };
            assert_eq!((is_switch(Lang::Russian, clause), is_switch(Lang::Kazakh, clause)), expect, "{log_odds}");
        };
        check(-9.0, (false, true));
        check(-2.0, (false, false));
        check(3.0, (true, false));
    }
}
