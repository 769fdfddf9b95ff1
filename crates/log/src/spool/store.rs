//! The file that events wait in.

use std::path::{Path, PathBuf};

use dostyq_speech::{Epoch, Event, Offset, RoomId};
use rusqlite::{Connection, OptionalExtension, params};

use crate::{LogError, Result};

/// Marks the file as a spool of Dostyq: "Dspl" in the header.
const APPLICATION_ID: i64 = 0x4473_706c;

const TABLES: &str = "
    CREATE TABLE waiting (
        room TEXT NOT NULL,
        epoch TEXT NOT NULL,       -- of the log that the offset belongs to
        offset INTEGER NOT NULL,   -- that the event will have
        entry TEXT NOT NULL,       -- JSON
        PRIMARY KEY (room, offset)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE stranded (
        room TEXT NOT NULL,
        epoch TEXT NOT NULL,
        offset INTEGER NOT NULL,   -- that the event was to have, and another one has
        entry TEXT NOT NULL
    ) STRICT;
";

/// An event that waits.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) epoch: Epoch,
    pub(super) event: Event,
}

pub(super) struct Store {
    path: PathBuf,
    file: Connection,
}

impl Store {
    pub(super) fn open(path: &Path) -> Result<Store> {
        let opened = Connection::open(path).and_then(|file| {
            let journal: String = file.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
            file.execute_batch("PRAGMA synchronous = FULL")?;
            let found: i64 = file.query_row("PRAGMA application_id", [], |row| row.get(0))?;
            let tables: i64 = file.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
            Ok((file, journal, found, tables))
        });
        let unopened = |cause: String| LogError::Open { path: path.to_owned(), cause };
        let (file, journal, found, tables) = opened.map_err(|error| unopened(error.to_string()))?;
        if journal != "wal" {
            return Err(unopened("it lies on a disk that lacks shared memory, such as a network disk".into()));
        }
        match (found, tables) {
            (0, 0) => {
                let made = format!("BEGIN IMMEDIATE; {TABLES} PRAGMA application_id = {APPLICATION_ID}; COMMIT");
                file.execute_batch(&made).map_err(|error| unopened(error.to_string()))?;
            }
            (APPLICATION_ID, _) => {}
            _ => return Err(LogError::Foreign { path: path.to_owned() }),
        }
        Ok(Store { path: path.to_owned(), file })
    }

    /// Puts an event behind the others; it is on the disk when this returns.
    pub(super) fn push(&self, room: &RoomId, epoch: Epoch, offset: Offset, entry: &str) -> Result<()> {
        let row = params![room.as_str(), epoch.to_string(), offset.0, entry];
        self.did(self.file.execute("INSERT INTO waiting VALUES (?1, ?2, ?3, ?4)", row))?;
        Ok(())
    }

    /// The oldest that waits.
    pub(super) fn first(&self, room: &RoomId) -> Result<Option<Kept>> {
        let row = self.did(
            self.file
                .query_row(
                    "SELECT epoch, offset, entry FROM waiting WHERE room = ?1 ORDER BY offset LIMIT 1",
                    [room.as_str()],
                    |row| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get::<_, String>(2)?)),
                )
                .optional(),
        )?;
        let Some((epoch, offset, entry)) = row else { return Ok(None) };
        let epoch = epoch.parse().map_err(|error: std::num::ParseIntError| self.damaged(&error))?;
        Ok(Some(Kept { epoch, event: self.event(offset, &entry)? }))
    }

    /// Those that wait after an offset.
    pub(super) fn read(&self, room: &RoomId, after: Offset, limit: usize) -> Result<Vec<Event>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let after = i64::try_from(after.0).unwrap_or(i64::MAX);
        let mut statement = self.did(self.file.prepare_cached(
            "SELECT offset, entry FROM waiting WHERE room = ?1 AND offset > ?2 ORDER BY offset LIMIT ?3",
        ))?;
        let rows = statement.query_map(params![room.as_str(), after, limit], |row| {
            Ok((row.get::<_, u64>(0)?, row.get::<_, String>(1)?))
        });
        let rows: Vec<_> = self.did(rows.and_then(Iterator::collect))?;
        rows.iter().map(|(offset, entry)| self.event(*offset, entry)).collect()
    }

    pub(super) fn remove(&self, room: &RoomId, offset: Offset) -> Result<()> {
        let row = params![room.as_str(), offset.0];
        self.did(self.file.execute("DELETE FROM waiting WHERE room = ?1 AND offset = ?2", row))?;
        Ok(())
    }

    /// Puts all that waits aside; says how much it is.
    pub(super) fn strand(&mut self, room: &RoomId) -> Result<u64> {
        let moved = self.file.transaction().and_then(|transaction| {
            let room = [room.as_str()];
            let count = transaction.execute("INSERT INTO stranded SELECT * FROM waiting WHERE room = ?1", room)?;
            transaction.execute("DELETE FROM waiting WHERE room = ?1", room)?;
            transaction.commit()?;
            Ok(count as u64)
        });
        self.did(moved)
    }

    pub(super) fn stranded(&self, room: &RoomId) -> Result<u64> {
        let count = "SELECT count(*) FROM stranded WHERE room = ?1";
        self.did(self.file.query_row(count, [room.as_str()], |row| row.get(0)))
    }

    fn event(&self, offset: u64, entry: &str) -> Result<Event> {
        let entry = serde_json::from_str(entry).map_err(|error| self.damaged(&error))?;
        Ok(Event { offset: Offset(offset), entry })
    }

    fn did<T>(&self, outcome: rusqlite::Result<T>) -> Result<T> {
        outcome.map_err(|error| match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => LogError::Full { path: self.path.clone() },
            _ => LogError::Failed { path: self.path.clone(), cause: error.to_string() },
        })
    }

    fn damaged(&self, cause: &impl ToString) -> LogError {
        LogError::Damaged { path: self.path.clone(), cause: cause.to_string() }
    }
}
