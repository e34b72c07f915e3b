//! The Durable Object: turns what the platform says into events for the [`Realm`], and carries out the effects.
//!
//! Nothing of consequence is kept in memory. When the platform makes this object anew, after a sleep of hours or in the
//! middle of a burst, [`Room::wake`] rebuilds the realm from the sockets' attachments and the stored queue, and the next
//! event goes on as if nothing had happened. Heartbeats are answered by the runtime and wake nobody.

use crate::answer::Answer;
use crate::edge;
use crate::effect::Effect;
use crate::limits::Millis;
use crate::member::{Conn, Member};
use crate::message::{json, HEARTBEAT, HEARTBEAT_ANSWER};
use crate::placement::{home_name, home_named, Home, Spread};
use crate::realm::{Event, Realm};
use crate::route::Route;
use crate::settings::Settings;
use crate::store::Store;
use serde_json::value::RawValue;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use worker::js_sys::Map;
use worker::{
    console_error, durable_object, Date, DurableObject, Env, Error, Method, Request, RequestInit, Response, Result, State,
    WebSocket, WebSocketIncomingMessage, WebSocketPair, WebSocketRequestResponsePair,
};

/// One home of one realm.
#[durable_object]
pub struct Room {
    state: State,
    env: Env,
    awake: RefCell<Option<Awake>>,
    outboxes: RefCell<BTreeMap<Home, Outbox>>,
}

/// What an object has in memory while it is awake. All of it can be rebuilt.
struct Awake {
    realm: Realm,
    settings: Settings,
    store: Store,
    sockets: HashMap<Conn, WebSocket>,
    /// The way back, from the platform's socket object to its number.
    conns: Map,
}

/// Frames on their way to another home. While one request is under way the next ones gather, and leave together, in order.
#[derive(Default)]
struct Outbox {
    frames: Vec<String>,
    busy: bool,
}

impl DurableObject for Room {
    fn new(state: State, env: Env) -> Self {
        match WebSocketRequestResponsePair::new(HEARTBEAT, HEARTBEAT_ANSWER) {
            Ok(pair) => state.set_websocket_auto_response(&pair),
            Err(error) => console_error!("heartbeats will wake the object: {error:?}"),
        }
        Self { state, env, awake: RefCell::default(), outboxes: RefCell::default() }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        if request.method() == Method::Post {
            return self.take_forwarded(&request.text().await?).await;
        }
        let route = self.with(|awake| Ok(edge::route(&request, &awake.settings)))?;
        match route {
            Route::Socket(claim) => {
                let WebSocketPair { client, server } = WebSocketPair::new()?;
                let conn = self.with(|awake| Ok(awake.realm.next_conn()))?;
                let effects = self.decide(Event::Opened { conn, claim, spare: edge::fresh_id()? })?;
                // Only members' sockets outlive this object's memory. A refused one is told so and closed right here.
                if effects.iter().any(|effect| matches!(effect, Effect::Remember(_))) {
                    self.state.accept_web_socket(&server);
                } else {
                    server.accept()?;
                }
                self.with(|awake| {
                    awake.attach(conn, server);
                    Ok(())
                })?;
                self.carry_out(effects).await?;
                Response::from_websocket(client)
            }
            Route::Peers(_) => self.with(|awake| {
                let ids: Vec<String> = awake.realm.listed().into_iter().map(|id| json(id.as_str())).collect();
                edge::respond(Answer::peers(format!("[{}]", ids.join(","))))
            }),
            _ => edge::respond(Answer::missing()),
        }
    }

    async fn websocket_message(&self, socket: WebSocket, message: WebSocketIncomingMessage) -> Result<()> {
        let text = match message {
            WebSocketIncomingMessage::String(text) => text,
            WebSocketIncomingMessage::Binary(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        };
        match self.with(|awake| Ok(awake.conn_of(&socket)))? {
            Some(conn) => self.handle(Event::Frame { conn, text: &text }).await,
            None => Ok(()), // refused, superseded or gone: it has nothing to say any more
        }
    }

    async fn websocket_close(&self, socket: WebSocket, _code: usize, _reason: String, _clean: bool) -> Result<()> {
        self.closed(socket).await
    }

    async fn websocket_error(&self, socket: WebSocket, _error: Error) -> Result<()> {
        self.closed(socket).await
    }

    async fn alarm(&self) -> Result<Response> {
        self.handle(Event::Alarm).await?;
        Response::empty()
    }
}

impl Room {
    /// Runs `act` on what is in memory, which is rebuilt first if there is nothing.
    fn with<T>(&self, act: impl FnOnce(&mut Awake) -> Result<T>) -> Result<T> {
        let mut awake = self.awake.try_borrow_mut().map_err(|_| busy())?;
        match awake.as_mut() {
            Some(awake) => act(awake),
            None => act(awake.insert(self.wake()?)),
        }
    }

    fn wake(&self) -> Result<Awake> {
        let settings = edge::settings(&self.env).map_err(|bad| Error::RustError(bad.to_string()))?;
        let here = self.state.id().name().as_deref().and_then(home_named);
        let spread = here.map_or(Spread::ALONE, |here| Spread { homes: settings.public_homes, here });
        let (store, rows) = Store::load(self.state.storage().sql())?;
        let mut realm = Realm::new(settings.clone(), spread);
        realm.restore_queue(rows);
        let mut awake = Awake { realm, settings, store, sockets: HashMap::new(), conns: Map::new() };
        for socket in self.state.get_websockets() {
            awake.restore(socket);
        }
        Ok(awake)
    }

    /// Takes an event through the realm, and carries out what follows from it.
    async fn handle(&self, event: Event<'_>) -> Result<()> {
        let effects = self.decide(event)?;
        self.carry_out(effects).await
    }

    fn decide(&self, event: Event<'_>) -> Result<Vec<Effect>> {
        let mut effects = Vec::new();
        self.with(|awake| {
            awake.realm.handle(now(), event, &mut effects);
            Ok(())
        })?;
        Ok(effects)
    }

    /// Everything but the alarm and other homes is done before anybody else is heard.
    async fn carry_out(&self, effects: Vec<Effect>) -> Result<()> {
        let mut wake_at = None;
        let mut homes = BTreeSet::new();
        self.with(|awake| {
            let mut outboxes = self.outboxes.try_borrow_mut().map_err(|_| busy())?;
            for effect in effects {
                match effect {
                    Effect::WakeAt(due) => wake_at = Some(due),
                    Effect::Forward { home, frame } => {
                        outboxes.entry(home).or_default().frames.push(frame);
                        homes.insert(home);
                    }
                    other => awake.apply(other),
                }
            }
            Ok(())
        })?;
        if let Some(due) = wake_at {
            let delay = i64::try_from(due.saturating_sub(now())).unwrap_or(i64::MAX);
            self.state.storage().set_alarm(delay).await?;
        }
        for home in homes {
            self.forward(home).await?;
        }
        Ok(())
    }

    /// Sends what waits for another home, unless that is being done already.
    async fn forward(&self, home: Home) -> Result<()> {
        let mut ours = false;
        while let Some(frames) = self.next_parcel(home, ours) {
            ours = true;
            if let Err(error) = self.send_parcel(home, &frames).await {
                console_error!("{} frames for home {} are lost: {error}", frames.len(), home.0);
            }
        }
        Ok(())
    }

    /// The frames for a home; `None` when there are none, or when somebody else is sending: they come back for more.
    fn next_parcel(&self, home: Home, ours: bool) -> Option<Vec<String>> {
        let mut outboxes = self.outboxes.try_borrow_mut().ok()?;
        let outbox = outboxes.entry(home).or_default();
        if outbox.busy && !ours {
            return None;
        }
        outbox.busy = !outbox.frames.is_empty();
        outbox.busy.then(|| std::mem::take(&mut outbox.frames))
    }

    async fn send_parcel(&self, home: Home, frames: &[String]) -> Result<()> {
        let stub = self.env.durable_object(edge::BINDING)?.get_by_name(&home_name(home))?;
        let mut init = RequestInit::new();
        init.with_method(Method::Post).with_body(Some(format!("[{}]", frames.join(",")).into()));
        stub.fetch_with_request(Request::new_with_init("https://home/", &init)?).await?;
        Ok(())
    }

    async fn take_forwarded(&self, body: &str) -> Result<Response> {
        for frame in serde_json::from_str::<Vec<&RawValue>>(body)? {
            self.handle(Event::Forwarded { frame: frame.get() }).await?;
        }
        Response::empty()
    }

    async fn closed(&self, socket: WebSocket) -> Result<()> {
        let conn = self.with(|awake| Ok(awake.conn_of(&socket)))?;
        // Answers the close frame where the runtime has not done so itself; harmless where it has.
        let _ = socket.close::<String>(None, None);
        match conn {
            Some(conn) => self.handle(Event::Closed { conn }).await,
            None => Ok(()),
        }
    }
}

impl Awake {
    fn attach(&mut self, conn: Conn, socket: WebSocket) {
        self.conns.set(socket.as_ref(), &conn.0.into());
        self.sockets.insert(conn, socket);
    }

    /// Puts a socket back into the realm, if it remembers a member.
    fn restore(&mut self, socket: WebSocket) -> Option<Conn> {
        let attachment = socket.deserialize_attachment::<String>().ok().flatten()?;
        let member = Member::from_attachment(&attachment)?;
        let conn = member.conn;
        self.realm.restore(member);
        self.attach(conn, socket);
        Some(conn)
    }

    /// The number of a socket that holds an id. One that was not among the object's sockets when it woke (the runtime
    /// leaves out those that are just closing) still remembers who it was.
    fn conn_of(&mut self, socket: &WebSocket) -> Option<Conn> {
        match self.conns.get(socket.as_ref()).as_f64() {
            Some(number) => Some(Conn(number as u32)),
            None => self.restore(socket.clone()),
        }
    }

    /// Takes a socket out of memory and its memory out of it.
    fn detach(&mut self, conn: Conn) -> Option<WebSocket> {
        let socket = self.sockets.remove(&conn)?;
        self.conns.delete(socket.as_ref());
        let _ = socket.serialize_attachment(());
        Some(socket)
    }

    /// Carries out an effect on sockets or storage. A socket that fails is about to be reported closed: no fault of ours.
    fn apply(&mut self, effect: Effect) {
        match effect {
            Effect::Send { to, frame } => {
                if let Some(socket) = self.sockets.get(&to) {
                    let _ = socket.send_with_str(frame);
                }
            }
            Effect::Close { conn, status } => {
                if let Some(socket) = self.detach(conn) {
                    let _ = socket.close(status.map(|(code, _)| code), status.map(|(_, reason)| reason));
                }
            }
            Effect::Remember(member) => {
                if let Some((socket, attachment)) = self.sockets.get(&member.conn).zip(member.to_attachment()) {
                    fault(socket.serialize_attachment(attachment), "a socket's memory");
                }
            }
            Effect::Forget(conn) => drop(self.detach(conn)),
            Effect::Keep(row) => fault(self.store.keep(row), "a waiting frame"),
            Effect::Drop(rows) => fault(self.store.drop(rows), "delivered frames"),
            Effect::Forward { .. } | Effect::WakeAt(_) => {} // asynchronous: see Room::handle
        }
    }
}

/// No borrow lasts over an await, so nobody ever sees this.
fn busy() -> Error {
    Error::RustError("two events at once".into())
}

fn fault(result: Result<()>, what: &str) {
    if let Err(error) = result {
        console_error!("storing {what} failed: {error}");
    }
}

fn now() -> Millis {
    Date::now().as_millis()
}
