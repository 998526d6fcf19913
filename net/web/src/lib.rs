//! The HTTP/1.1 and HTTP/2 JSON door, plain or over TLS: hyper on monoio, routes generated from the
//! operations.
//!
//! [`Door::bind`] takes the port before any thread starts, [`Door::serve`] runs on each core's own
//! thread; the kernel spreads connections over the cores.
//!
//! What a caller can rely on:
//!
//! - request and reply bodies are `application/json`; an error is `application/problem+json`
//!   (RFC 9457) with `code` and `field` beside the registered members;
//! - every answer carries `X-Log-Position`; a request may demand `X-Log-Position-At-Least`;
//! - a command may carry `Idempotency-Key`, a quoted string of 1 to 64 bytes;
//! - `X-Request-Deadline` says after how many milliseconds the answer is worthless;
//! - `traceparent` ties what the request causes to the caller's trace;
//! - `/openapi.json` describes all of it, `/health/live` and `/health/ready` say how the box is.
//!
//! A body must be declared as JSON: that keeps pages of other origins in a browser on the same
//! machine from sending commands, since they cannot do so without asking first.
//!
//! Over TLS the handshake chooses between HTTP/2 and HTTP/1.1; without it a client that begins with
//! HTTP/2's preface is answered in kind.
//!
//! Bounds: connections per core, bytes and headers per request, requests of one connection at once,
//! seconds without a byte, for a handshake or a head, and for a body; streams reset by the client.

mod activity;
mod body;
mod clock;
mod connection;
mod door;
mod sieve;
mod stream;

pub use door::{Door, Options};
