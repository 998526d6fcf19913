//! What tests of boxes share: the real `quoin` binary as a child process, to be killed and restarted,
//! and a connection whose every byte the test decides.

pub mod http2;
mod link;
mod server;

pub use link::{Link, PATIENCE};
pub use server::{Server, binary, free_port, run};
