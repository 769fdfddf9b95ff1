mod decode;
mod mp4;
mod timeline;

use std::path::{Path, PathBuf};
use std::time::Duration;

use dostyq_speech::{AudioFrame, Level, Marker, SAMPLE_RATE, SampleTime};

use crate::framer::Framer;
use crate::gaps::Gaps;
use crate::resample::Resampler;
use crate::{CaptureError, Channel, Source};
use decode::{Block, Decoding, Ending};

/// How a file is played.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileOptions {
    /// Which channel is heard.
    pub channel: Channel,
    /// The moment of the first sample on the room's clock.
    pub start: SampleTime,
}

/// What is known of a file's sound so far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FileReport {
    /// The largest sample magnitude, dBFS. [`Level::SILENCE`] after the end means that the file holds digital
    /// silence: it was decoded as it is, and somebody recorded the wrong input.
    pub peak_dbfs: f32,
    /// Packets that were damaged and became silence of their own length.
    pub bad_packets: u64,
    /// All silence that stands for missing sound, in samples at 16 kHz.
    pub filled_samples: u64,
}

/// A recording: WAV, FLAC, MP3, OGG (Vorbis, Opus) or M4A (AAC-LC), of any rate and number of channels.
///
/// Plays as fast as it is asked to; [`Paced`](crate::Paced) makes it real time. The encoder's delay is cut off and
/// damaged stretches become silence, so the moments are those of the sound that was recorded. A file that was cut
/// off gives everything that can be decoded, then [`CaptureError::EndsEarly`] once, then ends.
pub struct FileSource {
    path: PathBuf,
    start: SampleTime,
    decoding: Decoding,
    block: Block,
    /// `None` once the recording has ended.
    resampler: Option<Resampler>,
    framer: Framer,
    gaps: Gaps,
    early: Option<CaptureError>,
    peak_dbfs: f32,
}

impl FileSource {
    /// Opens a recording and decodes its beginning, so that whatever keeps it from being heard is said here.
    pub fn open(path: impl AsRef<Path>, options: FileOptions) -> Result<FileSource, CaptureError> {
        let path = path.as_ref();
        let decoding = Decoding::open(path, options.channel)?;
        let mut source = FileSource {
            path: path.to_owned(),
            start: options.start,
            block: Block::default(),
            resampler: Some(Resampler::new(decoding.rate())),
            decoding,
            framer: Framer::new(options.start),
            gaps: Gaps::default(),
            early: None,
            peak_dbfs: Level::SILENCE.peak_dbfs,
        };
        source.fill()?;
        Ok(source)
    }

    /// How long the recording says it is. An estimate for MP3 without a Xing header; `None` where only playing it
    /// to the end would tell.
    pub fn duration_hint(&self) -> Option<Duration> {
        Duration::try_from_secs_f64(self.decoding.stated_secs()?).ok()
    }

    /// What is known of the sound so far; complete after the end.
    pub fn report(&self) -> FileReport {
        FileReport {
            peak_dbfs: self.peak_dbfs,
            bad_packets: self.decoding.bad_packets(),
            filled_samples: self.gaps.total(),
        }
    }

    /// Decodes until a frame can be cut or the recording ends.
    fn fill(&mut self) -> Result<(), CaptureError> {
        while !self.framer.has_frame() && self.resampler.is_some() {
            let ending = self.decoding.next(&mut self.block);
            self.lay_block();
            match ending {
                Ok(None) => {}
                Ok(Some(ending)) => self.finish(ending),
                Err(error) => {
                    self.resampler = None;
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn lay_block(&mut self) {
        let Some(mut resampler) = self.resampler.take() else { return };
        if resampler.rate() != self.block.rate {
            resampler.finish(&mut self.framer);
            resampler = Resampler::new(self.block.rate);
        }
        let silence = self.block.silence;
        if silence > 0 {
            let samples = silence * u64::from(SAMPLE_RATE.0) / u64::from(self.block.rate);
            self.gaps.add(self.framer.end() + resampler.owed(), samples);
            resampler.push_silence(silence, &mut self.framer);
        }
        resampler.push(&self.block.samples, &mut self.framer);
        self.resampler = Some(resampler);
    }

    fn finish(&mut self, ending: Ending) {
        if let Some(mut resampler) = self.resampler.take() {
            resampler.finish(&mut self.framer);
        }
        if let Ending::Early(reason) = ending {
            let at = SampleTime(self.framer.end().samples_since(self.start));
            self.early = Some(CaptureError::EndsEarly { path: self.path.clone(), at, reason });
        }
    }
}

impl Source for FileSource {
    fn next_frame(&mut self) -> Result<Option<AudioFrame>, CaptureError> {
        self.fill()?;
        // The rest is shorter than a frame only once the recording has ended.
        match self.framer.pop_rest() {
            Some(frame) => {
                self.peak_dbfs = self.peak_dbfs.max(Level::of(&frame.samples).peak_dbfs);
                Ok(Some(frame))
            }
            None => self.early.take().map_or(Ok(None), Err),
        }
    }

    fn take_marker(&mut self) -> Option<(SampleTime, Marker)> {
        self.gaps.take()
    }
}
