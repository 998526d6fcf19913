//! quinn on a monoio thread.
//!
//! quinn asks for timers and sockets that may go to other threads, monoio's may not. Nothing of this
//! ever leaves its thread: what is wrapped for it ends the process if it does.

use std::cell::RefCell;
use std::fmt;
use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use monoio::time::{Sleep, sleep_until};
use quinn::udp::{RecvMeta, Transmit, UdpSocketState};
use quinn::{AsyncTimer, AsyncUdpSocket, Runtime, UdpPoller};
use send_wrapper::SendWrapper;

/// What the system is asked to hold for the socket, as the QUIC door asks; it may grant less.
const KERNEL_BUFFER_BYTES: usize = 4 * 1024 * 1024;

/// The runtime of the thread that it is used on.
#[derive(Debug)]
pub(crate) struct OnMonoio;

impl Runtime for OnMonoio {
    fn new_timer(&self, at: Instant) -> Pin<Box<dyn AsyncTimer>> {
        Box::pin(Timer(SendWrapper::new(Box::pin(sleep_until(at.into())))))
    }

    fn spawn(&self, future: Pin<Box<dyn Future<Output = ()> + Send>>) {
        monoio::spawn(future);
    }

    fn wrap_udp_socket(&self, io: UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        let state = UdpSocketState::new((&io).into())?;
        // Less than asked for is still a socket.
        drop(state.set_recv_buffer_size((&io).into(), KERNEL_BUFFER_BYTES));
        drop(state.set_send_buffer_size((&io).into(), KERNEL_BUFFER_BYTES));
        let readiness = monoio::net::udp::UdpSocket::from_std(io.try_clone()?)?;
        Ok(Arc::new(Socket {
            io,
            state,
            readiness: SendWrapper::new(Rc::new(readiness)),
            readable: Wait::default(),
        }))
    }
}

struct Timer(SendWrapper<Pin<Box<Sleep>>>);

impl fmt::Debug for Timer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Timer").finish_non_exhaustive()
    }
}

impl AsyncTimer for Timer {
    fn reset(mut self: Pin<&mut Self>, at: Instant) {
        self.0.as_mut().reset(at.into());
    }

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(context)
    }
}

/// Something that is being waited for, or nothing.
struct Wait(SendWrapper<RefCell<Option<Ready>>>);

type Ready = Pin<Box<dyn Future<Output = io::Result<()>>>>;

impl Default for Wait {
    fn default() -> Self {
        Self(SendWrapper::new(RefCell::new(None)))
    }
}

impl Wait {
    /// Waits for what is waited for already, else for what `begin` gives if it gives anything.
    fn poll(
        &self,
        context: &mut Context<'_>,
        begin: impl FnOnce() -> Option<Ready>,
    ) -> Poll<io::Result<()>> {
        let mut waiting = self.0.borrow_mut();
        if waiting.is_none() {
            *waiting = begin();
        }
        let Some(ready) = &mut *waiting else { return Poll::Ready(Ok(())) };
        let outcome = ready!(ready.as_mut().poll(context));
        *waiting = None;
        Poll::Ready(outcome)
    }
}

struct Socket {
    io: UdpSocket,
    state: UdpSocketState,
    /// The same socket once more, for the runtime to wait on.
    readiness: SendWrapper<Rc<monoio::net::udp::UdpSocket>>,
    readable: Wait,
}

impl fmt::Debug for Socket {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Socket").field("io", &self.io).finish_non_exhaustive()
    }
}

impl AsyncUdpSocket for Socket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Box::pin(Room { socket: self, writable: Wait::default() })
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        self.state.send((&self.io).into(), transmit)
    }

    fn poll_recv(
        &self,
        context: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        metas: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        // Nothing to look at while the kernel has not rung.
        ready!(self.readable.poll(context, || None))?;
        loop {
            match self.state.recv((&self.io).into(), buffers, metas) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                received => return Poll::Ready(received),
            }
            let socket = Rc::clone(&self.readiness);
            let begin = || Some(Box::pin(async move { socket.readable(false).await }) as Ready);
            ready!(self.readable.poll(context, begin))?;
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr()
    }

    fn max_transmit_segments(&self) -> usize {
        self.state.max_gso_segments()
    }

    fn max_receive_segments(&self) -> usize {
        self.state.gro_segments()
    }

    fn may_fragment(&self) -> bool {
        self.state.may_fragment()
    }
}

/// One task's wait for room to send.
struct Room {
    socket: Arc<Socket>,
    writable: Wait,
}

impl fmt::Debug for Room {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Room").finish_non_exhaustive()
    }
}

impl UdpPoller for Room {
    fn poll_writable(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let socket = Rc::clone(&self.socket.readiness);
        let begin = || Some(Box::pin(async move { socket.writable(false).await }) as Ready);
        self.writable.poll(context, begin)
    }
}
