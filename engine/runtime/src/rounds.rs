//! How long a core's loop takes to come around: to do all that has arrived, and to look again.
//!
//! Nothing tells when bytes came to a socket, and the loop's timers only run when nothing else is left
//! to do. So a core with work sends itself a byte through the kernel: it comes back with whatever else
//! arrived, at the loop's next look. Until then the round lasts. A core that has little to do does not
//! do it: then nothing waits. A step of the wall clock looks like one long round, and the next one
//! forgets it.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::task::{Poll, Waker};

use monoio::io::AsyncReadRent;

use crate::core::now_us;

/// A core that comes around sooner has nothing waiting for it; it is asked again after as long.
const SHORT_US: u64 = 1_000;

/// Where a core is in its rounds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// Rounds that were counted.
    pub number: u64,
    /// How long the last of them took, in microseconds.
    pub last_us: u64,
    /// How long this one has lasted, in microseconds: what is looked at now has waited as long, or
    /// has come meanwhile. 0 on a core that has little to do.
    pub lasted_us: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Rounds {
    number: Cell<u64>,
    last_us: Cell<u64>,
    /// When this round began; none is counted at 0.
    began_us: Cell<u64>,
    ended_us: Cell<u64>,
    waker: RefCell<Option<Waker>>,
}

impl Rounds {
    /// Where the core is, to whoever has work to do at `now_us`.
    #[inline]
    pub(crate) fn now(&self, now_us: u64) -> Round {
        let began_us = self.began_us.get();
        let mut lasted_us = 0;
        if began_us != 0 {
            lasted_us = now_us.saturating_sub(began_us);
        } else if self.ended_us.get() + SHORT_US <= now_us {
            self.begin(now_us);
            if let Some(waker) = self.waker.take() {
                waker.wake();
            }
        }
        Round { number: self.number.get(), last_us: self.last_us.get(), lasted_us }
    }

    /// How long the last round took, in microseconds.
    pub(crate) fn last_us(&self) -> u64 {
        self.last_us.get()
    }

    fn begin(&self, now_us: u64) {
        self.began_us.set(now_us);
    }

    fn end(&self, now_us: u64) {
        let took_us = now_us.saturating_sub(self.began_us.get());
        self.number.set(self.number.get() + 1);
        self.last_us.set(took_us);
        self.ended_us.set(now_us);
        self.began_us.set(if took_us < SHORT_US { 0 } else { now_us });
    }

    /// Counts rounds while there is work; on the core's own loop. `ended` is told of each.
    pub(crate) async fn count(&self, ended: impl Fn(u64)) -> io::Result<()> {
        let (mut out, back) = UnixStream::pair()?;
        out.set_nonblocking(true)?;
        back.set_nonblocking(true)?;
        let mut back = monoio::net::UnixStream::from_std(back)?;
        let mut byte = vec![0];
        loop {
            poll_fn(|context| {
                if self.began_us.get() != 0 {
                    return Poll::Ready(());
                }
                *self.waker.borrow_mut() = Some(context.waker().clone());
                Poll::Pending
            })
            .await;
            out.write_all(&byte)?;
            let (read, buffer) = back.read(byte).await;
            if read? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            byte = buffer;
            self.end(now_us());
            ended(self.last_us());
        }
    }
}
