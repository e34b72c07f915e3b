//! A Durable Object's memory: the realm, the sockets that it speaks of by number, and what is still to do. All of it can be rebuilt.

use crate::limits::Millis;
use crate::realm::effect::{Burst, Effect, Hooks};
use crate::realm::member::{Conn, Member};
use crate::realm::metrics::Metrics;
use crate::realm::outbox::Inbox;
use crate::realm::placement::{home_named, Spread};
use crate::realm::registry::ByConn;
use crate::realm::{Context, Event, Realm};
use crate::settings::Settings;
use crate::worker::bindings::{self, Env};
use crate::worker::log::{count, fault, write_metrics};
use crate::worker::platform::{now, Fault, State};
use crate::worker::socket::{attach, attached, close, last_beat, FrameSender, Numbers, WebSocket};
use crate::worker::store::Store;
use crate::worker::tasks::{Task, Tasks};
use std::rc::Rc;
use worker::js_sys::Promise;

/// What the tags begin with in which a socket keeps the options of `src/worker/host.js`.
const OPTIONS_TAG: char = '{';

/// What an object has in memory while it is memory. All of it can be rebuilt.
pub(crate) struct Memory {
    pub(crate) realm: Realm,
    pub(crate) settings: Rc<Settings>,
    pub(crate) spread: Spread,
    pub(crate) inbox: Inbox,
    pub(crate) name: Option<String>,
    store: Store,
    burst: Burst,
    metrics: Metrics,
    pub(crate) tasks: Tasks,
    /// A buffer for the text of a frame, so that not every one has to be given some.
    pub(crate) buffer: Vec<u8>,
    sockets: ByConn<WebSocket>,
    /// The way back, from the platform's socket object to its number.
    conns: Numbers,
}

impl Memory {
    /// Rebuilds everything from the sockets' attachments and from storage.
    pub(crate) fn rebuild(state: &State, env: &Env, hooks: Hooks) -> Result<Self, Fault> {
        let settings = bindings::settings(env).map_err(|bad| Fault::new(bad.to_string()))?;
        let (store, stored) = Store::load(state.storage()?.sql())?;
        let name = state.id()?.name().or(stored.name);
        let here = name.as_deref().and_then(home_named);
        let spread = here.map_or(Spread::ALONE, |here| Spread { homes: settings.public_homes, here });
        let mut realm = Realm::new(Settings::clone(&settings), spread);
        realm.restore_rows(stored.waiting, stored.reserved, stored.banned);
        realm.listen(hooks);
        let mut memory = Self {
            realm,
            settings,
            spread,
            inbox: Inbox::default(),
            name,
            store,
            burst: Burst::default(),
            metrics: Metrics::default(),
            tasks: Tasks::new(),
            buffer: Vec::new(),
            sockets: ByConn::default(),
            conns: Numbers::new(),
        };
        for socket in state.get_websockets()? {
            memory.restore(socket);
        }
        Ok(memory)
    }

    /// Lets something happen to the realm; what follows from it.
    pub(crate) fn change<T>(
        &mut self,
        state: &State,
        now: Millis,
        happen: impl FnOnce(&mut Realm, &mut Context<'_>) -> T,
    ) -> (T, Vec<Effect>) {
        let Self { realm, sockets, .. } = self;
        let beats = |conn| last_beat(state, sockets.get(conn)?);
        let mut effects = Vec::new();
        let outcome = happen(realm, &mut Context { now, last_heartbeat: &beats, effects: &mut effects });
        (outcome, effects)
    }

    /// Takes an event through the realm, and does what follows from it.
    pub(crate) fn handle(&mut self, state: &State, env: &Env, sender: &FrameSender, event: Event<'_>) {
        let now = now();
        let ((), effects) = self.change(state, now, |realm, context| realm.handle(event, context));
        self.carry_out(effects, env, sender, now);
    }

    /// Carries out effects in their order. What takes longer becomes a task.
    pub(crate) fn carry_out(&mut self, effects: Vec<Effect>, env: &Env, sender: &FrameSender, now: Millis) {
        let at_once = self.burst.begins(now);
        for effect in effects {
            self.apply(effect, env, sender, at_once);
        }
        write_metrics(env, &mut self.metrics, now);
    }

    /// The network that a socket comes from, if its peer may ask for ICE servers.
    pub(crate) fn network(&self, state: &State, conn: Conn) -> Option<String> {
        state.get_tags(self.sockets.get(conn)?).ok()?.pop().filter(|tag| !tag.starts_with(OPTIONS_TAG))
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

    fn prepared(&self) -> Result<&Store, Fault> {
        self.store.prepare(self.name.clone())?;
        Ok(&self.store)
    }

    /// Empties the storage of an object that keeps nothing and waits for nothing: with tables in it, or with no more than the memory of
    /// an alarm, it would be kept, and paid for, for ever. The tables are made again when there is a row.
    pub(crate) fn empty(&self, state: &State) -> Result<Option<Promise>, Fault> {
        let idle = self.realm.keeps_nothing() && self.realm.armed().is_none();
        Ok(if idle { Some(self.store.empty(&state.storage()?)?) } else { None })
    }

    /// A socket that fails is about to be reported closed: no fault of ours.
    fn apply(&mut self, effect: Effect, env: &Env, sender: &FrameSender, at_once: bool) {
        match effect {
            Effect::Send { to, frame } => {
                if let Some(socket) = self.sockets.get(to) {
                    sender.send(socket, &frame, at_once);
                }
            }
            Effect::Close { conn, status } => {
                if let Some(socket) = self.detach(conn) {
                    sender.flush();
                    close(&socket, status.as_ref().map(|(code, reason)| (*code, reason.as_ref())));
                }
            }
            Effect::Remember(member) => {
                if let Some((socket, attachment)) = self.sockets.get(member.conn).zip(member.to_attachment()) {
                    stored(attach(socket, Some(&attachment)), "a socket's memory");
                }
            }
            Effect::Forget(conn) => drop(self.detach(conn)),
            Effect::Store(row) => {
                self.metrics.note_rows(1);
                stored(self.prepared().and_then(|store| store.keep(row)), "a waiting frame");
            }
            Effect::Delete(rows) => stored(self.store.drop(rows), "delivered frames"),
            Effect::Reserve(row) => {
                self.metrics.note_rows(1);
                stored(self.prepared().and_then(|store| store.reserve(&row)), "a kept id");
            }
            Effect::Release(ids) => stored(self.store.release(&ids), "kept ids"),
            Effect::Ban(row) => {
                self.metrics.note_rows(1);
                stored(self.prepared().and_then(|store| store.ban(&row)), "who is kept out");
            }
            Effect::Unban(ids) => stored(self.store.unban(&ids), "who is kept out"),
            Effect::Tell { hook, peer, text } => sender.tell(hook.bit(), &peer, &text),
            Effect::Count(what, number) => count(env, what, number),
            Effect::Refused(code, bytes) => self.metrics.note(code, bytes),
            Effect::Forward { home, frame } => self.tasks.forward(home, frame),
            Effect::WakeAt(_) => self.tasks.add(Task::SetAlarm),
            Effect::MakeIce(conn) => self.tasks.add(Task::MakeIce(conn)),
        }
    }
}

fn stored(result: Result<(), Fault>, what: &str) {
    if let Err(error) = result {
        fault(&format!("storing {what} failed"), &error);
    }
}
