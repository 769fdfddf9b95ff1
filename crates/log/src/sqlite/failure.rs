use std::fmt;
use std::path::Path;

use rusqlite::ErrorCode;

use crate::LogError;

/// What went wrong, before it is known to which file: the two ways out name it.
#[derive(Debug)]
pub(super) enum Failure {
    Database(rusqlite::Error),
    Log(LogError),
    Foreign,
    Newer { found: i64, known: i64 },
    NoWriteAheadLog,
    Unreadable(String),
}

impl Failure {
    /// What the file holds makes no sense.
    pub(super) fn unreadable(cause: impl fmt::Display) -> Failure {
        Failure::Unreadable(cause.to_string())
    }

    /// The error of a call, once the log is open.
    pub(super) fn while_working(self, path: &Path) -> LogError {
        let path = path.to_owned();
        match self {
            Failure::Log(error) => error,
            Failure::Foreign => LogError::Foreign { path },
            Failure::Newer { found, known } => LogError::Newer { path, found, known },
            Failure::NoWriteAheadLog => LogError::Open {
                path,
                cause: "it lies on a disk that lacks shared memory, such as a network disk".into(),
            },
            Failure::Unreadable(cause) => LogError::Damaged { path, cause },
            Failure::Database(error) => match error.sqlite_error_code() {
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                    LogError::Damaged { path, cause: error.to_string() }
                }
                Some(ErrorCode::DiskFull) => LogError::Full { path },
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => LogError::Busy { path },
                _ => LogError::Failed { path, cause: error.to_string() },
            },
        }
    }

    /// The error of opening the file: what is no other error is a matter of the folder and its rights.
    pub(super) fn while_opening(self, path: &Path) -> LogError {
        match self.while_working(path) {
            LogError::Failed { path, cause } => LogError::Open { path, cause },
            error => error,
        }
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Failure {
        Failure::Database(error)
    }
}

impl From<LogError> for Failure {
    fn from(error: LogError) -> Failure {
        Failure::Log(error)
    }
}
