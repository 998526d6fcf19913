//! The event loop of a thread: a ring where the kernel allows one, else epoll.

use std::io;

use io_uring::IoUring;
use monoio::time::TimeDriver;
use monoio::{FusionDriver, FusionRuntime, IoUringDriver, LegacyDriver, RuntimeBuilder};

/// What runs on one thread.
pub type EventLoop = FusionRuntime<TimeDriver<IoUringDriver>, TimeDriver<LegacyDriver>>;

/// Operations that may be on their way into the kernel at once.
const ENTRIES: u32 = 1024;

/// Makes the calling thread's event loop.
///
/// Completions wait until the thread enters the kernel by itself. Without that, every byte that
/// comes for a running thread interrupts it, and the sender pays for the interrupt: on a virtual
/// machine more than for the rest of a small reply. A kernel before 5.19 does not know the wish and
/// gets a loop without it.
pub fn event_loop() -> io::Result<EventLoop> {
    let mut ring = IoUring::builder();
    ring.setup_coop_taskrun();
    let loops = || RuntimeBuilder::<FusionDriver>::new().with_entries(ENTRIES);
    loops().uring_builder(ring).enable_timer().build().or_else(|_| loops().enable_timer().build())
}
