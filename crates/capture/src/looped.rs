use std::path::{Path, PathBuf};
use std::time::Duration;

use dostyq_speech::{AudioFrame, Marker, SampleTime};

use crate::framer::Framer;
use crate::{CaptureError, FileOptions, FileSource, Source};

/// A recording that is played again and again on one continuing clock, with silence between.
///
/// Never ends. Each time it begins again, a [`Marker::Looped`] says so. The file is opened anew each time; that it
/// ends early is told the first time alone.
pub struct Looped {
    path: PathBuf,
    options: FileOptions,
    pause_samples: u64,
    source: FileSource,
    framer: Framer,
    /// The end of the last frame handed out.
    handed_out: SampleTime,
    loops: u64,
    /// A beginning that has not been told yet.
    began_again: Option<SampleTime>,
}

impl Looped {
    /// Plays the file as [`FileSource::open`] does, with a silence of `pause` between two plays.
    pub fn open(path: impl AsRef<Path>, options: FileOptions, pause: Duration) -> Result<Looped, CaptureError> {
        Ok(Looped {
            path: path.as_ref().to_owned(),
            options,
            pause_samples: SampleTime::from_secs(pause.as_secs_f64()).0,
            source: FileSource::open(path, options)?,
            framer: Framer::new(options.start),
            handed_out: options.start,
            loops: 0,
            began_again: None,
        })
    }

    /// How often it has begun again.
    pub fn loops(&self) -> u64 {
        self.loops
    }

    /// The file as it is played now.
    pub fn source(&self) -> &FileSource {
        &self.source
    }

    fn begin_again(&mut self) -> Result<(), CaptureError> {
        self.framer.push_silence(self.pause_samples);
        let start = self.framer.end();
        self.source = FileSource::open(&self.path, FileOptions { start, ..self.options })?;
        self.loops += 1;
        self.began_again = Some(start);
        Ok(())
    }
}

impl Source for Looped {
    fn next_frame(&mut self) -> Result<Option<AudioFrame>, CaptureError> {
        loop {
            if let Some(frame) = self.framer.pop() {
                self.handed_out = frame.span().end;
                return Ok(Some(frame));
            }
            match self.source.next_frame() {
                Ok(Some(frame)) => self.framer.extend(frame.samples),
                Ok(None) => self.begin_again()?,
                Err(CaptureError::EndsEarly { .. }) if self.loops > 0 => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn take_marker(&mut self) -> Option<(SampleTime, Marker)> {
        if let Some(at) = self.began_again.take_if(|at| *at <= self.handed_out) {
            return Some((at, Marker::Looped));
        }
        self.source.take_marker()
    }
}
