//! What any input must leave true. Each target is a function of bytes: `cargo fuzz` finds them by coverage (tests/fuzz/),
//! `cargo test` takes them from a seeded generator (tests/any_input.rs), and both run the same code.
#![allow(dead_code, reason = "each crate that includes the targets uses a part of them")]

pub mod attachments;
pub mod choices;
pub mod frames;
pub mod javascript;
pub mod json;
pub mod model;
pub mod sequences;
mod shares;
pub mod tokens;
pub mod urls;
