//! The rates domain against published figures, the Commission's data, laws and refusals.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod charges;
mod commission;
mod domain;
mod exports;
mod figures;
mod golden;
mod golden_charges;
mod history;
mod instruments;
mod laws;
mod official;
mod packs;
mod people;
mod practice;
mod refusals;
mod roster_files;
mod schedules;
mod shifts;
mod start;
mod statutory;
mod support;
mod tables;
mod templates;
