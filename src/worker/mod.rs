//! The platform: what runs on Cloudflare alone.

mod crypto;
mod edge;
mod log;
mod memory;
mod platform;
mod room;
mod socket;
mod store;
mod tasks;
mod turn_credentials;
