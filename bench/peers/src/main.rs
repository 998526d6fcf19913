//! Bare servers made of other people's crates, to hold ours against: `quoin bench --peer`.
//!
//! Nothing else of the project is built with this, and its dependencies stay here.

#![allow(clippy::print_stdout, reason = "it says where it listens")]

mod h3;
mod on_monoio;

use std::io;
use std::net::SocketAddr;

use clap::Parser;
use io_uring::IoUring;
use monoio::{FusionDriver, RuntimeBuilder};
use rustix::thread::{CpuSet, sched_setaffinity};

/// The appliance's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Operations that may be on their way into the kernel at once, as on the appliance's cores.
const ENTRIES: u32 = 1024;

/// Bare servers to hold ours against
#[derive(Debug, Parser)]
enum Flags {
    /// HTTP/3 by quinn and h3 on monoio: 200 and `ok` to every request
    H3 {
        /// UDP address; port 0 takes a free one
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
        listen: SocketAddr,
        /// The core that its one thread runs on: the one that the other server is pinned to
        #[arg(long, value_name = "CORE", default_value_t = 0)]
        core: usize,
    },
}

fn main() -> io::Result<()> {
    let Flags::H3 { listen, core } = Flags::parse();
    pin(core)?;
    // The same event loop as the appliance's cores have.
    let mut ring = IoUring::builder();
    ring.setup_coop_taskrun();
    let loops = RuntimeBuilder::<FusionDriver>::new().with_entries(ENTRIES).uring_builder(ring);
    loops.enable_timer().build()?.block_on(async {
        let (endpoint, _) = h3::bind(listen)?;
        let (address, pid) = (endpoint.local_addr()?, std::process::id());
        println!("h3 at https://{address} pid {pid} core {core}");
        h3::serve(endpoint).await;
        Ok(())
    })
}

fn pin(core: usize) -> io::Result<()> {
    let mut cores = CpuSet::new();
    if CpuSet::MAX_CPU <= core {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "--core: there is no such core"));
    }
    cores.set(core);
    Ok(sched_setaffinity(None, &cores)?)
}
