//! Blocks of ggml's quantised tensors, as the reference functions of `ggml-quants.c` define them. Arithmetic is in
//! single precision; what is rounded to half precision for the file is not rounded for the computation.

use crate::import::half::f16_from_f32;

/// Numbers in a block. A row of a tensor is whole blocks.
pub(super) const BLOCK: usize = 32;

/// `Q8_0`: the scale that takes the largest magnitude to 127, in half precision, and each number over the scale,
/// rounded to the nearest whole one, one a byte.
pub(super) fn q8_0(numbers: &[f32; BLOCK]) -> [u8; 2 + BLOCK] {
    let largest = numbers.iter().map(|number| number.abs()).fold(0.0, f32::max);
    let scale = largest / 127.0;
    let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
    let mut bytes = [0; 2 + BLOCK];
    bytes[..2].copy_from_slice(&f16_from_f32(scale).to_le_bytes());
    for (byte, number) in bytes[2..].iter_mut().zip(numbers) {
        *byte = ((number * inverse).round() as i8).to_le_bytes()[0];
    }
    bytes
}

/// `Q5_1`: the step that takes the span of the numbers to 31, and the smallest number, both in half precision; then the
/// steps from the smallest number to each, rounded to the nearest whole one, in five bits: the fifth bits of all, the
/// first number's lowest, as `u32`; then their lower four, in byte `i` those of number `i` and, above, of number
/// `i` + 16.
pub(super) fn q5_1(numbers: &[f32; BLOCK]) -> [u8; 8 + BLOCK / 2] {
    // Of a zero and a negative zero the first is kept, which `f32::min` does not promise.
    let smallest = numbers.iter().fold(f32::MAX, |least, number| if *number < least { *number } else { least });
    let largest = numbers.iter().fold(f32::MIN, |most, number| if *number > most { *number } else { most });
    let step = (largest - smallest) / 31.0;
    let inverse = if step > 0.0 { 1.0 / step } else { 0.0 };
    // The cast drops the fraction of what is never negative.
    let steps = numbers.map(|number| ((number - smallest) * inverse + 0.5) as u8);
    let fifths = steps.iter().enumerate().fold(0, |bits, (at, steps)| bits | u32::from(steps >> 4 & 1) << at);
    let mut bytes = [0; 8 + BLOCK / 2];
    bytes[..2].copy_from_slice(&f16_from_f32(step).to_le_bytes());
    bytes[2..4].copy_from_slice(&f16_from_f32(smallest).to_le_bytes());
    bytes[4..8].copy_from_slice(&fifths.to_le_bytes());
    let (low, high) = steps.split_at(BLOCK / 2);
    for (byte, (low, high)) in bytes[8..].iter_mut().zip(low.iter().zip(high)) {
        *byte = low & 0x0f | (high & 0x0f) << 4;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Between -1 and 1, multiples of 1/1024.
    fn noise(seed: u32) -> [f32; BLOCK] {
        std::array::from_fn(|at| ((at as u32 + seed).wrapping_mul(2_654_435_761) >> 21) as f32 / 1024.0 - 1.0)
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The bytes are those that a script in numpy found, written from the layout and not from this code: with x the
    /// block in float32, low and high its least and greatest, d = (high - low) / float32(31) and steps = uint8((x -
    /// low) * (1 / d) + 0.5), they are d and low as float16, packbits(steps >> 4, bitorder="little") and
    /// (steps[:16] & 15) | (steps[16:] & 15) << 4. For `Q8_0`, d = abs(x).max() / float32(127), and the bytes are d as
    /// float16 and int8 of x * (1 / d), rounded.
    #[test]
    fn blocks_are_those_of_an_independent_computation() {
        let check = |name: &str, numbers: [f32; BLOCK], five: &str, eight: &str| {
            assert_eq!(hex(&q5_1(&numbers)), five, "{name}");
            assert_eq!(hex(&q8_0(&numbers)), eight, "{name}");
        };
        let with_outlier = {
            let mut numbers = noise(9);
            numbers[19] = -60.0;
            numbers
        };
        check(
            "ramp",
            std::array::from_fn(|at| (at as f32 - 15.0) / 8.0),
            "003080bf0000ffff00112233445566778899aabbccddeeff",
            "0824899199a1a9b1b9c0c8d0d8e0e8f0f8000810182028303840474f575f676f777f",
        );
        check(
            "noise",
            noise(0),
            "0a2c00bc4a4b6b69c004478bbff3367aaee22669add11559",
            "0820811ebd5af99835d47110af4ceb8a27c66302a13edd7a19b754f3922fce6b0aa9",
        );
        check(
            "other noise",
            noise(77),
            "cc2becbba5a5b5b403377bbef2266aaee115599dd014488c",
            "fc1f17b553f18f2ecc6a08a645e38120bd5cfa9837d57311af4eec8a28c66503a140",
        );
        check(
            "small",
            noise(5).map(|number| number / 1024.0),
            "fd03cc935a5a4b4bf2366aaee225699dd115589cc004478b",
            "7e009536d37410ad4eea8728c465029e3fdc7d19b657f39031cd6e0ba748e58122bf",
        );
        check(
            "one outlier",
            with_outlier,
            "de3f80d3fffff7ffefeeff0efeffeeffefeeffeeffefeeff",
            "8f3700ff0100fe01ff0200fe01ff0200ff0100fe01810200ff0100fe01ff0200fe01",
        );
        check(
            "all equal",
            [0.375; BLOCK],
            "000000360000000000000000000000000000000000000000",
            &format!("0c1a{}", "7f".repeat(32)),
        );
        check("zeros", [0.0; BLOCK], &"00".repeat(24), &"00".repeat(34));
    }

    #[test]
    fn five_bits_stand_for_numbers_within_half_a_step() {
        use crate::import::half::f32_from_f16;
        for seed in 0..100 {
            let numbers = noise(seed * 32);
            let bytes = q5_1(&numbers);
            let [step, smallest] = [0, 2].map(|at| f32_from_f16(u16::from_le_bytes([bytes[at], bytes[at + 1]])));
            let fifths = u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
            for (at, number) in numbers.iter().enumerate() {
                let four = bytes[8 + at % 16] >> (at / 16 * 4) & 0x0f;
                let steps = u32::from(four) | (fifths >> at & 1) << 4;
                let value = smallest + step * steps as f32;
                // Half precision moves the smallest number and 31 steps by up to 2⁻¹¹ of them.
                assert!((value - number).abs() <= step * 0.5 + 0.003, "{value} should be near {number}");
            }
        }
    }

    /// What a damaged file may hold must not stop the program; whatever comes out is as useless as what went in.
    #[test]
    fn numbers_that_are_none_do_no_harm() {
        for number in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut numbers = noise(1);
            numbers[3] = number;
            for block in [numbers, [number; BLOCK]] {
                assert_eq!((q5_1(&block).len(), q8_0(&block).len()), (24, 34));
            }
        }
    }
}
