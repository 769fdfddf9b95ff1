use std::ops::RangeInclusive;

use dostyq_speech::SAMPLE_RATE;
use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler as _};

/// Rates that sound comes in, in Hz; anything else in a header is damage, and would ask for a filter of any size.
pub(crate) const KNOWN_RATES: RangeInclusive<u32> = 2_000..=768_000;

/// The length of a resampler's block, in milliseconds: long enough for a sharp filter, short enough to be live.
const BLOCK_MILLIS: u32 = 32;

/// Mono samples of any rate become 16 kHz, at the same moments and of the same length.
///
/// Band-limited by the spectrum (rubato's `Fft`, a Blackman-Harris window over a block of about 32 ms). The filter
/// delays by half a block; that many samples are dropped at the start and asked for at the end, so a click stays
/// where it was.
pub(crate) struct Resampler {
    rate: u32,
    /// `None` when the sound is at 16 kHz already.
    fft: Option<Fft<f32>>,
    /// Samples that do not fill a block yet.
    pending: Vec<f32>,
    block: Vec<f32>,
    /// Output samples still to be dropped.
    delay: usize,
    taken: u64,
    given: u64,
}

impl Resampler {
    /// For sound of `rate` Hz, which the caller has held against [`KNOWN_RATES`].
    pub(crate) fn new(rate: u32) -> Resampler {
        let fft = (rate != SAMPLE_RATE.0).then(|| {
            let block = (rate * BLOCK_MILLIS / 1000) as usize;
            Fft::<f32>::new(rate as usize, SAMPLE_RATE.0 as usize, block, 1, FixedSync::Both)
                .expect("neither rate is zero, nor is the block, which is all that rubato forbids")
        });
        let delay = fft.as_ref().map_or(0, |fft| fft.output_delay());
        let block = vec![0.0; fft.as_ref().map_or(0, |fft| fft.output_frames_max())];
        Resampler { rate, fft, pending: Vec::new(), block, delay, taken: 0, given: 0 }
    }

    pub(crate) fn rate(&self) -> u32 {
        self.rate
    }

    /// Samples at 16 kHz that what came in is worth and that have not been given out.
    pub(crate) fn owed(&self) -> u64 {
        let (taken, rate) = (u128::from(self.taken), u128::from(self.rate));
        let worth = (taken * u128::from(SAMPLE_RATE.0) + rate / 2) / rate;
        (worth as u64).saturating_sub(self.given)
    }

    pub(crate) fn push(&mut self, samples: &[f32], out: &mut impl Extend<f32>) {
        self.taken += samples.len() as u64;
        match &self.fft {
            None => {
                self.given += samples.len() as u64;
                out.extend(samples.iter().copied());
            }
            Some(_) => {
                self.pending.extend_from_slice(samples);
                self.run(out);
            }
        }
    }

    /// Silence, counted in samples of the rate that comes in.
    pub(crate) fn push_silence(&mut self, samples: u64, out: &mut impl Extend<f32>) {
        const PIECE: [f32; 4096] = [0.0; 4096];
        let mut left = samples;
        while left > 0 {
            let piece = left.min(PIECE.len() as u64);
            self.push(&PIECE[..piece as usize], out);
            left -= piece;
        }
    }

    /// Gives what is still inside, and no more than what came in is worth. Nothing may be pushed afterwards.
    pub(crate) fn finish(&mut self, out: &mut impl Extend<f32>) {
        let Some(fft) = &self.fft else { return };
        let block = fft.input_frames_next();
        while self.owed() > 0 {
            self.pending.resize(self.pending.len().next_multiple_of(block).max(block), 0.0);
            self.run(out);
        }
    }

    /// Resamples the whole blocks that are pending, and gives out no more than is owed.
    fn run(&mut self, out: &mut impl Extend<f32>) {
        let mut owed = usize::try_from(self.owed()).unwrap_or(usize::MAX);
        let Some(fft) = &mut self.fft else { return };
        let mut read = 0;
        while self.pending.len() - read >= fft.input_frames_next() {
            let (taken, given) = resample_block(fft, &self.pending[read..], &mut self.block);
            read += taken;
            let dropped = self.delay.min(given);
            self.delay -= dropped;
            let kept = owed.min(given - dropped);
            owed -= kept;
            self.given += kept as u64;
            out.extend(self.block[dropped..dropped + kept].iter().copied());
        }
        self.pending.drain(..read);
    }
}

/// Runs one block; says how many samples were read and written.
fn resample_block(fft: &mut Fft<f32>, input: &[f32], output: &mut [f32]) -> (usize, usize) {
    let (input_length, output_length) = (input.len(), output.len());
    let input = InterleavedSlice::new(input, 1, input_length).expect("a slice is as long as it is");
    let mut output = InterleavedSlice::new_mut(output, 1, output_length).expect("a slice is as long as it is");
    fft.process_into_buffer(&input, &mut output, None).expect("both buffers hold the block that rubato asked for")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `input`, pushed in pieces of `piece` samples, becomes.
    fn resample(rate: u32, input: &[f32], piece: usize) -> Vec<f32> {
        let mut resampler = Resampler::new(rate);
        let mut output = Vec::new();
        input.chunks(piece).for_each(|piece| resampler.push(piece, &mut output));
        resampler.finish(&mut output);
        output
    }

    const RATES: [u32; 9] = [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000, 47_999];

    #[test]
    fn a_click_stays_where_it_was() {
        for rate in RATES {
            // Far from the start, near it, and where the resampler has to be flushed to show it.
            for millis in [0, 3, 1234, 1999] {
                let at = (u64::from(rate) * millis / 1000) as usize;
                let mut input = vec![0.0; 2 * rate as usize];
                input[at] = 1.0;
                let output = resample(rate, &input, 777);
                let loudest = (0..output.len()).max_by(|&a, &b| output[a].abs().total_cmp(&output[b].abs()));
                let heard = loudest.expect("the output is not empty") as f64 / 16.0;
                let played = at as f64 * 1000.0 / f64::from(rate);
                assert!((heard - played).abs() < 0.1, "{rate} Hz: played at {played} ms, heard at {heard} ms");
            }
        }
    }

    #[test]
    fn the_length_is_that_of_the_input() {
        for rate in RATES {
            for length in [0, 1, 100, 4_410, 100_003] {
                let expect = (length as f64 * 16_000.0 / f64::from(rate)).round() as usize;
                assert_eq!(resample(rate, &vec![0.1; length], 500).len(), expect, "{length} samples of {rate} Hz");
            }
        }
    }

    #[test]
    fn a_tone_in_the_band_passes_and_one_above_it_does_not() {
        let power = |samples: &[f32]| samples.iter().map(|s| s * s).sum::<f32>() / samples.len() as f32;
        let check = |rate: u32, hertz: f64, expect: std::ops::RangeInclusive<f32>| {
            let tone = |i| (f64::from(i) * hertz * std::f64::consts::TAU / f64::from(rate)).sin() as f32;
            let output = resample(rate, &(0..rate).map(tone).collect::<Vec<_>>(), 1024);
            let decibels = 10.0 * (2.0 * power(&output[2000..14_000])).log10();
            assert!(expect.contains(&decibels), "{hertz} Hz at {rate} Hz came out at {decibels} dB");
        };
        for rate in [22_050, 44_100, 48_000] {
            for hertz in [100.0, 1_000.0, 4_000.0, 7_000.0] {
                check(rate, hertz, -0.1..=0.1);
            }
            for hertz in [8_200.0, 9_000.0, 11_000.0] {
                check(rate, hertz, f32::NEG_INFINITY..=-80.0);
            }
        }
        check(8_000, 3_500.0, -0.1..=0.1);
    }

    #[test]
    fn the_pieces_do_not_matter() {
        let input: Vec<f32> = (0..50_000).map(|i| (i as f32 * 0.013).sin() * 0.5).collect();
        assert_eq!(resample(44_100, &input, 1), resample(44_100, &input, 50_000));
    }
}
