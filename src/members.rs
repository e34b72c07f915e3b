//! Who is registered: members by socket and by id.

use crate::id::PeerId;
use crate::member::{Conn, Member};
use std::collections::{BTreeMap, HashMap};

/// The registered peers of one object. An id belongs to at most one socket.
#[derive(Debug, Default)]
pub struct Members {
    by_conn: BTreeMap<Conn, Member>,
    by_id: HashMap<PeerId, Conn>,
}

impl Members {
    /// Registers a member, in place of whoever had its id.
    pub fn insert(&mut self, member: Member) {
        if let Some(old) = self.by_id.insert(member.id.clone(), member.conn) {
            self.by_conn.remove(&old);
        }
        self.by_conn.insert(member.conn, member);
    }

    /// Unregisters a socket's member.
    pub fn remove(&mut self, conn: Conn) -> Option<Member> {
        let member = self.by_conn.remove(&conn)?;
        self.by_id.remove(&member.id);
        Some(member)
    }

    /// The member of a socket.
    pub fn get(&self, conn: Conn) -> Option<&Member> {
        self.by_conn.get(&conn)
    }

    /// The member of a socket, to be changed.
    pub fn get_mut(&mut self, conn: Conn) -> Option<&mut Member> {
        self.by_conn.get_mut(&conn)
    }

    /// The member who holds an id.
    pub fn named(&self, id: &str) -> Option<&Member> {
        self.by_id.get(id).and_then(|conn| self.by_conn.get(conn))
    }

    /// The member who holds an id, to be changed.
    pub fn named_mut(&mut self, id: &str) -> Option<&mut Member> {
        self.by_id.get(id).and_then(|conn| self.by_conn.get_mut(conn))
    }

    /// All, in the order of their sockets.
    pub fn iter(&self) -> impl Iterator<Item = &Member> {
        self.by_conn.values()
    }

    /// Those who asked for a roster, in the order of their sockets.
    pub fn roster(&self) -> impl Iterator<Item = &Member> {
        self.iter().filter(|member| member.roster)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.by_conn.len()
    }

    /// A number for the next socket: larger than that of any member's.
    pub fn next_conn(&self) -> Conn {
        Conn(self.by_conn.keys().next_back().map_or(0, |last| last.0.saturating_add(1)))
    }
}
