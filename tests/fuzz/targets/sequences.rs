//! Lives of two to eight peers: they come and go, talk, fall silent and lie, while objects are thrown out of memory or crash,
//! homes lose each other, and, in half of the lives, clocks jump and alarms are late, doubled or lost.

use super::attachments::MAX_ATTACHMENT_BYTES;
use super::choices::Choices;
use super::frames::frame;
use super::javascript::Fields;
use super::model::Model;
use crate::world::{Peer, World};
use beckon::id::PeerId;
use beckon::limits::{MAX_WAITING_BYTES, MAX_WAITING_ROWS};
use beckon::realm::effect::Hooks;
use beckon::realm::placement::{Home, Spread};
use beckon::realm::Ending;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU16;

const IDS: [&str; 8] = ["ann", "bob", "ruth", "rob", "q\"\\\u{1}\u{7f}é😀", "absent", "eve", "x"];
/// Without limits, with the defaults, and with little.
const ALLOWANCES: [[(&str, &str); 2]; 4] = [
    [("FRAMES_PER_SECOND", "0"), ("BYTES_PER_SECOND", "0")],
    [("FRAMES_PER_SECOND", "0"), ("BYTES_PER_SECOND", "0")],
    [("FRAMES_PER_SECOND", "50"), ("BYTES_PER_SECOND", "65536")],
    [("FRAMES_PER_SECOND", "50"), ("BYTES_PER_SECOND", "4096")],
];
const NETWORKS: [&str; 3] = ["", "192.0.2.1", "2001:db8::1"];
const TOKENS: [&str; 3] = ["short", "a-token-that-nobody-can-guess", "another-one-that-nobody-can-guess"];

/// The bytes are the choices of a life.
pub fn sequences(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    match choices.below(2) {
        0 => exact(&mut choices),
        _ => wild(&mut choices, false),
    }
}

/// The bytes are the choices of a life with an operator who closes peers.
pub fn kicks(bytes: &[u8]) {
    wild(&mut Choices::new(bytes), true);
}

/// A world, its settings as the model has them, and how many peers live in it.
fn begin(choices: &mut Choices<'_>, capacity: usize) -> (World, usize, u16, bool) {
    let peers = 2 + choices.below(7);
    let room = choices.once_in(3);
    let homes = if room { 1 } else { choices.one_of(&[1, 1, 2, 8]) };
    let evicting = choices.once_in(2);
    let homes_var = homes.to_string();
    let mut vars = vec![("STUN_URLS", ""), ("PUBLIC_HOMES", &*homes_var)];
    vars.extend(choices.one_of(&ALLOWANCES));
    let limit = capacity.to_string();
    let limits = [("ROOM_CAPACITY", limit.as_str()), ("CONCURRENT_LIMIT", if homes == 1 { &limit } else { "5000" })];
    let world = World::new(&[&vars[..], &limits].concat(), if room { "a-room" } else { "peerjs" }, evicting);
    (world, peers, homes, room)
}

/// Everybody beats and alarms are on time: then each one hears exactly what the model says, after every step.
fn exact(choices: &mut Choices<'_>) {
    let capacity = choices.one_of(&[2, 4, 16]);
    let (mut world, peers, homes, room) = begin(choices, capacity);
    let mut model = Model::new(Spread { homes: NonZeroU16::new(homes).unwrap(), here: Home(0) }, world.now, world.rates());
    model.evicting = world.is_evicting();
    model.room_capacity = capacity;
    model.concurrent_limit = if homes == 1 { capacity } else { 5_000 };
    let mut story = Story::default();
    while !choices.is_empty() && story.0.len() < 200 {
        let from = choices.below(model.sockets.len().max(1));
        let step = choices.below(if model.sockets.is_empty() { 4 } else { 32 });
        story.0.push((step, from));
        match step {
            0..=5 => {
                let (id, token) = (choices.below(peers), choices.one_of(&TOKENS));
                let roster = room && !choices.once_in(5);
                let network = choices.one_of(&NETWORKS);
                (world.address, world.network) = (network, network);
                open(&mut world, IDS[id], token, roster);
                model.open(IDS[id], token, roster, network);
            }
            6..=17 => {
                let text = match choices.below(3) {
                    0 => frame(choices),
                    _ => signal(choices, peers, story.0.len()),
                };
                world.say(Peer(from), &text);
                model.say(from, &text);
                story.1 = text;
            }
            18 => {
                let payload = format!("\"{}\"", "x".repeat(choices.one_of(&[0, 0, 3_000, 60_000])));
                let (dst, count) = (IDS[choices.below(IDS.len())], choices.one_of(&[3, 30, 530]));
                let text = format!(
                    r#"{{"type":"{}","dst":{},"payload":{payload}}}"#,
                    choices.one_of(&["OFFER", "CANDIDATE"]),
                    quoted(dst)
                );
                for _ in 0..if payload.len() > 2 { count.min(30) } else { count } {
                    world.say(Peer(from), &text);
                    model.say(from, &text);
                }
            }
            19 | 20 => {
                world.end(Peer(from), if step == 19 { Ending::Lost } else { Ending::Unloaded });
                model.end(from, step == 20);
            }
            21..=26 => pass(&mut world, &mut model, choices.one_of(&[0, 1, 300, 2_500, 4_999, 5_000])),
            27 => (0..8).for_each(|_| pass(&mut world, &mut model, 4_500)),
            28 => {
                world.evict(model.evicting);
                model.evict();
            }
            29 => {
                let home = choices.below(usize::from(homes));
                world.crash(home);
                model.crash(Home(home as u16));
            }
            30 => {
                world.split = !world.split;
                model.split = world.split;
            }
            // The platform promises an alarm at least once.
            _ => world.alarm(choices.below(usize::from(homes))),
        }
        compare(&mut world, &mut model, &story);
    }
    world.split = false;
    model.split = false;
    (0..25).for_each(|_| pass(&mut world, &mut model, 4_000));
    compare(&mut world, &mut model, &story);
    assert!(model.is_idle() && world.rows() == 0, "{} rows are left: {story:?}", world.rows());
}

/// The steps so far, each with its socket, and what was said last.
#[derive(Debug, Default)]
struct Story(Vec<(usize, usize)>, String);

fn pass(world: &mut World, model: &mut Model, ms: u64) {
    (0..model.sockets.len()).filter(|peer| model.sockets[*peer].open).for_each(|peer| world.beat(Peer(peer)));
    world.pass(ms);
    model.pass_time(ms);
}

fn compare(world: &mut World, model: &mut Model, story: &Story) {
    for (number, socket) in model.sockets.iter_mut().enumerate() {
        let peer = Peer(number);
        let expected = std::mem::take(&mut socket.inbox);
        let got = world.frames(peer);
        assert_eq!(got, expected, "socket {number} ({}) hears this; the story is {story:?}", socket.id);
        assert_eq!(world.closed(peer), socket.closed, "socket {number} ({}): {story:?}", socket.id);
        assert_eq!(world.is_registered(peer), socket.open, "socket {number} ({}): {story:?}", socket.id);
    }
    bounded(world);
}

/// What one object has in storage and its sockets remember stays within what they may.
fn bounded(world: &World) {
    let (rows, bytes) = world.most_waiting();
    assert!(rows <= MAX_WAITING_ROWS && bytes <= MAX_WAITING_BYTES, "{rows} rows, {bytes} bytes wait");
    assert!(world.longest_attachment() <= MAX_ATTACHMENT_BYTES);
}

fn open(world: &mut World, id: &str, token: &str, roster: bool) -> Peer {
    let id: String = id.bytes().map(|byte| format!("%{byte:02x}")).collect();
    if roster {
        world.enter(&id, token)
    } else {
        world.open(&id, token)
    }
}

/// A frame for somebody, here or not.
fn signal(choices: &mut Choices<'_>, peers: usize, number: usize) -> String {
    let kind = choices.one_of(&["OFFER", "OFFER", "ANSWER", "CANDIDATE", "CANDIDATE", "LEAVE", "MESSAGE", "ICE"]);
    let dst = match choices.below(10) {
        0 => choices.one_of(&["5", "{\"a\":1}", "\"\\ud800\"", "null", "\"nobody\""]).to_owned(),
        _ => quoted(IDS[choices.below(peers)]),
    };
    format!(r#"{{"type":"{kind}","payload":{number},"dst":{dst}}}"#)
}

fn quoted(id: &str) -> String {
    super::javascript::stringify(id)
}

/// What a client of a wild life has said and heard.
#[derive(Default)]
struct Client {
    id: String,
    opened: bool,
    /// The last number heard from each sender.
    last: BTreeMap<String, usize>,
}

/// Something that was said.
struct Said {
    /// The socket.
    from: usize,
    kind: &'static str,
    src: String,
    dst: String,
    delivered: usize,
    /// Whether its sender was told that nobody is there.
    answered: bool,
}

/// Peers fall silent, clocks jump, alarms are late, doubled or lost. Then there is more than one right answer; these things hold
/// in all of them: an id is one socket's, frames reach whom they are for, from whom they say, once, in their order; nothing
/// grows for ever; who offered gets an answer; who was kicked stays out for its time.
fn wild(choices: &mut Choices<'_>, kicking: bool) {
    let (mut world, peers, homes, room) = begin(choices, 16);
    let mut clients: Vec<Client> = Vec::new();
    let mut said: Vec<Said> = Vec::new();
    let (mut jumped, mut split) = (0, false);
    // Whom the hooks were told of.
    let mut here: BTreeSet<String> = BTreeSet::new();
    world.hooks = if kicking { Hooks(3) } else { Hooks::default() };
    // Until when each id is kept out, as long as no clock jumps.
    let mut kicked: BTreeMap<&str, u64> = BTreeMap::new();
    // An id of another home is kept out there.
    let steps = if kicking && homes == 1 { 36 } else { 30 };
    for _ in 0..100 {
        if choices.is_empty() {
            break;
        }
        let from = choices.below(clients.len().max(1));
        match choices.below(if clients.is_empty() { 3 } else { steps }) {
            0..=5 => {
                let (id, token) = (IDS[choices.below(peers)], choices.one_of(&TOKENS));
                let peer = open(&mut world, id, token, room && !choices.once_in(5));
                let is_out = kicked.get(id).is_some_and(|until| *until > world.now);
                assert!(!is_out || !world.is_registered(peer), "{id} is back before its time");
                clients.push(Client { id: id.to_owned(), ..Client::default() });
            }
            6..=15 if world.is_registered(Peer(from)) => {
                let kind = choices.one_of(&["OFFER", "OFFER", "ANSWER", "CANDIDATE", "LEAVE", "MESSAGE"]);
                let (src, dst) = (clients[from].id.clone(), IDS[choices.below(peers)].to_owned());
                let text = format!(r#"{{"type":"{kind}","src":"eve","dst":{},"payload":{}}}"#, quoted(&dst), said.len());
                said.push(Said { from, kind, src, dst, delivered: 0, answered: false });
                world.say(Peer(from), &text);
            }
            6..=15 => world.say(Peer(from), r#"{"type":"OFFER","dst":"ann","payload":-1}"#),
            16 => {
                let text = frame(choices);
                // What names nobody here.
                if !IDS.iter().any(|id| text.contains(id)) && !text.contains('\\') {
                    world.say(Peer(from), &text);
                }
            }
            17 => world.end(Peer(from), choices.one_of(&[Ending::Lost, Ending::Unloaded])),
            18 => world.say(Peer(from), r#"{"type":"LEAVE"}"#),
            19 | 20 => world.beat(Peer(from)),
            21 | 22 => world.pass(choices.one_of(&[0, 1_000, 5_000, 11_000, 26_000, 100_000])),
            23 => world.late_ms = choices.one_of(&[0, 1, 3_000, 40_000]),
            24 => world.alarm(choices.below(usize::from(homes))),
            25 => world.lose_alarms(),
            26 => world.evict(choices.once_in(2)),
            27 => {
                world.crash(choices.below(usize::from(homes)));
                // Nobody sees it. What the Worker stores of who was here tells its hooks (src/worker/journal.js).
                here.retain(|id| (0..clients.len()).any(|peer| clients[peer].id == *id && world.is_registered(Peer(peer))));
            }
            28 => {
                world.split = !world.split;
                split = true;
            }
            29 => {
                let ms = choices.one_of(&[1, 7_000, 3_600_000]);
                jumped += ms;
                kicked.clear();
                world.now = if choices.once_in(2) { world.now.saturating_sub(ms) } else { world.now + ms };
            }
            _ => {
                let (id, ms) = (IDS[choices.below(peers)], choices.one_of(&[0, 3_000, 60_000]));
                let parsed = PeerId::parse(id).unwrap();
                world.act(|realm, context| realm.kick(&parsed, "enough", ms, context));
                if ms > 0 {
                    kicked.insert(id, world.now + ms);
                }
                let stays = (0..clients.len()).any(|peer| clients[peer].id == id && world.is_registered(Peer(peer)));
                assert!(!stays, "{id} is here after it was kicked");
            }
        }
        for told in world.told() {
            let (what, id) = told.split_once(' ').unwrap();
            match what {
                "Connect" => assert!(here.insert(id.to_owned()), "{id} came twice"),
                _ => assert!(here.remove(id.rsplit_once(' ').unwrap().0), "{id} went twice"),
            }
        }
        heard(&mut world, &mut clients, &mut said);
    }
    // All is well again, and time passes.
    (world.late_ms, world.split) = (0, false);
    (0..usize::from(homes)).for_each(|home| world.alarm(home));
    for _ in 0..40 {
        (0..clients.len()).for_each(|peer| world.beat(Peer(peer)));
        world.pass(5_000 + jumped / 20);
    }
    heard(&mut world, &mut clients, &mut said);
    assert_eq!(world.rows(), 0, "nothing is kept for ever");
    for word in said.iter().filter(|word| word.kind == "OFFER" && word.delivered == 0 && world.is_registered(Peer(word.from))) {
        // What a home that is out of reach would have said is lost.
        assert!(split || word.answered, "{} is not told that {} is not here", word.src, word.dst);
    }
}

fn heard(world: &mut World, clients: &mut [Client], said: &mut [Said]) {
    for (number, client) in clients.iter_mut().enumerate() {
        for frame in world.frames(Peer(number)) {
            let fields = Fields::read(&frame).unwrap_or_else(|| panic!("no frame: {frame}"));
            let text = |field: &str| fields.text(field).unwrap_or_default();
            let (kind, src) = (text("type"), text("src"));
            match kind.as_str() {
                "OPEN" => assert!(!std::mem::replace(&mut client.opened, true), "opened twice"),
                "EXPIRE" => {
                    let mut offers =
                        said.iter_mut().filter(|word| word.kind == "OFFER" && word.from == number && word.dst == src);
                    if let Some(first) = offers.find(|word| word.delivered == 0 && !word.answered) {
                        first.answered = true;
                    }
                }
                "ERROR" | "ID-TAKEN" | "JOIN" | "LOST" | "ICE" => {}
                "LEAVE" if fields.raw("dst").is_none() => {}
                _ => {
                    let at: usize = fields.raw("payload").unwrap().parse().unwrap();
                    let word = &mut said[at];
                    assert_eq!((&*kind, &src, &text("dst")), (word.kind, &word.src, &word.dst), "not what was said");
                    assert_eq!(word.dst, client.id, "heard by somebody else");
                    word.delivered += 1;
                    assert_eq!(word.delivered, 1, "heard twice");
                    let last = client.last.insert(src, at);
                    assert!(last.is_none_or(|last| last < at), "out of order");
                }
            }
            assert!(client.opened || ["ERROR", "ID-TAKEN"].contains(&&*kind), "{kind} before OPEN");
        }
    }
    let mut ids = BTreeSet::new();
    for (number, client) in clients.iter().enumerate() {
        if world.is_registered(Peer(number)) {
            assert!(ids.insert(&client.id), "{} is two sockets'", client.id);
            assert!(client.opened && world.closed(Peer(number)).is_none());
        }
    }
    bounded(world);
}
