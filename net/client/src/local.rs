//! The async face: one monoio thread, any number of calls in flight, no lock and no atomic.
//!
//! It needs a runtime with its timer enabled. Unlike [`crate::Client`] it does not reconnect: when
//! the connection breaks, every call in flight ends, and the caller connects again if it likes. It
//! speaks over TCP and TLS.

use std::cell::RefCell;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

use monoio::buf::IoBuf;
use monoio::io::{
    AsyncReadRent, AsyncWriteRentExt, CancelHandle, CancelableAsyncReadRent,
    CancelableAsyncWriteRent, Canceller, OwnedReadHalf, OwnedWriteHalf, Splitable,
};
use monoio::net::TcpStream;
use monoio::time::timeout;
use tls::PLAINTEXT_BYTES_MAX;
use wire::Welcome;

use crate::call::{Call, Reply};
use crate::error::{CallError, ConnectError, SubmitError};
use crate::options::{Options, Transport};
use crate::secured::Secured;
use crate::session::{Arrival, Session};

/// How many bytes one read may bring.
const READ_BYTES: usize = 64 * 1024;

/// A connection to a box, for the tasks of one monoio thread. Dropping it closes the connection.
#[derive(Debug)]
pub struct Client {
    shared: Rc<Shared>,
    welcome: Welcome,
    call_ms: u64,
}

struct Shared {
    session: RefCell<Session<Rc<Seat>>>,
    /// The encryption, if there is any.
    sealed: Option<RefCell<Sealed>>,
    /// The writing task, when it sleeps.
    writer: RefCell<Option<Waker>>,
    /// Stops what both tasks have under way on the socket.
    socket: RefCell<Canceller>,
    /// Why the connection is over; `None` while it is not.
    ended: RefCell<Option<String>>,
}

/// Where the reading task leaves a reply for the task that waits for it.
#[derive(Debug, Default)]
struct Seat {
    outcome: RefCell<Option<Result<Reply, CallError>>>,
    waiter: RefCell<Option<Waker>>,
}

impl Client {
    /// Connects and waits for the greeting, up to [`Options::connect_ms`].
    pub async fn connect(address: SocketAddr, options: &Options) -> Result<Self, ConnectError> {
        let connect_ms = options.connect_ms;
        timeout(Duration::from_millis(connect_ms), Self::greet(address, options))
            .await
            .unwrap_or(Err(ConnectError::TimeLimit { connect_ms }))
    }

    async fn greet(address: SocketAddr, options: &Options) -> Result<Self, ConnectError> {
        if matches!(options.transport, Transport::Quic(_)) {
            return Err(ConnectError::Face);
        }
        let secured = Secured::of(&options.transport)?;
        let mut stream = TcpStream::connect_addr(address).await.map_err(ConnectError::Io)?;
        stream.set_nodelay(true).map_err(ConnectError::Io)?;
        let mut buffer = vec![0; READ_BYTES];
        let mut sealed = match secured {
            None => None,
            Some(secured) => {
                let sealed = Sealed::connect(&mut stream, address, &secured, &mut buffer).await?;
                Some(sealed)
            }
        };
        let mut session = Session::showing(&options.name, options.shown(), options.in_flight_max);
        let mut hello = Vec::new();
        session.take_output(&mut hello);
        if let Some(sealed) = &mut sealed {
            hello = sealed.seal(&hello);
        }
        let (written, _) = stream.write_all(hello).await;
        written.map_err(ConnectError::Io)?;
        let socket = Canceller::new();
        let cancel = socket.handle();
        // Behind the handshake something may have come already.
        let mut count = 0;
        let welcome = loop {
            match &mut sealed {
                None => session.receive(&buffer[..count]),
                Some(sealed) => {
                    let plain = sealed.open(&buffer[..count]).map_err(ConnectError::Io)?;
                    session.receive(&plain);
                }
            }
            session.next_arrival().map_err(ConnectError::Session)?;
            if let Some(welcome) = session.welcome() {
                break welcome.clone();
            }
            let (read, filled) = stream.read(buffer).await;
            buffer = filled;
            count = read.map_err(ConnectError::Io)?;
            if count == 0 {
                return Err(ConnectError::Closed);
            }
        };
        let shared = Rc::new(Shared {
            session: RefCell::new(session),
            sealed: sealed.map(RefCell::new),
            writer: RefCell::default(),
            socket: RefCell::new(socket),
            ended: RefCell::new(None),
        });
        let (reader, writer) = stream.into_split();
        monoio::spawn(read(Rc::clone(&shared), reader, cancel.clone(), buffer));
        monoio::spawn(write(Rc::clone(&shared), writer, cancel));
        Ok(Self { shared, welcome, call_ms: options.call_ms })
    }

    /// Sends a call and waits for its reply, up to [`Options::call_ms`]; 0 waits for ever. The slot
    /// of a call is not looked at: connect to the core that owns it.
    pub async fn call(&self, call: &Call<'_>) -> Result<Reply, CallError> {
        let seat = Rc::new(Seat::default());
        if self.shared.ended.borrow().is_some() {
            return Err(SubmitError::Closed.into());
        }
        self.shared.session.borrow_mut().submit(call, Rc::clone(&seat))?;
        if let Some(writer) = self.shared.writer.take() {
            writer.wake();
        }
        let reply = poll_fn(|context| {
            if let Some(outcome) = seat.outcome.borrow_mut().take() {
                return Poll::Ready(outcome);
            }
            seat.waiter.replace(Some(context.waker().clone()));
            Poll::Pending
        });
        if self.call_ms == 0 {
            return reply.await;
        }
        timeout(Duration::from_millis(self.call_ms), reply)
            .await
            .unwrap_or(Err(CallError::TimeLimit { wait_ms: self.call_ms }))
    }

    /// What the box said about itself: its limits, cores and slots.
    pub fn welcome(&self) -> &Welcome {
        &self.welcome
    }

    /// How many calls wait for their reply.
    pub fn in_flight(&self) -> usize {
        self.shared.session.borrow().in_flight()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.shared.end("the client was dropped");
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("ended", &self.ended).finish_non_exhaustive()
    }
}

impl Shared {
    /// Ends every call in flight and both tasks.
    fn end(&self, reason: &str) {
        self.ended.borrow_mut().get_or_insert_with(|| reason.to_owned());
        for seat in self.session.borrow_mut().drain() {
            seat.settle(Err(CallError::Lost { reason: reason.to_owned() }));
        }
        drop(self.socket.take().cancel());
        if let Some(writer) = self.writer.take() {
            writer.wake();
        }
    }

    fn receive(&self, bytes: &[u8]) -> Result<(), String> {
        let mut session = self.session.borrow_mut();
        match &self.sealed {
            None => session.receive(bytes),
            Some(sealed) => {
                let plain = sealed.borrow_mut().open(bytes).map_err(|it| it.to_string())?;
                session.receive(&plain);
            }
        }
        while let Some(arrival) = session.next_arrival().map_err(|it| it.to_string())? {
            if let Arrival::Replied { ticket, reply } = arrival {
                ticket.settle(Ok(Reply::of(&reply)));
            }
        }
        Ok(())
    }
}

impl Seat {
    fn settle(&self, outcome: Result<Reply, CallError>) {
        *self.outcome.borrow_mut() = Some(outcome);
        if let Some(waiter) = self.waiter.take() {
            waiter.wake();
        }
    }
}

async fn read(
    shared: Rc<Shared>,
    mut reader: OwnedReadHalf<TcpStream>,
    cancel: CancelHandle,
    mut buffer: Vec<u8>,
) {
    let reason = loop {
        let (count, filled) = reader.cancelable_read(buffer, cancel.clone()).await;
        buffer = filled;
        let received = match count {
            Ok(0) => break "closed by the server".to_owned(),
            Ok(count) => shared.receive(&buffer[..count]),
            Err(error) => break error.to_string(),
        };
        if let Err(reason) = received {
            break reason;
        }
    };
    shared.end(&reason);
}

async fn write(shared: Rc<Shared>, mut writer: OwnedWriteHalf<TcpStream>, cancel: CancelHandle) {
    let mut output = Vec::new();
    loop {
        poll_fn(|context| {
            if shared.session.borrow().has_output() || shared.ended.borrow().is_some() {
                return Poll::Ready(());
            }
            shared.writer.replace(Some(context.waker().clone()));
            Poll::Pending
        })
        .await;
        if shared.ended.borrow().is_some() {
            break;
        }
        shared.session.borrow_mut().take_output(&mut output);
        if let Some(sealed) = &shared.sealed {
            output = sealed.borrow_mut().seal(&output);
        }
        let mut sent = 0;
        while sent < output.len() {
            let rest = output.slice(sent..);
            let (count, rest) = writer.cancelable_write(rest, cancel.clone()).await;
            output = rest.into_inner();
            match count {
                Ok(0) => return shared.end("the server takes no more bytes"),
                Ok(count) => sent += count,
                Err(error) => return shared.end(&error.to_string()),
            }
        }
        output.clear();
        output.shrink_to(READ_BYTES);
    }
}

/// TLS between a session and its socket.
struct Sealed {
    tls: tls::Session,
    /// Encrypted by the way, to be sent with what is sent next.
    out: Vec<u8>,
}

impl Sealed {
    async fn connect(
        stream: &mut TcpStream,
        address: SocketAddr,
        secured: &Secured,
        buffer: &mut Vec<u8>,
    ) -> Result<Self, ConnectError> {
        let name = secured.server_name(address.ip())?;
        let mut out = Vec::new();
        let tls = tls::Session::client(&secured.config, name, &mut out).map_err(invalid);
        let mut sealed = Self { tls: tls.map_err(ConnectError::Io)?, out };
        while sealed.tls.is_handshaking() {
            let (written, _) = stream.write_all(std::mem::take(&mut sealed.out)).await;
            written.map_err(ConnectError::Io)?;
            let (count, filled) = stream.read(std::mem::take(buffer)).await;
            *buffer = filled;
            let count = count.map_err(ConnectError::Io)?;
            if count == 0 {
                return Err(ConnectError::Closed);
            }
            // A server says nothing inside before it has heard something.
            sealed
                .tls
                .read_tls(&buffer[..count], &mut sealed.out)
                .map_err(|error| ConnectError::Io(invalid(error)))?;
        }
        Ok(sealed)
    }

    /// What to send for `plaintext`.
    fn seal(&mut self, plaintext: &[u8]) -> Vec<u8> {
        for record in plaintext.chunks(PLAINTEXT_BYTES_MAX) {
            // After the handshake the session takes all.
            self.tls.write(record, &mut self.out);
        }
        std::mem::take(&mut self.out)
    }

    fn open(&mut self, ciphertext: &[u8]) -> io::Result<Vec<u8>> {
        let (mut plain, mut taken) = (Vec::with_capacity(ciphertext.len()), 0);
        loop {
            let bytes = self.tls.plaintext();
            let count = bytes.len();
            if count != 0 {
                plain.extend_from_slice(bytes);
                self.tls.consume(count);
            } else if taken < ciphertext.len() {
                taken += self.tls.read_tls(&ciphertext[taken..], &mut self.out).map_err(invalid)?;
            } else {
                return Ok(plain);
            }
        }
    }
}

fn invalid(error: tls::SessionError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
