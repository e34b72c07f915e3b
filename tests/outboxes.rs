//! Frames between homes: gathered, in order, bounded.
use beckon::limits::{MAX_OUTBOX_BYTES, SENT_AT_ONCE};
use beckon::realm::effect::Burst;
use beckon::realm::outbox::{Inbox, Outboxes, Parcel, Put};
use beckon::realm::placement::Home;

#[test]
fn of_a_burst_the_first_leave_at_once_and_the_next_millisecond_is_another() {
    let mut burst = Burst::default();
    for now in [0, 1, 7, 3] {
        let first: Vec<bool> = (0..2 * SENT_AT_ONCE).map(|_| burst.begins(now)).collect();
        assert_eq!(first.iter().filter(|first| **first).count(), SENT_AT_ONCE as usize, "at {now}");
        assert!(first.is_sorted_by(|before, after| before >= after));
    }
}

fn frames(parcel: Option<Parcel>) -> Vec<String> {
    parcel.expect("a parcel").frames
}

#[test]
fn what_comes_while_one_parcel_is_under_way_leaves_together_in_order() {
    let mut outboxes = Outboxes::default();
    let put = |outboxes: &mut Outboxes, frame: &str| outboxes.put(Home(1), frame.to_owned()) == Put::First;
    assert!(put(&mut outboxes, "a"), "somebody must send it");
    assert!(!put(&mut outboxes, "b"), "somebody has been told to");
    assert_eq!(outboxes.take(Home(2)), None);
    assert_eq!(frames(outboxes.take(Home(1))), ["a", "b"]);
    assert!(!put(&mut outboxes, "c"), "whoever sent the first parcel comes back");
    assert!(!put(&mut outboxes, "d"));
    assert_eq!(frames(outboxes.take(Home(1))), ["c", "d"]);
    assert_eq!(outboxes.take(Home(1)), None);
    assert!(put(&mut outboxes, "e"));
    assert_eq!(frames(outboxes.take(Home(1))), ["e"]);
}

#[test]
fn a_parcel_that_comes_again_is_known_and_nobody_elses() {
    let mut outboxes = Outboxes::numbered_from(u32::MAX);
    let mut inbox = Inbox::default();
    let mut number = |home: u16| {
        assert_eq!(outboxes.put(Home(home), "a".to_owned()), Put::First);
        outboxes.take(Home(home)).unwrap().number
    };
    let [first, second] = [number(1), number(2)];
    assert_eq!(
        [(1, first), (1, first), (1, second), (1, first), (2, second), (2, first)]
            .map(|(from, number)| inbox.is_new(Home(from), number)),
        [true, false, true, false, true, true]
    );
}

#[test]
fn a_home_that_hangs_does_not_fill_the_memory() {
    let mut outboxes = Outboxes::default();
    let large = "x".repeat(MAX_OUTBOX_BYTES);
    assert_eq!(outboxes.put(Home(1), large.clone()), Put::First);
    assert_eq!(outboxes.put(Home(1), "y".to_owned()), Put::Full("y".to_owned()));
    assert_eq!(outboxes.put(Home(2), "y".to_owned()), Put::First);
    assert_eq!(frames(outboxes.take(Home(1))), [large]);
    assert_eq!(outboxes.put(Home(1), "y".to_owned()), Put::Queued);
}
