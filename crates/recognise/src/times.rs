use dostyq_speech::{SampleTime, TimeSpan};

/// Samples in a slice of the loudness profile: 10 ms.
const SLICE: usize = 160;
/// A slice this far below the loudest one, in decibels, is a pause inside the utterance.
const PAUSE_DB: f32 = 30.0;

/// Times for the words of an utterance, when the engine gives none.
///
/// Words share the time in which there is sound in proportion to their letters, so that pauses inside the utterance
/// fall between words and not into them. `samples` begin at `start`; words lie inside `voiced`; the times are monotone.
/// On studio speech this is good to about 0.3 s in the middle of a long utterance, and exact at its ends.
pub(crate) fn word_times(words: &[&str], samples: &[f32], start: SampleTime, voiced: TimeSpan) -> Vec<TimeSpan> {
    let begin = voiced.start.samples_since(start) as usize;
    let end = (voiced.end.samples_since(start) as usize).clamp(begin.min(samples.len()), samples.len());
    let active = active_slices(&samples[begin.min(end)..end]);
    let weights: Vec<f64> =
        words.iter().map(|w| 1.0 + w.chars().filter(|c| c.is_alphanumeric()).count() as f64).collect();
    let total: f64 = weights.iter().sum();
    // The moment at which a share of all letters has been spoken.
    let moment = |share: f64, is_end: bool| -> SampleTime {
        if active.is_empty() {
            return voiced.start + (voiced.length() as f64 * share) as u64;
        }
        let place = share * active.len() as f64;
        // A boundary that falls on a pause belongs to the word before it as its end, to the one after it as its start.
        let slice =
            if is_end { (place.ceil() as usize).max(1) - 1 } else { (place.floor() as usize).min(active.len() - 1) };
        let inside = (place - slice as f64).clamp(0.0, 1.0);
        voiced.start + (active[slice] * SLICE) as u64 + (inside * SLICE as f64) as u64
    };
    let mut spoken = 0.0;
    weights
        .iter()
        .map(|weight| {
            let from = moment(spoken / total, false);
            spoken += weight;
            TimeSpan::new(from, moment(spoken / total, true).min(voiced.end))
        })
        .collect()
}

/// Indices of the slices that are not pauses.
fn active_slices(samples: &[f32]) -> Vec<usize> {
    let powers: Vec<f32> =
        samples.chunks(SLICE).map(|s| s.iter().map(|x| x * x).sum::<f32>() / s.len() as f32).collect();
    let loudest = powers.iter().copied().fold(0.0, f32::max);
    let floor = loudest * 10f32.powf(-PAUSE_DB / 10.0);
    powers.iter().enumerate().filter(|(_, power)| **power > floor).map(|(i, _)| i).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sound (true) and silence (false) by tenths of a second, words, expected times in milliseconds.
    fn check(profile: &[bool], words: &[&str], expect: &[(u64, u64)]) {
        let samples: Vec<f32> =
            profile.iter().flat_map(|&sound| std::iter::repeat_n(if sound { 0.5 } else { 0.0 }, 1_600)).collect();
        let start = SampleTime::from_millis(1_000);
        let voiced = TimeSpan::new(start, start + samples.len() as u64);
        let times: Vec<_> = word_times(words, &samples, start, voiced)
            .iter()
            .map(|t| (t.start.as_millis() - 1_000, t.end.as_millis() - 1_000))
            .collect();
        assert_eq!(times, expect, "{words:?}");
    }

    #[test]
    fn words_share_the_sound_by_their_letters() {
        check(&[true; 10], &["абв", "где"], &[(0, 500), (500, 1_000)]);
        check(&[true; 10], &["а", "абвгдеё"], &[(0, 200), (200, 1_000)]);
        check(&[], &["а"], &[(0, 0)]);
    }

    #[test]
    fn pauses_fall_between_words() {
        let (on, off) = (true, false);
        check(&[on, on, off, off, off, on, on], &["абв", "где"], &[(0, 200), (500, 700)]);
    }

    #[test]
    fn silence_alone_is_shared_evenly() {
        check(&[false; 10], &["абв", "где"], &[(0, 500), (500, 1_000)]);
    }
}
