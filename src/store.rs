//! What outlives the sockets, in the object's SQLite storage: frames that wait for absent peers, and ids that are kept for absent
//! owners. On the normal path, where everybody is here, nothing is stored: not even the tables are made before the first row.

use crate::id::{PeerId, Token};
use crate::member::Client;
use crate::queue::Waiting;
use crate::reserve::Reservation;
use serde::Deserialize;
use std::cell::Cell;
use worker::{Result, SqlStorage, SqlStorageValue};

/// The object's tables.
pub(crate) struct Store {
    sql: SqlStorage,
    made: Cell<bool>,
}

/// What they held when the object woke.
#[derive(Default)]
pub(crate) struct Stored {
    pub(crate) waiting: Vec<Waiting>,
    pub(crate) reserved: Vec<Reservation>,
    /// The object's own name. The platform does not promise to tell it when it wakes the object for an alarm.
    pub(crate) name: Option<String>,
}

const TABLES: [&str; 3] = [
    "CREATE TABLE waiting (seq INTEGER PRIMARY KEY, attempt INTEGER, due INTEGER, src TEXT, dst TEXT, frame TEXT)",
    "CREATE TABLE reserved (id TEXT PRIMARY KEY, token TEXT, client TEXT, until INTEGER)",
    "CREATE TABLE named (name TEXT)",
];

#[derive(Deserialize)]
struct WaitingRow {
    seq: u64,
    attempt: u64,
    due: u64,
    src: String,
    dst: String,
    frame: Option<String>,
}

#[derive(Deserialize)]
struct ReservedRow {
    id: PeerId,
    token: Token,
    client: Client,
    until: u64,
}

#[derive(Deserialize)]
struct NamedRow {
    name: String,
}

impl Store {
    /// The store, and what it holds.
    pub(crate) fn load(sql: SqlStorage) -> Result<(Self, Stored)> {
        let tables = sql.exec("SELECT name FROM sqlite_master WHERE name = 'named'", None)?;
        let made = !tables.to_array::<NamedRow>()?.is_empty();
        let mut stored = Stored::default();
        if made {
            let rows = sql.exec("SELECT * FROM waiting", None)?.to_array()?.into_iter();
            stored.waiting = rows
                .map(|WaitingRow { seq, attempt, due, src, dst, frame }| Waiting { seq, attempt, due, src, dst, frame })
                .collect();
            let rows = sql.exec("SELECT * FROM reserved", None)?.to_array()?.into_iter();
            stored.reserved =
                rows.map(|ReservedRow { id, token, client, until }| Reservation { id, token, client, until }).collect();
            stored.name = sql.exec("SELECT name FROM named", None)?.to_array::<NamedRow>()?.pop().map(|row| row.name);
        }
        Ok((Self { sql, made: Cell::new(made) }, stored))
    }

    /// Makes the tables if there are none; `name` is the object's, remembered for the alarm to come.
    pub(crate) fn prepare(&self, name: Option<String>) -> Result<()> {
        if self.made.replace(true) {
            return Ok(());
        }
        for table in TABLES {
            self.sql.exec(table, None)?;
        }
        self.sql.exec("INSERT INTO named (name) VALUES (?)", vec![name.into()])?;
        Ok(())
    }

    /// Stores a frame.
    pub(crate) fn keep(&self, row: Waiting) -> Result<()> {
        let numbers = [integer(row.seq)?, integer(row.attempt)?, integer(row.due)?];
        let values = [numbers.to_vec(), vec![row.src.into(), row.dst.into(), row.frame.into()]].concat();
        self.sql.exec("INSERT INTO waiting (seq, attempt, due, src, dst, frame) VALUES (?, ?, ?, ?, ?, ?)", values)?;
        Ok(())
    }

    /// Deletes frames.
    pub(crate) fn drop(&self, rows: Vec<u64>) -> Result<()> {
        let rows = serde_json::to_string(&rows)?;
        self.sql.exec("DELETE FROM waiting WHERE seq IN (SELECT value FROM json_each(?))", vec![rows.into()])?;
        Ok(())
    }

    /// Stores that an id is kept.
    pub(crate) fn reserve(&self, row: &Reservation) -> Result<()> {
        let texts = [row.id.as_str(), row.token.reveal(), &row.client.0].map(SqlStorageValue::from);
        let values = [texts.to_vec(), vec![integer(row.until)?]].concat();
        self.sql.exec("INSERT OR REPLACE INTO reserved (id, token, client, until) VALUES (?, ?, ?, ?)", values)?;
        Ok(())
    }

    /// Deletes ids that are kept no longer.
    pub(crate) fn release(&self, ids: &[PeerId]) -> Result<()> {
        for id in ids {
            self.sql.exec("DELETE FROM reserved WHERE id = ?", vec![id.as_str().into()])?;
        }
        Ok(())
    }
}

fn integer(number: u64) -> Result<SqlStorageValue> {
    SqlStorageValue::try_from_i64(i64::try_from(number).unwrap_or(i64::MAX))
}
