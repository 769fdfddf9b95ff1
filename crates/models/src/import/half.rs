//! IEEE 754 half precision (binary16) and bfloat16, to and from single precision.

/// The value of a half-precision number; exact.
pub(super) fn f32_from_f16(half: u16) -> f32 {
    let sign = u32::from(half & 0x8000) << 16;
    let exponent = u32::from(half >> 10) & 0x1f;
    let fraction = u32::from(half & 0x03ff);
    match exponent {
        // Zero and subnormal numbers: fraction × 2⁻²⁴, which single precision holds exactly.
        0 => f32::from_bits(sign | (fraction as f32 * (-24f32).exp2()).to_bits()),
        0x1f => f32::from_bits(sign | 0x7f80_0000 | fraction << 13),
        _ => f32::from_bits(sign | (exponent + 127 - 15) << 23 | fraction << 13),
    }
}

/// The nearest half-precision number, ties to even; beyond 65504 it is infinite.
pub(super) fn f16_from_f32(value: f32) -> u16 {
    let bits = value.to_bits();
    let sign = (bits >> 16 & 0x8000) as u16;
    let magnitude = bits & 0x7fff_ffff;
    if magnitude > 0x7f80_0000 {
        // Not a number stays one: keep the top of its payload and make it quiet.
        return sign | 0x7e00 | (magnitude >> 13 & 0x03ff) as u16;
    }
    let exponent = (magnitude >> 23) as i32 - 127 + 15;
    let rounded = if exponent >= 0x1f {
        0x7c00
    } else if exponent > 0 {
        // Dropping 13 bits of the fraction. A carry runs into the exponent, which is just what rounding up means.
        round_shift((exponent as u32) << 23 | magnitude & 0x007f_ffff, 13)
    } else if exponent >= -10 {
        // Subnormal: the implicit one becomes explicit and shifts down with the rest.
        round_shift(magnitude & 0x007f_ffff | 0x0080_0000, (14 - exponent) as u32)
    } else {
        0
    };
    sign | rounded as u16
}

/// `value / 2^shift`, rounded to nearest, ties to even.
fn round_shift(value: u32, shift: u32) -> u32 {
    let (kept, rest, tie) = (value >> shift, value & ((1 << shift) - 1), 1 << (shift - 1));
    kept + u32::from(rest > tie || rest == tie && kept & 1 == 1)
}

/// The value of a bfloat16 number; exact, since it is the upper half of a single.
pub(super) fn f32_from_bf16(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_half_survives_the_way_there_and_back() {
        for half in 0..=u16::MAX {
            let value = f32_from_f16(half);
            if value.is_nan() {
                assert!(f32_from_f16(f16_from_f32(value)).is_nan());
            } else {
                assert_eq!(f16_from_f32(value), half, "{value}");
            }
        }
    }

    #[test]
    fn rounding_is_to_nearest_with_ties_to_even() {
        for (value, half) in [
            (0.0, 0x0000),
            (-0.0, 0x8000),
            (1.0, 0x3c00),
            (-2.0, 0xc000),
            (65504.0, 0x7bff),
            (65519.99, 0x7bff),
            (65520.0, 0x7c00),
            (1e9, 0x7c00),
            (f32::NEG_INFINITY, 0xfc00),
            // Halfway between two neighbours of 1: the even one, then just above, then halfway to the next.
            (1.0 + 0.000_488_281_25, 0x3c00),
            (1.0 + 0.000_488_341, 0x3c01),
            (1.0 + 3.0 * 0.000_488_281_25, 0x3c02),
            // The smallest subnormal, half of it (a tie to even zero), and a little more than half.
            (5.960_464_5e-8, 0x0001),
            (2.980_232_2e-8, 0x0000),
            (2.980_233e-8, 0x0001),
            // The largest subnormal and the smallest normal number, and a value that rounds up into the latter.
            (6.097_555e-5, 0x03ff),
            (6.103_515_6e-5, 0x0400),
            (6.101e-5, 0x0400),
            (1e-10, 0x0000),
        ] {
            assert_eq!(f16_from_f32(value), half, "{value}");
        }
    }

    #[test]
    fn a_bfloat16_is_the_upper_half_of_a_single() {
        assert_eq!(f32_from_bf16(0x3f80), 1.0);
        assert_eq!(f32_from_bf16(0xc2f7), -123.5);
    }
}
