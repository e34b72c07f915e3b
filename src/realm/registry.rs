//! Who is registered: members by socket and by id.

use crate::id::PeerId;
use crate::realm::member::{Conn, Member};
use std::collections::HashMap;

/// Something for each socket, in the order of their numbers. A plain list: numbers are given in rising order, so that what is added
/// goes to its end, a look-up is a binary search, and what a departure moves is a few kilobytes in a realm of thousands.
#[derive(Debug)]
pub struct ByConn<T>(Vec<(Conn, T)>);

impl<T> Default for ByConn<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> ByConn<T> {
    fn place(&self, conn: Conn) -> Result<usize, usize> {
        self.0.binary_search_by_key(&conn, |(conn, _)| *conn)
    }

    /// Adds what belongs to a socket, in place of what did.
    pub fn insert(&mut self, conn: Conn, new: T) {
        match self.place(conn) {
            Ok(place) => drop(self.0.get_mut(place).map(|(_, old)| *old = new)),
            Err(place) => self.0.insert(place, (conn, new)),
        }
    }

    /// Takes away what belongs to a socket.
    pub fn remove(&mut self, conn: Conn) -> Option<T> {
        let place = self.place(conn).ok()?;
        Some(self.0.remove(place).1)
    }

    /// What belongs to a socket.
    pub fn get(&self, conn: Conn) -> Option<&T> {
        let place = self.place(conn).ok()?;
        self.0.get(place).map(|(_, it)| it)
    }

    /// What belongs to a socket, to be changed.
    pub fn get_mut(&mut self, conn: Conn) -> Option<&mut T> {
        let place = self.place(conn).ok()?;
        self.0.get_mut(place).map(|(_, it)| it)
    }
}

/// The registered peers of one object. An id belongs to at most one socket.
#[derive(Debug, Default)]
pub struct Registry {
    /// Boxed: a list of numbers and addresses is quickly searched, and little to move.
    by_conn: ByConn<Box<Member>>,
    by_id: HashMap<PeerId, Conn>,
}

impl Registry {
    /// Registers a member, in place of whoever had its id.
    pub fn insert(&mut self, member: Member) {
        if let Some(old) = self.by_id.insert(member.id.clone(), member.conn) {
            self.by_conn.remove(old);
        }
        self.by_conn.insert(member.conn, Box::new(member));
    }

    /// Unregisters a socket's member.
    pub fn remove(&mut self, conn: Conn) -> Option<Member> {
        let member = self.by_conn.remove(conn)?;
        self.by_id.remove(&member.id);
        Some(*member)
    }

    /// The member of a socket.
    pub fn get(&self, conn: Conn) -> Option<&Member> {
        self.by_conn.get(conn).map(Box::as_ref)
    }

    /// The member of a socket, to be changed.
    pub fn get_mut(&mut self, conn: Conn) -> Option<&mut Member> {
        self.by_conn.get_mut(conn).map(Box::as_mut)
    }

    /// The member who holds an id.
    pub fn by_id(&self, id: &str) -> Option<&Member> {
        self.get(*self.by_id.get(id)?)
    }

    /// The member who holds an id, to be changed.
    pub fn by_id_mut(&mut self, id: &str) -> Option<&mut Member> {
        self.get_mut(*self.by_id.get(id)?)
    }

    /// All, in the order of their sockets.
    pub fn iter(&self) -> impl Iterator<Item = &Member> {
        self.by_conn.0.iter().map(|(_, member)| &**member)
    }

    /// Those who asked for a roster, in the order of their sockets.
    pub fn roster(&self) -> impl Iterator<Item = &Member> {
        self.iter().filter(|member| member.roster)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.by_conn.0.len()
    }

    /// A number for the next socket: larger than that of any member's.
    pub fn next_conn(&self) -> Conn {
        Conn(self.by_conn.0.last().map_or(0, |(last, _)| last.0.saturating_add(1)))
    }
}
