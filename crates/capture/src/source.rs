use dostyq_speech::{AudioFrame, Marker, SampleTime};

use crate::CaptureError;

/// Samples in a frame: 32 ms at 16 kHz, the window of the voice detector.
pub const FRAME_SAMPLES: usize = 512;

/// Something that is heard, one frame after another, by pulling.
///
/// # The clock
/// Each frame starts where the one before it ended: nothing overlaps and nothing is left out. What was not heard
/// (an unplugged device, a damaged packet) is filled with silence of the same length, so that everything after it
/// keeps its time. Every frame has [`FRAME_SAMPLES`] samples except the last one of a source that ends, which has
/// what is left, so that the length of a recording is exact.
///
/// # Recovery
/// [`CaptureError::recovery`] tells what to do with an error; the caller need not know what kind of source it has:
/// - [`Recovery::Continue`](crate::Recovery::Continue): show it and call again. Nothing that was heard before is
///   lost, and the error comes once for each occurrence. After [`CaptureError::EndsEarly`] the source ends with
///   `Ok(None)`. After [`CaptureError::DeviceLost`] it hands out silence in real time and reopens the device as
///   soon as it is back.
/// - [`Recovery::Stop`](crate::Recovery::Stop): show it and drop the source.
pub trait Source: Send {
    /// The next frame; `Ok(None)` at the end, and again on every call after it.
    ///
    /// May block until the frame has been heard, but never for longer than a few seconds, so that a caller who
    /// looks at a stop flag between two calls stops soon.
    fn next_frame(&mut self) -> Result<Option<AudioFrame>, CaptureError>;

    /// What happened to the sound and belongs in the room's log, oldest first: [`Marker::Gap`] where sound was
    /// missing and counted as silence, [`Marker::Looped`] where a recording began again. The moment lies within
    /// what was handed out or in the frame that comes next. To be asked after each frame until it says `None`;
    /// gaps that pile up unasked are added together.
    fn take_marker(&mut self) -> Option<(SampleTime, Marker)> {
        None
    }
}

impl<S: Source + ?Sized> Source for Box<S> {
    fn next_frame(&mut self) -> Result<Option<AudioFrame>, CaptureError> {
        (**self).next_frame()
    }

    fn take_marker(&mut self) -> Option<(SampleTime, Marker)> {
        (**self).take_marker()
    }
}
