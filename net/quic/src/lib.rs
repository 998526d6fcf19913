//! QUIC endpoints on the cores, and HTTP/3 over them.
//!
//! [`Door::bind`] takes the port before any thread starts, [`Door::serve`] runs on each core's own
//! thread. Every core has a socket of its own on the shared port; connection ids name the core, and
//! the kernel steers by them, so that a client which changes its address stays with its core
//! (`steering`). `quinn-proto` is driven directly: one loop per core receives a batch, hands it to
//! the connections, calls the service for requests that are complete, and sends what has become due
//! (`driver`). There is no lock and no task per stream on that way.
//!
//! `h3` is HTTP/3 without sockets (RFC 9114) with a QPACK that has no dynamic table (RFC 9204). An
//! answer is written in one piece: head, body, end of stream. A request is read to its end before
//! its stream is let go, or the client is asked to stop without an error.
//!
//! A second protocol can share the port: the TLS handshake decides, and each bidirectional stream of
//! such a connection goes to a task of its own (`pipe`, [`Door::serve_streams`]). [`Caller`] is its
//! client.
//!
//! Bounds: connections per core, requests per connection, bytes per head, body and connection, bytes
//! of unfinished requests per core, unfinished handshakes before addresses are checked.

mod caller;
mod client;
mod connection;
mod date;
mod dialed;
mod door;
mod driver;
mod figures;
mod h3;
mod lanes;
mod link;
mod padding;
mod pipe;
mod shop;
mod socket;
mod steering;

#[cfg(feature = "fuzzing")]
pub use h3::fuzzing;
#[cfg(feature = "measuring")]
pub use h3::measuring;

pub use caller::{Arrival, Caller, Calling};
pub use client::{Answer, Client, ClientError};
pub use door::{BindError, Door, Options, Secret};
pub use figures::Counts;
pub use link::{Datagram, Link};
pub use pipe::{Receiver, Sender, Stream};
pub use shop::Peer;
