//! What everybody must hear, by a model that is simple because it never sleeps, stores nothing and searches lists: who holds
//! which id, and which attempts wait for whom.

use super::javascript::{meaning, stringify, Meaning};
use super::shares::{gives_way, Row};
use beckon::client::NetworkNumber;
use beckon::limits::{
    ABSENTEE_MEMORY_MS, ATTEMPT_COST, EARNED_AFTER_MS, GUESSES_PERIOD_MS, ICE_PAUSE_MS, LASTING_TOKEN_CHARS, MAX_ABSENTEES,
    MAX_DESTINATION_BYTES, MAX_FRAME_BYTES, MAX_GIVEN_UP, MAX_GUESSES, MAX_RESERVED_PER_CLIENT, MAX_ROSTER_FRAME_BYTES,
    ROSTER_JOINS, TICK_MS,
};
use beckon::realm::networks::{Networks, Shares};
use beckon::realm::placement::{Home, Spread};
use beckon::realm::rate::{Bucket, Budget, Rates};
use std::collections::BTreeMap;

/// A socket, and what its client has been sent.
#[derive(Debug)]
pub struct Socket {
    pub id: String,
    token: String,
    roster: bool,
    home: Home,
    /// Whether it holds its id.
    pub open: bool,
    /// Whether the server, or a deploy, has closed it, and with what code.
    pub closed: Option<Option<u16>>,
    minted: Option<u64>,
    network: &'static str,
    /// Since when its peer is here, and whether it came back to an id that was kept for it.
    since: (u64, bool),
    /// What it may still do, and what is remembered of that in a sleep.
    budget: Budget,
    noted: Budget,
    /// Up to when its frames need not be remembered.
    heard: u64,
    /// Whom it was told to be absent, and until when that is known.
    told: Vec<(String, u64)>,
    pub inbox: Vec<String>,
}

/// A frame's sender, as far as it matters to who passes it on.
#[derive(Clone, Copy)]
struct How {
    network: NetworkNumber,
    heavy: bool,
    late: bool,
}

struct Kept {
    home: Home,
    id: String,
    token: String,
    network: &'static str,
    until: u64,
}

/// Wrong tokens that one network has shown for one id, and since when.
struct Guesses {
    network: &'static str,
    id: String,
    home: Home,
    wrong: u32,
    since: u64,
}

pub struct Model {
    pub spread: Spread,
    pub now: u64,
    pub window_ms: u64,
    pub grace_ms: u64,
    pub room_capacity: usize,
    pub concurrent_limit: usize,
    pub split: bool,
    /// Whether objects are thrown out of memory after every event.
    pub evicting: bool,
    pub sockets: Vec<Socket>,
    rates: Rates,
    /// What networks, and senders of other homes, have used, in each home.
    networks: BTreeMap<Home, Networks>,
    guests: BTreeMap<(Home, String), Bucket>,
    /// Attempts of senders of other homes that a home gave up, and until when it knows.
    given_up: BTreeMap<Home, Vec<(String, String, u64)>>,
    /// What waits for absent peers, in order.
    rows: Vec<Row>,
    kept: Vec<Kept>,
    guesses: Vec<Guesses>,
    frames: usize,
}

impl Model {
    pub fn new(spread: Spread, now: u64, rates: Rates) -> Self {
        Self {
            spread,
            rates,
            networks: BTreeMap::new(),
            guests: BTreeMap::new(),
            given_up: BTreeMap::new(),
            now,
            window_ms: 5_000,
            grace_ms: 60_000,
            room_capacity: 16,
            concurrent_limit: 5_000,
            split: false,
            evicting: false,
            sockets: Vec::new(),
            rows: Vec::new(),
            kept: Vec::new(),
            guesses: Vec::new(),
            frames: 0,
        }
    }

    /// Who holds an id.
    pub fn holder(&self, id: &str) -> Option<usize> {
        self.sockets.iter().position(|socket| socket.open && socket.id == id)
    }

    fn others(&self, than: usize) -> Vec<usize> {
        (0..self.sockets.len())
            .filter(|other| *other != than && self.sockets[*other].open && self.sockets[*other].roster)
            .collect()
    }

    fn send(&mut self, to: usize, frame: &str) {
        self.sockets[to].inbox.push(frame.to_owned());
    }

    fn tell_others(&mut self, about: usize, kind: &str) {
        let frame = format!(r#"{{"type":"{kind}","src":{}}}"#, stringify(&self.sockets[about].id));
        self.others(about).into_iter().for_each(|other| self.send(other, &frame));
    }

    fn refuse(&mut self, to: usize, code: &str, sentence: &str) {
        let code = if self.sockets[to].roster { format!(r#","code":"{code}""#) } else { String::new() };
        self.send(to, &format!(r#"{{"type":"ERROR","payload":{{"msg":"{sentence}"{code}}}}}"#));
    }

    fn close(&mut self, socket: usize, code: Option<u16>) {
        self.sockets[socket].open = false;
        self.sockets[socket].closed = Some(code);
    }

    /// Whether a token is the holder's own. Who guesses short ones is soon told nothing.
    fn accepts(&mut self, holder: usize, token: &str, network: &'static str) -> bool {
        let now = self.now;
        let Socket { token: own, id, home, .. } = &self.sockets[holder];
        let right = own == token;
        if token.len() >= LASTING_TOKEN_CHARS || network.is_empty() {
            return right;
        }
        self.guesses.retain(|guesses| now - guesses.since < GUESSES_PERIOD_MS);
        if let Some(guesses) = self.guesses.iter_mut().find(|guesses| guesses.id == *id && guesses.network == network) {
            let right = right && guesses.wrong < MAX_GUESSES;
            guesses.wrong += u32::from(!right);
            return right;
        }
        if !right && !self.evicting {
            self.guesses.push(Guesses { network, id: id.clone(), home: *home, wrong: 1, since: now });
        }
        right
    }

    pub fn open(&mut self, id: &str, token: &str, roster: bool, network: &'static str) {
        let home = self.spread.home_of(id);
        let new = self.sockets.len();
        let text = |text: &str| text.to_owned();
        let (open, closed, inbox) = (false, None, Vec::new());
        self.sockets.push(Socket {
            id: text(id),
            token: text(token),
            roster,
            home,
            open,
            closed,
            minted: None,
            network,
            since: (self.now, false),
            budget: Budget::default(),
            noted: Budget::default(),
            heard: self.now,
            told: Vec::new(),
            inbox,
        });
        let holder = self.holder(id);
        let here = self.sockets.iter().filter(|socket| socket.open).count();
        let kept_for_another = self.kept.iter().any(|kept| kept.id == id && kept.until > self.now && kept.token != token);
        let refused = match holder {
            Some(holder) => !self.accepts(holder, token, network),
            None => kept_for_another,
        };
        if refused {
            self.send(new, r#"{"type":"ID-TAKEN","payload":{"msg":"ID is taken"}}"#);
            return self.close(new, None);
        }
        if holder.is_none() && here >= self.concurrent_limit {
            self.refuse(new, "realm-full", "Server has reached its concurrent user limit");
            return self.close(new, None);
        }
        if holder.is_none() && roster && self.others(new).len() >= self.room_capacity {
            let capacity = self.room_capacity;
            let sentence = format!("This room is full ({capacity} devices): ask someone to leave, or start another room");
            self.refuse(new, "room-full", &sentence);
            return self.close(new, None);
        }
        if holder.is_none()
            && roster
            && !self.network_may(home, number(network), |shares, _, now| shares.joins.take(ROSTER_JOINS, 1, now))
        {
            let sentence = "Too many connections from your network in a short time: wait 60 seconds and try again";
            self.refuse(new, "too-many-joins", sentence);
            return self.close(new, None);
        }
        let was_in_roster = holder.is_some_and(|holder| self.sockets[holder].roster);
        if let Some(holder) = holder {
            self.sockets[new].since = self.sockets[holder].since;
            self.sockets[new].budget = self.sockets[holder].budget.clone();
            self.sockets[new].told = self.sockets[holder].told.clone();
            self.close(holder, Some(4001));
        }
        self.sockets[new].since.1 |= self.kept.iter().any(|kept| kept.id == id);
        self.sockets[new].open = true;
        self.remember(new);
        self.sockets[new].minted = (!self.evicting).then_some(self.now);
        self.kept.retain(|kept| kept.id != id);
        if roster {
            let peers: Vec<String> = self.others(new).into_iter().map(|other| stringify(&self.sockets[other].id)).collect();
            let (id, peers) = (stringify(id), peers.join(","));
            self.send(new, &format!(r#"{{"type":"OPEN","payload":{{"id":{id},"peers":[{peers}],"iceServers":[],"ttl":3600}}}}"#));
        } else {
            self.send(new, r#"{"type":"OPEN"}"#);
        }
        match (was_in_roster, roster) {
            (false, true) => self.tell_others(new, "JOIN"),
            (true, false) => self.tell_others(new, "LEAVE"),
            _ => {}
        }
        let dst = stringify(id);
        let (waiting, rest) = std::mem::take(&mut self.rows).into_iter().partition(|row| row.dst == dst);
        self.rows = rest;
        let waiting: Vec<Row> = waiting;
        waiting.into_iter().for_each(|row| self.send(new, &row.frame));
        self.slept();
    }

    /// What is attached to a socket.
    fn remember(&mut self, socket: usize) {
        self.sockets[socket].noted = self.sockets[socket].budget.clone();
    }

    /// Takes something from a network's allowance.
    fn network_may(&mut self, home: Home, network: NetworkNumber, take: impl FnOnce(&mut Shares, &Rates, u64) -> bool) -> bool {
        let (rates, now) = (self.rates, self.now);
        let networks = self.networks.entry(home).or_insert_with(|| Networks::new(rates));
        let theirs = *networks.rates();
        take(networks.of(network, now).unwrap(), &theirs, now)
    }

    /// After an event, where each ends in a sleep.
    fn slept(&mut self) {
        if self.evicting {
            self.forget();
        }
    }

    /// What a sleep leaves of allowances: what sockets remember.
    fn forget(&mut self) {
        self.guests.clear();
        self.given_up.clear();
        self.networks.clear();
        self.rows.iter_mut().for_each(|row| row.network = NetworkNumber::default());
        for at in 0..self.sockets.len() {
            self.sockets[at].budget = self.sockets[at].noted.clone().restored();
            let Socket { open, home, network, budget, .. } = &self.sockets[at];
            if *open {
                let networks = self.networks.entry(*home).or_insert_with(|| Networks::new(self.rates));
                networks.restore(number(network), budget, &self.rates);
            }
        }
    }

    /// A socket says something; what one says that holds no id is not heard.
    pub fn say(&mut self, from: usize, text: &str) {
        if self.sockets[from].open {
            self.hear(from, text);
            self.slept();
        }
    }

    fn hear(&mut self, from: usize, text: &str) {
        let (roster, now, rates) = (self.sockets[from].roster, self.now, self.rates);
        let limit = if roster { MAX_ROSTER_FRAME_BYTES } else { MAX_FRAME_BYTES };
        let Socket { budget, heard, .. } = &mut self.sockets[from];
        let frames = budget.frames.take(rates.frames, 1, now);
        let bytes = frames && text.len() <= limit && budget.sent.take(rates.sent, text.len() as u64, now);
        if budget.frames.should_save(rates.frames) | budget.sent.should_save(rates.sent) | (now > *heard) {
            *heard = now + 5_000;
            self.remember(from);
        }
        if !frames {
            self.refuse(from, "too-many-frames", "Too many frames in a short time: slow down and connect again");
            self.close(from, Some(1008));
            return self.gone(from, "LOST");
        }
        if text.len() > limit {
            let sentence =
                format!("That frame is too long: one may have at most {limit} bytes; send data through a data channel");
            self.refuse(from, "frame-too-long", &sentence);
            self.close(from, Some(1009));
            self.gone(from, "LOST");
            return;
        }
        if !bytes {
            let sentence = "Too many bytes in a short time: slow down and connect again; send data through a data channel";
            self.refuse(from, "too-many-bytes", sentence);
            self.close(from, Some(1008));
            return self.gone(from, "LOST");
        }
        match meaning(text) {
            Meaning::Nonsense => self.refuse(from, "not-a-message", "That frame is not a JSON object and was ignored"),
            Meaning::Nothing => {}
            Meaning::Leave => {
                self.close(from, Some(1000));
                self.gone(from, "LEAVE");
            }
            Meaning::Ice if !roster => {}
            Meaning::Ice if self.sockets[from].minted.is_some_and(|minted| self.now - minted < ICE_PAUSE_MS) => {
                let sentence = "ICE servers were asked for a moment ago: wait 10 seconds before asking again";
                self.refuse(from, "ice-too-soon", sentence);
            }
            Meaning::Ice => {
                self.sockets[from].minted = (!self.evicting).then_some(self.now);
                self.send(from, r#"{"type":"ICE","payload":{"iceServers":[],"ttl":3600}}"#);
            }
            Meaning::Signal { kind, dst, id, payload } => self.pass(from, kind, dst, id, payload, text.len() as u64),
        }
    }

    fn pass(&mut self, from: usize, kind: &str, dst: String, id: Option<String>, payload: Option<&str>, bytes: u64) {
        let now = self.now;
        let Socket { id: src, roster, home, budget, told, network, .. } = &mut self.sockets[from];
        let (src, roster, from_home, network) = (src.clone(), *roster, *home, number(network));
        if kind == "MESSAGE" && !roster {
            return;
        }
        let heavy = budget.is_heavy(bytes, now);
        let late = kind != "OFFER" && told.iter().any(|(absent, until)| *absent == dst && *until > now);
        let how = How { network, heavy, late };
        if !self.network_may(from_home, network, |shares, rates, now| shares.sent.take_share(rates.sent, bytes, heavy, now)) {
            return self.too_much(&src, &dst, how, from_home);
        }
        let holder = id.as_deref().and_then(|id| self.holder(id));
        let payload = payload.map_or_else(String::new, |payload| format!(r#","payload":{payload}"#));
        let frame = format!(r#"{{"type":"{kind}","src":{},"dst":{dst}{payload}}}"#, stringify(&src));
        // What can be no id is at home with whoever asks for it.
        let home = id.as_deref().map_or(from_home, |id| self.spread.home_of(id));
        if home != from_home {
            self.slept(); // two events, in two objects
        }
        if home != from_home && self.split {
            if kind == "OFFER" {
                self.expire(&dst, &src, from_home);
            }
        } else if let Some(holder) = holder {
            if kind == "MESSAGE" && !self.sockets[holder].roster {
                return;
            }
            self.deliver(holder, &src, &dst, &frame, how, home);
        } else if ["OFFER", "ANSWER", "CANDIDATE"].contains(&kind) {
            self.wait(kind, home, src, dst, frame, how);
        }
    }

    fn deliver(&mut self, to: usize, src: &str, dst: &str, frame: &str, how: How, home: Home) {
        let (rates, now, bytes) = (self.rates, self.now, frame.len() as u64);
        let Socket { budget, network, .. } = &mut self.sockets[to];
        let fits = budget.received.take_share(rates.received, bytes, how.heavy, now);
        let (due, network) = (budget.received.should_save(rates.received), number(network));
        if due {
            self.remember(to);
        }
        let take = |shares: &mut Shares, rates: &Rates, now| shares.received.take_share(rates.received, bytes, how.heavy, now);
        if fits && self.network_may(home, network, take) {
            self.send(to, frame);
        } else {
            self.too_much(src, dst, how, home);
        }
    }

    /// The sender learns that its frame is not passed on.
    fn too_much(&mut self, src: &str, dst: &str, how: How, home: Home) {
        match self.holder(src) {
            Some(sender) if self.sockets[sender].roster => {
                let sentence = "That is more than can be passed on at once: the frame was dropped; try again later";
                self.refuse(sender, "too-much-at-once", sentence);
            }
            _ if how.late => {}
            _ => self.expire(dst, src, home),
        }
    }

    fn wait(&mut self, kind: &str, home: Home, src: String, dst: String, frame: String, how: How) {
        let last = self.rows.iter().rev().find(|row| row.home == home && row.src == src && row.dst == dst);
        let followed = last.filter(|_| kind != "OFFER").map(|row| (row.attempt, row.due));
        let given_up = self.given_up.get(&home).into_iter().flatten();
        let late =
            kind != "OFFER" && given_up.into_iter().any(|(from, to, until)| (from, to) == (&src, &dst) && *until > self.now);
        if followed.is_none() && (how.late || late) {
            return;
        }
        if dst.len() > MAX_DESTINATION_BYTES {
            return self.expire(&dst, &src, home);
        }
        self.frames += 1;
        let (attempt, due) = followed.unwrap_or((self.frames, (self.now + self.window_ms).div_ceil(TICK_MS) * TICK_MS));
        let row = Row::new((home, attempt), due, how.network, [src, dst, frame]);
        if !self.may_store(home, &row.src, if followed.is_some() { 1 } else { ATTEMPT_COST }, how.network) {
            return self.fail(&row);
        }
        let mut failed = Vec::new();
        while let Some(victim) = gives_way(&self.rows, &row) {
            let victim = victim.filter(|_| failed.len() <= MAX_GIVEN_UP);
            let end = victim.is_none();
            let victim = victim.unwrap_or_else(|| row.clone());
            self.rows.retain(|row| !(row.home == home && row.attempt == victim.attempt));
            failed.push(victim);
            if end {
                failed.into_iter().for_each(|row| self.give_up(&row));
                return;
            }
        }
        self.rows.push(row);
        failed.into_iter().for_each(|row| self.give_up(&row));
    }

    fn give_up(&mut self, row: &Row) {
        if self.spread.home_of(&row.src) != row.home {
            let now = self.now;
            let known = self.given_up.entry(row.home).or_default();
            known.retain(|(src, dst, until)| (src, dst) != (&row.src, &row.dst) && *until > now);
            if known.len() >= MAX_ABSENTEES {
                known.remove(0);
            }
            known.push((row.src.clone(), row.dst.clone(), now + ABSENTEE_MEMORY_MS));
        }
        self.expire(&row.dst, &row.src, row.home);
    }

    fn may_store(&mut self, home: Home, src: &str, cost: u64, network: NetworkNumber) -> bool {
        let (rates, now) = (self.rates, self.now);
        let sender = self.holder(src).filter(|sender| self.sockets[*sender].home == home);
        let (taken, used) = match sender {
            Some(sender) => {
                let budget = &mut self.sockets[sender].budget;
                let (taken, used) = (budget.stored.take(rates.stored, cost, now), budget.stored.is_used(rates.stored));
                if budget.stored.should_save(rates.stored) {
                    self.remember(sender);
                }
                (taken, used)
            }
            None => {
                let bucket = self.guests.entry((home, src.to_owned())).or_default();
                (bucket.take(rates.stored, cost, now), bucket.is_used(rates.stored))
            }
        };
        taken && self.network_may(home, network, |shares, rates, now| shares.stored.take_share(rates.stored, cost, used, now))
    }

    fn fail(&mut self, last: &Row) {
        self.rows.retain(|row| !(row.home == last.home && row.attempt == last.attempt));
        self.give_up(last);
    }

    /// Tells whoever asked that nobody came.
    fn expire(&mut self, absent: &str, asker: &str, home: Home) {
        if let Some(holder) = self.holder(asker).filter(|_| !self.split || home == self.spread.home_of(asker)) {
            self.send(holder, &format!(r#"{{"type":"EXPIRE","src":{absent},"dst":{}}}"#, stringify(asker)));
            if absent.len() <= MAX_DESTINATION_BYTES {
                let now = self.now;
                let told = &mut self.sockets[holder].told;
                told.retain(|(other, until)| other != absent && *until > now);
                if told.len() >= MAX_ABSENTEES {
                    told.remove(0);
                }
                told.push((absent.to_owned(), now + ABSENTEE_MEMORY_MS));
                self.remember(holder);
            }
        }
    }

    /// What follows when a socket holds its id no more.
    fn gone(&mut self, socket: usize, kind: &str) {
        if self.sockets[socket].roster {
            self.tell_others(socket, kind);
        }
        let Socket { id, token, roster, home, network, since: (since, earned), .. } = &self.sockets[socket];
        let earned = *roster || *earned || self.now - since >= EARNED_AFTER_MS;
        let theirs = self.kept.iter().filter(|kept| kept.network == *network && kept.home == *home).count();
        let most = if *roster { self.room_capacity } else { MAX_RESERVED_PER_CLIENT };
        let keeps = token.len() >= LASTING_TOKEN_CHARS && earned && theirs < most;
        // Who says goodbye needs no id any more.
        if keeps && self.grace_ms > 0 && self.sockets[socket].closed != Some(Some(1000)) {
            let (home, id, token, network) = (*home, id.clone(), token.clone(), *network);
            self.kept.push(Kept { home, id, token, network, until: (self.now + self.grace_ms).div_ceil(TICK_MS) * TICK_MS });
        }
    }

    /// A socket ends from the client's side.
    pub fn end(&mut self, socket: usize, unloaded: bool) {
        if self.sockets[socket].open {
            self.close(socket, None);
            self.gone(socket, if unloaded { "LEAVE" } else { "LOST" });
        } else {
            self.sockets[socket].closed.get_or_insert(None);
        }
    }

    /// An object is gone, with its sockets and without a word. (What it has stored stays.)
    pub fn crash(&mut self, home: Home) {
        for socket in self.sockets.iter_mut().filter(|socket| socket.open && socket.home == home) {
            (socket.open, socket.closed) = (false, Some(None));
        }
        self.guesses.retain(|guesses| guesses.home != home);
        self.networks.remove(&home);
        self.guests.retain(|(at, _), _| *at != home);
        self.given_up.remove(&home);
        self.rows.iter_mut().filter(|row| row.home == home).for_each(|row| row.network = NetworkNumber::default());
    }

    /// Objects are thrown out of memory, and forget what need not be known.
    pub fn evict(&mut self) {
        self.sockets.iter_mut().for_each(|socket| socket.minted = None);
        self.guesses.clear();
        self.forget();
    }

    pub fn pass_time(&mut self, ms: u64) {
        let end = self.now + ms;
        loop {
            let waiting = self.rows.iter().map(|row| (row.due, row.home));
            let kept = self.kept.iter().map(|kept| (kept.until, kept.home));
            let Some((due, home)) = waiting.chain(kept).min().filter(|(due, _)| *due <= end) else {
                break;
            };
            self.now = self.now.max(due);
            let now = self.now;
            self.kept.retain(|kept| !(kept.home == home && kept.until <= now));
            let mut failed: Vec<Row> = self.rows.iter().filter(|row| row.home == home && row.due <= now).cloned().collect();
            self.rows.retain(|row| !(row.home == home && row.due <= now));
            failed.sort_by_key(|row| row.attempt);
            failed.dedup_by_key(|row| row.attempt);
            failed.into_iter().for_each(|row| self.expire(&row.dst, &row.src, home));
            self.slept();
        }
        self.now = end;
    }

    /// Whether anything waits for anybody.
    pub fn is_idle(&self) -> bool {
        self.rows.is_empty() && self.kept.is_empty()
    }
}

fn number(network: &str) -> NetworkNumber {
    NetworkNumber::of(network)
}
