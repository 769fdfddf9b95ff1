//! Tokens and sessions on the disk. Of a secret there is nothing but its SHA-256.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};
use dostyq_speech::RoomId;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::role::{Principal, Role};
use super::secret::{Secret, fingerprint, hex};

const FILE: &str = "access.db";
/// The id of the token that is the operator's key.
pub(crate) const OPERATOR_KEY: &str = "operator.key";
/// How long a browser stays signed in: a day of congress.
pub(crate) const SESSION_SECS: i64 = 14 * 3600;
/// Sessions that are kept at most; the oldest go.
const SESSIONS: i64 = 4096;
/// How long to wait for `dostyq token`, or for the server, to be done with the file.
const BUSY: Duration = Duration::from_secs(5);

const SCHEMA: &str = "
    create table if not exists tokens (
        id text primary key,
        secret blob not null unique,
        role text not null,
        rooms text,
        name text not null,
        created integer not null,
        expires integer
    ) strict;
    create table if not exists sessions (
        secret blob primary key,
        token text not null references tokens (id) on delete cascade,
        expires integer not null
    ) strict;
";

/// The file `access.db` of a data folder; the server and `dostyq token` may have it open at once.
pub(crate) struct Store(Mutex<Connection>);

/// A token to be made.
#[derive(Clone, Debug)]
pub(crate) struct NewToken {
    pub(crate) role: Role,
    /// The rooms that it is for; none for all.
    pub(crate) rooms: Vec<RoomId>,
    /// For people.
    pub(crate) name: String,
    /// How long it counts; None for ever.
    pub(crate) lasts: Option<Duration>,
}

/// What `dostyq token list` shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) principal: Principal,
    /// Unix time in seconds.
    pub(crate) expires: Option<i64>,
    pub(crate) is_expired: bool,
}

impl Store {
    pub(crate) fn open(data: &Path) -> anyhow::Result<Store> {
        let path = data.join(FILE);
        let trouble =
            || format!("the tokens {} cannot be read: let this user read and write the data folder", path.display());
        // Before SQLite makes it, for its own eyes alone; what SQLite puts beside it has the same rights.
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&path).with_context(trouble)?;
        let connection = Connection::open(&path).with_context(trouble)?;
        connection.busy_timeout(BUSY).with_context(trouble)?;
        connection.pragma_update(None, "journal_mode", "wal").with_context(trouble)?;
        connection.pragma_update(None, "foreign_keys", true).with_context(trouble)?;
        connection.execute_batch(SCHEMA).with_context(trouble)?;
        Ok(Store(Mutex::new(connection)))
    }

    /// Makes a token; its id and its secret, which nobody can be told again.
    pub(crate) fn create(&self, token: &NewToken) -> anyhow::Result<(String, Secret)> {
        let (id, secret) = (hex(&rand::random::<[u8; 4]>()), Secret::random());
        let now = unix_secs();
        let expires = token.lasts.map(|lasts| now.saturating_add(i64::try_from(lasts.as_secs()).unwrap_or(i64::MAX)));
        let rooms: Vec<&str> = token.rooms.iter().map(RoomId::as_str).collect();
        let rooms = (!rooms.is_empty()).then(|| rooms.join(","));
        self.lock().execute(
            "insert into tokens (id, secret, role, rooms, name, created, expires) values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![id, fingerprint(secret.reveal()).as_ref(), token.role.name(), rooms, token.name, now, expires],
        )?;
        Ok((id, secret))
    }

    /// The operator's key is a token of all rooms without an end. One that took another's place ends its sessions.
    pub(crate) fn set_operator_key(&self, key: &str) -> anyhow::Result<()> {
        let (secret, connection) = (fingerprint(key), self.lock());
        let known: Option<Vec<u8>> = connection
            .query_row("select secret from tokens where id = ?1", [OPERATOR_KEY], |row| row.get(0))
            .optional()?;
        if known.as_deref() != Some(secret.as_ref()) {
            connection.execute("delete from tokens where id = ?1", [OPERATOR_KEY])?;
            connection.execute(
                "insert into tokens (id, secret, role, name, created) values (?1, ?2, 'operator', 'the operator''s link', ?3)",
                params![OPERATOR_KEY, secret.as_ref(), unix_secs()],
            )?;
        }
        Ok(())
    }

    /// All tokens, the oldest first.
    pub(crate) fn list(&self) -> anyhow::Result<Vec<Listed>> {
        let (connection, now) = (self.lock(), unix_secs());
        let mut query = connection.prepare("select id, name, role, rooms, expires from tokens order by created, id")?;
        let rows = query.query_map([], |row| {
            let expires: Option<i64> = row.get(4)?;
            Ok(principal(row)?.map(|principal| Listed {
                principal,
                expires,
                is_expired: expires.is_some_and(|at| at <= now),
            }))
        })?;
        Ok(rows.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    /// Ends a token and every session that began with it.
    pub(crate) fn revoke(&self, id: &str) -> anyhow::Result<()> {
        if id == OPERATOR_KEY {
            bail!(
                "the operator's link is revoked by deleting {OPERATOR_KEY} in the data folder and starting the server again"
            );
        }
        if self.lock().execute("delete from tokens where id = ?1", [id])? == 0 {
            bail!("there is no token {id}: `dostyq token list` shows them");
        }
        Ok(())
    }

    /// Whose token this is, if it counts.
    pub(crate) fn by_token(&self, secret: &str) -> anyhow::Result<Option<Principal>> {
        self.find("select id, name, role, rooms from tokens where secret = ?1 and coalesce(expires > ?2, true)", secret)
    }

    /// Signs a browser in: what it shows from now on instead of the token.
    pub(crate) fn begin_session(&self, token: &str) -> anyhow::Result<Secret> {
        let (secret, now) = (Secret::random(), unix_secs());
        let connection = self.lock();
        connection.execute("delete from sessions where expires <= ?1", [now])?;
        connection.execute(
            "delete from sessions where secret in (select secret from sessions order by expires desc limit -1 offset ?1)",
            [SESSIONS - 1],
        )?;
        connection.execute(
            "insert into sessions (secret, token, expires) values (?1, ?2, ?3)",
            params![fingerprint(secret.reveal()).as_ref(), token, now + SESSION_SECS],
        )?;
        Ok(secret)
    }

    /// Who signed in with this, if the session and its token still count.
    pub(crate) fn by_session(&self, secret: &str) -> anyhow::Result<Option<Principal>> {
        self.find(
            "select id, name, role, rooms from tokens where coalesce(expires > ?2, true)
             and id = (select token from sessions where secret = ?1 and expires > ?2)",
            secret,
        )
    }

    /// Signs a browser out.
    pub(crate) fn end_session(&self, secret: &str) -> anyhow::Result<()> {
        self.lock().execute("delete from sessions where secret = ?1", [fingerprint(secret).as_ref()])?;
        Ok(())
    }

    fn find(&self, query: &str, secret: &str) -> anyhow::Result<Option<Principal>> {
        let connection = self.lock();
        let mut query = connection.prepare_cached(query)?;
        let found = query.query_row(params![fingerprint(secret).as_ref(), unix_secs()], principal).optional()?;
        Ok(found.flatten())
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // SQLite keeps what a statement that broke off had begun out of the file.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// None for a role or a room of a later version: it opens nothing here.
fn principal(row: &Row<'_>) -> rusqlite::Result<Option<Principal>> {
    let (token, name) = (row.get(0)?, row.get(1)?);
    let (role, rooms): (String, Option<String>) = (row.get(2)?, row.get(3)?);
    let rooms = rooms.map(|rooms| rooms.split(',').map(|room| room.parse().ok()).collect::<Option<Vec<RoomId>>>());
    let (Some(role), false) = (Role::named(&role), matches!(rooms, Some(None))) else { return Ok(None) };
    Ok(Some(Principal { token, name, role, rooms: rooms.flatten() }))
}

fn unix_secs() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::secret::unhex;
    use super::*;

    fn token(role: Role, lasts: Option<u64>) -> NewToken {
        NewToken { role, rooms: Vec::new(), name: String::new(), lasts: lasts.map(Duration::from_secs) }
    }

    fn open() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("opened");
        (folder, store)
    }

    #[test]
    fn a_token_opens_until_it_ends_or_is_revoked() {
        let (folder, store) = open();
        let rooms = vec!["a".parse().expect("a room"), "b".parse().expect("a room")];
        let new = NewToken { rooms: rooms.clone(), name: "Айгүл".into(), ..token(Role::Archivist, Some(60)) };
        let (id, secret) = store.create(&new).expect("made");
        let expect =
            Principal { token: id.clone(), name: "Айгүл".into(), role: Role::Archivist, rooms: Some(rooms) };
        // Another process, which has the file open as well.
        let server = Store::open(folder.path()).expect("opened again");
        assert_eq!(server.by_token(secret.reveal()).expect("read"), Some(expect.clone()));
        assert_eq!(server.by_token("dostyq-0000").expect("read"), None);
        assert_eq!(server.by_session(secret.reveal()).expect("read"), None);
        let (_, ended) = store.create(&token(Role::Operator, Some(0))).expect("made");
        assert_eq!(server.by_token(ended.reveal()).expect("read"), None);
        let listed = store.list().expect("read");
        let seen: Vec<_> = listed.iter().map(|one| (one.principal.role, one.is_expired)).collect();
        assert!(seen.len() == 2 && seen.contains(&(Role::Archivist, false)) && seen.contains(&(Role::Operator, true)));

        let session = server.begin_session(&id).expect("begun");
        assert_eq!(server.by_session(session.reveal()).expect("read"), Some(expect));
        store.revoke(&id).expect("revoked");
        assert_eq!(server.by_token(secret.reveal()).expect("read"), None);
        assert_eq!(server.by_session(session.reveal()).expect("read"), None, "its sessions end with it");
        assert!(store.revoke(&id).expect_err("gone").to_string().contains("token list"));
    }

    #[test]
    fn who_signs_out_is_out() {
        let (_folder, store) = open();
        let (id, _) = store.create(&token(Role::Operator, None)).expect("made");
        let (one, other) = (store.begin_session(&id).expect("begun"), store.begin_session(&id).expect("begun"));
        store.end_session(one.reveal()).expect("ended");
        assert_eq!(store.by_session(one.reveal()).expect("read"), None);
        assert!(store.by_session(other.reveal()).expect("read").is_some());
    }

    #[test]
    fn a_new_operators_key_ends_what_began_with_the_old_one() {
        let (_folder, store) = open();
        store.set_operator_key("old").expect("set");
        let session = store.begin_session(OPERATOR_KEY).expect("begun");
        store.set_operator_key("old").expect("set");
        assert_eq!(store.by_session(session.reveal()).expect("read").map(|p| p.role), Some(Role::Operator));
        store.set_operator_key("new").expect("set");
        assert_eq!(store.by_session(session.reveal()).expect("read"), None);
        assert_eq!(store.by_token("old").expect("read"), None);
        assert!(store.by_token("new").expect("read").is_some());
        assert!(store.revoke(OPERATOR_KEY).expect_err("another way").to_string().contains("deleting operator.key"));
    }

    #[test]
    fn no_secret_is_on_the_disk_and_nobody_else_reads_it() {
        let (folder, store) = open();
        let (id, secret) = store.create(&token(Role::Operator, None)).expect("made");
        let session = store.begin_session(&id).expect("begun");
        for entry in std::fs::read_dir(folder.path()).expect("the folder").flatten() {
            let bytes = std::fs::read(entry.path()).expect("read");
            for secret in [secret.reveal(), session.reveal()] {
                let digits = secret.strip_prefix("dostyq-").expect("a token");
                let raw = unhex(digits).expect("digits");
                for part in [digits.as_bytes(), &raw] {
                    assert!(!bytes.windows(part.len()).any(|window| window == part), "{:?}", entry.path());
                }
            }
            #[cfg(unix)]
            {
                let mode = std::os::unix::fs::PermissionsExt::mode(&entry.metadata().expect("known").permissions());
                assert_eq!(mode & 0o077, 0, "{:?}", entry.path());
            }
        }
    }

    #[test]
    fn sessions_are_bounded() {
        let (_folder, store) = open();
        let (id, _) = store.create(&token(Role::Operator, None)).expect("made");
        let many = "with recursive n (i) as (select 1 union all select i + 1 from n where i < ?2)
                    insert into sessions select cast(i as blob), ?1, ?3 + i from n";
        store.lock().execute(many, params![id, SESSIONS + 50, unix_secs() + 10]).expect("filled");
        let newest = store.begin_session(&id).expect("begun");
        let count: i64 =
            store.lock().query_row("select count(*) from sessions", [], |row| row.get(0)).expect("counted");
        assert_eq!(count, SESSIONS);
        assert!(store.by_session(newest.reveal()).expect("read").is_some());
    }
}
