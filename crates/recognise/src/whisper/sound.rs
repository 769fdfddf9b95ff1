use std::ffi::{c_int, c_void};

use whisper_rs::{FullParams, SamplingStrategy, WhisperError, WhisperState, WhisperSysContext, WhisperSysState};

/// Samples of one position of the encoder: two mel frames of 10 ms.
const SAMPLES_A_POSITION: usize = 320;
/// Positions of silence after the sound (1.28 s): cut off too tightly, Whisper goes on writing after the last word.
const MARGIN: usize = 64;
/// The encoder is quick for round counts.
const STEP: usize = 64;
/// Whisper was trained on 30 s; in far less than that it hears worse. From here on it hears as in 512, which costs a third
/// more.
const LEAST_POSITIONS: usize = 384;
/// whisper.cpp looks at nothing shorter than 100 ms.
const LEAST_SAMPLES: usize = 1_600;

/// Makes the spectrogram of `samples` and fits the encoder's context to them.
///
/// Encoding costs more than everything else and grows with the context, so an utterance of 3 s is not encoded as 30 s.
/// The context is a field of whisper.cpp's state that only `full()` sets; it is called with an encoder callback that
/// says no, and so does just that: spectrogram, context, return.
pub(super) fn prepare(
    state: &mut WhisperState,
    samples: &[f32],
    positions: c_int,
    threads: usize,
) -> Result<(), WhisperError> {
    let mut parameters = FullParams::new(SamplingStrategy::Greedy { best_of: 1 });
    parameters.set_n_threads(threads as c_int);
    parameters.set_audio_ctx(audio_context(samples.len(), positions as usize) as c_int);
    refuse_to_encode(&mut parameters);
    if samples.len() >= LEAST_SAMPLES {
        state.full(parameters, samples)
    } else {
        let mut padded = samples.to_vec();
        padded.resize(LEAST_SAMPLES, 0.0);
        state.full(parameters, &padded)
    }
}

/// Encoder positions for a count of samples.
fn audio_context(samples: usize, most: usize) -> usize {
    let needed = samples.div_ceil(SAMPLES_A_POSITION) + MARGIN;
    needed.next_multiple_of(STEP).max(LEAST_POSITIONS).min(most)
}

#[allow(unsafe_code)]
fn refuse_to_encode(parameters: &mut FullParams<'_, '_>) {
    unsafe extern "C" fn no(_: *mut WhisperSysContext, _: *mut WhisperSysState, _: *mut c_void) -> bool {
        false
    }
    // SAFETY: the callback is a static function that looks at none of its arguments.
    unsafe { parameters.set_start_encoder_callback(Some(no)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_context_covers_the_sound_and_no_more_than_the_model_has() {
        let check = |secs: f64, expect| assert_eq!(audio_context((secs * 16_000.0) as usize, 1500), expect, "{secs} s");
        check(0.1, 384);
        check(6.0, 384);
        check(8.0, 512);
        check(10.0, 576);
        check(20.0, 1088);
        check(28.0, 1472);
        check(30.0, 1500);
    }
}
