//! TLS over a TCP socket.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tls::{ClientConfig, PLAINTEXT_BYTES_MAX, ServerName, Session};

use crate::blocking::locked;

/// One read of the socket brings at most so much.
const READ_BYTES: usize = 64 * 1024;
/// So much is encrypted before it is sent.
const WRITE_BYTES: usize = 64 * 1024;

/// A TCP socket with TLS on it. No lock is held while the socket is read or written.
#[derive(Debug)]
pub(in crate::blocking) struct Sealed {
    socket: TcpStream,
    inside: Mutex<Inside>,
    /// Received and not decrypted yet; the reading thread's.
    received: Mutex<Received>,
}

#[derive(Debug)]
struct Inside {
    session: Session,
    /// Encrypted, to be sent in this order.
    out: Vec<u8>,
}

#[derive(Debug, Default)]
struct Received {
    bytes: Vec<u8>,
    taken: usize,
}

impl Sealed {
    /// Goes through the handshake.
    pub(super) fn connect(
        socket: TcpStream,
        config: &Arc<ClientConfig>,
        name: ServerName<'static>,
        until: Instant,
    ) -> io::Result<Self> {
        let mut out = Vec::new();
        let session = Session::client(config, name, &mut out).map_err(invalid)?;
        let inside = Mutex::new(Inside { session, out });
        let sealed = Self { socket, inside, received: Mutex::default() };
        let millisecond = Duration::from_millis(1);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            sealed.socket.set_read_timeout(Some(left.max(millisecond)))?;
            sealed.socket.set_write_timeout(Some(left.max(millisecond)))?;
            sealed.send()?;
            if !locked(&sealed.inside).session.is_handshaking() {
                return Ok(sealed);
            }
            let mut received = locked(&sealed.received);
            sealed.fill(&mut received)?;
            let decrypted = sealed.decrypt(&mut received, &mut []);
            drop(received);
            if decrypted.is_err() {
                // The alert says to the other side what is wrong.
                drop(sealed.send());
            }
            decrypted?;
        }
    }

    pub(super) fn socket(&self) -> &TcpStream {
        &self.socket
    }

    pub(super) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut received = locked(&self.received);
        loop {
            let count = self.decrypt(&mut received, buffer)?;
            if count != 0 {
                return Ok(count);
            }
            if locked(&self.inside).session.is_closed_by_peer() {
                return Ok(0);
            }
            self.fill(&mut received)?;
        }
    }

    pub(super) fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        let mut done = 0;
        while done < bytes.len() {
            let mut guard = locked(&self.inside);
            let Inside { session, out } = &mut *guard;
            while done < bytes.len() && out.len() < WRITE_BYTES {
                let end = bytes.len().min(done + PLAINTEXT_BYTES_MAX);
                let count = session.write(&bytes[done..end], out);
                if count == 0 {
                    return Err(ErrorKind::BrokenPipe.into());
                }
                done += count;
            }
            drop(guard);
            self.send()?;
        }
        Ok(())
    }

    pub(super) fn hang_up(&self) {
        // Whoever is writing has the order of things; a goodbye in between would break it.
        drop(self.socket.shutdown(Shutdown::Both));
    }

    /// Sends what is encrypted. Only one thread at a time does.
    fn send(&self) -> io::Result<()> {
        let out = std::mem::take(&mut locked(&self.inside).out);
        (&mut &self.socket).write_all(&out)
    }

    /// Reads from the socket; an end that TLS has not announced is an accident or an attack.
    fn fill(&self, received: &mut Received) -> io::Result<()> {
        received.bytes.resize(READ_BYTES, 0);
        let count = (&mut &self.socket).read(&mut received.bytes);
        received.bytes.truncate(*count.as_ref().unwrap_or(&0));
        received.taken = 0;
        match count? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    /// Decrypts what was received into `buffer`, as far as there is room.
    fn decrypt(&self, received: &mut Received, buffer: &mut [u8]) -> io::Result<usize> {
        let mut guard = locked(&self.inside);
        let Inside { session, out } = &mut *guard;
        let mut done = 0;
        loop {
            let plaintext = session.plaintext();
            let count = plaintext.len().min(buffer.len() - done);
            if count != 0 {
                buffer[done..done + count].copy_from_slice(&plaintext[..count]);
                session.consume(count);
                done += count;
                continue;
            }
            let full = !session.plaintext().is_empty();
            if full || received.taken == received.bytes.len() {
                return Ok(done);
            }
            let rest = &received.bytes[received.taken..];
            received.taken += session.read_tls(rest, out).map_err(invalid)?;
        }
    }
}

fn invalid(error: tls::SessionError) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, error)
}
