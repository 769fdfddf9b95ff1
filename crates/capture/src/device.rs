mod absence;
mod gap_finder;
mod list;
mod setup;
mod tap;

use std::thread;
use std::time::{Duration, Instant};

use cpal::ErrorKind;
use cpal::traits::{DeviceTrait, HostTrait};
use dostyq_speech::{AudioFrame, Marker, SAMPLE_RATE, SampleTime};

use crate::framer::Framer;
use crate::gaps::Gaps;
use crate::resample::Resampler;
use crate::{CaptureError, Channel, Source};
use absence::Absence;
use gap_finder::GapFinder;
pub use list::{DeviceInfo, devices};
use tap::{Delivery, Tap};

/// How long the reader sleeps when there is nothing to read: a quarter of a frame.
const POLL: Duration = Duration::from_millis(8);

/// A device is lost when the reader has looked this often in vain, which is two seconds. Looks are counted and not
/// time: a process that was stopped for a while finds sound waiting that it should take.
const STALL_POLLS: u32 = 250;

/// How often the reader looks for the first sound, which is five seconds: sound servers and Bluetooth wake up slowly.
const FIRST_POLLS: u32 = 625;

/// How far the silence of an absence stays behind the time: longer than a delivery, so that the first one of a device
/// that comes back finds its place on the clock still free.
const WAKE_UP: Duration = Duration::from_millis(250);

/// How much silence is made at once, in samples: a reader who comes after an hour gets the hour piece by piece.
const SILENCE_PIECE: u64 = 16_384;

/// How often a lost device is looked for.
const RETRY: Duration = Duration::from_secs(2);

/// Which device is listened to, and how.
#[derive(Clone, Debug, Default)]
pub struct DeviceOptions {
    /// The name of a device as [`devices`] gives it, or a part of its name or description that only it has; `None`
    /// for the system's default.
    pub name: Option<String>,
    /// Which channel is heard.
    pub channel: Channel,
    /// The moment of the first sample on the room's clock.
    pub start: SampleTime,
}

/// How a device is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AudioStatus {
    /// The device's own name.
    pub device: String,
    /// The rate it is read at, in Hz.
    pub rate: u32,
    /// Whether it is there. While it is not, the frames are silence.
    pub is_live: bool,
    /// How often it was lost and came back.
    pub returns: u64,
    /// How often sound was lost because the reader did not come in time.
    pub overruns: u64,
    /// All silence that stands for missing sound, in samples at 16 kHz.
    pub filled_samples: u64,
}

/// A microphone or a channel of a desk.
///
/// The audio system's thread only copies one channel into a lock-free ring; resampling and everything that decides
/// happens in [`Source::next_frame`], on the caller's thread. What is lost (a reader who came too late, a break in the
/// driver, an unplugged cable) is counted, or found by comparing what came with the time that passed, and filled with
/// silence, so that the clock keeps to time. A break that the audio system does not report is noticed up to four
/// seconds late, and its silence lies where it was noticed.
pub struct DeviceSource {
    options: DeviceOptions,
    link: Link,
    framer: Framer,
    gaps: Gaps,
    status: AudioStatus,
}

enum Link {
    Live(Box<Live>),
    Lost { absence: Absence, next_try: Instant },
}

/// A device that runs.
struct Live {
    tap: Tap,
    finder: GapFinder,
    resampler: Resampler,
    /// The samples of the latest delivery that have not been laid on the clock, and the silence that belongs before
    /// them, in samples of the device.
    heard: Vec<f32>,
    silence_due: u64,
    /// When the latest delivery came, at first when the device was opened.
    last_heard: Instant,
    /// How often the reader looks in vain before the device is lost, and how often it has.
    patience: u32,
    empty_polls: u32,
    /// The absence that the first delivery ends.
    absence: Option<Absence>,
}

impl DeviceSource {
    /// Opens the device and starts listening.
    pub fn open(options: DeviceOptions) -> Result<DeviceSource, CaptureError> {
        let (live, device) = Live::open(&options, None)?;
        let rate = live.resampler.rate();
        Ok(DeviceSource {
            framer: Framer::new(options.start),
            link: Link::Live(Box::new(live)),
            gaps: Gaps::default(),
            status: AudioStatus { device, rate, is_live: true, returns: 0, overruns: 0, filled_samples: 0 },
            options,
        })
    }

    /// How the device is doing.
    pub fn status(&self) -> AudioStatus {
        AudioStatus { filled_samples: self.gaps.total(), ..self.status.clone() }
    }

    /// Takes what has come, or finds that nothing comes any more.
    fn listen(&mut self) -> Result<(), CaptureError> {
        let now = Instant::now();
        match &mut self.link {
            Link::Live(live) => {
                if live.lay(&mut self.framer) {
                    return Ok(());
                }
                if let Some(delivery) = live.tap.take(&mut live.heard) {
                    self.status.overruns += u64::from(delivery.lost > 0);
                    self.status.returns += u64::from(live.absence.is_some());
                    self.status.is_live = true;
                    live.hear(&delivery, self.framer.end(), &mut self.gaps);
                } else if let Some(reason) = live.loss() {
                    return self.lose(reason, now);
                } else {
                    live.empty_polls += 1;
                    let absence = live.absence;
                    self.wait(absence, now);
                }
            }
            Link::Lost { absence, next_try } => {
                let absence = *absence;
                if now < *next_try {
                    self.wait(Some(absence), now);
                } else {
                    self.reopen(absence);
                }
            }
        }
        Ok(())
    }

    /// Waits a little; in an absence, silence stands for the time that passes.
    fn wait(&mut self, absence: Option<Absence>, now: Instant) {
        if let Some((absence, until)) = absence.zip(now.checked_sub(WAKE_UP)) {
            let owed = absence.owed(until, self.framer.end()).min(SILENCE_PIECE);
            self.gaps.fill(owed, &mut self.framer);
        }
        if !self.framer.has_frame() {
            thread::sleep(POLL);
        }
    }

    /// Tries to open the lost device. That it is still gone is no news.
    fn reopen(&mut self, absence: Absence) {
        self.link = match Live::open(&self.options, Some(absence)) {
            Ok((live, device)) => {
                self.status.device = device;
                self.status.rate = live.resampler.rate();
                Link::Live(Box::new(live))
            }
            Err(_) => Link::Lost { absence, next_try: Instant::now() + RETRY },
        };
    }

    /// Gives up the stream, which closes the device. An absence that goes on is no new loss.
    fn lose(&mut self, reason: &str, now: Instant) -> Result<(), CaptureError> {
        let Link::Live(live) = &mut self.link else { return Ok(()) };
        live.resampler.finish(&mut self.framer);
        let at = self.framer.end();
        let (earlier, last_heard) = (live.absence, live.last_heard);
        let absence = earlier.unwrap_or(Absence { since: last_heard, position: at });
        self.link = Link::Lost { absence, next_try: now + RETRY };
        if earlier.is_some() {
            return Ok(());
        }
        self.status.is_live = false;
        Err(CaptureError::DeviceLost { name: self.status.device.clone(), at, reason: reason.to_owned() })
    }
}

impl Live {
    /// Opens the device that the options name; also says its own name.
    fn open(options: &DeviceOptions, absence: Option<Absence>) -> Result<(Live, String), CaptureError> {
        let host = cpal::default_host();
        let device = match &options.name {
            Some(name) => list::find(&host, name)?,
            None => host.default_input_device().ok_or(CaptureError::NoInput)?,
        };
        let name = device.id().map_or_else(|_| device.to_string(), |id| id.id().to_owned());
        let refused = |error: cpal::Error| refused(options, &name, &error);
        let offers: Vec<_> = device.supported_input_configs().map_err(refused)?.collect();
        let channels = offers.iter().map(|offer| offer.channels()).max().unwrap_or(0);
        if let Some(wanted) = options.channel.missing_from(channels) {
            return Err(CaptureError::NoSuchChannel { source_name: format!("input \"{name}\""), wanted, channels });
        }
        let (config, format) = setup::choose(&offers, options.channel).ok_or_else(|| CaptureError::DeviceRefused {
            name: name.clone(),
            reason: "it offers no sample format that is understood here".to_owned(),
        })?;
        let tap = Tap::open(&device, config, format, options.channel).map_err(refused)?;
        let opened = Instant::now();
        let live = Live {
            tap,
            finder: GapFinder::new(config.sample_rate, opened),
            resampler: Resampler::new(config.sample_rate),
            heard: Vec::new(),
            silence_due: 0,
            last_heard: opened,
            patience: FIRST_POLLS,
            empty_polls: 0,
            absence,
        };
        Ok((live, name))
    }

    /// Finds out how much silence belongs before a delivery, when the clock stands at `reached`.
    fn hear(&mut self, delivery: &Delivery, reached: SampleTime, gaps: &mut Gaps) {
        let (ours, theirs) = (u64::from(SAMPLE_RATE.0), u64::from(self.resampler.rate()));
        let samples = delivery.samples as u64;
        let mut missing = self.finder.hear(delivery.at, samples, delivery.lost, delivery.was_broken);
        if let Some(absence) = self.absence.take() {
            let length = Duration::from_secs_f64(samples as f64 / theirs as f64);
            let began = delivery.at.checked_sub(length).unwrap_or(delivery.at);
            missing += absence.owed(began, reached) * theirs / ours;
        }
        if missing > 0 {
            gaps.add(reached + self.resampler.owed(), missing * ours / theirs);
        }
        self.silence_due = missing;
        self.last_heard = delivery.at;
        (self.patience, self.empty_polls) = (STALL_POLLS, 0);
    }

    /// Puts a piece of what was heard on the clock, if anything is left.
    fn lay(&mut self, framer: &mut Framer) -> bool {
        if self.silence_due > 0 {
            let piece = self.silence_due.min(SILENCE_PIECE);
            self.silence_due -= piece;
            self.resampler.push_silence(piece, framer);
            return true;
        }
        self.resampler.push(&self.heard, framer);
        let was_there = !self.heard.is_empty();
        self.heard.clear();
        was_there
    }

    /// Why no sound will come any more, if it will not.
    fn loss(&self) -> Option<&'static str> {
        if self.tap.is_gone() {
            Some("it was disconnected")
        } else if self.empty_polls >= self.patience {
            Some("it brings no sound any more")
        } else {
            None
        }
    }
}

/// Says why a device cannot be opened. ALSA names a default device even where there is none at all.
fn refused(options: &DeviceOptions, name: &str, error: &cpal::Error) -> CaptureError {
    let is_absent = matches!(error.kind(), ErrorKind::DeviceNotAvailable | ErrorKind::HostUnavailable);
    if is_absent && options.name.is_none() && devices().is_ok_and(|devices| devices.is_empty()) {
        return CaptureError::NoInput;
    }
    let reason = error.to_string().trim_end_matches('.').to_owned();
    CaptureError::DeviceRefused { name: name.to_owned(), reason }
}

impl Source for DeviceSource {
    fn next_frame(&mut self) -> Result<Option<AudioFrame>, CaptureError> {
        loop {
            if let Some(frame) = self.framer.pop() {
                return Ok(Some(frame));
            }
            self.listen()?;
        }
    }

    /// An absence is told when it is over.
    fn take_marker(&mut self) -> Option<(SampleTime, Marker)> {
        if self.status.is_live { self.gaps.take() } else { None }
    }
}
