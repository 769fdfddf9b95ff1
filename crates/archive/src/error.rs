use std::io;
use std::path::PathBuf;

use dostyq_log::LogError;

/// What a call of the archive gives.
pub type Result<T, E = ArchiveError> = std::result::Result<T, E>;

/// Why an export could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] LogError),

    /// The name would put the files elsewhere, or name none.
    #[error("\"{0}\" cannot name the exported files: use a plain file name without folders")]
    UnfitName(String),

    /// A file could not be written. The file of that name, if there was one, is as it was.
    #[error("cannot write {}: {cause}; see that the folder exists, may be written in and has room", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
}
