//! The platform: what runs on Cloudflare alone.

mod admin;
mod bindings;
mod crypto;
mod digests;
mod door;
mod edge;
mod http;
mod join;
mod limiter;
mod log;
mod memory;
mod operate;
mod platform;
mod room;
mod socket;
mod store;
mod tasks;
mod turn_credentials;
