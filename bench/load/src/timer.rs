//! Waits of a few microseconds: the runtime's own timer ticks in milliseconds.

use std::fs::File as StdFile;
use std::io;
use std::time::Duration;

use monoio::fs::File;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};

/// A kernel timer, read through the ring.
#[derive(Debug)]
pub(crate) struct Timer {
    /// Kept to be set; `file` is its duplicate.
    handle: StdFile,
    /// `None` on the epoll fallback, which cannot read it.
    file: Option<File>,
    buffer: Vec<u8>,
}

impl Timer {
    pub(crate) fn new() -> io::Result<Self> {
        let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC)?;
        let handle = StdFile::from(timer);
        let file = if monoio::utils::is_legacy() {
            None
        } else {
            Some(File::from_std(handle.try_clone()?)?)
        };
        Ok(Self { handle, file, buffer: Vec::with_capacity(8) })
    }

    /// Waits so many nanoseconds, at least one.
    pub(crate) async fn wait(&mut self, wait_ns: u64) {
        let Some(file) = &self.file else {
            return monoio::time::sleep(Duration::from_nanos(wait_ns)).await;
        };
        let wait = Duration::from_nanos(wait_ns.max(1));
        let zero = Timespec { tv_sec: 0, tv_nsec: 0 };
        let once = Itimerspec {
            it_interval: zero,
            it_value: wait.try_into().expect("waits are shorter than a run"),
        };
        timerfd_settime(&self.handle, TimerfdTimerFlags::empty(), &once)
            .expect("a timer of our own, set to a wait that is not zero");
        self.buffer.clear();
        let (_, buffer) = file.read_at(std::mem::take(&mut self.buffer), 0).await;
        self.buffer = buffer;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use monoio::{FusionDriver, RuntimeBuilder};

    use super::*;

    #[test]
    fn waits_are_not_cut_short() {
        let mut runtime = RuntimeBuilder::<FusionDriver>::new().enable_timer().build().unwrap();
        runtime.block_on(async {
            let mut timer = Timer::new().unwrap();
            for wait_us in [1, 50, 2_000] {
                let begun = Instant::now();
                timer.wait(wait_us * 1_000).await;
                assert!(Duration::from_micros(wait_us) <= begun.elapsed(), "{wait_us}");
            }
        });
    }
}
