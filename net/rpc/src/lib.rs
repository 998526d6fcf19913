//! The binary RPC door: `wire` over TCP, one accept loop per core.
//!
//! [`Door::bind`] takes the ports before any thread starts, [`Door::serve`] runs on each core's own
//! thread. Every core listens on the shared port, over which the kernel spreads connections, and on
//! a port of its own, which the Welcome tells, so that a client can go straight to the owner of its
//! keys.
//!
//! The life of a connection is three small parts: `greeting` reads the Hello, `connection` reads
//! requests and writes replies, `dispatch` turns one into the other. A request that the core answers
//! at once is answered in place, in the same turn and the same write; one that has to wait leaves a
//! note in `tickets` and its reply is written when the completion comes.
//!
//! Bounds: connections per core, requests and batch items under way per connection, bytes of replies
//! not yet taken by the client.

mod connection;
mod dispatch;
mod door;
mod greeting;
mod tickets;

pub use door::{BindError, Door, Options};
