//! The seeds of the tests, from `seeds.txt`; `BECKON_SEED=<seed>` takes the place of all of them.

/// The seeds that have this name.
pub fn of(name: &str) -> Vec<u64> {
    if let Ok(seed) = std::env::var("BECKON_SEED") {
        return vec![seed.parse().unwrap_or_else(|_| panic!("BECKON_SEED={seed} is no whole number"))];
    }
    let lines = include_str!("seeds.txt").lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let seeds: Vec<u64> = lines.filter(|words| words[0] == name).map(|words| words[1].parse().unwrap()).collect();
    assert!(!seeds.is_empty(), "tests/seeds/seeds.txt has no line for {name}");
    seeds
}
