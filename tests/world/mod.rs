//! A world for the realm to live in: virtual sockets, virtual storage, a virtual clock, and a platform that may throw any
//! object out of memory between any two events.
#![allow(dead_code, reason = "each test file uses a part of the world")]

use beckon::client::{NetworkHash, NetworkNumber};
use beckon::id::PeerId;
use beckon::limits::Millis;
use beckon::realm::bans::Ban;
use beckon::realm::effect::{Effect, Hook, Hooks};
use beckon::realm::member::{Conn, Member};
use beckon::realm::placement::{object_name, Home, Spread};
use beckon::realm::queue::Waiting;
use beckon::realm::rate::Rates;
use beckon::realm::reservation::Reservation;
use beckon::realm::{Context, Ending, Event, Opening, Realm};
use beckon::settings::Settings;
use beckon::wire::forwarding::listing;
use beckon::wire::ice::Ice;
use beckon::wire::outbound;
use beckon::wire::route::{route, RequestLine, Route};
use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroU16;

/// A socket as its client sees it.
#[derive(Debug, Default)]
struct Socket {
    home: usize,
    conn: u32,
    attachment: Option<String>,
    frames: VecDeque<String>,
    closed: Option<Option<u16>>,
    beat: Option<Millis>,
}

/// Names a socket of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub usize);

#[derive(Default)]
struct Object {
    realm: Option<Realm>,
    rows: BTreeMap<u64, Waiting>,
    reserved: BTreeMap<PeerId, Reservation>,
    banned: BTreeMap<PeerId, Ban>,
    alarm: Option<Millis>,
}

pub struct World {
    settings: Settings,
    key: String,
    pub now: Millis,
    objects: Vec<Object>,
    sockets: Vec<Socket>,
    evicting: bool,
    /// Whether homes cannot reach each other.
    pub split: bool,
    /// The network that sockets come from.
    pub network: &'static str,
    /// Its address; none, unless a test says so.
    pub address: &'static str,
    /// Whether the statements that are shown have expired.
    pub expired: bool,
    /// By how much alarms come too late.
    pub late_ms: u64,
    /// How many rows were written.
    pub writes: usize,
    /// How many alarms were set.
    pub alarms: usize,
    /// How many attachments were written.
    pub remembered: usize,
    /// What the operator was told of.
    pub counts: BTreeMap<&'static str, u32>,
    /// How many bytes were refused.
    pub refused_bytes: usize,
    /// What is kept with whoever comes, as JSON.
    pub data: Option<Box<str>>,
    /// Which hooks there are.
    pub hooks: Hooks,
    /// What they were told.
    told: Vec<(Hook, String, String)>,
}

/// The settings of an empty `[vars]`, changed by `vars`.
pub fn settings(vars: &[(&str, &str)]) -> Settings {
    let value = |name: &str| vars.iter().find(|(var, _)| *var == name).map(|(_, value)| (*value).to_owned());
    Settings::read(value).unwrap()
}

/// Runs a scenario in the public realm: with and without evictions, in one home and in eight.
pub fn everywhere(vars: &[(&str, &str)], scenario: impl Fn(&mut World)) {
    for homes in ["1", "8"] {
        for evicting in [false, true] {
            let vars = [vars, &[("PUBLIC_HOMES", homes)]].concat();
            scenario(&mut World::new(&vars, "peerjs", evicting));
        }
    }
}

/// Runs a scenario in a room, with and without evictions.
pub fn in_a_room(vars: &[(&str, &str)], scenario: impl Fn(&mut World)) {
    for evicting in [false, true] {
        scenario(&mut World::new(vars, "a-room", evicting));
    }
}

impl World {
    pub fn new(vars: &[(&str, &str)], key: &str, evicting: bool) -> Self {
        let settings = settings(vars);
        let homes = if key == "peerjs" { settings.public_homes.get() } else { 1 };
        let objects = (0..homes).map(|_| Object::default()).collect();
        Self {
            settings,
            key: key.to_owned(),
            now: 1_000_000,
            objects,
            sockets: Vec::new(),
            evicting,
            split: false,
            network: "here",
            address: "",
            expired: false,
            late_ms: 0,
            writes: 0,
            alarms: 0,
            remembered: 0,
            counts: BTreeMap::new(),
            refused_bytes: 0,
            data: None,
            hooks: Hooks::default(),
            told: Vec::new(),
        }
    }

    /// Opens a stock client's socket.
    pub fn open(&mut self, id: &str, token: &str) -> Peer {
        self.open_with(&format!("key={}&id={id}&token={token}", self.key))
    }

    /// Opens a socket that asks for the roster.
    pub fn enter(&mut self, id: &str, token: &str) -> Peer {
        self.open_with(&format!("key={}&id={id}&token={token}&roster=1", self.key))
    }

    pub fn open_with(&mut self, query: &str) -> Peer {
        let line = RequestLine { method: "GET", path: "/peerjs", query, upgrade: true };
        let Route::Socket(mut claim) = route(line, &self.settings) else {
            panic!("refused at the edge: {query}");
        };
        claim.reserve_for = claim.reserve_for.map(|_| NetworkHash(self.network.to_owned()));
        claim.network = NetworkNumber::of(self.address);
        claim.expired = self.expired;
        claim.data = self.data.clone();
        let name = object_name(&claim.key, claim.id.as_ref().map(PeerId::as_str), self.settings.public_homes);
        let home = name.strip_prefix("home:").map_or(0, |home| home.parse().unwrap());
        let conn = self.realm(home).next_conn();
        let peer = Peer(self.sockets.len());
        self.sockets.push(Socket { home, conn: conn.0, ..Socket::default() });
        let fresh_id = PeerId::from_random([peer.0 as u8; 16]);
        let mut elsewhere = 0;
        if self.realm(home).must_ask_others() {
            let others = (0..self.objects.len()).filter(|other| *other != home);
            elsewhere = others.map(|other| self.look(other, |realm, context| realm.count(context))).sum();
        }
        let ice = Ice::stun(&self.settings);
        let roster = claim.roster;
        let opening = Opening { conn, claim, fresh_id, elsewhere, ice };
        if let Err(refusal) = self.change(home, |realm, context| realm.open(opening, context)) {
            // As in the Worker, the edge tells it and closes its socket.
            let socket = &mut self.sockets[peer.0];
            socket.frames.push_back(outbound::refusal(&refusal, roster));
            socket.closed = Some(None);
        }
        peer
    }

    /// Whether a peer of the first home is known by this token.
    pub fn knows(&mut self, id: &str, token: &str) -> bool {
        let line = RequestLine { method: "GET", path: "/peerjs/ice", query: &format!("id={id}&token={token}"), upgrade: false };
        let Route::Ice(Ok(mut claim)) = route(line, &self.settings) else {
            panic!("refused at the edge: {id}");
        };
        claim.network = NetworkNumber::of(self.address);
        claim.expired = self.expired;
        let now = self.now;
        self.realm(0).knows(&claim, now)
    }

    /// What an operator does in the first home.
    pub fn act<T>(&mut self, act: impl FnOnce(&mut Realm, &mut Context<'_>) -> T) -> T {
        self.change(0, act)
    }

    /// What hooks were told since they were last asked: which, of whom, and what.
    pub fn told(&mut self) -> Vec<String> {
        let told = std::mem::take(&mut self.told).into_iter();
        told.map(|(hook, peer, text)| {
            let peer: serde_json::Value = serde_json::from_str(&peer).unwrap();
            format!("{hook:?} {} {text}", peer["id"].as_str().unwrap()).trim().to_owned()
        })
        .collect()
    }

    /// Sends a frame. As in the Worker, a socket that the realm has forgotten is not heard.
    pub fn say(&mut self, peer: Peer, text: &str) {
        if let Some((home, conn)) = self.address(peer) {
            self.handle(home, Event::Frame { conn, text });
        }
    }

    /// Sends a frame that is passed on.
    pub fn signal(&mut self, peer: Peer, kind: &str, dst: &str, payload: &str) {
        self.say(peer, &format!(r#"{{"type":"{kind}","payload":{payload},"dst":"{dst}"}}"#));
    }

    /// Sends the stock heartbeat, which the runtime answers while the object sleeps.
    pub fn beat(&mut self, peer: Peer) {
        self.sockets[peer.0].beat = Some(self.now);
    }

    /// Cuts a socket.
    pub fn close(&mut self, peer: Peer) {
        self.end(peer, Ending::Lost);
    }

    /// Ends a socket from the client's side.
    pub fn end(&mut self, peer: Peer, ending: Ending) {
        self.sockets[peer.0].closed.get_or_insert(None);
        if let Some((home, conn)) = self.address(peer) {
            self.handle(home, Event::Closed { conn, ending });
        }
    }

    /// The next frame that a peer has received.
    pub fn next(&mut self, peer: Peer) -> Option<String> {
        self.sockets[peer.0].frames.pop_front()
    }

    /// All frames that a peer has received since it was last asked.
    pub fn frames(&mut self, peer: Peer) -> Vec<String> {
        self.sockets[peer.0].frames.drain(..).collect()
    }

    /// Whether the server has closed a peer's socket, and with what code.
    pub fn closed(&self, peer: Peer) -> Option<Option<u16>> {
        self.sockets[peer.0].closed
    }

    /// Throws everything out of memory now and, if asked to, from now on after every event.
    pub fn evict(&mut self, always: bool) {
        self.evicting = always;
        self.objects.iter_mut().for_each(|object| object.realm = None);
    }

    /// Whether everything is thrown out of memory after every event.
    pub fn is_evicting(&self) -> bool {
        self.evicting
    }

    /// Ends an object and its sockets without a word to anybody, as a deploy or a machine that fails does. Storage stays.
    pub fn crash(&mut self, home: usize) {
        self.objects[home].realm = None;
        for socket in self.sockets.iter_mut().filter(|socket| socket.home == home && socket.attachment.is_some()) {
            socket.attachment = None;
            socket.closed = Some(None);
        }
    }

    /// An alarm that was not asked for: the platform may send one twice.
    pub fn alarm(&mut self, home: usize) {
        self.handle(home, Event::Alarm);
    }

    /// What the platform does with an alarm whose handler has failed too often.
    pub fn lose_alarms(&mut self) {
        self.objects.iter_mut().for_each(|object| object.alarm = None);
    }

    /// Lets time pass, alarms and all.
    pub fn pass(&mut self, ms: u64) {
        let end = self.now + ms;
        while let Some((due, home)) = self.next_alarm().filter(|(due, _)| *due <= end) {
            self.now = self.now.max(due);
            self.objects[home].alarm = None;
            self.handle(home, Event::Alarm);
        }
        self.now = end;
    }

    /// What one socket may.
    pub fn rates(&self) -> Rates {
        Rates::of(&self.settings)
    }

    /// How many homes there are.
    pub fn homes(&self) -> usize {
        self.objects.len()
    }

    /// How many rows storage holds.
    pub fn rows(&self) -> usize {
        self.objects.iter().map(|object| object.rows.len() + object.reserved.len() + object.banned.len()).sum()
    }

    /// How many rows, and bytes of frames, wait in the object where the most do.
    pub fn most_waiting(&self) -> (usize, usize) {
        let bytes = |object: &Object| object.rows.values().filter_map(|row| row.frame.as_ref()).map(String::len).sum::<usize>();
        self.objects.iter().fold((0, 0), |most, object| (most.0.max(object.rows.len()), most.1.max(bytes(object))))
    }

    /// How long the longest attachment is, in bytes.
    pub fn longest_attachment(&self) -> usize {
        self.sockets.iter().filter_map(|socket| socket.attachment.as_ref()).map(String::len).max().unwrap_or(0)
    }

    /// Whether a socket holds its id, as far as the platform can tell.
    pub fn is_registered(&self, peer: Peer) -> bool {
        self.sockets[peer.0].attachment.is_some()
    }

    /// The ids that discovery lists, in all homes.
    pub fn listed(&mut self) -> Vec<String> {
        let homes = 0..self.objects.len();
        let records: String = homes.map(|home| self.look(home, Realm::listed)).collect();
        serde_json::from_str(&listing(&records)).unwrap()
    }

    /// Asks a realm something.
    fn look<T>(&mut self, home: usize, ask: impl Fn(&Realm, &Context<'_>) -> T) -> T {
        let (now, beats) = (self.now, self.beats(home));
        ask(self.realm(home), &Context { now, last_heartbeat: &|conn| beats.get(&conn).copied(), effects: &mut Vec::new() })
    }

    fn next_alarm(&self) -> Option<(Millis, usize)> {
        self.objects.iter().enumerate().filter_map(|(home, object)| Some((object.alarm? + self.late_ms, home))).min()
    }

    fn address(&self, peer: Peer) -> Option<(usize, Conn)> {
        let socket = &self.sockets[peer.0];
        socket.attachment.as_ref().map(|_| (socket.home, Conn(socket.conn)))
    }

    /// The realm of a home, rebuilt from attachments and rows if it is not in memory.
    fn realm(&mut self, home: usize) -> &mut Realm {
        if self.objects[home].realm.is_none() {
            let homes = NonZeroU16::new(self.objects.len() as u16).unwrap();
            let mut realm = Realm::new(self.settings.clone(), Spread { homes, here: Home(home as u16) });
            let object = &self.objects[home];
            let mut reserved: Vec<_> = object.reserved.values().cloned().collect();
            reserved.sort_by_key(|row| row.until);
            let stored = object.rows.values().map(|row| Waiting { network: NetworkNumber::default(), ..row.clone() });
            let mut banned: Vec<_> = object.banned.values().cloned().collect();
            banned.sort_by_key(|ban| ban.until);
            realm.restore_rows(stored.collect(), reserved, banned);
            realm.listen(self.hooks);
            for socket in self.sockets.iter().filter(|socket| socket.home == home) {
                if let Some(attachment) = &socket.attachment {
                    realm.restore(Member::from_attachment(attachment).unwrap());
                }
            }
            self.objects[home].realm = Some(realm);
        }
        self.objects[home].realm.as_mut().unwrap()
    }

    fn beats(&self, home: usize) -> BTreeMap<Conn, Millis> {
        let here = self.sockets.iter().filter(|socket| socket.home == home && socket.attachment.is_some());
        here.filter_map(|socket| Some((Conn(socket.conn), socket.beat?))).collect()
    }

    fn handle(&mut self, home: usize, event: Event<'_>) {
        self.change(home, |realm, context| realm.handle(event, context));
    }

    /// Lets something happen to a realm, and carries out what follows.
    fn change<T>(&mut self, home: usize, happen: impl FnOnce(&mut Realm, &mut Context<'_>) -> T) -> T {
        let (now, beats) = (self.now, self.beats(home));
        let mut effects = Vec::new();
        let context = &mut Context { now, last_heartbeat: &|conn| beats.get(&conn).copied(), effects: &mut effects };
        let outcome = happen(self.realm(home), context);
        if self.evicting {
            self.objects[home].realm = None;
        }
        for effect in effects {
            self.apply(home, effect);
        }
        outcome
    }

    fn apply(&mut self, home: usize, effect: Effect) {
        match effect {
            Effect::Send { to, frame } => {
                let socket = self.socket(home, to);
                assert!(socket.closed.is_none(), "sent to a closed socket: {frame}");
                socket.frames.push_back(frame);
            }
            Effect::Close { conn, status } => {
                let socket = self.socket(home, conn);
                socket.attachment = None;
                socket.closed = Some(status.map(|(code, _)| code));
            }
            Effect::Remember(member) => {
                self.remembered += 1;
                self.socket(home, member.conn).attachment = member.to_attachment();
            }
            Effect::Forget(conn) => self.socket(home, conn).attachment = None,
            Effect::Forward { frame, .. } if self.split => self.handle(home, Event::Undelivered { frame: &frame }),
            Effect::Forward { home, frame } => self.handle(home.0.into(), Event::Forwarded { frame: &frame }),
            Effect::Store(row) => {
                self.writes += 1;
                assert!(self.objects[home].rows.insert(row.seq, row).is_none(), "a row was written twice");
            }
            Effect::Delete(rows) => {
                for seq in rows {
                    assert!(self.objects[home].rows.remove(&seq).is_some(), "no such row");
                }
            }
            Effect::Reserve(row) => {
                self.writes += 1;
                self.objects[home].reserved.insert(row.id.clone(), row);
            }
            Effect::Release(ids) => {
                for id in ids {
                    assert!(self.objects[home].reserved.remove(&id).is_some(), "{id} was not kept");
                }
            }
            Effect::Ban(ban) => drop(self.objects[home].banned.insert(ban.id.clone(), ban)),
            Effect::Unban(ids) => {
                for id in ids {
                    assert!(self.objects[home].banned.remove(&id).is_some(), "{id} was not kept out");
                }
            }
            Effect::Tell { hook, peer, text } => self.told.push((hook, peer, text)),
            Effect::WakeAt(due) => {
                self.alarms += 1;
                self.objects[home].alarm = Some(due);
            }
            Effect::Count(what, number) => *self.counts.entry(what).or_default() += number,
            Effect::Refused(code, bytes) => {
                *self.counts.entry(code).or_default() += 1;
                self.refused_bytes += bytes;
            }
            Effect::MakeIce(conn) => {
                let ice = Ice::stun(&self.settings);
                self.handle(home, Event::IceMade { conn, ice });
            }
        }
    }

    /// The last socket of that number: numbers come back once nobody remembers them.
    fn socket(&mut self, home: usize, conn: Conn) -> &mut Socket {
        self.sockets.iter_mut().rev().find(|socket| socket.home == home && socket.conn == conn.0).unwrap()
    }
}

/// `OPEN` as a stock client gets it.
pub const OPEN: &str = r#"{"type":"OPEN"}"#;

/// A relayed frame.
pub fn relayed(kind: &str, src: &str, dst: &str, payload: &str) -> String {
    format!(r#"{{"type":"{kind}","src":"{src}","dst":"{dst}","payload":{payload}}}"#)
}

/// The notice that nobody has claimed `absent` in time.
pub fn expired(absent: &str, asker: &str) -> String {
    format!(r#"{{"type":"EXPIRE","src":"{absent}","dst":"{asker}"}}"#)
}
