//! What travels: requests and their answers, frames, tokens.

pub mod answer;
pub mod forwarding;
pub mod ice;
pub mod json;
pub mod jwt;
pub mod message;
pub mod outbound;
pub mod refusal;
pub mod route;
