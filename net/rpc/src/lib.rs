//! The binary RPC door: `wire` over TCP, TLS and QUIC streams, one accept loop per core and port.
//!
//! [`Door::bind`] and [`Door::bind_tls`] take the ports before any thread starts, [`Door::serve`] runs
//! on each core's own thread. Every core listens on the shared port, over which the kernel spreads
//! connections, and on a port of its own, which the Welcome tells, so that a client can go straight to
//! the owner of its keys. [`Streams`] serves what the QUIC door hands over.
//!
//! The life of a connection is four small parts: `transport` makes bytes of whatever carries them,
//! `greeting` reads the Hello, `connection` reads requests and writes replies, `dispatch` turns one
//! into the other. A request that the core answers at once is answered in place, in the same turn and
//! the same write; one that has to wait leaves a note in `tickets` and its reply is written when the
//! completion comes.
//!
//! Whoever reaches the plain door is on this machine and trusted. With encryption a Hello has to show a
//! credential, and every request is looked at by `gateway::Reception`: who asks, whether it may, and
//! how much. So are those of the plain door from the moment on that anybody is limited.
//!
//! Bounds: connections per core, requests and batch items under way per connection, bytes of replies
//! not yet taken by the client; with encryption also the time for a handshake, for a request that has
//! begun and for a reply that is not taken.

mod connection;
mod dispatch;
mod door;
mod greeting;
mod tickets;
mod transport;

pub use door::{BindError, Door, Options, Streams};
