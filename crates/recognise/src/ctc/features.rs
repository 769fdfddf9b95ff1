use std::sync::Arc;

use ndarray::Array2;
use realfft::{RealFftPlanner, RealToComplex};

/// Bands of the spectrogram.
pub(super) const BANDS: usize = 64;
/// Samples of a window, 20 ms, which is also the length of the transform.
pub(super) const WINDOW: usize = 320;
/// Samples from one window to the next, 10 ms.
pub(super) const HOP: usize = 160;
/// The top of the highest band, half of the 16 kHz at which the sound is sampled.
const TOP_HZ: f64 = 8_000.0;
/// The range of power that is told apart.
const LEAST_POWER: f32 = 1e-9;
const MOST_POWER: f32 = 1e9;

/// Sound as GigaAM 3 and GigaAM-Multilingual hear it: the natural logarithm of the power in 64 mel bands.
///
/// The measures are those of the public code (salute-developers/GigaAM, `preprocess.py` with the settings of version 3;
/// the package onnx-asr has the same as `gigaam_v3`): periodic Hann window, no padding at either end, bands spaced
/// evenly on the HTK mel scale with triangular filters of height 1, power clipped to [1e-9, 1e9]. The window and the
/// filters are rounded to bfloat16, as they are in that package.
pub(super) struct LogMel {
    transform: Arc<dyn RealToComplex<f64>>,
    window: Vec<f64>,
    filters: Vec<Filter>,
}

/// A triangular filter, as far as it is not 0.
struct Filter {
    first_bin: usize,
    weights: Vec<f32>,
}

impl LogMel {
    pub(super) fn new() -> LogMel {
        let window = (0..WINDOW)
            .map(|i| 0.5 - 0.5 * (std::f64::consts::TAU * i as f64 / WINDOW as f64).cos())
            .map(|value| f64::from(bfloat16(value as f32)))
            .collect();
        // In 64 bits: beside a loud tone, the rounding of a 32-bit transform is louder than what a quiet band holds.
        let transform = RealFftPlanner::new().plan_fft_forward(WINDOW);
        LogMel { transform, window, filters: (0..BANDS).map(Filter::of_band).collect() }
    }

    /// The features `[64, frames]` of 16 kHz mono samples in [-1, 1]; with fewer than 320 samples there is no frame.
    pub(super) fn of(&self, samples: &[f32]) -> Array2<f32> {
        let mut features = Array2::zeros((BANDS, frames(samples.len())));
        let mut windowed = self.transform.make_input_vec();
        let mut spectrum = self.transform.make_output_vec();
        let mut scratch = self.transform.make_scratch_vec();
        for (frame, samples) in samples.windows(WINDOW).step_by(HOP).enumerate() {
            for ((out, sample), weight) in windowed.iter_mut().zip(samples).zip(&self.window) {
                *out = f64::from(*sample) * weight;
            }
            // The only error is about buffers of other lengths than these, which the transform itself has made.
            let _ = self.transform.process_with_scratch(&mut windowed, &mut spectrum, &mut scratch);
            let powers: Vec<f32> = spectrum.iter().map(|bin| bin.norm_sqr() as f32).collect();
            for (band, filter) in self.filters.iter().enumerate() {
                features[[band, frame]] = filter.power(&powers).clamp(LEAST_POWER, MOST_POWER).ln();
            }
        }
        features
    }
}

/// Frames that so many samples give.
pub(super) fn frames(samples: usize) -> usize {
    if samples < WINDOW { 0 } else { (samples - WINDOW) / HOP + 1 }
}

impl Filter {
    fn of_band(band: usize) -> Filter {
        // The edges of the bands divide the mel scale evenly; a filter rises from one edge to the next and falls again.
        let edge = |i: usize| hertz(mel(TOP_HZ) * i as f64 / (BANDS + 1) as f64);
        let (low, middle, high) = (edge(band), edge(band + 1), edge(band + 2));
        let bins = WINDOW / 2 + 1;
        let weight = |bin: usize| {
            let frequency = TOP_HZ * bin as f64 / (bins - 1) as f64;
            let weight = ((frequency - low) / (middle - low)).min((high - frequency) / (high - middle)).max(0.0);
            bfloat16(weight as f32)
        };
        let weights = (0..bins).map(weight).skip_while(|weight| *weight == 0.0);
        let weights: Vec<f32> = weights.take_while(|weight| *weight > 0.0).collect();
        let first_bin = (0..bins).find(|bin| weight(*bin) > 0.0).unwrap_or(0);
        Filter { first_bin, weights }
    }

    fn power(&self, powers: &[f32]) -> f32 {
        powers[self.first_bin..].iter().zip(&self.weights).map(|(power, weight)| power * weight).sum()
    }
}

/// The HTK mel scale.
fn mel(hertz: f64) -> f64 {
    2595.0 * (1.0 + hertz / 700.0).log10()
}

fn hertz(mel: f64) -> f64 {
    700.0 * (10f64.powf(mel / 2595.0) - 1.0)
}

/// The nearest number that has the upper 16 bits of a float alone; of two that are as near, the even one.
fn bfloat16(value: f32) -> f32 {
    let bits = value.to_bits();
    let odd = (bits >> 16) & 1;
    f32::from_bits((bits + 0x7fff + odd) & 0xffff_0000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hop_that_has_a_whole_window_is_a_frame() {
        let check = |samples: usize, expect| {
            assert_eq!(frames(samples), expect, "{samples}");
            assert_eq!(LogMel::new().of(&vec![0.1; samples]).dim(), (BANDS, expect), "{samples}");
        };
        check(0, 0);
        check(319, 0);
        check(320, 1);
        check(479, 1);
        check(480, 2);
        check(16_000, 99);
    }

    #[test]
    fn silence_is_the_floor() {
        let features = LogMel::new().of(&[0.0; 640]);
        assert!(features.iter().all(|value| *value == LEAST_POWER.ln()));
    }

    #[test]
    fn a_tone_is_loudest_in_its_band_and_twice_the_voltage_is_four_times_the_power() {
        let tone = |hertz: f32, level: f32| -> Vec<f32> {
            (0..640).map(|i| level * (std::f32::consts::TAU * hertz * i as f32 / 16_000.0).sin()).collect()
        };
        let loudest = |hertz: f32| {
            let features = LogMel::new().of(&tone(hertz, 0.25));
            let frame = features.column(1);
            (0..BANDS).max_by(|a, b| frame[*a].total_cmp(&frame[*b])).expect("64 bands")
        };
        // Mel 1000 of the 2840 to 8 kHz, 65 steps: the middles of bands are at whole steps from 1.
        let check = |hertz: f32, expect: usize| assert_eq!(loudest(hertz), expect, "{hertz} Hz");
        check(1_000.0, 22);
        check(3_000.0, 42);
        check(7_700.0, 63);
        let (quiet, loud) = (LogMel::new().of(&tone(1_000.0, 0.25)), LogMel::new().of(&tone(1_000.0, 0.5)));
        assert!((loud[[22, 1]] - quiet[[22, 1]] - 4f32.ln()).abs() < 1e-4);
    }

    #[test]
    fn bfloat16_rounds_to_the_nearest_and_ties_to_even() {
        let check = |bits: u32, expect: u32| assert_eq!(bfloat16(f32::from_bits(bits)).to_bits(), expect, "{bits:x}");
        check(0x3f80_0000, 0x3f80_0000);
        check(0x3f80_7fff, 0x3f80_0000);
        check(0x3f80_8000, 0x3f80_0000);
        check(0x3f80_8001, 0x3f81_0000);
        check(0x3f81_8000, 0x3f82_0000);
        check(0x0000_0000, 0);
    }
}
