//! The real binary through its doors, as a stranger sees it: bytes on the wire, files on the disk,
//! text on the terminal. Nothing of the box is linked in but what a client needs.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod commands;
mod damage;
mod doors;
mod floods;
mod frames;
mod heads;
mod json;
mod life;
mod limits;
mod packs;
mod quotes;
mod refusals;
mod support;
