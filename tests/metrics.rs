//! What an operator is told of refusals: the first at once, then sums.
use beckon::realm::metrics::{Metrics, Sum};

#[test]
fn the_first_refusal_is_told_at_once_and_a_flood_once_a_second_and_once_a_minute() {
    let mut metrics = Metrics::default();
    let (mut points, mut lines, mut sum) = (Vec::new(), Vec::new(), Sum::default());
    // 130 s of a hundred refusals a second.
    for now in (1_000_000..1_130_000).step_by(10) {
        metrics.note("too-many-bytes", 1_000);
        for (what, Sum { times, bytes }) in metrics.points(now) {
            assert_eq!(what, "too-many-bytes");
            sum = Sum { times: sum.times + times, bytes: sum.bytes + bytes };
            points.push(now);
        }
        lines.extend(metrics.line(now).map(|line| (now, line)));
    }
    assert_eq!((points.first(), points.len()), (Some(&1_000_000), 130));
    assert_eq!(sum, Sum { times: 12_901, bytes: 12_901_000 }, "all but those of the last second");
    let of = |times: u32| format!(r#"{{"refused":{{"too-many-bytes":{{"times":{times},"bytes":{}}}}}}}"#, times * 1_000);
    assert_eq!(lines, [(1_000_000, of(1)), (1_060_000, of(6_000)), (1_120_000, of(6_000))]);
    assert_eq!((metrics.points(1_200_000).len(), metrics.line(1_200_000)), (1, Some(of(999))), "the rest, with the next event");
    assert_eq!((metrics.points(1_300_000).len(), metrics.line(1_300_000)), (0, None));
}

#[test]
fn codes_have_sums_of_their_own_and_rows_are_not_for_the_log() {
    let mut metrics = Metrics::default();
    metrics.note_rows(3);
    assert_eq!((metrics.line(5), metrics.points(5)), (None, vec![("row", Sum { times: 3, bytes: 0 })]));
    metrics.note("id-taken", 0);
    metrics.note("too-many-frames", 7);
    metrics.note_rows(1);
    let expected = vec![("id-taken", Sum { times: 1, bytes: 0 }), ("too-many-frames", Sum { times: 1, bytes: 7 })];
    assert_eq!(metrics.points(6), expected, "of rows the next second's");
    let line = r#"{"refused":{"id-taken":{"times":1,"bytes":0},"too-many-frames":{"times":1,"bytes":7}}}"#;
    assert_eq!(metrics.line(6).as_deref(), Some(line));
    assert_eq!(metrics.points(1_005), [("row", Sum { times: 1, bytes: 0 })]);
    // A clock that jumps back tells later, and nothing is lost.
    metrics.note("id-taken", 0);
    assert_eq!((metrics.points(3).len(), metrics.line(3)), (0, None));
    metrics.note("id-taken", 0);
    assert_eq!(metrics.points(70_000), [("id-taken", Sum { times: 2, bytes: 0 })]);
    assert_eq!(metrics.line(70_000).as_deref(), Some(r#"{"refused":{"id-taken":{"times":2,"bytes":0}}}"#));
}
