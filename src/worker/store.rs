//! What outlives the sockets, in the object's SQLite storage: frames that wait for absent peers, and ids that are kept for absent
//! owners. On the normal path, where everybody is here, nothing is stored: not even the tables are made before the first row.

use crate::client::{NetworkHash, NetworkNumber};
use crate::id::{PeerId, Token};
use crate::realm::bans::Ban;
use crate::realm::queue::Waiting;
use crate::realm::reservation::Reservation;
use crate::worker::platform::{Fault, SqlStorage};
use std::cell::Cell;
use wasm_bindgen::prelude::JsValue;
use worker::js_sys::{Array, Promise, Reflect};
use worker::worker_sys::DurableObjectStorage;

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
    pub(crate) banned: Vec<Ban>,
    /// The object's own name. The platform does not promise to tell it when it wakes the object for an alarm.
    pub(crate) name: Option<String>,
}

const TABLES: [&str; 4] = [
    "CREATE TABLE IF NOT EXISTS waiting (seq INTEGER PRIMARY KEY, attempt INTEGER, due INTEGER, src TEXT, dst TEXT, frame TEXT)",
    "CREATE TABLE IF NOT EXISTS reserved (id TEXT PRIMARY KEY, token TEXT, client TEXT, until INTEGER)",
    "CREATE TABLE IF NOT EXISTS named (name TEXT)",
    "CREATE TABLE IF NOT EXISTS banned (id TEXT PRIMARY KEY, token TEXT, until INTEGER)",
];

/// A row, its columns in the order in which they were asked for.
struct Row(JsValue);

impl Row {
    fn column(&self, name: &str) -> JsValue {
        Reflect::get(&self.0, &name.into()).unwrap_or(JsValue::NULL)
    }

    fn text(&self, name: &str) -> Option<String> {
        self.column(name).as_string()
    }

    /// SQLite's whole numbers are JavaScript's: exact up to 2^53, more than any of ours.
    fn number(&self, name: &str) -> Option<u64> {
        self.column(name).as_f64().map(|number| number as u64)
    }

    fn waiting(&self) -> Option<Waiting> {
        Some(Waiting {
            seq: self.number("seq")?,
            attempt: self.number("attempt")?,
            due: self.number("due")?,
            src: self.text("src")?,
            dst: self.text("dst")?,
            frame: self.text("frame"),
            network: NetworkNumber::default(),
        })
    }

    fn reservation(&self) -> Option<Reservation> {
        Some(Reservation {
            id: PeerId::parse(&self.text("id")?).ok()?,
            token: Token::parse(&self.text("token")?).ok()?,
            client: NetworkHash(self.text("client")?),
            until: self.number("until")?,
        })
    }

    fn ban(&self) -> Option<Ban> {
        let token = self.text("token").and_then(|text| Token::parse(&text).ok());
        Some(Ban { id: PeerId::parse(&self.text("id")?).ok()?, token, until: self.number("until")? })
    }
}

impl Store {
    /// The store, and what it holds.
    pub(crate) fn load(sql: SqlStorage) -> Result<(Self, Stored), Fault> {
        let mut store = Self { sql, made: Cell::new(false) };
        let mut stored = Stored::default();
        let tables = store.rows("SELECT count(*) AS tables FROM sqlite_master WHERE name IN ('named', 'banned')")?.next();
        let tables = tables.and_then(|row| row.number("tables")).unwrap_or(0);
        if tables > 0 {
            stored.waiting = store.rows("SELECT * FROM waiting ORDER BY seq")?.filter_map(|row| row.waiting()).collect();
            stored.reserved = store.rows("SELECT * FROM reserved ORDER BY until")?.filter_map(|row| row.reservation()).collect();
            // Until version 0.1.0 nobody was kept out: there is no table for it, and it is made before the first row.
            store.made = Cell::new(tables == 2);
            if tables == 2 {
                stored.banned = store.rows("SELECT * FROM banned ORDER BY until")?.filter_map(|row| row.ban()).collect();
            }
            stored.name = store.rows("SELECT name FROM named")?.next().and_then(|row| row.text("name"));
        }
        Ok((store, stored))
    }

    fn rows(&self, query: &str) -> Result<impl Iterator<Item = Row>, Fault> {
        Ok(self.sql.exec(query, Array::new())?.to_array().into_iter().map(Row))
    }

    fn run(&self, query: &str, values: impl IntoIterator<Item = JsValue>) -> Result<(), Fault> {
        self.sql.exec(query, values.into_iter().collect())?;
        Ok(())
    }

    /// Makes the tables if there are none; `name` is the object's, remembered for the alarm to come.
    pub(crate) fn prepare(&self, name: Option<String>) -> Result<(), Fault> {
        if self.made.get() {
            return Ok(());
        }
        for table in TABLES {
            self.run(table, [])?;
        }
        self.run("INSERT INTO named (name) SELECT ? WHERE NOT EXISTS (SELECT * FROM named)", [name.into()])?;
        self.made.set(true);
        Ok(())
    }

    /// Deletes everything, the tables and what the platform remembers of alarms included. It is done when this returns; what is
    /// returned says whether it has reached the disk.
    pub(crate) fn empty(&self, storage: &DurableObjectStorage) -> Result<Promise, Fault> {
        self.made.set(false);
        Ok(storage.delete_all()?)
    }

    /// Stores a frame.
    pub(crate) fn keep(&self, row: Waiting) -> Result<(), Fault> {
        let Waiting { seq, attempt, due, src, dst, frame, .. } = row;
        let values = [integer(seq), integer(attempt), integer(due), src.into(), dst.into(), frame.into()];
        self.run("INSERT INTO waiting (seq, attempt, due, src, dst, frame) VALUES (?, ?, ?, ?, ?, ?)", values)
    }

    /// Deletes frames.
    pub(crate) fn drop(&self, rows: Vec<u64>) -> Result<(), Fault> {
        let rows = rows.iter().map(u64::to_string).collect::<Vec<_>>().join(",");
        self.run("DELETE FROM waiting WHERE seq IN (SELECT value FROM json_each(?))", [format!("[{rows}]").into()])
    }

    /// Stores that an id is kept.
    pub(crate) fn reserve(&self, row: &Reservation) -> Result<(), Fault> {
        let values = [row.id.as_str().into(), row.token.reveal().into(), row.client.0.as_str().into(), integer(row.until)];
        self.run("INSERT OR REPLACE INTO reserved (id, token, client, until) VALUES (?, ?, ?, ?)", values)
    }

    /// Deletes ids that are kept no longer.
    pub(crate) fn release(&self, ids: &[PeerId]) -> Result<(), Fault> {
        ids.iter().try_for_each(|id| self.run("DELETE FROM reserved WHERE id = ?", [id.as_str().into()]))
    }

    /// Stores that a peer is kept out.
    pub(crate) fn ban(&self, row: &Ban) -> Result<(), Fault> {
        let token = row.token.as_ref().map_or(JsValue::NULL, |token| token.reveal().into());
        let values = [row.id.as_str().into(), token, integer(row.until)];
        self.run("INSERT OR REPLACE INTO banned (id, token, until) VALUES (?, ?, ?)", values)
    }

    /// Deletes peers that are kept out no longer.
    pub(crate) fn unban(&self, ids: &[PeerId]) -> Result<(), Fault> {
        ids.iter().try_for_each(|id| self.run("DELETE FROM banned WHERE id = ?", [id.as_str().into()]))
    }
}

fn integer(number: u64) -> JsValue {
    JsValue::from_f64(number as f64)
}
