mod failure;
mod schema;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dostyq_speech::{Entry, Event, Offset, RoomId, SampleTime};
use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params};

use crate::entry_text::{encode, fresh_epoch, unix_millis_now};
use crate::{Anchor, EventLog, LogError, Result, RoomHead};
use failure::Failure;

/// How long a call waits for another program that holds the file (a copy in progress, a database tool).
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The log of one machine: an SQLite file.
///
/// One connection writes, behind a mutex, and every append is synced to the disk before it returns. Another
/// connection reads; the write-ahead log lets it read while the writer waits for the disk. Two processes may open
/// the same file: offsets stay without gaps.
pub struct SqliteLog {
    path: PathBuf,
    reader: Mutex<Connection>,
    // Dropped last, so that the write-ahead log is folded into the file when nobody else has it open.
    writer: Mutex<Connection>,
}

impl SqliteLog {
    /// Opens the file, or creates it. Its folder must exist and lie on a local disk.
    ///
    /// The whole file is checked for damage, which takes about a second for each gigabyte: better before the doors
    /// open than in the middle of a speech.
    pub fn open_file(path: impl Into<PathBuf>) -> Result<SqliteLog> {
        let path = path.into();
        match connect(&path) {
            Ok((writer, reader)) => Ok(SqliteLog { path, reader: Mutex::new(reader), writer: Mutex::new(writer) }),
            Err(failure) => Err(failure.while_opening(&path)),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn write<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T, Failure>) -> Result<T> {
        commit(&mut lock(&self.writer), work).map_err(|failure| failure.while_working(&self.path))
    }

    fn read_with<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Failure>) -> Result<T> {
        work(&lock(&self.reader)).map_err(|failure| failure.while_working(&self.path))
    }
}

impl EventLog for SqliteLog {
    fn open(&self, room: &RoomId) -> Result<RoomHead> {
        // A room that exists is only read, so a viewer that asks for its head does not wait for the disk.
        match self.read_with(|reader| head(reader, room)) {
            Err(LogError::UnknownRoom(_)) => self.write(|transaction| {
                transaction
                    .prepare_cached("INSERT INTO rooms VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?
                    .execute(params![room.as_str(), fresh_epoch().to_string(), unix_millis_now()])?;
                head(transaction, room)
            }),
            head => head,
        }
    }

    fn append(&self, room: &RoomId, entry: &Entry) -> Result<Event> {
        let text = encode(room, entry)?;
        let offset = self.write(|transaction| {
            let offset = head(transaction, room)?.top.next();
            transaction.prepare_cached("INSERT INTO events VALUES (?1, ?2, ?3)")?.execute(params![
                room.as_str(),
                offset.0,
                text
            ])?;
            Ok(offset)
        })?;
        Ok(Event { offset, entry: entry.clone() })
    }

    fn read(&self, room: &RoomId, after: Offset, limit: usize) -> Result<Vec<Event>> {
        self.read_with(|reader| {
            head(reader, room)?;
            let mut statement = reader.prepare_cached(
                "SELECT offset, entry FROM events WHERE room = ?1 AND offset > ?2 ORDER BY offset LIMIT ?3",
            )?;
            // Beyond what the database can count there is no event to find, and no end to a limit.
            let after = i64::try_from(after.0).unwrap_or(i64::MAX);
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let rows = statement.query_map(params![room.as_str(), after, limit], |row| {
                Ok((row.get::<_, u64>(0)?, row.get::<_, String>(1)?))
            })?;
            rows.map(|row| {
                let (offset, text) = row?;
                let entry = serde_json::from_str(&text)
                    .map_err(|error| Failure::unreadable(format_args!("event {offset} of room \"{room}\": {error}")))?;
                Ok(Event { offset: Offset(offset), entry })
            })
            .collect()
        })
    }

    fn rooms(&self) -> Result<Vec<RoomId>> {
        self.read_with(|reader| {
            let mut statement = reader.prepare_cached("SELECT room FROM rooms ORDER BY room")?;
            let names = statement.query_map([], |row| row.get::<_, String>(0))?;
            names.map(|name| name?.parse().map_err(Failure::unreadable)).collect()
        })
    }

    fn anchor(&self, room: &RoomId, anchor: Anchor) -> Result<()> {
        self.write(|transaction| {
            head(transaction, room)?;
            transaction.prepare_cached("INSERT OR REPLACE INTO anchors VALUES (?1, ?2, ?3)")?.execute(params![
                room.as_str(),
                anchor.at.0,
                anchor.unix_millis
            ])?;
            Ok(())
        })
    }

    fn anchors(&self, room: &RoomId) -> Result<Vec<Anchor>> {
        self.read_with(|reader| {
            head(reader, room)?;
            let mut statement =
                reader.prepare_cached("SELECT sample, unix_millis FROM anchors WHERE room = ?1 ORDER BY sample")?;
            let rows = statement.query_map([room.as_str()], |row| {
                Ok(Anchor { at: SampleTime(row.get(0)?), unix_millis: row.get(1)? })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
}

impl fmt::Debug for SqliteLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteLog").field("path", &self.path).finish_non_exhaustive()
    }
}

/// The writer, then the reader.
fn connect(path: &Path) -> Result<(Connection, Connection), Failure> {
    // Without the URI flag a file may have any name, `file:` and `?` included.
    let mut writer = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    writer.busy_timeout(BUSY_TIMEOUT)?;
    schema::prepare(&mut writer)?;

    let reader = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    reader.busy_timeout(BUSY_TIMEOUT)?;
    Ok((writer, reader))
}

/// Runs `work` in a transaction that holds the right to write from its start, and commits it.
///
/// The commit is a step of its own because its failure is the one that matters: a statement that commits by itself
/// reports it only when it is reset, where it would go unseen.
fn commit<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let value = work(&transaction)?;
    transaction.commit()?;
    Ok(value)
}

fn head(connection: &Connection, room: &RoomId) -> Result<RoomHead, Failure> {
    let row = connection
        .prepare_cached(
            "SELECT epoch, started_at_millis, (SELECT max(offset) FROM events WHERE events.room = rooms.room)
             FROM rooms WHERE room = ?1",
        )?
        .query_row([room.as_str()], |row| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get::<_, Option<u64>>(2)?)))
        .optional()?;
    let (epoch, started_at_millis, top) = row.ok_or_else(|| LogError::UnknownRoom(room.clone()))?;
    let epoch = epoch
        .parse()
        .map_err(|error| Failure::unreadable(format_args!("the epoch of room \"{room}\" is no number: {error}")))?;
    Ok(RoomHead { epoch, top: Offset(top.unwrap_or(0)), started_at_millis })
}

/// A thread that panicked with the lock left no half-written state: its transaction was rolled back as it unwound.
fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}
