//! However a proxy spells an address, it is the same network; and what is none is no way round a limit.
use beckon::client::parse;
use beckon::client::{limited_network, network_of, NetworkNumber};
use std::collections::BTreeSet;

#[test]
fn all_spellings_of_an_address_are_one_network() {
    for (network, spellings) in [
        (
            "203.0.113.5",
            &[
                "203.0.113.5",
                "203.0.113.5:4711",
                "203.0.113.5:0",
                " 203.0.113.5 ",
                "203.0.113.5\t",
                "::ffff:203.0.113.5",
                "::FFFF:203.0.113.5",
                "::ffff:cb00:7105",
                "0:0:0:0:0:ffff:203.0.113.5",
                "[::ffff:203.0.113.5]:443",
                "[::ffff:203.0.113.5]",
                "::ffff:203.0.113.5%eth0",
            ][..],
        ),
        (
            "2001:db8:0:0",
            &[
                "2001:db8::1",
                "2001:DB8::1",
                "2001:db8::ffff:1",
                "2001:0db8:0000:0000:0000:0000:0000:0001",
                "[2001:db8::1]",
                "[2001:db8::1]:443",
                "[2001:DB8::2]:65535",
                "2001:db8::203.0.113.5",
                "2001:db8::1%eth0",
                "[2001:db8::1%25eth0]:443",
                " 2001:db8::1",
            ][..],
        ),
        ("fe80:0:0:0", &["fe80::1", "fe80::1%eth0", "FE80::2%en1", "[fe80::3%eth0]:1"][..]),
    ] {
        for spelling in spellings {
            assert_eq!(network_of(spelling), network, "{spelling}");
            assert_eq!(limited_network(spelling).as_deref(), Some(network), "{spelling}");
            assert_eq!(NetworkNumber::of(spelling), NetworkNumber::of(spellings[0]), "{spelling}");
        }
    }
    let others =
        ["203.0.113.5", "203.0.113.6", "2001:db8:0:1::1", "2001:db9::1", "::203.0.113.5", "64:ff9b::203.0.113.5", "nonsense"];
    let networks: BTreeSet<String> = others.into_iter().map(network_of).collect();
    assert_eq!(networks.len(), others.len(), "{networks:?}");
}

#[test]
fn what_is_no_address_is_one_network_whatever_it_says() {
    for text in [
        "unknown",
        "_hidden",
        "_SEVKISEK",
        "unix:",
        "localhost",
        "for=192.0.2.1",
        "203.0.113.5:",
        "203.0.113.5:port",
        "203.0.113.5:65536",
        "203.0.113.5:+1",
        "203.0.113.5:1:2",
        "203.0.113.5/24",
        "203.0.113",
        "203.0.113.005",
        "0xcb.0.113.5",
        "3405803781",
        "203.0.113.5, 198.51.100.1",
        "203.0.113.5%eth0",
        "[203.0.113.5]",
        "[203.0.113.5]:1",
        "[2001:db8::1",
        "2001:db8::1]",
        "[2001:db8::1]443",
        "[2001:db8::1]:x",
        "[[2001:db8::1]]",
        "2001:db8::1::2",
        "2001:db8:::1",
        "g::1",
        "2001:db8::1/64",
        "٢٠٣.٠.١١٣.٥",
        " ",
        "%",
        "[]",
        ":",
    ] {
        assert_eq!(parse(text), None, "{text}");
        assert_eq!(network_of(text), "unknown", "{text}");
        assert_eq!(limited_network(text).as_deref(), Some("unknown"), "{text}");
        assert!(!NetworkNumber::of(text).is_none(), "{text}");
    }
    assert_eq!((network_of("").as_str(), limited_network("")), ("", None), "where nobody says who asks, nobody can be limited");
}
