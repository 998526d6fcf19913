//! The log on a faulty disk and on real files.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod crashes;
mod damage;
mod engine;
mod real;
mod space;
