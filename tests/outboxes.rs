//! Frames between homes: gathered, in order, bounded.
use beckon::limits::MAX_OUTBOX_BYTES;
use beckon::outbox::{Inbox, Outboxes, Parcel};
use beckon::placement::Home;

fn frames(parcel: Option<Parcel>) -> Vec<String> {
    parcel.expect("a parcel").frames
}

#[test]
fn what_comes_while_one_parcel_is_under_way_leaves_together_in_order() {
    let mut outboxes = Outboxes::default();
    let put = |outboxes: &mut Outboxes, frame: &str| outboxes.put(Home(1), frame.to_owned()).unwrap();
    assert!(put(&mut outboxes, "a"), "somebody must send it");
    assert_eq!(outboxes.take(Home(2), false), None);
    assert_eq!(frames(outboxes.take(Home(1), false)), ["a".to_owned()]);
    assert!(!put(&mut outboxes, "b"), "somebody is sending");
    assert!(!put(&mut outboxes, "c"));
    assert_eq!(outboxes.take(Home(1), false), None, "whoever sent the first parcel comes back");
    assert_eq!(frames(outboxes.take(Home(1), true)), ["b".to_owned(), "c".to_owned()]);
    assert_eq!(outboxes.take(Home(1), true), None);
    assert!(put(&mut outboxes, "d"));
    assert_eq!(frames(outboxes.take(Home(1), false)), ["d".to_owned()]);
}

#[test]
fn a_parcel_that_comes_again_is_known_and_nobody_elses() {
    let mut outboxes = Outboxes::numbered_from(u32::MAX);
    let mut inbox = Inbox::default();
    let mut number = |home: u16| {
        outboxes.put(Home(home), "a".to_owned()).unwrap();
        outboxes.take(Home(home), false).unwrap().number
    };
    let [first, second] = [number(1), number(2)];
    assert_eq!(
        [(1, first), (1, first), (1, second), (1, second), (2, second), (2, first)]
            .map(|(from, number)| inbox.is_new(Home(from), number)),
        [true, false, true, false, true, true]
    );
}

#[test]
fn a_home_that_hangs_does_not_fill_the_memory() {
    let mut outboxes = Outboxes::default();
    let large = "x".repeat(MAX_OUTBOX_BYTES);
    assert_eq!(outboxes.put(Home(1), large.clone()), Ok(true));
    assert_eq!(outboxes.put(Home(1), "y".to_owned()), Err("y".to_owned()));
    assert_eq!(outboxes.put(Home(2), "y".to_owned()), Ok(true));
    assert_eq!(frames(outboxes.take(Home(1), false)), [large]);
    assert_eq!(outboxes.put(Home(1), "y".to_owned()), Ok(false));
}
