//! The mel filters of Whisper: Slaney's scale and norm, 0 to 8000 Hz, over the bins of a 400-point transform at
//! 16 kHz. The scale is Malcolm Slaney's Auditory Toolbox (1998): linear below 1 kHz, logarithmic above.

use dostyq_speech::SAMPLE_RATE;

/// Bins of the power spectrum: 400 / 2 + 1, from 0 Hz in steps of 40 Hz.
pub(super) const BINS: usize = 201;

/// Mel steps a hertz in the linear part, and where the logarithmic part begins.
const HZ_PER_MEL: f64 = 200.0 / 3.0;
const BREAK_HZ: f64 = 1000.0;
const BREAK_MEL: f64 = BREAK_HZ / HZ_PER_MEL;

/// In the logarithmic part 27 steps make a factor of 6.4.
fn log_step() -> f64 {
    6.4f64.ln() / 27.0
}

fn mel_from_hz(hz: f64) -> f64 {
    if hz < BREAK_HZ { hz / HZ_PER_MEL } else { BREAK_MEL + (hz / BREAK_HZ).ln() / log_step() }
}

fn hz_from_mel(mel: f64) -> f64 {
    if mel < BREAK_MEL { mel * HZ_PER_MEL } else { BREAK_HZ * (log_step() * (mel - BREAK_MEL)).exp() }
}

/// `count` triangular filters, one row of [`BINS`] weights each. Every triangle has the area of two hertz, rounded
/// to single precision before and after that norm, as the filters that Whisper was trained with were.
pub(super) fn filters(count: usize) -> Vec<f32> {
    let nyquist = f64::from(SAMPLE_RATE.0) / 2.0;
    let top = mel_from_hz(nyquist);
    let step = top / (count + 1) as f64;
    // Rounding must not put the last edge above the last bin, or that bin would get a weight of about 1e-17.
    let edges: Vec<f64> = (0..count + 2).map(|at| hz_from_mel((at as f64 * step).min(top))).collect();
    let mut weights = Vec::with_capacity(count * BINS);
    for edge in edges.windows(3) {
        let &[low, centre, high] = edge else { continue };
        let norm = 2.0 / (high - low);
        weights.extend((0..BINS).map(|bin| {
            let hz = nyquist * bin as f64 / (BINS - 1) as f64;
            let weight = ((hz - low) / (centre - low)).min((high - hz) / (high - centre)).max(0.0) as f32;
            (f64::from(weight) * norm) as f32
        }));
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Sha256;

    /// Digests of the arrays `mel_80` and `mel_128` (little-endian f32) that OpenAI publishes with Whisper, their one
    /// negative zero made positive.
    #[test]
    fn the_filters_are_bit_for_bit_those_of_whisper() {
        for (count, digest) in [
            (80, "85818f156f7e189453901a515e4726d270d307f976e161cf9403e8caab405498"),
            (128, "e399c2d72d2f7375e503c296d8453cefcc0c1e47a9c1a0a09e0d70f59c820f20"),
        ] {
            let bytes: Vec<u8> = filters(count).iter().flat_map(|weight| weight.to_le_bytes()).collect();
            assert_eq!(Sha256::of(&bytes).to_string(), digest, "{count}");
        }
    }

    #[test]
    fn the_scale_meets_slaneys_table() {
        for (hz, mel) in [(0.0, 0.0), (200.0, 3.0), (1000.0, 15.0), (6400.0, 42.0)] {
            assert!((mel_from_hz(hz) - mel).abs() < 1e-12, "{hz}");
            assert!((hz_from_mel(mel) - hz).abs() < 1e-9, "{mel}");
        }
    }
}
