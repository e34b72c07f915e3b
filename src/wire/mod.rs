//! What travels: requests and their answers, frames, tokens.

pub mod admin;
pub mod answer;
pub mod forwarding;
pub mod ice;
pub mod json;
pub mod jwt;
pub mod message;
pub mod outbound;
mod percent;
pub mod refusal;
pub mod route;
