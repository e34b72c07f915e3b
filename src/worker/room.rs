//! The Durable Object: turns what the platform says into events for the [`Realm`], and carries out the effects.
//!
//! Nothing of consequence is kept in memory. When the platform makes this object anew, after a sleep of hours or in the
//! middle of a burst, [`Awake::up`] rebuilds the realm from the sockets' attachments and the stored queue, and the next
//! event goes on as if nothing had happened. Heartbeats are answered by the runtime and wake nobody.
//!
//! What a frame asks for is done before the call returns: no future, no promise (of a burst, the frames that it causes wait a moment
//! for each other, in `src/worker/entry.js`). What takes longer is left in the [`Errands`], and the call says how many there are;
//! `src/worker/entry.js` then calls [`Room::run`] for each of them.

use crate::client::NetworkNumber;
use crate::id::Token;
use crate::limits::{Millis, KEPT_TEXT_BYTES, MAX_FRAME_BYTES, MAX_PARCEL_BYTES};
use crate::realm::effect::Effect;
use crate::realm::member::Conn;
use crate::realm::placement::{home_name, Home};
use crate::realm::{Ending, Event, Realm, Turn, GOING_AWAY};
use crate::wire::answer::Answer;
use crate::wire::forwarding::RECORD;
use crate::wire::ice::Ice;
use crate::wire::message::{HEARTBEAT, HEARTBEAT_ANSWER};
use crate::wire::route::{Claim, Route};
use crate::worker::crypto;
use crate::worker::edge;
use crate::worker::log::{fault, tell};
use crate::worker::memory::Awake;
use crate::worker::platform::{now, Env, Fault, Request, Response, Result, State, WebSocketRequestResponsePair};
use crate::worker::socket::{close, received, socket_pair, Outlet, WebSocket};
use crate::worker::tasks::Errands;
use futures::future::join_all;
use std::cell::{RefCell, RefMut};
use std::rc::Rc;
use wasm_bindgen::prelude::{wasm_bindgen, JsValue};

/// One home of one realm.
#[wasm_bindgen]
pub struct Room {
    pub(crate) state: State,
    pub(crate) env: Env,
    outlet: Outlet,
    awake: RefCell<Option<Awake>>,
    pub(crate) errands: RefCell<Errands>,
    /// Room for the text of a frame, so that not every one has to be given some.
    text: RefCell<Vec<u8>>,
}

/// Where one home asks another how many peers it has: an address that no request from outside has.
const HOME_URL: &str = "https://home/";

#[wasm_bindgen(js_sys = worker::js_sys, wasm_bindgen_futures = worker::wasm_bindgen_futures)]
impl Room {
    /// An object that has just been made, or made again.
    #[wasm_bindgen(constructor)]
    pub fn new(state: State, env: Env, outlet: Outlet) -> Self {
        let pair = WebSocketRequestResponsePair::new(HEARTBEAT, HEARTBEAT_ANSWER);
        if let Err(error) = pair.and_then(|pair| state.set_websocket_auto_response(&pair)) {
            fault("heartbeats will wake the object", &Fault::from(error));
        }
        Self { state, env, outlet, awake: RefCell::default(), errands: RefCell::new(Errands::new()), text: RefCell::default() }
    }

    /// Answers the edge, or another home; [`Room::left`] says how many times [`Room::run`] is to be called.
    pub async fn fetch(&self, request: Request) -> Result<Response, JsValue> {
        Ok(self.answer(&request).await?)
    }

    /// Takes what a socket has sent; how many times [`Room::run`] is to be called.
    #[wasm_bindgen(js_name = webSocketMessage)]
    pub fn heard(&self, socket: &WebSocket, message: &JsValue) -> Result<usize, JsValue> {
        let Some(conn) = self.awake()?.conn_of(socket) else {
            return Ok(0); // refused, superseded or gone: it has nothing to say any more
        };
        let mut room = self.text.take();
        let more = self.handle(Event::Frame { conn, text: &received(message, MAX_FRAME_BYTES, &mut room) })?;
        room.truncate(KEPT_TEXT_BYTES);
        room.shrink_to(KEPT_TEXT_BYTES);
        self.text.replace(room);
        Ok(more)
    }

    /// Takes note that a socket has closed; how many times [`Room::run`] is to be called.
    #[wasm_bindgen(js_name = webSocketClose)]
    pub fn closed(&self, socket: &WebSocket, code: u16, reason: &str) -> Result<usize, JsValue> {
        // What was sent to it before it closed is not lost.
        self.outlet.flush();
        // A close frame is answered in kind (RFC 6455, 5.5.1). 1005 and 1006 say that there was no code, or no frame at all.
        let code_to_send = Some(code).filter(|code| (1000..=4999).contains(code) && !matches!(code, 1005 | 1006 | 1015));
        if !close(socket, code_to_send.map(|code| (code, reason))) {
            close(socket, None); // a code that exists on the wire only
        }
        self.ended(socket, if code == GOING_AWAY { Ending::Unloaded } else { Ending::Lost })
    }

    /// Takes note that a socket is broken; how many times [`Room::run`] is to be called.
    #[wasm_bindgen(js_name = webSocketError)]
    pub fn broken(&self, socket: &WebSocket) -> Result<usize, JsValue> {
        self.ended(socket, Ending::Lost)
    }

    /// Takes the parcel of frames that another home passes on, unless it is here already; how many times [`Room::run`] is to be called.
    pub fn take(&self, from: u16, number: u32, frames: &JsValue) -> Result<usize, JsValue> {
        let mut more = 0;
        if !self.awake()?.inbox.is_new(Home(from), number) {
            return Ok(more);
        }
        for frame in received(frames, MAX_PARCEL_BYTES, &mut Vec::new()).split(RECORD) {
            match self.handle(Event::Forwarded { frame }) {
                Ok(left) => more = left,
                Err(error) => fault("a forwarded frame is lost", &error),
            }
        }
        Ok(more)
    }

    /// The alarm. Whatever is stored ends with one, so this is when an object that keeps nothing any more empties its storage: in the
    /// same event, for another one may never come.
    pub fn alarm(&self) -> Result<usize, JsValue> {
        let more = self.handle(Event::Alarm)?;
        let Some(emptied) = self.awake()?.empty(&self.state)? else {
            return Ok(more);
        };
        let mut errands = self.errands.try_borrow_mut().map_err(|_| busy())?;
        errands.watch(emptied);
        Ok(errands.count())
    }
}

impl Room {
    /// What is in memory; it is rebuilt first if there is nothing.
    pub(crate) fn awake(&self) -> Result<RefMut<'_, Awake>> {
        let mut awake = self.awake.try_borrow_mut().map_err(|_| busy())?;
        if awake.is_none() {
            *awake = Some(Awake::up(&self.state, &self.env)?);
        }
        RefMut::filter_map(awake, Option::as_mut).map_err(|_| busy())
    }

    /// Asks the realm something.
    fn look(&self, ask: impl FnOnce(&Realm, &Turn<'_>) -> String) -> Result<String> {
        let awake = self.awake()?;
        let beats = |conn| awake.last_beat(&self.state, conn);
        Ok(ask(&awake.realm, &Turn { now: now(), beats: &beats, out: &mut Vec::new() }))
    }

    async fn answer(&self, request: &Request) -> Result<Response> {
        let route = edge::route(request, &self.awake()?.settings);
        match route {
            Route::Socket(claim) => self.open(claim, request).await,
            Route::Peers(_) => edge::respond(Answer::plain(200, self.look(Realm::listed)?)),
            Route::Ice(Ok(claim)) => {
                let claim = self.settle(claim, request).await?;
                let known = self.awake()?.realm.knows(&claim, now());
                edge::respond(Answer::plain(if known { 200 } else { 401 }, String::new()))
            }
            // The edge passes on nothing else: another home asks how many peers are here.
            _ => edge::respond(Answer::plain(200, self.look(|realm, turn| realm.count(turn).to_string())?)),
        }
    }

    async fn open(&self, claim: Claim, request: &Request) -> Result<Response> {
        let claim = self.settle(claim, request).await?;
        let elsewhere = self.count_elsewhere().await?;
        let (ice, network) = self.first_ice(&claim, request).await?;
        // From here on nobody else is heard until the socket is registered.
        let conn = self.awake()?.realm.next_conn();
        let now = now();
        let effects = self.decide(Event::Opened { conn, claim, spare: edge::fresh_id()?, elsewhere, ice }, now)?;
        let admitted = effects.iter().any(|effect| matches!(effect, Effect::Remember(member) if member.conn == conn));
        let response = if admitted {
            self.accept(conn, request, network.as_deref())
        } else {
            // A refused socket here would keep this object awake until its client has closed it: the edge has it instead.
            edge::respond(Answer::refusal(effects.iter().find_map(|effect| effect.sent_to(conn)).unwrap_or_default()))
        };
        self.carry_out(effects, now)?;
        if response.is_err() {
            self.handle(Event::Closed { conn, ending: Ending::Left })?; // nobody will ever report this socket closed
        }
        response
    }

    /// Makes a socket of a request.
    fn accept(&self, conn: Conn, request: &Request, network: Option<&str>) -> Result<Response> {
        let (client, server) = socket_pair()?;
        match network {
            None => self.state.accept_websocket(&server)?,
            Some(network) => self.state.accept_websocket_with_tags(&server, vec![network.into()])?,
        }
        self.awake()?.attach(conn, server);
        edge::upgrade(request, &client)
    }

    /// Makes of a claim what the realm may know: a digest of the token, and of the network that it comes from.
    async fn settle(&self, mut claim: Claim, request: &Request) -> Result<Claim> {
        claim.network = NetworkNumber::of(&crypto::address(request)?);
        if edge::token_key(&self.env).is_some() && !claim.roster {
            // The edge has checked that the token allows the id. Whoever shows such a token is its owner.
            claim.token = Token::parse("signed").unwrap_or(claim.token);
            claim.keeps = None;
            return Ok(claim);
        }
        let digest = crypto::digest(claim.token.reveal()).await?;
        claim.token = Token::parse(&digest).unwrap_or(claim.token);
        if let Some(client) = &mut claim.keeps {
            client.0 = crypto::network(request).await?;
        }
        Ok(claim)
    }

    /// How many peers the other homes have; not asked while this home has less than its share of the limit.
    async fn count_elsewhere(&self) -> Result<usize> {
        let (spread, ask) = {
            let awake = self.awake()?;
            (awake.spread, awake.realm.must_ask_others())
        };
        if !ask {
            return Ok(0);
        }
        let others = (0..spread.homes.get()).map(Home).filter(|home| *home != spread.here);
        let asked = others.map(|home| self.env.text_of(home_name(home), HOME_URL));
        let mut count = 0_usize;
        for answer in join_all(asked).await {
            // A home that does not answer must not keep people out of the others.
            let theirs = answer.ok().and_then(|count| count.parse().ok());
            count = count.saturating_add(theirs.unwrap_or(0));
        }
        Ok(count)
    }

    /// What a socket is to be told with OPEN; and, if it will ask again, its network, which the runtime keeps with it as a tag.
    async fn first_ice(&self, claim: &Claim, request: &Request) -> Result<(Ice, Option<String>)> {
        let settings = Rc::clone(&self.awake()?.settings);
        if settings.turn.is_none() || !claim.roster {
            return Ok((Ice::stun(&settings), None));
        }
        let network = crypto::network(request).await?;
        Ok((self.mint(&settings, Some(&network)).await, Some(network)))
    }

    /// Takes an event through the realm, and does what follows from it; how much is left to do, which takes longer.
    pub(crate) fn handle(&self, event: Event<'_>) -> Result<usize> {
        let now = now();
        let effects = self.decide(event, now)?;
        self.carry_out(effects, now)
    }

    fn decide(&self, event: Event<'_>, now: Millis) -> Result<Vec<Effect>> {
        let mut effects = Vec::new();
        self.awake()?.handle(&self.state, event, now, &mut effects);
        Ok(effects)
    }

    /// Everything that can be done at once is done at once; the rest is left in the errands.
    fn carry_out(&self, effects: Vec<Effect>, now: Millis) -> Result<usize> {
        let mut errands = self.errands.try_borrow_mut().map_err(|_| busy())?;
        let mut awake = self.awake()?;
        let at_once = !self.outlet.holds() && awake.burst.begins(now);
        for effect in effects {
            if let Some(effect) = errands.note(effect) {
                awake.apply(effect, &self.env, &self.outlet, at_once);
            }
        }
        tell(&self.env, &mut awake.tally, now);
        Ok(errands.count())
    }

    fn ended(&self, socket: &WebSocket, ending: Ending) -> Result<usize, JsValue> {
        let conn = self.awake()?.conn_of(socket);
        Ok(match conn {
            Some(conn) => self.handle(Event::Closed { conn, ending })?,
            None => 0,
        })
    }
}

/// No borrow lasts over an await, so nobody ever sees this.
pub(crate) fn busy() -> Fault {
    Fault::new("two events at once")
}
