//! The Durable Object: turns what the platform says into events for the [`Realm`], and carries out the effects.
//!
//! Nothing of consequence is kept in memory. When the platform makes this object anew, after a sleep of hours or in the
//! middle of a burst, [`Awake::up`] rebuilds the realm from the sockets' attachments and the stored queue, and the next
//! event goes on as if nothing had happened. Heartbeats are answered by the runtime and wake nobody.

use crate::answer::Answer;
use crate::awake::Awake;
use crate::crypto;
use crate::edge;
use crate::effect::Effect;
use crate::ice::Ice;
use crate::id::Token;
use crate::limits::Millis;
use crate::member::NetworkNumber;
use crate::message::{HEARTBEAT, HEARTBEAT_ANSWER};
use crate::mint;
use crate::outbox::Outboxes;
use crate::placement::{home_name, Home};
use crate::realm::{Ending, Event, Realm, Turn, GOING_AWAY};
use crate::report::{self, fault};
use crate::route::{Claim, Route};
use crate::settings::Settings;
use futures::future::join_all;
use serde_json::value::RawValue;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use worker::{
    durable_object, Date, DurableObject, Env, Error, Method, Request, RequestInit, Response, Result, State, WebSocket,
    WebSocketIncomingMessage, WebSocketPair, WebSocketRequestResponsePair,
};

/// One home of one realm.
#[durable_object]
pub struct Room {
    state: State,
    env: Env,
    awake: RefCell<Option<Awake>>,
    outboxes: RefCell<Outboxes>,
}

/// Where one home addresses another: an address that no request from outside has.
const HOME_URL: &str = "https://home/";

impl DurableObject for Room {
    fn new(state: State, env: Env) -> Self {
        match WebSocketRequestResponsePair::new(HEARTBEAT, HEARTBEAT_ANSWER) {
            Ok(pair) => state.set_websocket_auto_response(&pair),
            Err(error) => fault("heartbeats will wake the object", &Error::from(error)),
        }
        Self { state, env, awake: RefCell::default(), outboxes: RefCell::default() }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        if request.inner().url() == HOME_URL && request.method() == Method::Post {
            return self.take_forwarded(&request.text().await?).await;
        }
        let route = self.with(|awake| Ok(edge::route(&request, &awake.settings)))?;
        match route {
            Route::Socket(claim) => {
                let claim = self.settle(claim, &request).await?;
                let elsewhere = self.count_elsewhere().await?;
                let (ice, network) = self.first_ice(&claim, &request).await?;
                // From here on nobody else is heard until the socket is registered.
                let conn = self.with(|awake| Ok(awake.realm.next_conn()))?;
                let effects = self.decide(Event::Opened { conn, claim, spare: edge::fresh_id()?, elsewhere, ice })?;
                let admitted = effects.iter().any(|effect| matches!(effect, Effect::Remember(member) if member.conn == conn));
                let response = if admitted {
                    let WebSocketPair { client, server } = WebSocketPair::new()?;
                    match &network {
                        None => self.state.accept_web_socket(&server),
                        Some(network) => self.state.accept_websocket_with_tags(&server, &[network]),
                    }
                    self.with(|awake| {
                        awake.attach(conn, server);
                        Ok(())
                    })?;
                    edge::upgrade(&request, client)
                } else {
                    // A refused socket here would keep this object awake until its client has closed it: the edge has it instead.
                    edge::respond(Answer::refusal(effects.iter().find_map(|effect| effect.sent_to(conn)).unwrap_or_default()))
                };
                self.carry_out(effects).await?;
                response
            }
            Route::Peers(_) => {
                let rows = self.look(|realm, turn| serde_json::to_string(&realm.listed(turn)))??;
                edge::respond(Answer::peers(rows))
            }
            Route::Ice(Ok(claim)) => {
                let claim = self.settle(claim, &request).await?;
                let known = self.with(|awake| Ok(awake.realm.knows(&claim)))?;
                Ok(Response::empty()?.with_status(if known { 200 } else { 401 }))
            }
            // The edge passes on nothing else: another home asks how many peers are here.
            _ => Response::ok(self.look(Realm::count)?.to_string()),
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

    async fn websocket_close(&self, socket: WebSocket, code: usize, reason: String, _clean: bool) -> Result<()> {
        // A close frame is answered in kind (RFC 6455, 5.5.1). 1005 and 1006 say that there was no code, or no frame at all.
        let answered = match u16::try_from(code) {
            Ok(code @ 1000..=4999) if !matches!(code, 1005 | 1006 | 1015) => socket.close(Some(code), Some(reason)),
            _ => socket.close::<String>(None, None),
        };
        if answered.is_err() {
            let _ = socket.close::<String>(None, None); // a code that exists on the wire only
        }
        let ending = if code == usize::from(GOING_AWAY) { Ending::Unloaded } else { Ending::Lost };
        self.closed(socket, ending).await
    }

    async fn websocket_error(&self, socket: WebSocket, _error: Error) -> Result<()> {
        self.closed(socket, Ending::Lost).await
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
            None => act(awake.insert(Awake::up(&self.state, &self.env)?)),
        }
    }

    /// Asks the realm something.
    fn look<T>(&self, ask: impl FnOnce(&Realm, &Turn<'_>) -> T) -> Result<T> {
        self.with(|awake| {
            let beats = |conn| awake.last_beat(&self.state, conn);
            Ok(ask(&awake.realm, &Turn { now: now(), beats: &beats, out: &mut Vec::new() }))
        })
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
        let (spread, ask) = self.with(|awake| Ok((awake.spread, awake.realm.must_ask_others())))?;
        if !ask {
            return Ok(0);
        }
        let objects = self.env.durable_object(edge::BINDING)?;
        let others = (0..spread.homes.get()).map(Home).filter(|home| *home != spread.here);
        let counts = join_all(others.map(|home| {
            let objects = &objects;
            async move { objects.get_by_name(&home_name(home))?.fetch_with_str(HOME_URL).await?.text().await }
        }));
        // A home that does not answer must not keep people out of the others.
        Ok(counts.await.into_iter().flatten().filter_map(|count| count.parse::<usize>().ok()).fold(0, usize::saturating_add))
    }

    /// Takes an event through the realm, and carries out what follows from it.
    async fn handle(&self, event: Event<'_>) -> Result<()> {
        let effects = self.decide(event)?;
        let mints = effects.iter().filter_map(|effect| match effect {
            Effect::Mint(conn) => Some(*conn),
            _ => None,
        });
        let mints: Vec<_> = mints.collect();
        self.carry_out(effects).await?;
        for conn in mints {
            let (settings, network) = self.with(|awake| Ok((Rc::clone(&awake.settings), awake.network(&self.state, conn))))?;
            let ice = self.mint(&settings, network).await;
            self.carry_out(self.decide(Event::Minted { conn, ice })?).await?;
        }
        Ok(())
    }

    fn decide(&self, event: Event<'_>) -> Result<Vec<Effect>> {
        let mut effects = Vec::new();
        self.with(|awake| {
            awake.handle(&self.state, event, now(), &mut effects);
            Ok(())
        })?;
        Ok(effects)
    }

    /// Everything but the alarm, other homes and ICE servers is done before anybody else is heard.
    async fn carry_out(&self, effects: Vec<Effect>) -> Result<()> {
        let mut wake_at = None;
        let mut homes = BTreeSet::new();
        let mut refused = Vec::new();
        self.with(|awake| {
            let mut outboxes = self.outboxes.try_borrow_mut().map_err(|_| busy())?;
            for effect in effects {
                match effect {
                    Effect::WakeAt(due) => wake_at = Some(due),
                    Effect::Count(what, number) => report::count(&self.env, what, number),
                    Effect::Forward { home, frame } => match outboxes.put(home, frame) {
                        Ok(()) => drop(homes.insert(home)),
                        Err(frame) => refused.push(frame),
                    },
                    other => awake.apply(other),
                }
            }
            Ok(())
        })?;
        if let Some(due) = wake_at {
            let delay = i64::try_from(due.saturating_sub(now())).unwrap_or(i64::MAX);
            self.state.storage().set_alarm(delay).await?;
        }
        self.give_up(&refused);
        for home in homes {
            self.forward(home).await;
        }
        Ok(())
    }

    /// What a socket is to be told with OPEN; and, if it will ask again, its network, which the runtime keeps with it as a tag.
    async fn first_ice(&self, claim: &Claim, request: &Request) -> Result<(Ice, Option<String>)> {
        let settings = self.with(|awake| Ok(Rc::clone(&awake.settings)))?;
        if settings.turn.is_none() || !claim.roster {
            return Ok((Ice::stun(&settings), None));
        }
        let network = crypto::network(request).await?;
        Ok((self.mint(&settings, Some(network.clone())).await, Some(network)))
    }

    /// Fresh ICE servers. A network that has asked too often gets STUN alone.
    async fn mint(&self, settings: &Settings, network: Option<String>) -> Ice {
        match (&settings.turn, network) {
            (Some(_), Some(network)) if !mint::allows(&self.env, mint::ICE_LIMIT, &network).await => Ice::degraded(settings),
            _ => mint::ice(settings).await,
        }
    }

    /// Tells the senders of frames that could not be handed to another home.
    fn give_up(&self, frames: &[String]) {
        for frame in frames {
            let told = self.decide(Event::Undelivered { frame }).and_then(|effects| {
                self.with(|awake| {
                    effects.into_iter().for_each(|effect| awake.apply(effect));
                    Ok(())
                })
            });
            if let Err(error) = told {
                fault("a sender could not be told", &error);
            }
        }
    }

    /// Sends what waits for another home, unless that is being done already.
    async fn forward(&self, home: Home) {
        let next = |ours| self.outboxes.try_borrow_mut().ok().and_then(|mut outboxes| outboxes.take(home, ours));
        let mut parcel = next(false);
        while let Some(frames) = parcel {
            // Once more where it fails: an object that moves or is redeployed is back a moment later.
            let mut sent = self.send_parcel(home, &frames).await;
            if sent.is_err() {
                sent = self.send_parcel(home, &frames).await;
            }
            if let Err(error) = sent {
                fault(&format!("{} frames for home {} are lost", frames.len(), home.0), &error);
                self.give_up(&frames);
            }
            parcel = next(true);
        }
    }

    async fn send_parcel(&self, home: Home, frames: &[String]) -> Result<()> {
        let stub = self.env.durable_object(edge::BINDING)?.get_by_name(&home_name(home))?;
        let mut init = RequestInit::new();
        init.with_method(Method::Post).with_body(Some(format!("[{}]", frames.join(",")).into()));
        match stub.fetch_with_request(Request::new_with_init(HOME_URL, &init)?).await?.status_code() {
            200..=299 => Ok(()),
            status => Err(Error::RustError(format!("it answers {status}"))),
        }
    }

    async fn take_forwarded(&self, body: &str) -> Result<Response> {
        for frame in serde_json::from_str::<Vec<&RawValue>>(body)? {
            if let Err(error) = self.handle(Event::Forwarded { frame: frame.get() }).await {
                fault("a forwarded frame is lost", &error);
            }
        }
        Response::empty()
    }

    async fn closed(&self, socket: WebSocket, ending: Ending) -> Result<()> {
        let conn = self.with(|awake| Ok(awake.conn_of(&socket)))?;
        match conn {
            Some(conn) => self.handle(Event::Closed { conn, ending }).await,
            None => Ok(()),
        }
    }
}

/// No borrow lasts over an await, so nobody ever sees this.
fn busy() -> Error {
    Error::RustError("two events at once".into())
}

fn now() -> Millis {
    Date::now().as_millis()
}
