//! A Durable Object's memory: the realm, and the sockets that it speaks of by number.

use crate::limits::Millis;
use crate::realm::effect::Effect;
use crate::realm::member::{Conn, Member};
use crate::realm::metrics::Tally;
use crate::realm::outbox::{Burst, Inbox};
use crate::realm::placement::{home_named, Spread};
use crate::realm::registry::ByConn;
use crate::realm::{Event, Realm, Turn};
use crate::settings::Settings;
use crate::worker::edge;
use crate::worker::log::{count, fault};
use crate::worker::platform::{Env, Fault, Result, State};
use crate::worker::socket::{attach, attached, close, last_beat, Numbers, Outlet, WebSocket};
use crate::worker::store::Store;
use std::rc::Rc;
use worker::js_sys::Promise;

/// What an object has in memory while it is awake. All of it can be rebuilt.
pub(crate) struct Awake {
    pub(crate) realm: Realm,
    pub(crate) settings: Rc<Settings>,
    pub(crate) spread: Spread,
    pub(crate) inbox: Inbox,
    name: Option<String>,
    store: Store,
    pub(crate) burst: Burst,
    pub(crate) tally: Tally,
    sockets: ByConn<WebSocket>,
    /// The way back, from the platform's socket object to its number.
    conns: Numbers,
}

impl Awake {
    /// Rebuilds everything from the sockets' attachments and from storage.
    pub(crate) fn up(state: &State, env: &Env) -> Result<Self> {
        let settings = edge::settings(env).map_err(|bad| Fault::new(bad.to_string()))?;
        let (store, stored) = Store::load(state.storage()?.sql())?;
        let name = state.id()?.name().or(stored.name);
        let here = name.as_deref().and_then(home_named);
        let spread = here.map_or(Spread::ALONE, |here| Spread { homes: settings.public_homes, here });
        let mut realm = Realm::new(Settings::clone(&settings), spread);
        realm.restore_rows(stored.waiting, stored.reserved);
        let mut awake = Self {
            realm,
            settings,
            spread,
            inbox: Inbox::default(),
            name,
            store,
            burst: Burst::default(),
            tally: Tally::default(),
            sockets: ByConn::default(),
            conns: Numbers::new(),
        };
        for socket in state.get_websockets()? {
            awake.restore(socket);
        }
        Ok(awake)
    }

    /// Takes an event through the realm.
    pub(crate) fn handle(&mut self, state: &State, event: Event<'_>, now: Millis, out: &mut Vec<Effect>) {
        let Self { realm, sockets, .. } = self;
        let beats = |conn| last_beat(state, sockets.get(conn)?);
        realm.handle(event, &mut Turn { now, beats: &beats, out });
    }

    /// When the runtime last answered a socket's heartbeat.
    pub(crate) fn last_beat(&self, state: &State, conn: Conn) -> Option<Millis> {
        last_beat(state, self.sockets.get(conn)?)
    }

    /// The network that a socket comes from, if its peer may ask for ICE servers.
    pub(crate) fn network(&self, state: &State, conn: Conn) -> Option<String> {
        state.get_tags(self.sockets.get(conn)?).ok()?.pop()
    }

    /// Takes a socket into memory.
    pub(crate) fn attach(&mut self, conn: Conn, socket: WebSocket) {
        self.conns.set(&socket, conn.0);
        self.sockets.insert(conn, socket);
    }

    /// Puts a socket back into the realm, if it remembers a member whose place nobody has taken.
    fn restore(&mut self, socket: WebSocket) -> Option<Conn> {
        let member = Member::from_attachment(&attached(&socket)?).filter(|member| !self.realm.holds(member))?;
        let conn = member.conn;
        self.realm.restore(member);
        self.attach(conn, socket);
        Some(conn)
    }

    /// The number of a socket that holds an id. One that was not among the object's sockets when it woke (the runtime
    /// leaves out those that are just closing) still remembers who it was.
    pub(crate) fn conn_of(&mut self, socket: &WebSocket) -> Option<Conn> {
        self.conns.get(socket).map(Conn).or_else(|| self.restore(socket.clone()))
    }

    /// Takes a socket out of memory and its memory out of it.
    fn detach(&mut self, conn: Conn) -> Option<WebSocket> {
        let socket = self.sockets.remove(conn)?;
        self.conns.delete(&socket);
        let _ = attach(&socket, None);
        Some(socket)
    }

    fn prepared(&self) -> Result<&Store> {
        self.store.prepare(self.name.clone())?;
        Ok(&self.store)
    }

    /// Empties the storage of an object that keeps nothing and waits for nothing: with tables in it, or with no more than the memory of
    /// an alarm, it would be kept, and paid for, for ever. The tables are made again when there is a row.
    pub(crate) fn empty(&self, state: &State) -> Result<Option<Promise>> {
        let idle = self.realm.keeps_nothing() && self.realm.armed().is_none();
        Ok(if idle { Some(self.store.empty(&state.storage()?)?) } else { None })
    }

    /// Carries out an effect on sockets or storage. A socket that fails is about to be reported closed: no fault of ours.
    pub(crate) fn apply(&mut self, effect: Effect, env: &Env, outlet: &Outlet, at_once: bool) {
        match effect {
            Effect::Send { to, frame } => {
                if let Some(socket) = self.sockets.get(to) {
                    outlet.send(socket, &frame, at_once);
                }
            }
            Effect::Close { conn, status } => {
                if let Some(socket) = self.detach(conn) {
                    outlet.flush();
                    close(&socket, status);
                }
            }
            Effect::Remember(member) => {
                if let Some((socket, attachment)) = self.sockets.get(member.conn).zip(member.to_attachment()) {
                    stored(attach(socket, Some(&attachment)), "a socket's memory");
                }
            }
            Effect::Forget(conn) => drop(self.detach(conn)),
            Effect::Keep(row) => {
                self.tally.note_rows(1);
                stored(self.prepared().and_then(|store| store.keep(row)), "a waiting frame");
            }
            Effect::Drop(rows) => stored(self.store.drop(rows), "delivered frames"),
            Effect::Reserve(row) => {
                self.tally.note_rows(1);
                stored(self.prepared().and_then(|store| store.reserve(&row)), "a kept id");
            }
            Effect::Release(ids) => stored(self.store.release(&ids), "kept ids"),
            Effect::Count(what, number) => count(env, what, number),
            Effect::Refused(code, bytes) => self.tally.note(code, bytes),
            Effect::Forward { .. } | Effect::WakeAt(_) | Effect::Mint(_) => {} // errands
        }
    }
}

fn stored(result: Result<()>, what: &str) {
    if let Err(error) = result {
        fault(&format!("storing {what} failed"), &error);
    }
}
