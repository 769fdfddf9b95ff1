//! A microphone, a channel of a desk or a file becomes 16 kHz mono frames on one sample clock, with levels.
//!
//! Everything that is heard is a [`Source`], pulled frame by frame: [`DeviceSource`] listens to an input,
//! [`FileSource`] plays a recording as fast as it is asked to, [`Looped`] plays one for ever, and [`Paced`] makes
//! either real time. What was not heard becomes silence of the same length, so a moment on the clock is a moment of
//! the hall for as long as the room is open. [`Meter`] says how loud a frame is and when to worry.
//!
//! ```
//! use dostyq_capture::{CaptureError, FileOptions, FileSource, Meter, Recovery, Source};
//!
//! let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/audio/speech.m4a");
//! let mut source = FileSource::open(path, FileOptions { channel: "2".parse()?, ..FileOptions::default() })?;
//! let (mut meter, mut samples, mut clipped) = (Meter::new(), 0, false);
//! loop {
//!     match source.next_frame() {
//!         Ok(Some(frame)) => {
//!             samples += frame.samples.len();
//!             clipped |= meter.push(&frame).is_clipping;
//!         }
//!         Ok(None) => break,
//!         Err(error) if error.recovery() == Recovery::Continue => eprintln!("{error}"),
//!         Err(error) => return Err(error.into()),
//!     }
//! }
//! assert_eq!((samples, clipped), (26_288, false));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! It starts no thread of its own (the audio system brings one), keeps no recording, judges no speech, and reads
//! no stream from the network.

mod channel;
mod device;
mod error;
mod file;
mod framer;
mod gaps;
mod looped;
mod meter;
mod paced;
mod resample;
mod source;

pub use channel::{Channel, UnknownChannel};
pub use device::{AudioStatus, DeviceInfo, DeviceOptions, DeviceSource, devices};
pub use error::{CaptureError, Recovery};
pub use file::{FileOptions, FileReport, FileSource};
pub use looped::Looped;
pub use meter::{CLIPPING_DBFS, CLIPPING_HOLD_MILLIS, Meter, NO_SOUND_DBFS, NO_SOUND_MILLIS, Reading};
pub use paced::Paced;
pub use source::{FRAME_SAMPLES, Source};
