//! The log on a faulty disk and on real files.

mod crashes;
mod damage;
mod engine;
mod real;
mod space;
