//! The queue's rows in the object's SQLite storage. Nothing else is stored, and on the normal path, where everybody is here,
//! nothing at all: not even the table is made before the first row.

use crate::queue::Waiting;
use serde::Deserialize;
use std::cell::Cell;
use worker::{Result, SqlStorage, SqlStorageValue};

/// The table of waiting frames.
pub(crate) struct Store {
    sql: SqlStorage,
    made: Cell<bool>,
}

#[derive(Deserialize)]
struct Row {
    seq: u64,
    attempt: u64,
    due: u64,
    src: String,
    dst: String,
    frame: Option<String>,
}

impl Store {
    /// The store, and what it holds.
    pub(crate) fn load(sql: SqlStorage) -> Result<(Self, Vec<Waiting>)> {
        let tables = sql.exec("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'waiting'", None)?;
        let made = tables.next::<serde::de::IgnoredAny>().next().is_some();
        let rows = if made {
            sql.exec("SELECT seq, attempt, due, src, dst, frame FROM waiting ORDER BY seq", None)?.to_array::<Row>()?
        } else {
            Vec::new()
        };
        let rows =
            rows.into_iter().map(|Row { seq, attempt, due, src, dst, frame }| Waiting { seq, attempt, due, src, dst, frame });
        Ok((Self { sql, made: Cell::new(made) }, rows.collect()))
    }

    /// Stores a row.
    pub(crate) fn keep(&self, row: Waiting) -> Result<()> {
        if !self.made.replace(true) {
            self.sql.exec(
                "CREATE TABLE waiting (seq INTEGER PRIMARY KEY, attempt INTEGER, due INTEGER, src TEXT, dst TEXT, frame TEXT)",
                None,
            )?;
        }
        let values =
            vec![integer(row.seq)?, integer(row.attempt)?, integer(row.due)?, row.src.into(), row.dst.into(), row.frame.into()];
        self.sql.exec("INSERT INTO waiting (seq, attempt, due, src, dst, frame) VALUES (?, ?, ?, ?, ?, ?)", values)?;
        Ok(())
    }

    /// Deletes rows.
    pub(crate) fn drop(&self, rows: Vec<u64>) -> Result<()> {
        for seq in rows {
            self.sql.exec("DELETE FROM waiting WHERE seq = ?", vec![integer(seq)?])?;
        }
        Ok(())
    }
}

fn integer(number: u64) -> Result<SqlStorageValue> {
    SqlStorageValue::try_from_i64(i64::try_from(number).unwrap_or(i64::MAX))
}
