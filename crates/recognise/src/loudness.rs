//! Quiet speech beside loud speech is raised before an engine hears it.
//!
//! Whisper takes its measure from the loudest moment it hears: a guest at the far microphone, 20 dB below the host, is
//! passed over in silence when both speak within half a minute. This is what a desk's levelling amplifier does.

/// Samples in a slice of the envelope: 10 ms.
const SLICE: usize = 160;
/// Slices on either side over which the loudest one counts (0.3 s): longer than a syllable, so gain does not pump.
const REACH: usize = 30;
/// Slices over which the gain glides (0.1 s).
const GLIDE: usize = 10;
/// How loud speech should be, RMS of its louder slices, dBFS.
const TARGET_DBFS: f32 = -20.0;
/// Most that is added, dB.
const MOST_GAIN_DB: f32 = 24.0;
/// What lies further below the loudest slice than this is taken for the room, not for speech, and stays as it is, dB.
const SPEECH_RANGE_DB: f32 = 35.0;

/// The samples without their mean: a faulty sound card's offset is no sound, but it is power, and would hide the pauses.
pub(crate) fn without_offset(samples: &[f32]) -> Vec<f32> {
    let mean = samples.iter().map(|s| f64::from(*s)).sum::<f64>() / samples.len().max(1) as f64;
    samples.iter().map(|sample| sample - mean as f32).collect()
}

/// The samples with their quiet speech raised; nothing is made quieter, and nothing exceeds full scale.
pub(crate) fn even_out(samples: &[f32]) -> Vec<f32> {
    let levels: Vec<f32> = samples.chunks(SLICE).map(dbfs).collect();
    let envelope = spread(&levels);
    let loudest = envelope.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let wanted: Vec<f32> = envelope
        .iter()
        .map(
            |level| {
                if *level < loudest - SPEECH_RANGE_DB { 0.0 } else { (TARGET_DBFS - level).clamp(0.0, MOST_GAIN_DB) }
            },
        )
        .collect();
    let gains: Vec<f32> = glide(&wanted).iter().map(|db| 10f32.powf(db / 20.0)).collect();
    let gain_at = |i: usize| {
        // Between the middles of two slices the gain goes in a straight line.
        let place = (i as f32 / SLICE as f32 - 0.5).max(0.0);
        let (left, part) = (place as usize, place.fract());
        let right = (left + 1).min(gains.len() - 1);
        gains[left.min(right)] * (1.0 - part) + gains[right] * part
    };
    samples.iter().enumerate().map(|(i, sample)| (sample * gain_at(i)).clamp(-1.0, 1.0)).collect()
}

fn dbfs(slice: &[f32]) -> f32 {
    let power = slice.iter().map(|s| s * s).sum::<f32>() / slice.len() as f32;
    10.0 * power.max(1e-12).log10()
}

/// The loudest level within reach of each slice.
fn spread(levels: &[f32]) -> Vec<f32> {
    let within = |i: usize| &levels[i.saturating_sub(REACH)..(i + REACH + 1).min(levels.len())];
    (0..levels.len()).map(|i| within(i).iter().copied().fold(f32::NEG_INFINITY, f32::max)).collect()
}

/// The mean over a glide on either side of each slice.
fn glide(values: &[f32]) -> Vec<f32> {
    let within = |i: usize| &values[i.saturating_sub(GLIDE)..(i + GLIDE + 1).min(values.len())];
    (0..values.len()).map(|i| within(i).iter().sum::<f32>() / within(i).len() as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds of a tone at each of the levels (RMS, dBFS), and the levels in the middle of each after evening out.
    fn check(levels: &[f32], expect: &[f32]) {
        let samples: Vec<f32> = levels
            .iter()
            .flat_map(|db| {
                let peak = 10f32.powf(db / 20.0) * std::f32::consts::SQRT_2;
                (0..32_000).map(move |i| peak * (i as f32 * 0.3).sin())
            })
            .collect();
        let evened = even_out(&samples);
        assert_eq!(evened.len(), samples.len());
        let middles: Vec<f32> = evened.chunks(32_000).map(|tone| dbfs(&tone[12_000..20_000]).round()).collect();
        assert_eq!(middles, expect, "{levels:?}");
    }

    #[test]
    fn an_offset_is_no_sound() {
        let samples: Vec<f32> = (0..16_000).map(|i| 0.3 + 0.1 * (i as f32 * 0.3).sin()).collect();
        assert!((dbfs(&without_offset(&samples)) - dbfs(&[0.0707])).abs() < 0.1);
        assert!(without_offset(&[]).is_empty());
    }

    #[test]
    fn quiet_speech_is_raised_and_the_room_is_not() {
        check(&[-20.0, -40.0], &[-20.0, -20.0]);
        check(&[-12.0, -30.0], &[-12.0, -20.0]);
        check(&[-20.0, -60.0], &[-20.0, -60.0]);
        // Everything is quiet: a microphone far away.
        check(&[-50.0], &[-26.0]);
        check(&[], &[]);
    }
}
