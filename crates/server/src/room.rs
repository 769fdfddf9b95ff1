use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use dostyq_capture::{
    CaptureError, Channel, DeviceOptions, DeviceSource, FileOptions, FileSource, Looped, Paced, Source,
};
use dostyq_hub::{HubError, RoomPublisher};
use dostyq_log::{Anchor, EventLog, LogError};
use dostyq_speech::{CaptionEvent, Entry, Marker, Offset, RoomId, SampleTime, SegmentId};

use crate::Stop;
use crate::config::Input;
use crate::pipeline::{CaptionSink, unix_millis};

/// Events read from the log at a time.
const PAGE: usize = 512;
/// How long to wait before a log that refused a final is asked again.
const RETRY: Duration = Duration::from_secs(1);

/// Opens what a room hears, beginning at `begin` on its clock, in real time.
pub(crate) fn open_source(input: &Input, begin: SampleTime) -> Result<Box<dyn Source>, CaptureError> {
    let channel = input.channel.and_then(std::num::NonZeroU16::new).map_or(Channel::Mix, Channel::One);
    let options = FileOptions { channel, start: begin };
    Ok(match (&input.file, input.loop_pause_secs) {
        (Some(file), Some(pause)) => Box::new(Paced::new(Looped::open(file, options, Duration::from_secs_f64(pause))?)),
        (Some(file), None) => Box::new(Paced::new(FileSource::open(file, options)?)),
        (None, _) => {
            let name = input.device.clone().filter(|name| name != "default");
            Box::new(DeviceSource::open(DeviceOptions { name, channel, start: begin })?)
        }
    })
}

/// Where a room goes on: its clock never stops, also while the server is down, and segment ids are never used twice.
pub(crate) struct Continuation {
    pub(crate) begin: SampleTime,
    pub(crate) first_segment: SegmentId,
}

impl Continuation {
    pub(crate) fn of(log: &dyn EventLog, room: &RoomId) -> anyhow::Result<Continuation> {
        let head = log.open(room)?;
        let (mut after, mut last_segment, mut last_moment) = (Offset(0), 0, SampleTime::ZERO);
        loop {
            let events = log.read(room, after, PAGE)?;
            let Some(last) = events.last() else { break };
            after = last.offset;
            for event in &events {
                let (segment, moment) = match &event.entry {
                    Entry::Final(caption) => (caption.segment.0, caption.span.end),
                    Entry::Marker { at, .. } => (0, *at),
                };
                last_segment = last_segment.max(segment);
                last_moment = last_moment.max(moment);
            }
        }
        // A wall clock that was set back must not let the room's clock run backwards.
        let by_wall = SampleTime::from_millis(unix_millis().saturating_sub(head.started_at_millis));
        Ok(Continuation { begin: by_wall.max(last_moment), first_segment: SegmentId(last_segment + 1) })
    }
}

/// A refusal of the log that no patience changes.
trait Refusal: std::fmt::Display {
    /// Another machine has the room.
    fn is_for_good(&self) -> bool;
}

impl Refusal for LogError {
    fn is_for_good(&self) -> bool {
        matches!(self, LogError::Fenced(_))
    }
}

impl Refusal for HubError {
    fn is_for_good(&self) -> bool {
        matches!(self, HubError::Log(error) if error.is_for_good())
    }
}

/// Repeats what the log refused until it takes it, since no final may be lost; gives up when the room stops, and stops it
/// when another machine has it.
fn insist<T, E: Refusal>(what: &str, stop: &Stop, mut try_once: impl FnMut() -> Result<T, E>) {
    let mut has_failed = false;
    loop {
        match try_once() {
            Ok(_) => {
                if has_failed {
                    tracing::info!("the log takes captions again");
                }
                return;
            }
            Err(error) if error.is_for_good() => {
                stop.raise();
                tracing::warn!("{what} is not written: {error}");
                return;
            }
            Err(error) if stop.is_raised() => {
                tracing::error!("{what} is lost: {error}");
                return;
            }
            Err(error) => {
                if !has_failed {
                    tracing::error!("{what} waits: {error}");
                }
                has_failed = true;
                std::thread::sleep(RETRY);
            }
        }
    }
}

/// The end of the path where nobody watches: the log alone.
pub(crate) struct LogSink {
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) room: RoomId,
    pub(crate) stop: Stop,
}

impl LogSink {
    fn append(&self, what: &str, entry: &Entry) {
        insist(what, &self.stop, || self.log.append(&self.room, entry));
    }
}

impl CaptionSink for LogSink {
    fn show(&mut self, event: CaptionEvent) {
        if let CaptionEvent::Final(caption) = event {
            self.append("a caption", &Entry::Final(caption));
        }
    }

    fn mark(&mut self, at: SampleTime, marker: Marker) {
        self.append("a mark", &Entry::Marker { at, marker });
    }

    fn anchor(&mut self, at: SampleTime, unix_millis: u64) {
        // Anchors correct the drift of a sound card; one that is missing costs nothing.
        if let Err(error) = self.log.anchor(&self.room, Anchor { at, unix_millis }) {
            tracing::warn!("the wall time could not be noted: {error}");
        }
    }
}

/// The end of the path in a live room: the hub, which writes to the log before it shows a final, and the log.
pub(crate) struct LiveSink {
    pub(crate) publisher: RoomPublisher,
    pub(crate) log: LogSink,
}

impl CaptionSink for LiveSink {
    fn show(&mut self, event: CaptionEvent) {
        insist("a caption", &self.log.stop, || self.publisher.publish(event.clone()));
    }

    fn mark(&mut self, at: SampleTime, marker: Marker) {
        insist("a mark", &self.log.stop, || self.publisher.mark(at, marker.clone()));
    }

    fn anchor(&mut self, at: SampleTime, unix_millis: u64) {
        self.log.anchor(at, unix_millis);
    }
}

/// Opens the log of a data folder, which is made if need be.
pub(crate) fn open_log(data: &std::path::Path) -> anyhow::Result<Arc<dyn EventLog>> {
    std::fs::create_dir_all(data)
        .with_context(|| format!("the data folder {} cannot be made: set server.data to another", data.display()))?;
    Ok(Arc::new(dostyq_log::SqliteLog::open_file(data.join("dostyq.db"))?))
}
