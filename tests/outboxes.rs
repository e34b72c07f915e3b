//! Frames between homes: gathered, in order, bounded.
use beckon::limits::MAX_OUTBOX_BYTES;
use beckon::outbox::Outboxes;
use beckon::placement::Home;

#[test]
fn what_comes_while_one_parcel_is_under_way_leaves_together_in_order() {
    let mut outboxes = Outboxes::default();
    let put = |outboxes: &mut Outboxes, frame: &str| outboxes.put(Home(1), frame.to_owned()).unwrap();
    assert!(put(&mut outboxes, "a"), "somebody must send it");
    assert_eq!(outboxes.take(Home(2), false), None);
    assert_eq!(outboxes.take(Home(1), false), Some(vec!["a".to_owned()]));
    assert!(!put(&mut outboxes, "b"), "somebody is sending");
    assert!(!put(&mut outboxes, "c"));
    assert_eq!(outboxes.take(Home(1), false), None, "whoever sent the first parcel comes back");
    assert_eq!(outboxes.take(Home(1), true), Some(vec!["b".to_owned(), "c".to_owned()]));
    assert_eq!(outboxes.take(Home(1), true), None);
    assert!(put(&mut outboxes, "d"));
    assert_eq!(outboxes.take(Home(1), false), Some(vec!["d".to_owned()]));
}

#[test]
fn a_home_that_hangs_does_not_fill_the_memory() {
    let mut outboxes = Outboxes::default();
    let large = "x".repeat(MAX_OUTBOX_BYTES);
    assert_eq!(outboxes.put(Home(1), large.clone()), Ok(true));
    assert_eq!(outboxes.put(Home(1), "y".to_owned()), Err("y".to_owned()));
    assert_eq!(outboxes.put(Home(2), "y".to_owned()), Ok(true));
    assert_eq!(outboxes.take(Home(1), false), Some(vec![large]));
    assert_eq!(outboxes.put(Home(1), "y".to_owned()), Ok(false));
}
