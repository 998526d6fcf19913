//! The fairwork domain: files read, rows kept and mirrored, rates derived, bytes and refusals.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod answers;
mod commission;
mod domain;
mod files;
mod golden;
mod mirror;
mod rates;
mod refusals;
mod start;
mod workbook;
