//! Rate limits, exact per subject, and load shedding; pure: no clock, no I/O, no thread. The time
//! comes in with every call.
//!
//! # What a policy promises
//!
//! A rate policy of `quota` units per `window_us` with a `burst` admits a demand of cost `c` at time
//! `t` if and only if, for every earlier time `s`, what was admitted in `[s, t]` and this `c`
//! together are at most `burst + (t - s) * quota / window_us`. That is a token bucket, and it is
//! what the generic cell rate algorithm decides (ATM Forum, Traffic Management Specification 4.0,
//! section 4.4.3.2 and annex C; ITU-T I.371 annex A) with one stored time per subject. The
//! arithmetic is on integers in a tick of the policy's own, so a quota that does not divide its window
//! never drifts.
//!
//! # What is where
//!
//! - [`Limiter`]: the table of subjects of one core, and the check of several policies at once;
//! - [`Policy`], [`Demand`], [`Verdict`]: what goes in and what comes out;
//! - [`write_policies`], [`write_limit`], [`retry_after_s`]: the same as HTTP fields;
//! - [`Shedder`]: which class of work a saturated box still takes on.
//!
//! # Exact across cores
//!
//! A limiter belongs to one core and is exact there. Whoever owns several routes all checks of a
//! subject to one of them. Where the demands of one request belong to subjects of several cores, it
//! checks core by core and gives back with [`Limiter::refund`] what was admitted before a refusal.

mod field;
mod limiter;
mod policy;
mod rate;
mod shed;
mod table;
mod verdict;

pub use field::{retry_after_s, write_limit, write_policies};
pub use limiter::{DEMANDS_MAX, Demand, FULL_RETRY_US, Limiter, NOW_US_MAX};
pub use policy::{
    NAME_BYTES_MAX, POLICIES_MAX, Policy, PolicyError, TICKS_MAX, Unit, WINDOW_US_MAX,
};
pub use shed::{Admission, CLASSES, Class, ROUND_TAKEN_MIN, Round, ShedRules, Shedder};
pub use table::SUBJECTS_MAX;
pub use verdict::{Decision, Verdict};
