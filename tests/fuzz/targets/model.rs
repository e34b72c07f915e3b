//! What everybody must hear, by a model that is simple because it never sleeps, stores nothing and searches lists: who holds
//! which id, and which attempts wait for whom.

use super::javascript::{meaning, stringify, Meaning};
use beckon::limits::{
    EARNED_AFTER_MS, FAILED_ATTEMPT_MEMORY_MS, GUESSES_PERIOD_MS, ICE_PAUSE_MS, LASTING_TOKEN_CHARS, MAX_DESTINATION_BYTES,
    MAX_FAILED_ATTEMPTS, MAX_FRAME_BYTES, MAX_GUESSES, MAX_RESERVED_PER_CLIENT, MAX_ROSTER_FRAME_BYTES, MAX_WAITING_BYTES,
    MAX_WAITING_BYTES_PER_PEER, MAX_WAITING_PER_PEER, MAX_WAITING_ROWS,
};
use beckon::placement::{Home, Spread};

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
    pub inbox: Vec<String>,
}

/// An offer to an absent peer and what followed it, or what is left of it.
struct Attempt {
    home: Home,
    src: String,
    dst: String,
    due: u64,
    /// Numbered, to be delivered in order.
    frames: Vec<(usize, String)>,
    failed: bool,
}

impl Attempt {
    fn bytes(&self, frame: &str) -> usize {
        64 + frame.len() + stringify(&self.src).len() + self.dst.len()
    }

    fn all_bytes(&self) -> usize {
        self.frames.iter().map(|(_, frame)| self.bytes(frame)).sum::<usize>() + if self.failed { self.bytes("") } else { 0 }
    }
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
    attempts: Vec<Attempt>,
    kept: Vec<Kept>,
    guesses: Vec<Guesses>,
    frames: usize,
}

impl Model {
    pub fn new(spread: Spread, now: u64) -> Self {
        Self {
            spread,
            now,
            window_ms: 5_000,
            grace_ms: 60_000,
            room_capacity: 16,
            concurrent_limit: 5_000,
            split: false,
            evicting: false,
            sockets: Vec::new(),
            attempts: Vec::new(),
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
        let was_in_roster = holder.is_some_and(|holder| self.sockets[holder].roster);
        if let Some(holder) = holder {
            self.sockets[new].since = self.sockets[holder].since;
            self.close(holder, Some(4001));
        }
        self.sockets[new].since.1 |= self.kept.iter().any(|kept| kept.id == id);
        self.sockets[new].open = true;
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
        let mut waiting: Vec<_> = self.attempts.iter().filter(|a| a.dst == dst).flat_map(|a| a.frames.clone()).collect();
        self.attempts.retain(|attempt| attempt.dst != dst);
        waiting.sort();
        waiting.into_iter().for_each(|(_, frame)| self.send(new, &frame));
    }

    /// A socket says something; what one says that holds no id is not heard.
    pub fn say(&mut self, from: usize, text: &str) {
        if !self.sockets[from].open {
            return;
        }
        let roster = self.sockets[from].roster;
        let limit = if roster { MAX_ROSTER_FRAME_BYTES } else { MAX_FRAME_BYTES };
        if text.len() > limit {
            let sentence =
                format!("That frame is too long: one may have at most {limit} bytes; send data through a data channel");
            self.refuse(from, "frame-too-long", &sentence);
            self.close(from, Some(1009));
            self.gone(from, "LOST");
            return;
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
            Meaning::Signal { kind, dst, id, payload } => self.pass(from, kind, dst, id, payload),
        }
    }

    fn pass(&mut self, from: usize, kind: &str, dst: String, id: Option<String>, payload: Option<&str>) {
        let Socket { id: src, roster, home, .. } = &self.sockets[from];
        let (src, roster, from_home) = (src.clone(), *roster, *home);
        let holder = id.as_deref().and_then(|id| self.holder(id));
        if kind == "MESSAGE" && !(roster && holder.is_some_and(|holder| self.sockets[holder].roster)) {
            return;
        }
        let payload = payload.map_or_else(String::new, |payload| format!(r#","payload":{payload}"#));
        let frame = format!(r#"{{"type":"{kind}","src":{},"dst":{dst}{payload}}}"#, stringify(&src));
        // What can be no id is at home with whoever asks for it.
        let home = id.as_deref().map_or(from_home, |id| self.spread.home_of(id));
        if home != from_home && self.split {
            if kind == "OFFER" {
                self.expire(&dst, &src, from_home);
            }
        } else if let Some(holder) = holder {
            self.send(holder, &frame);
        } else if ["OFFER", "ANSWER", "CANDIDATE"].contains(&kind) {
            self.wait(kind, home, src, dst, frame);
        }
    }

    fn wait(&mut self, kind: &str, home: Home, src: String, dst: String, frame: String) {
        let last = self.attempts.iter().rposition(|attempt| attempt.home == home && attempt.src == src && attempt.dst == dst);
        let at = last.filter(|_| kind != "OFFER");
        if at.is_some_and(|at| self.attempts[at].failed) {
            return;
        }
        if dst.len() > MAX_DESTINATION_BYTES {
            return self.expire(&dst, &src, home);
        }
        let at = at.unwrap_or_else(|| {
            let due = self.now + self.window_ms;
            self.attempts.push(Attempt { home, src, dst, due, frames: Vec::new(), failed: false });
            self.attempts.len() - 1
        });
        let dst = &self.attempts[at].dst;
        let here = || self.attempts.iter().filter(|attempt| attempt.home == home);
        let for_peer = || here().filter(|attempt| attempt.dst == *dst && !attempt.failed);
        let bytes = self.attempts[at].bytes(&frame);
        let fits = self.rows(home) < MAX_WAITING_ROWS
            && for_peer().map(|attempt| attempt.frames.len()).sum::<usize>() < MAX_WAITING_PER_PEER
            && for_peer().map(Attempt::all_bytes).sum::<usize>() + bytes <= MAX_WAITING_BYTES_PER_PEER
            && here().map(Attempt::all_bytes).sum::<usize>() + bytes <= MAX_WAITING_BYTES;
        self.frames += 1;
        self.attempts[at].frames.push((self.frames, frame));
        if !fits {
            self.fail(at);
        }
    }

    /// How many rows a home has: frames that wait, and marks.
    fn rows(&self, home: Home) -> usize {
        self.attempts
            .iter()
            .filter(|attempt| attempt.home == home)
            .map(|attempt| attempt.frames.len() + usize::from(attempt.failed))
            .sum()
    }

    fn fail(&mut self, at: usize) {
        self.attempts[at].frames.clear();
        let home = self.attempts[at].home;
        let marks = self.attempts.iter().filter(|attempt| attempt.home == home && attempt.failed).count();
        if marks >= MAX_FAILED_ATTEMPTS || self.rows(home) >= MAX_WAITING_ROWS {
            let Attempt { home, src, dst, .. } = self.attempts.remove(at);
            return self.expire(&dst, &src, home); // it is forgotten that it was told, and may be told again
        }
        let attempt = &mut self.attempts[at];
        attempt.failed = true;
        attempt.due = self.now + FAILED_ATTEMPT_MEMORY_MS;
        let (dst, src, home) = (attempt.dst.clone(), attempt.src.clone(), attempt.home);
        self.expire(&dst, &src, home);
    }

    /// Tells whoever asked that nobody came.
    fn expire(&mut self, absent: &str, asker: &str, home: Home) {
        if let Some(holder) = self.holder(asker).filter(|_| !self.split || home == self.spread.home_of(asker)) {
            self.send(holder, &format!(r#"{{"type":"EXPIRE","src":{absent},"dst":{}}}"#, stringify(asker)));
        }
    }

    /// What follows when a socket holds its id no more.
    fn gone(&mut self, socket: usize, kind: &str) {
        if self.sockets[socket].roster {
            self.tell_others(socket, kind);
        }
        let Socket { id, token, roster, home, network, since: (since, earned), .. } = &self.sockets[socket];
        let earned = *earned || self.now - since >= EARNED_AFTER_MS;
        let theirs = self.kept.iter().filter(|kept| kept.network == *network && kept.home == *home).count();
        let keeps = !roster && token.len() >= LASTING_TOKEN_CHARS && earned && theirs < MAX_RESERVED_PER_CLIENT;
        // Who says goodbye needs no id any more.
        if keeps && self.grace_ms > 0 && self.sockets[socket].closed != Some(Some(1000)) {
            let (home, id, token, network) = (*home, id.clone(), token.clone(), *network);
            self.kept.push(Kept { home, id, token, network, until: self.now + self.grace_ms });
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
    }

    /// Objects are thrown out of memory, and forget what need not be known.
    pub fn evict(&mut self) {
        self.sockets.iter_mut().for_each(|socket| socket.minted = None);
        self.guesses.clear();
    }

    pub fn pass_time(&mut self, ms: u64) {
        let end = self.now + ms;
        loop {
            let attempts = self.attempts.iter().map(|attempt| (attempt.due, attempt.home));
            let kept = self.kept.iter().map(|kept| (kept.until, kept.home));
            let Some((due, home)) = attempts.chain(kept).min().filter(|(due, _)| *due <= end) else {
                break;
            };
            self.now = self.now.max(due);
            let now = self.now;
            self.attempts.retain(|attempt| !(attempt.home == home && attempt.failed && attempt.due <= now));
            self.kept.retain(|kept| !(kept.home == home && kept.until <= now));
            let due = self.attempts.iter_mut().filter(|attempt| attempt.home == home && attempt.due <= now);
            due.for_each(|attempt| attempt.frames.clear());
            while let Some(at) = self.attempts.iter().position(|attempt| attempt.home == home && attempt.due <= now) {
                self.fail(at);
            }
        }
        self.now = end;
    }

    /// Whether anything waits for anybody.
    pub fn is_idle(&self) -> bool {
        self.attempts.is_empty() && self.kept.is_empty()
    }
}
