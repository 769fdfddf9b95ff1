use std::io;
use std::path::PathBuf;

use dostyq_speech::SampleTime;

/// What can go wrong between a sound and its frames; each message names the thing and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// There is nothing at the path.
    #[error("{} does not exist: check the path", .path.display())]
    NoSuchFile {
        /// As it was given.
        path: PathBuf,
    },
    /// The path names a folder.
    #[error("{} is a folder: name a recording in it", .path.display())]
    IsFolder {
        /// As it was given.
        path: PathBuf,
    },
    /// The operating system refuses to open the file.
    #[error("{} cannot be read ({source}): check its permissions and the disk", .path.display())]
    Unreadable {
        /// As it was given.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The file holds no bytes.
    #[error("{} is empty (0 bytes): copy it again from where it was recorded", .path.display())]
    EmptyFile {
        /// As it was given.
        path: PathBuf,
    },
    /// Nothing in the file looks like sound.
    #[error(
        "{} is no recording in a known format: give a WAV, FLAC, MP3, OGG (Vorbis, Opus) or M4A (AAC) file",
        .path.display()
    )]
    UnknownFormat {
        /// As it was given.
        path: PathBuf,
    },
    /// The container is known and holds no sound, such as a video without it.
    #[error("{} has no audio track: export it again with its sound", .path.display())]
    NoAudioTrack {
        /// As it was given.
        path: PathBuf,
    },
    /// The container is known and what it holds cannot be decoded here.
    #[error("{} holds sound that cannot be decoded here ({reason}): convert it to WAV or FLAC", .path.display())]
    UnknownCodec {
        /// As it was given.
        path: PathBuf,
        /// What the decoder says.
        reason: String,
    },
    /// The file is damaged before its first sound.
    #[error("{} is damaged or incomplete ({reason}) and nothing of it can be heard: get a whole copy", .path.display())]
    Damaged {
        /// As it was given.
        path: PathBuf,
        /// What the reader says.
        reason: String,
    },
    /// The file ends before it should; everything before the end has been handed out. [`Recovery::Continue`].
    #[error("{} ends early at {at} ({reason}): what came before is kept, get a whole copy for the rest", .path.display())]
    EndsEarly {
        /// As it was given.
        path: PathBuf,
        /// Where in the file, from the start of its sound.
        at: SampleTime,
        /// What the reader says.
        reason: String,
    },
    /// A channel was asked for that the source does not have.
    #[error("{source_name} has {channels} channel(s) and no channel {wanted}: choose 1 to {channels}, or mix")]
    NoSuchChannel {
        /// The file or the device.
        source_name: String,
        /// The channel that was asked for, from 1.
        wanted: u16,
        /// How many there are.
        channels: u16,
    },
    /// The machine has nothing to listen with.
    #[error("this machine has no sound input: connect a microphone or a desk, then see `dostyq devices`")]
    NoInput,
    /// No input has the name.
    #[error("no input named \"{name}\": `dostyq devices` lists them")]
    NoSuchDevice {
        /// As it was given.
        name: String,
    },
    /// Several inputs answer to the name.
    #[error("\"{name}\" names several inputs ({candidates}): write one of these names in full")]
    AmbiguousDevice {
        /// As it was given.
        name: String,
        /// The full names, separated by commas.
        candidates: String,
    },
    /// The input is there and cannot be opened.
    #[error("input \"{name}\" cannot be opened ({reason}): check that no other program uses it, or choose another")]
    DeviceRefused {
        /// The device.
        name: String,
        /// What the audio system says.
        reason: String,
    },
    /// The audio system does not answer.
    #[error("the audio system does not list its inputs ({reason}): check that it is running")]
    NoAudioSystem {
        /// What the audio system says.
        reason: String,
    },
    /// A running input fell silent or was unplugged. [`Recovery::Continue`].
    #[error("input \"{name}\" was lost at {at} ({reason}): reconnect it, the sound resumes by itself")]
    DeviceLost {
        /// The device.
        name: String,
        /// The last moment heard, on the room's clock.
        at: SampleTime,
        /// What the audio system says.
        reason: String,
    },
}

/// What the caller of [`Source::next_frame`](crate::Source::next_frame) does after an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// Show the error and keep calling: the source goes on by itself, or ends in order.
    Continue,
    /// Show the error and drop the source: every further call fails or ends.
    Stop,
}

impl CaptureError {
    /// Whether the source is still worth asking.
    pub fn recovery(&self) -> Recovery {
        match self {
            CaptureError::EndsEarly { .. } | CaptureError::DeviceLost { .. } => Recovery::Continue,
            _ => Recovery::Stop,
        }
    }
}
