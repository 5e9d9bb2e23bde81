//! What SQLite says, in this crate's words.

use rusqlite::{Error, ErrorCode};

use crate::error::StoreError;

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        let Some(code) = error.sqlite_error_code() else { return Self::Database(error.to_string()) };
        match code {
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy,
            ErrorCode::DiskFull => Self::Full,
            ErrorCode::ReadOnly => Self::ReadOnly,
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
                Self::Corrupt(format!("the index: {error}"))
            }
            ErrorCode::SystemIoFailure | ErrorCode::CannotOpen => {
                Self::io("use the index", std::io::Error::other(error))
            }
            _ => Self::Database(error.to_string()),
        }
    }
}
