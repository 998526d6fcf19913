//! The first bytes of a connection.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use monoio::buf::IoBufMut;
use monoio::io::{AsyncReadRent, AsyncWriteRent, AsyncWriteRentExt};
use monoio::net::TcpStream;
use monoio::time::timeout;
use wire::{HELLO_BYTES_MAX, HandshakeError, Hello, Refusal, Status, VERSION, VERSION_MIN};

use crate::connection;
use crate::door::{Desk, Seat};

/// What became of a Hello.
enum Greeted {
    /// Understood; the version to speak, and how many of the bytes read it took.
    Hello { version: u16, taken: usize },
    /// No version in common.
    NoVersion { oldest: u16, newest: u16 },
    /// Not a Hello.
    Garbled(HandshakeError),
    /// The client left.
    Left,
}

/// Reads the Hello and sends a Welcome or a Refusal; then serves the connection. Without a `seat`
/// the door is full.
pub(crate) async fn greet(desk: Rc<Desk>, mut stream: TcpStream, seat: Option<Seat>) {
    // Without it replies wait for acknowledgements; a socket that refuses is about to fail anyway.
    drop(stream.set_nodelay(true));
    let Some(seat) = seat else {
        let detail = "no connection is free on this core: come back later";
        return refuse(stream, Status::Busy, detail.to_owned()).await;
    };
    if desk.core.is_stopping() {
        return refuse(stream, Status::ShuttingDown, "the box is stopping".to_owned()).await;
    }
    let mut input = Vec::with_capacity(HELLO_BYTES_MAX);
    let hello = read_hello(&mut stream, &mut input);
    let greeted = timeout(Duration::from_millis(desk.options.hello_ms), hello).await;
    match greeted {
        Ok(Ok(Greeted::Hello { version, taken })) => {
            let mut out = Vec::new();
            desk.welcome(version).encode(&mut out);
            if stream.write_all(out).await.0.is_ok() {
                connection::serve(desk, stream, input, taken).await;
            }
        }
        Ok(Ok(Greeted::NoVersion { oldest, newest })) => {
            let detail = format!(
                "the client speaks versions {oldest} to {newest}, this server {VERSION_MIN} to \
                 {VERSION}"
            );
            refuse(stream, Status::WrongVersion, detail).await;
        }
        Ok(Ok(Greeted::Garbled(error))) => refuse(stream, Status::Garbled, error.to_string()).await,
        Ok(Ok(Greeted::Left) | Err(_)) => {}
        Err(_) => {
            let detail = format!("no hello within {} ms", desk.options.hello_ms);
            refuse(stream, Status::DeadlineExceeded, detail).await;
        }
    }
    drop(seat);
}

async fn read_hello(stream: &mut TcpStream, input: &mut Vec<u8>) -> io::Result<Greeted> {
    loop {
        match Hello::decode(input) {
            Ok(Some((hello, taken))) => {
                return Ok(match hello.common_version() {
                    Some(version) => Greeted::Hello { version, taken },
                    None => {
                        Greeted::NoVersion { oldest: hello.version_min, newest: hello.version_max }
                    }
                });
            }
            Ok(None) => {}
            Err(error) => return Ok(Greeted::Garbled(error)),
        }
        let start = input.len();
        // A Hello is never longer than the buffer: one that is was refused by its length.
        let space = std::mem::take(input).slice_mut(start..HELLO_BYTES_MAX);
        let (count, space) = stream.read(space).await;
        *input = space.into_inner();
        if count? == 0 {
            return Ok(Greeted::Left);
        }
    }
}

async fn refuse(mut stream: TcpStream, status: Status, detail: String) {
    let refusal = Refusal { status, version_min: VERSION_MIN, version_max: VERSION, detail };
    let mut out = Vec::new();
    refusal.encode(&mut out);
    if stream.write_all(out).await.0.is_ok() && stream.shutdown().await.is_ok() {
        linger(&mut stream).await;
    }
}

/// Reads and forgets what is still arriving, for a moment: closing a socket with unread bytes would
/// destroy the answer before the client has read it.
pub(crate) async fn linger(reader: &mut impl AsyncReadRent) {
    const LINGER: Duration = Duration::from_secs(1);
    const LINGER_READS_MAX: usize = 64;
    let forget = async {
        let mut buffer = vec![0; 16 * 1024];
        for _ in 0..LINGER_READS_MAX {
            let (count, filled) = reader.read(buffer).await;
            buffer = filled;
            if !count.is_ok_and(|it| it != 0) {
                break;
            }
        }
    };
    // Either way the connection is over.
    drop(timeout(LINGER, forget).await);
}
