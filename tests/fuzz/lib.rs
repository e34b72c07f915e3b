//! What `cargo fuzz` runs: the targets, and the world that they need.

pub mod targets;

#[path = "../world/mod.rs"]
pub mod world;
