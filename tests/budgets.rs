//! What one socket may send, be sent and have stored, and how what many share is shared: nobody can spoil it for others.
use crate::world::{everywhere, expired, in_a_room, relayed, Peer, World, OPEN};

const KIB: usize = 1024;

fn payload(bytes: usize) -> String {
    format!("\"{}\"", "x".repeat(bytes))
}

/// How many frames of a kind somebody has been sent since the last look.
fn count(world: &mut World, peer: Peer, kind: &str) -> usize {
    world.frames(peer).iter().filter(|frame| frame.starts_with(&format!(r#"{{"type":"{kind}""#))).count()
}

#[test]
fn a_tunnel_is_told_and_cut_off() {
    everywhere(&[], |world| {
        let (ann, bob, carl) = (world.open("ann", "a"), world.open("bob", "b"), world.open("carl", "c"));
        let mut sent = 0;
        while world.closed(ann).is_none() {
            world.signal(ann, "OFFER", "bob", &payload(256 * KIB));
            world.pass(22); // 45 a second
            sent += 1;
        }
        assert_eq!((world.closed(ann), world.closed(bob)), (Some(Some(1008)), None));
        assert!((8..=9).contains(&sent), "{sent}");
        assert!(world.frames(ann).last().unwrap().contains("Too many bytes"));
        assert_eq!(count(world, bob, "OFFER"), sent - 1);
        world.signal(carl, "OFFER", "bob", "1");
        assert_eq!(world.frames(bob), [relayed("OFFER", "carl", "bob", "1")]);
    });
}

#[test]
fn thirty_media_offers_at_once_and_a_large_payload_now_and_then_go_unnoticed() {
    everywhere(&[], |world| {
        let (ann, bob) = (world.open("ann", "a"), world.open("bob", "b"));
        for _ in 0..3 {
            for _ in 0..30 {
                world.signal(ann, "OFFER", "bob", &payload(6_000));
                (0..10).for_each(|_| world.signal(ann, "CANDIDATE", "bob", &payload(300)));
            }
            assert_eq!((world.closed(ann), world.frames(ann).len()), (None, usize::from(world.now == 1_000_000)));
            world.pass(60_000);
            world.beat(bob);
        }
        for _ in 0..200 {
            world.signal(ann, "OFFER", "bob", &payload(256 * KIB));
            world.pass(5_000);
            world.beat(bob);
        }
        assert_eq!((world.closed(ann), world.frames(ann).len(), world.frames(bob).len()), (None, 0, 1 + 3 * 330 + 200));
    });
}

#[test]
fn a_class_of_forty_behind_one_address_notices_nothing() {
    everywhere(&[], |world| {
        world.address = "192.0.2.1";
        let class: Vec<Peer> = (0..40).map(|number| world.open(&format!("pupil{number}"), "t")).collect();
        // Each opens thirty connections, and then they all dial a teacher who is loading the page again.
        for (number, pupil) in class.iter().enumerate() {
            for other in 0..30 {
                let dst = format!("pupil{}", (number + other + 1) % 40);
                world.signal(*pupil, "OFFER", &dst, &payload(6_000));
                (0..10).for_each(|_| world.signal(*pupil, "CANDIDATE", &dst, &payload(300)));
            }
            world.signal(*pupil, "OFFER", "teacher", &payload(1_000));
            (0..10).for_each(|_| world.signal(*pupil, "CANDIDATE", "teacher", &payload(150)));
        }
        for pupil in &class {
            assert_eq!((world.frames(*pupil).len(), world.closed(*pupil)), (1 + 330, None));
        }
        let teacher = world.open("teacher", "t");
        assert_eq!(world.frames(teacher).len(), 1 + 440);
        assert_eq!(world.counts.get("too-much-at-once"), None);
    });
}

#[test]
fn an_eviction_gives_back_half_a_bucket_of_bytes_at_most() {
    let mut world = World::new(&[], "peerjs", false);
    let (ann, _bob) = (world.open("ann", "a"), world.open("bob", "b"));
    let mut sent = 0;
    while world.closed(ann).is_none() {
        world.say(ann, &payload(100 * KIB));
        sent += 100;
        world.evict(false);
    }
    assert!((2_000..=3_100).contains(&sent), "{sent} KiB");
    // And another socket of the same peer gives nothing back.
    let mut sent = 0;
    let mut ann = world.open("ann", "a");
    while world.closed(ann).is_none() && sent < 10_000 {
        world.say(ann, &payload(100 * KIB));
        sent += 100;
        if sent % 500 == 0 {
            ann = world.open("ann", "a");
        }
    }
    assert!(sent <= 2_200, "{sent} KiB");
}

#[test]
fn zero_is_no_limit() {
    let mut world = World::new(&[("BYTES_PER_SECOND", "0"), ("FRAMES_PER_SECOND", "0")], "peerjs", false);
    let (ann, bob) = (world.open("ann", "a"), world.open("bob", "b"));
    (0..200).for_each(|_| world.signal(ann, "OFFER", "bob", &payload(256 * KIB)));
    assert_eq!((world.closed(ann), world.frames(bob).len()), (None, 201));
}

#[test]
fn a_deaf_receiver_is_sent_so_much_and_no_more_and_its_senders_are_told_and_stay() {
    everywhere(&[], |world| {
        let deaf = world.open("deaf", "d");
        let senders: Vec<Peer> = (0..8).map(|number| world.open(&format!("sender{number}"), "t")).collect();
        let mut bytes = 0;
        for _ in 0..10 {
            for sender in &senders {
                world.signal(*sender, "OFFER", "deaf", &payload(150 * KIB));
            }
            world.pass(1_000);
            bytes += world.frames(deaf).iter().map(String::len).sum::<usize>();
        }
        assert!((2 * KIB * KIB..6 * KIB * KIB).contains(&bytes), "{bytes} bytes, of 12 MB");
        for (number, sender) in senders.iter().enumerate() {
            assert_eq!(world.closed(*sender), None);
            assert!(world.frames(*sender).contains(&expired("deaf", &format!("sender{number}"))));
        }
        // Who sends little still reaches it.
        let ann = world.open("ann", "a");
        world.signal(ann, "OFFER", "deaf", &payload(6_000));
        world.signal(ann, "CANDIDATE", "deaf", "1");
        assert_eq!((world.frames(deaf).len(), world.frames(ann)), (2, vec![OPEN.to_owned()]));
    });
}

/// What a receiver is sent in so many seconds by eight who send it 1.2 MB a second in all, in bytes; the times it beats are said.
fn sent_to_one(world: &mut World, deaf: Peer, senders: &[Peer], seconds: u64, beats: bool) -> usize {
    let mut bytes = 0;
    for second in 0..seconds {
        for sender in senders {
            world.signal(*sender, "CANDIDATE", "deaf", &payload(40 * KIB));
        }
        world.pass(1_000);
        if beats && second % 20 == 0 {
            world.beat(deaf);
        }
        bytes += world.frames(deaf).iter().map(String::len).sum::<usize>();
    }
    bytes
}

#[test]
fn who_gives_no_sign_of_life_is_sent_no_more_however_long_it_lasts() {
    everywhere(&[], |world| {
        let deaf = world.open("deaf", "d");
        let senders: Vec<Peer> = (0..8).map(|number| world.open(&format!("sender{number}"), "t")).collect();
        // For 45 s it may be a slow one, and then it has what it had left.
        let first = sent_to_one(world, deaf, &senders, 60, false);
        assert!((6 << 20..11 << 20).contains(&first), "{first} bytes");
        let then = sent_to_one(world, deaf, &senders, 600, false);
        assert!(then <= 1 << 20, "{then} more bytes in ten minutes");
        assert!(count(world, senders[0], "EXPIRE") > 0, "who sends is told");
        assert_eq!(world.closed(senders[0]), None);
        // Who only beats, as a page does that nobody talks in, is sent what it may be.
        world.beat(deaf);
        let beating = sent_to_one(world, deaf, &senders, 120, true);
        assert!(beating > 12 << 20, "{beating} bytes in two minutes");
    });
}

#[test]
fn what_comes_in_drops_adds_up_for_who_gives_no_sign_of_life() {
    everywhere(&[], |world| {
        let deaf = world.open("deaf", "d");
        let sender = world.open("sender", "t");
        let mut bytes = 0;
        for _ in 0..1_200 {
            world.signal(sender, "CANDIDATE", "deaf", &payload(50 * KIB));
            world.pass(1_000);
            bytes += world.frames(deaf).iter().map(String::len).sum::<usize>();
        }
        assert!(bytes < 10 << 20, "{bytes} bytes in twenty minutes");
    });
}

#[test]
fn one_attempt_that_is_too_much_for_its_receiver_fails_once() {
    everywhere(&[], |world| {
        let deaf = world.open("deaf", "d");
        for number in 0..4 {
            let sender = world.open(&format!("sender{number}"), "t");
            (0..7).for_each(|_| world.signal(sender, "OFFER", "deaf", &payload(256 * KIB)));
        }
        let late = world.open("late", "t");
        world.signal(late, "OFFER", "deaf", &payload(270 * KIB));
        world.frames(deaf);
        (0..10).for_each(|_| world.signal(late, "CANDIDATE", "deaf", &payload(200 * KIB / 10)));
        assert_eq!(count(world, late, "EXPIRE"), 1);
    });
}

#[test]
fn a_member_of_a_room_is_told_by_a_name() {
    in_a_room(&[], |world| {
        let _deaf = world.enter("deaf", "d");
        let senders: Vec<Peer> = (0..4).map(|number| world.enter(&format!("sender{number}"), "t")).collect();
        for _ in 0..30 {
            senders.iter().for_each(|sender| world.signal(*sender, "MESSAGE", "deaf", &payload(60 * KIB)));
        }
        for sender in senders {
            let frames = world.frames(sender);
            assert!(frames.iter().any(|frame| frame.contains(r#""code":"too-much-at-once""#)));
            assert!(!frames.iter().any(|frame| frame.contains("EXPIRE")), "nobody is gone");
            assert_eq!(world.closed(sender), None);
        }
    });
}

#[test]
fn many_sockets_of_one_address_share_what_it_may() {
    for homes in ["1", "8"] {
        for evicting in [false, true] {
            let mut world = World::new(&[("PUBLIC_HOMES", homes)], "peerjs", evicting);
            world.address = "192.0.2.1";
            let mut bytes = 0;
            // Sixty sockets, each within what one may, and each to somebody of its own.
            for number in 0..60 {
                let (from, to) = (world.open(&format!("from{number}"), "t"), world.open(&format!("to{number}"), "t"));
                (0..7).for_each(|_| world.signal(from, "OFFER", &format!("to{number}"), &payload(256 * KIB)));
                assert_eq!(world.closed(from), None);
                bytes += world.frames(to).iter().map(String::len).sum::<usize>();
            }
            // In each of eight objects it has its share.
            let most = if homes == "1" { 32 << 20 } else { 110 << 20 };
            assert!(bytes <= most && bytes > 16 << 20, "{homes}: {bytes}");
            world.address = "192.0.2.2";
            let (ann, bob) = (world.open("ann", "a"), world.open("bob", "b"));
            world.signal(ann, "OFFER", "bob", &payload(256 * KIB));
            assert_eq!((world.frames(bob).len(), world.frames(ann).len()), (2, 1), "another address");
            world.address = "192.0.2.1";
            let pupil = world.open("pupil", "p");
            world.signal(pupil, "OFFER", "bob", &payload(6_000));
            assert_eq!((world.frames(bob).len(), world.frames(pupil).len()), (1, 1), "one of them who sends little");
        }
    }
}

#[test]
fn a_sleep_forgets_nothing_that_a_network_has_used() {
    let mut world = World::new(&[], "peerjs", false);
    world.address = "192.0.2.1";
    let bob = world.open("bob", "b");
    let mut passed = 0;
    for number in 0..60 {
        let from = world.open(&format!("from{number}"), "t");
        world.signal(from, "OFFER", &format!("to{number}"), "1");
        let to = world.open(&format!("to{number}"), "t");
        (0..7).for_each(|_| world.signal(from, "OFFER", &format!("to{number}"), &payload(256 * KIB)));
        passed += world.frames(to).iter().filter(|frame| frame.len() > 256 * KIB).count(); // and not the first, which waited
        world.evict(false);
    }
    // A socket remembers four of seven, which are half a bucket; of who sends a lot a network may 24 MiB, which are 96, and so it passes 168.
    assert!((96..=168).contains(&passed), "{passed} of 420, 256 KiB each");
    assert_eq!(world.closed(bob), None);
}

#[test]
fn offers_to_nobody_cost_few_rows_and_few_alarms() {
    everywhere(&[], |world| {
        let ann = world.open("ann", "a");
        for number in 0..490 {
            world.signal(ann, "OFFER", &format!("nobody{number}"), "1");
            world.pass(20);
        }
        world.pass(10_000);
        let homes = world.homes();
        assert!(world.writes <= 100 * homes, "{} rows", world.writes);
        assert!(world.alarms <= 60 * homes, "{} alarms", world.alarms);
        assert_eq!((world.closed(ann), world.rows(), count(world, ann, "EXPIRE")), (None, 0, 490), "each is told once");
    });
}

#[test]
fn what_may_be_stored_is_remembered_in_a_sleep() {
    let mut world = World::new(&[], "peerjs", false);
    let ann = world.open("ann", "a");
    for number in 0..490 {
        world.signal(ann, "OFFER", &format!("nobody{number}"), "1");
        world.evict(false);
    }
    assert!(world.writes <= 120, "{} rows", world.writes);
}

#[test]
fn many_sockets_of_one_address_share_what_is_stored() {
    let mut world = World::new(&[], "peerjs", false);
    world.address = "192.0.2.1";
    for number in 0..40 {
        let peer = world.open(&format!("peer{number}"), "t");
        (0..80).for_each(|nobody| world.signal(peer, "OFFER", &format!("nobody{nobody}"), "1"));
    }
    // 3,200 attempts; each of the last finds that its address has little left.
    assert!(world.writes <= 16 * 80, "{} rows", world.writes);
    world.address = "192.0.2.2";
    let ann = world.open("ann", "a");
    world.signal(ann, "OFFER", "bob", "1");
    assert_eq!(world.frames(ann), [OPEN]);
}

#[test]
fn a_student_reaches_a_teacher_who_is_absent_however_much_junk_waits() {
    everywhere(&[], |world| {
        let eve = world.open("eve", "e");
        (0..4).for_each(|number| world.signal(eve, "OFFER", "teacher", &payload(256 * KIB - 200 + number)));
        let student = world.open("student", "s");
        world.signal(student, "OFFER", "teacher", &payload(6_000));
        (0..10).for_each(|_| world.signal(student, "CANDIDATE", "teacher", &payload(300)));
        assert_eq!(world.frames(student), [OPEN]);
        assert_eq!(count(world, eve, "EXPIRE"), 1, "one of hers gives way");
        let teacher = world.open("teacher", "t");
        let heard = world.frames(teacher);
        assert_eq!(heard.iter().filter(|frame| frame.contains(r#""src":"student""#)).count(), 11);
        assert_eq!(heard.iter().filter(|frame| frame.contains(r#""src":"eve""#)).count(), 3);
        world.pass(60_000);
        assert_eq!((world.frames(eve), world.frames(student)), (vec![], vec![]));
    });
}

#[test]
fn so_do_many_whose_frames_are_many() {
    everywhere(&[], |world| {
        // 520 candidates of one sender fill the teacher's queue in rows.
        let eve = world.open("eve", "e");
        (0..512).for_each(|_| world.signal(eve, "CANDIDATE", "teacher", "1"));
        let class: Vec<Peer> = (0..40).map(|number| world.open(&format!("pupil{number}"), "t")).collect();
        for pupil in &class {
            world.signal(*pupil, "OFFER", "teacher", "1");
            (0..10).for_each(|_| world.signal(*pupil, "CANDIDATE", "teacher", "1"));
        }
        let teacher = world.open("teacher", "t");
        assert_eq!(world.frames(teacher).iter().filter(|frame| frame.contains("pupil")).count(), 440);
        assert_eq!(count(world, eve, "EXPIRE"), 1);
    });
}

#[test]
fn three_who_fill_the_queue_cost_late_joiners_nothing() {
    everywhere(&[], |world| {
        let attackers: Vec<Peer> = (0..3).map(|number| world.open(&format!("eve{number}"), "e")).collect();
        let pupils: Vec<Peer> = (0..40).map(|number| world.open(&format!("pupil{number}"), "t")).collect();
        let mut number = 0;
        for (pupil, socket) in pupils.iter().enumerate() {
            for eve in &attackers {
                (0..5).for_each(|_| {
                    number += 1;
                    world.signal(*eve, "OFFER", &format!("nobody{number}"), &payload(20_000));
                });
            }
            world.signal(*socket, "OFFER", &format!("late{pupil}"), &payload(6_000));
            world.pass(50);
        }
        for pupil in 0..40 {
            let late = world.open(&format!("late{pupil}"), "t");
            assert_eq!(world.frames(late).len(), 2, "late{pupil}");
        }
    });
}

#[test]
fn the_network_that_has_the_most_gives_way_first_and_a_lone_heavy_frame_does_not_push_out_light_ones() {
    let mut world = World::new(&[("FRAMES_PER_SECOND", "0"), ("BYTES_PER_SECOND", "0")], "peerjs", false);
    // A hundred sockets of one address, each with as little as a student has.
    world.address = "198.51.100.66";
    let sybils: Vec<Peer> = (0..200).map(|number| world.open(&format!("sybil{number}"), "t")).collect();
    sybils.iter().for_each(|sybil| world.signal(*sybil, "OFFER", "teacher", &payload(6_000)));
    world.address = "192.0.2.1";
    let student = world.open("student", "s");
    world.signal(student, "OFFER", "teacher", &payload(9_000));
    let heavy = world.open("heavy", "h");
    world.signal(heavy, "OFFER", "teacher", &payload(250 * KIB));
    assert_eq!((world.frames(student), count(&mut world, heavy, "EXPIRE")), (vec![OPEN.to_owned()], 1));
    let teacher = world.open("teacher", "t");
    assert_eq!(world.frames(teacher).iter().filter(|frame| frame.contains("student")).count(), 1);
}

#[test]
fn who_comes_and_goes_too_often_is_not_let_into_a_room_for_a_while() {
    in_a_room(&[("FRAMES_PER_SECOND", "0")], |world| {
        world.address = "192.0.2.1";
        let ann = world.enter("ann", "a");
        let mut refused = 0;
        for number in 0..1_500 {
            let eve = world.enter(&format!("eve{number}"), "e");
            refused += count(world, eve, "ERROR");
            world.close(eve);
            world.pass(3);
        }
        if world.is_evicting() {
            return; // as no object is that has so much to do
        }
        assert!(refused > 1_300, "{refused}");
        assert!(world.frames(ann).len() < 300);
        world.address = "192.0.2.2";
        let bob = world.enter("bob", "b");
        assert_eq!(count(world, bob, "OPEN"), 1, "another address");
        world.address = "192.0.2.1";
        let ann = world.enter("ann", "a");
        assert_eq!(count(world, ann, "OPEN"), 1, "who is in may come again");
    });
}
