//! The Rust client of the binary RPC door.
//!
//! Two faces over one [`Session`], which is the protocol without I/O:
//!
//! - [`Client`] blocks, is shared by any number of threads, reconnects, and opens a connection of
//!   its own to each core, so that a call with a slot reaches the owner of its key without a hop;
//! - [`local::Client`] is async on one monoio thread, for load generators and callers inside a box.
//!
//! ```no_run
//! use client::{Call, Client, Options};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::connect("127.0.0.1:9000", Options::default())?;
//! let pending = client.submit(&Call::query(wire::operation(5, 1), b"payload"))?;
//! let reply = pending.wait()?;
//! assert!(reply.problem()?.is_none());
//! # Ok(())
//! # }
//! ```
//!
//! # How it reaches the box
//!
//! [`Options::transport`] names TCP (the box's own machine only), TLS or QUIC; over the last two a box
//! wants a [`Credential`]. Calls and their replies are the same.
//!
//! # What happens to a call when its connection breaks
//!
//! A query, or a command with an idempotency key, is sent again on the next connection, until its
//! time limit. A command without a key that was already sent ends as [`CallError::Lost`]: it may or
//! may not have been done. A call that was not sent yet waits for the connection.

mod backoff;
mod blocking;
mod call;
mod error;
pub mod local;
mod options;
mod secured;
mod session;
mod window;

pub use blocking::{Client, Pending};
pub use call::{Call, Reply};
pub use error::{CallError, ConnectError, SessionError, SubmitError};
pub use options::{Credential, Options, Transport, Trust};
pub use session::{Arrival, Session};
pub use wire::{Problem, ProblemError, ReplyItem, ReplyItems, Slot, Status};
