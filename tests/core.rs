//! All tests of the core in one program: as one for each file they would be linked seventeen times, and each with a world of its own. `cargo test FILE`
//! runs those of one file. (A file that is not named here is found by tests/tree/no-test-is-forgotten.)
mod absent_peers;
mod addresses;
mod any_input;
mod bad_input;
mod budgets;
mod crowds_and_guesses;
mod ice_servers;
mod metrics;
mod names;
mod operators;
mod outboxes;
mod owners;
mod rosters;
mod routes;
mod seeds;
mod signalling;
mod signed_tokens;
mod silent_peers;
mod variables;
mod world;

#[path = "fuzz/targets/mod.rs"]
mod targets;
