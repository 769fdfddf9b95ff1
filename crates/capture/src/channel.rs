use std::fmt;
use std::num::NonZeroU16;
use std::str::FromStr;

use cpal::FromSample;

/// Which of a source's channels is heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Channel {
    /// The mean of all channels.
    #[default]
    Mix,
    /// One channel alone, counted from 1 as on the desk: the interpreter's microphone, the left of a stereo pair.
    One(NonZeroU16),
}

/// A text that names no channel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no channel: write mix, or a number from 1")]
pub struct UnknownChannel(pub String);

impl FromStr for Channel {
    type Err = UnknownChannel;
    fn from_str(text: &str) -> Result<Self, UnknownChannel> {
        match text {
            "mix" => Ok(Channel::Mix),
            number => number.parse().map(Channel::One).map_err(|_| UnknownChannel(text.to_owned())),
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Channel::Mix => f.write_str("mix"),
            Channel::One(number) => number.fmt(f),
        }
    }
}

impl Channel {
    /// The number, from 1, of the channel that a source with `channels` channels lacks.
    pub(crate) fn missing_from(self, channels: u16) -> Option<u16> {
        match self {
            Channel::One(number) if number.get() > channels => Some(number.get()),
            _ => None,
        }
    }

    /// What is heard of one sample of every channel. A channel that is not there is silence.
    ///
    /// Float formats may hold anything; what is no number becomes silence and what is too loud is clipped, before
    /// one such sample spreads through the resampler's block.
    pub(crate) fn pick<T: Copy>(self, samples: &[T]) -> f32
    where
        f32: FromSample<T>,
    {
        let tame = |sample: T| {
            let sample = f32::from_sample_(sample);
            if sample.is_nan() { 0.0 } else { sample.clamp(-1.0, 1.0) }
        };
        match self {
            Channel::Mix => samples.iter().map(|&sample| tame(sample)).sum::<f32>() / samples.len().max(1) as f32,
            Channel::One(number) => samples.get(usize::from(number.get()) - 1).map_or(0.0, |&sample| tame(sample)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_written_as_it_is_read() {
        for text in ["mix", "1", "32"] {
            assert_eq!(text.parse::<Channel>().expect(text).to_string(), text);
        }
        for text in ["", "0", "-1", "left", "70000"] {
            let error = text.parse::<Channel>().expect_err(text);
            assert!(error.to_string().contains("write mix, or a number from 1"), "{error}");
        }
    }

    #[test]
    fn one_sample_comes_of_many() {
        let check = |channel: &str, samples: &[f32], expect: f32| {
            let channel: Channel = channel.parse().expect(channel);
            assert_eq!(channel.pick(samples), expect, "{channel} of {samples:?}");
        };
        check("mix", &[0.5], 0.5);
        check("mix", &[0.5, -0.25, 0.5], 0.25);
        check("1", &[0.5, -0.25], 0.5);
        check("2", &[0.5, -0.25], -0.25);
        check("3", &[0.5, -0.25], 0.0);
        check("mix", &[f32::NAN, 0.5], 0.25);
        check("1", &[f32::INFINITY], 1.0);
        check("1", &[-7.0], -1.0);
        assert_eq!(Channel::Mix.pick(&[i16::MIN, 0]), -0.5);
        assert_eq!("3".parse::<Channel>().expect("3").missing_from(2), Some(3));
        assert_eq!("2".parse::<Channel>().expect("2").missing_from(2), None);
    }
}
