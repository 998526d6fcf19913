//! API keys, tokens and key sets, against the standards' own examples and against forgers.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod api_keys;
mod jwks;
mod standards;
mod tokens;
