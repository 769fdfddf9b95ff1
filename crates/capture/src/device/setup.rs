use cpal::{BufferSize, SampleFormat, StreamConfig, SupportedBufferSize, SupportedStreamConfigRange};

use crate::Channel;
use crate::resample::KNOWN_RATES;

/// Rates in the order in which they are asked for. A converter's own rate comes first, because what stands between
/// us and it (a plugin of ALSA, a sound server) resamples worse than we do.
const RATES: [u32; 6] = [48_000, 44_100, 96_000, 88_200, 32_000, 16_000];

/// How often sound is delivered, in milliseconds: two frames. The audio system keeps two deliveries, so a busy machine
/// may be this late before sound is lost; left to themselves, sound servers deliver every two seconds.
const DELIVERY_MILLIS: u32 = 64;

/// How a device is to be opened, chosen from what it offers so that `channel` is there; `None` if nothing fits.
///
/// Few channels are better than many, except that a mix takes two when it can; a sample format of more bits is
/// better than one of less.
pub(super) fn choose(offers: &[SupportedStreamConfigRange], channel: Channel) -> Option<(StreamConfig, SampleFormat)> {
    let wanted = match channel {
        Channel::Mix => 2,
        Channel::One(number) => number.get(),
    };
    let fits = |offer: &&SupportedStreamConfigRange| {
        bits(offer.sample_format()).is_some()
            && rate(offer).is_some()
            && channel.missing_from(offer.channels()).is_none()
    };
    let rank = |offer: &&SupportedStreamConfigRange| {
        let channels = offer.channels();
        let place = rate(offer).and_then(|rate| RATES.iter().position(|&r| r == rate)).unwrap_or(RATES.len());
        (channels.abs_diff(wanted), place, std::cmp::Reverse(bits(offer.sample_format())))
    };
    let offer = offers.iter().filter(fits).min_by_key(rank)?;
    let sample_rate = rate(offer)?;
    let buffer_size = match offer.buffer_size() {
        SupportedBufferSize::Range { min, max } if min <= max => {
            BufferSize::Fixed((sample_rate * DELIVERY_MILLIS / 1000).clamp(*min, *max))
        }
        _ => BufferSize::Default,
    };
    Some((StreamConfig { channels: offer.channels(), sample_rate, buffer_size }, offer.sample_format()))
}

/// The best rate of an offer.
fn rate(offer: &SupportedStreamConfigRange) -> Option<u32> {
    let range = offer.min_sample_rate()..=offer.max_sample_rate();
    let usual = RATES.into_iter().find(|rate| range.contains(rate));
    usual.or(Some(*range.end())).filter(|rate| KNOWN_RATES.contains(rate))
}

/// How precise a format is, in bits; `None` for the one-bit formats, which are not sound yet.
fn bits(format: SampleFormat) -> Option<u32> {
    match format {
        SampleFormat::I8 | SampleFormat::U8 => Some(8),
        SampleFormat::I16 | SampleFormat::U16 => Some(16),
        // A float of 32 bits holds 24 that count, and needs no converting.
        SampleFormat::I24 | SampleFormat::U24 => Some(24),
        SampleFormat::F32 => Some(25),
        SampleFormat::I32 | SampleFormat::U32 | SampleFormat::F64 | SampleFormat::I64 | SampleFormat::U64 => Some(24),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Offer = (u16, u32, u32, SampleFormat);

    fn check(channel: &str, offers: &[Offer], expect: Option<(u16, u32, SampleFormat)>) {
        let buffer = SupportedBufferSize::Unknown;
        let offer =
            |&(channels, min, max, format): &Offer| SupportedStreamConfigRange::new(channels, min, max, buffer, format);
        let offers: Vec<_> = offers.iter().map(offer).collect();
        let chosen = choose(&offers, channel.parse().expect(channel));
        let chosen = chosen.map(|(config, format)| (config.channels, config.sample_rate, format));
        assert_eq!(chosen, expect, "channel {channel} of {offers:?}");
    }

    #[test]
    fn the_converters_own_rate_and_the_fewest_channels_are_chosen() {
        use SampleFormat::{DsdU8, F32, I16, I32, U8};
        let laptop = [(1, 8_000, 96_000, I16), (2, 8_000, 96_000, I16), (2, 8_000, 96_000, I32)];
        check("mix", &laptop, Some((2, 48_000, I32)));
        check("1", &laptop, Some((1, 48_000, I16)));
        check("2", &laptop, Some((2, 48_000, I32)));
        check("3", &laptop, None);
        let desk = [(32, 44_100, 44_100, I32), (32, 48_000, 48_000, I32)];
        check("17", &desk, Some((32, 48_000, I32)));
        check("mix", &desk, Some((32, 48_000, I32)));
        let plugin: Vec<Offer> = (1..=64).flat_map(|n| [(n, 1, 384_000, U8), (n, 1, 384_000, F32)]).collect();
        check("mix", &plugin, Some((2, 48_000, F32)));
        check("5", &plugin, Some((5, 48_000, F32)));
        check("mix", &[(1, 8_000, 8_000, I16)], Some((1, 8_000, I16)));
        check("mix", &[(2, 2_822_400, 2_822_400, DsdU8)], None);
        check("mix", &[], None);
    }

    #[test]
    fn sound_is_delivered_every_two_frames_where_the_device_can() {
        let check = |buffer, expect| {
            let offer = SupportedStreamConfigRange::new(2, 48_000, 48_000, buffer, SampleFormat::F32);
            let chosen = choose(&[offer], Channel::Mix).map(|(config, _)| config.buffer_size);
            assert_eq!(chosen, Some(expect), "{buffer:?}");
        };
        check(SupportedBufferSize::Unknown, BufferSize::Default);
        check(SupportedBufferSize::Range { min: 16, max: 65_536 }, BufferSize::Fixed(3_072));
        check(SupportedBufferSize::Range { min: 4_096, max: 65_536 }, BufferSize::Fixed(4_096));
        check(SupportedBufferSize::Range { min: 16, max: 512 }, BufferSize::Fixed(512));
    }
}
