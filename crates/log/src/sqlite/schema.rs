use rusqlite::{Connection, TransactionBehavior};

use super::failure::Failure;

/// Marks the file as a log of Dostyq: "Dstq" in the header, where the `file` tool shows it.
const APPLICATION_ID: i64 = 0x4473_7471;

/// The format of the tables. A change of the tables raises it and adds a step that brings older files up to it.
const FORMAT: i64 = 1;

const TABLES: &str = "
    CREATE TABLE rooms (
        room TEXT NOT NULL PRIMARY KEY,
        epoch TEXT NOT NULL,                  -- 32 hexadecimal digits
        started_at_millis INTEGER NOT NULL    -- Unix time of sample 0
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE events (
        room TEXT NOT NULL REFERENCES rooms,
        offset INTEGER NOT NULL,              -- 1, 2, 3 ... in each room
        entry TEXT NOT NULL,                  -- JSON
        PRIMARY KEY (room, offset)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE anchors (
        room TEXT NOT NULL REFERENCES rooms,
        sample INTEGER NOT NULL,              -- the room's clock, 16 000 a second
        unix_millis INTEGER NOT NULL,
        PRIMARY KEY (room, sample)
    ) STRICT, WITHOUT ROWID;
";

/// Makes a new file a log, makes sure that an old one is a sound log of a known format, and sets how it is written.
/// A file that is refused is left as it was.
pub(super) fn prepare(connection: &mut Connection) -> Result<(), Failure> {
    // Two programs that start at once must not both create the tables, so look and create in one transaction.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let number = |sql| transaction.query_row(sql, [], |row| row.get::<_, i64>(0));
    let application = number("PRAGMA application_id")?;
    let format = number("PRAGMA user_version")?;
    match (application, format) {
        (0, 0) if number("SELECT count(*) FROM sqlite_schema")? == 0 => {
            transaction.execute_batch(TABLES)?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            transaction.pragma_update(None, "user_version", FORMAT)?;
        }
        (APPLICATION_ID, FORMAT) => {}
        (APPLICATION_ID, found) if found > FORMAT => return Err(Failure::Newer { found, known: FORMAT }),
        _ => return Err(Failure::Foreign),
    }
    transaction.commit()?;

    // Outside the transaction, so that a program that is already writing does not wait for this check.
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        return Err(Failure::unreadable(verdict.replace('\n', " ")));
    }

    let journal: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if journal != "wal" {
        return Err(Failure::NoWriteAheadLog);
    }
    // FULL syncs the write-ahead log at every commit; the default of some builds does not.
    connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No test can cut the power, so this one looks at the switches that make an append survive it.
    #[test]
    fn a_commit_is_synced_to_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = Connection::open(folder.path().join("log.db")).unwrap();
        prepare(&mut connection).unwrap();
        let number = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(number("PRAGMA synchronous"), 2, "FULL");
        assert_eq!(connection.query_row("PRAGMA journal_mode", [], |row| row.get::<_, String>(0)).unwrap(), "wal");
        assert_eq!(number("PRAGMA foreign_keys"), 1);
    }
}
