//! TLS between a connection and its socket.

use std::cell::{Cell, Ref, RefCell};
use std::io;
use std::rc::Rc;

use monoio::io::{AsyncReadRent, AsyncWriteRent, AsyncWriteRentExt, OwnedReadHalf, OwnedWriteHalf};
use monoio::net::TcpStream;
use tls::{PLAINTEXT_BYTES_MAX, Session};

/// One read brings at most so much.
const READ_BYTES: usize = 32 * 1024;
/// So much is encrypted before it is sent.
const WRITE_BYTES: usize = 64 * 1024;

/// What both halves of a connection share.
pub(super) struct Sealed {
    session: RefCell<Session>,
    /// Encrypted, to be sent in this order.
    out: RefCell<Vec<u8>>,
}

/// The receiving half.
pub(crate) struct Reader {
    half: OwnedReadHalf<TcpStream>,
    sealed: Rc<Sealed>,
    bytes: Vec<u8>,
    taken: usize,
}

/// The sending half.
pub(crate) struct Writer {
    half: OwnedWriteHalf<TcpStream>,
    sealed: Rc<Sealed>,
    /// Set to zero whenever the other side took something.
    progress: Rc<Cell<u32>>,
}

impl Sealed {
    pub(super) fn new(session: Session) -> Self {
        Self { session: RefCell::new(session), out: RefCell::default() }
    }

    pub(super) fn session(&self) -> Ref<'_, Session> {
        self.session.borrow()
    }

    /// Encrypts a part of `plaintext`, and returns how much of it.
    fn seal(&self, plaintext: &[u8]) -> usize {
        let (mut session, mut out) = (self.session.borrow_mut(), self.out.borrow_mut());
        let mut done = 0;
        while done < plaintext.len() && out.len() < WRITE_BYTES {
            let end = plaintext.len().min(done + PLAINTEXT_BYTES_MAX);
            let count = session.write(&plaintext[done..end], &mut out);
            if count == 0 {
                break;
            }
            done += count;
        }
        done
    }
}

impl Reader {
    pub(super) fn new(half: OwnedReadHalf<TcpStream>, sealed: Rc<Sealed>) -> Self {
        Self { half, sealed, bytes: Vec::with_capacity(READ_BYTES), taken: 0 }
    }

    /// Appends what was decrypted; zero is the end. [`io::ErrorKind::InvalidData`] is no TLS: what
    /// there is to say about it waits to be sent.
    pub(super) async fn read(&mut self, input: &mut Vec<u8>) -> io::Result<usize> {
        let before = input.len();
        loop {
            self.open(input)?;
            if before < input.len() {
                return Ok(input.len() - before);
            }
            if self.sealed.session.borrow().is_closed_by_peer() {
                return Ok(0);
            }
            self.fill().await?;
        }
    }

    /// Decrypts all that is here.
    fn open(&mut self, input: &mut Vec<u8>) -> io::Result<()> {
        let mut session = self.sealed.session.borrow_mut();
        loop {
            let plaintext = session.plaintext();
            let count = plaintext.len();
            if count != 0 {
                input.extend_from_slice(plaintext);
                session.consume(count);
                continue;
            }
            if self.taken == self.bytes.len() {
                return Ok(());
            }
            let mut out = self.sealed.out.borrow_mut();
            self.taken += session
                .read_tls(&self.bytes[self.taken..], &mut out)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        }
    }

    /// Reads from the socket. An end that TLS has not announced is an accident or an attack.
    async fn fill(&mut self) -> io::Result<()> {
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        self.taken = 0;
        bytes.reserve_exact(READ_BYTES);
        let (count, bytes) = self.half.read(bytes).await;
        self.bytes = bytes;
        match count? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

impl Writer {
    pub(super) fn new(
        half: OwnedWriteHalf<TcpStream>,
        sealed: Rc<Sealed>,
        progress: Rc<Cell<u32>>,
    ) -> Self {
        Self { half, sealed, progress }
    }

    pub(super) fn has_own(&self) -> bool {
        !self.sealed.out.borrow().is_empty()
    }

    /// Encrypts and sends all of it, after what TLS itself has to say.
    pub(super) async fn write_all(&mut self, plaintext: &[u8]) -> io::Result<()> {
        let mut done = 0;
        loop {
            done += self.sealed.seal(&plaintext[done..]);
            if !self.has_own() {
                return Ok(());
            }
            let out = self.sealed.out.take();
            let (written, mut out) = self.half.write_all(out).await;
            written?;
            self.progress.set(0);
            out.clear();
            let mut waiting = self.sealed.out.borrow_mut();
            if waiting.is_empty() && out.capacity() <= 2 * WRITE_BYTES {
                *waiting = out;
            }
        }
    }

    pub(super) async fn shutdown(&mut self) -> io::Result<()> {
        self.sealed.session.borrow_mut().close(&mut self.sealed.out.borrow_mut());
        self.write_all(&[]).await?;
        self.half.shutdown().await
    }
}

/// Goes through the handshake. What is wrong with it is told to the other side.
pub(super) async fn shake_hands(reader: &mut Reader, writer: &mut Writer) -> io::Result<()> {
    loop {
        // Nothing can have been decrypted that the loop does not see: a Hello behind the handshake
        // stays in the session until it is asked for.
        let outcome = reader.advance();
        writer.write_all(&[]).await?;
        outcome?;
        if !reader.sealed.session().is_handshaking() {
            return Ok(());
        }
        reader.fill().await?;
    }
}

impl Reader {
    /// Gives the session what has arrived, as far as it takes it.
    fn advance(&mut self) -> io::Result<()> {
        let (mut session, mut out) =
            (self.sealed.session.borrow_mut(), self.sealed.out.borrow_mut());
        self.taken += session
            .read_tls(&self.bytes[self.taken..], &mut out)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        Ok(())
    }
}
