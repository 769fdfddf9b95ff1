use crate::Stop;
use crate::config::Room;
use crate::pipeline::CaptionSink;
use dostyq_speech::{SampleTime, SegmentId};

/// What captions a room once this machine has it: the pipeline, or a script in tests.
pub trait Stage: Send + Sync {
    /// Starts a room. Its clock goes on at `begin` and its segments at `first_segment`; what it says goes to `sink`,
    /// until its source ends or `stop` is raised.
    fn play(
        &self,
        room: &Room,
        begin: SampleTime,
        first_segment: SegmentId,
        sink: Box<dyn CaptionSink>,
        stop: Stop,
    ) -> anyhow::Result<Box<dyn Play>>;

    /// Gives up what was heard and is not captioned yet: the machine is behind, and has to stop.
    fn abandon(&self) {}
}

/// A room that is captioned.
pub trait Play: Send {
    /// Waits until everything that was heard is captioned.
    fn wait(self: Box<Self>) -> anyhow::Result<()>;
}
