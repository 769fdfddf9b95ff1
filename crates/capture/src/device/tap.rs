use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cpal::traits::{DeviceTrait, StreamTrait};
use cpal::{ErrorKind, FromSample, SampleFormat, SizedSample, Stream, StreamConfig};
use rtrb::{Consumer, Producer, RingBuffer};

use crate::Channel;

/// How much sound waits between the callback and the reader, in seconds. A reader who is later than this loses
/// sound, which is counted and filled with silence.
const RING_SECS: usize = 20;

/// How many deliveries wait beside it: enough for callbacks of 3 ms.
const RING_DELIVERIES: usize = 8_192;

/// How long the audio system waits for sound before it looks whether the device is still there.
const POLL_TIMEOUT: Duration = Duration::from_millis(500);

/// What the callback says of the samples that it put into the ring.
#[derive(Clone, Copy, Debug)]
pub(super) struct Delivery {
    /// When the callback was called.
    pub(super) at: Instant,
    pub(super) samples: usize,
    /// Samples that found the ring full since the last delivery.
    pub(super) lost: u64,
    /// Whether the audio system reported a break since the last delivery.
    pub(super) was_broken: bool,
}

/// What the error callback tells the two others.
#[derive(Debug, Default)]
struct Flags {
    was_broken: AtomicBool,
    is_gone: AtomicBool,
}

/// A running device: one channel of its sound, waiting to be read.
pub(super) struct Tap {
    samples: Consumer<f32>,
    deliveries: Consumer<Delivery>,
    flags: Arc<Flags>,
    /// Stops when it is dropped.
    _stream: Stream,
}

impl Tap {
    /// Starts listening.
    pub(super) fn open(
        device: &cpal::Device,
        config: StreamConfig,
        format: SampleFormat,
        channel: Channel,
    ) -> Result<Tap, cpal::Error> {
        let open = match format {
            SampleFormat::F32 => open::<f32>,
            SampleFormat::F64 => open::<f64>,
            SampleFormat::I8 => open::<i8>,
            SampleFormat::I16 => open::<i16>,
            SampleFormat::I24 => open::<cpal::I24>,
            SampleFormat::I32 => open::<i32>,
            SampleFormat::I64 => open::<i64>,
            SampleFormat::U8 => open::<u8>,
            SampleFormat::U16 => open::<u16>,
            SampleFormat::U24 => open::<cpal::U24>,
            SampleFormat::U32 => open::<u32>,
            SampleFormat::U64 => open::<u64>,
            other => {
                return Err(cpal::Error::with_message(
                    ErrorKind::UnsupportedConfig,
                    format!("samples of type {other}"),
                ));
            }
        };
        open(device, config, channel)
    }

    /// The next delivery, with its samples put into `samples`.
    pub(super) fn take(&mut self, samples: &mut Vec<f32>) -> Option<Delivery> {
        let delivery = self.deliveries.pop().ok()?;
        samples.clear();
        // The samples of a delivery are in the ring before it is: fewer cannot be there.
        let chunk = self.samples.read_chunk(delivery.samples).ok()?;
        samples.extend(chunk);
        Some(delivery)
    }

    /// Whether the audio system said that the device is gone.
    pub(super) fn is_gone(&self) -> bool {
        self.flags.is_gone.load(Ordering::Acquire)
    }
}

fn open<T>(device: &cpal::Device, config: StreamConfig, channel: Channel) -> Result<Tap, cpal::Error>
where
    T: SizedSample,
    f32: FromSample<T>,
{
    let (samples_in, samples) = RingBuffer::new(config.sample_rate as usize * RING_SECS);
    let (deliveries_in, deliveries) = RingBuffer::new(RING_DELIVERIES);
    let flags = Arc::new(Flags::default());
    let mut callback = Callback {
        channel,
        channels: usize::from(config.channels).max(1),
        samples: samples_in,
        deliveries: deliveries_in,
        flags: Arc::clone(&flags),
        lost: 0,
    };
    let error_flags = Arc::clone(&flags);
    let stream = device.build_input_stream(
        config,
        move |data: &[T], _: &cpal::InputCallbackInfo| callback.hear(data, Instant::now()),
        move |error: cpal::Error| match error.kind() {
            ErrorKind::Xrun => error_flags.was_broken.store(true, Ordering::Release),
            ErrorKind::DeviceNotAvailable | ErrorKind::StreamInvalidated | ErrorKind::HostUnavailable => {
                error_flags.is_gone.store(true, Ordering::Release);
            }
            // The rest is either harmless or followed by silence, which the reader notices.
            _ => {}
        },
        Some(POLL_TIMEOUT),
    )?;
    stream.play()?;
    Ok(Tap { samples, deliveries, flags, _stream: stream })
}

/// The half that runs on the audio system's thread: it copies, and neither locks, allocates nor waits.
struct Callback {
    channel: Channel,
    /// How many samples of the interleaved data belong to one moment.
    channels: usize,
    samples: Producer<f32>,
    deliveries: Producer<Delivery>,
    flags: Arc<Flags>,
    lost: u64,
}

impl Callback {
    fn hear<T: Copy>(&mut self, data: &[T], at: Instant)
    where
        f32: FromSample<T>,
    {
        let samples = data.len() / self.channels;
        let room = self.samples.write_chunk_uninit(samples);
        match room {
            Ok(room) if !self.deliveries.is_full() => {
                room.fill_from_iter(data.chunks_exact(self.channels).map(|moment| self.channel.pick(moment)));
                let was_broken = self.flags.was_broken.swap(false, Ordering::AcqRel);
                let lost = std::mem::take(&mut self.lost);
                // It cannot be full: nobody else puts anything in.
                let _ = self.deliveries.push(Delivery { at, samples, lost, was_broken });
            }
            _ => self.lost += samples as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_callback_keeps_one_channel_and_counts_what_finds_no_room() {
        let (samples_in, mut samples) = RingBuffer::new(5);
        let (deliveries_in, mut deliveries) = RingBuffer::new(2);
        let flags = Arc::new(Flags::default());
        let channel = "2".parse().expect("a channel");
        let (lost, channels) = (0, 2);
        let mut callback =
            Callback { channel, channels, samples: samples_in, deliveries: deliveries_in, flags: flags.clone(), lost };
        let now = Instant::now();
        callback.hear(&[0i16, i16::MIN, 0, 0, 0, 16_384], now);
        callback.hear(&[0.0f32; 6], now);
        flags.was_broken.store(true, Ordering::Release);
        callback.hear(&[0.0f32, 0.25, 0.0, 0.5], now);
        // Both rings are full now.
        callback.hear(&[0.0f32; 2], now);
        let mut told = || deliveries.pop().map(|told| (told.samples, told.lost, told.was_broken)).ok();
        assert_eq!(told(), Some((3, 0, false)));
        assert_eq!(told(), Some((2, 3, true)));
        assert_eq!(told(), None);
        let heard: Vec<f32> = samples.read_chunk(5).expect("five samples").into_iter().collect();
        assert_eq!(heard, [-1.0, 0.0, 0.5, 0.25, 0.5]);
        callback.hear(&[0.0f32; 4], now);
        let told = deliveries.pop().map(|told| (told.samples, told.lost, told.was_broken)).ok();
        assert_eq!(told, Some((2, 1, false)));
    }
}
