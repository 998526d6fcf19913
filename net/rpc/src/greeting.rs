//! The first bytes of a connection.

use std::cell::Cell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use gateway::{Rejection, Visitor};
use monoio::time::timeout;
use tls::ClientIdentity;
use wire::{HELLO_BYTES_MAX, HandshakeError, Hello, Refusal, Status, VERSION, VERSION_MIN};

use crate::connection::{self, Greeted};
use crate::door::{Desk, Seat};
use crate::transport::{Arrival, Carried, Reader, Unfit, Writer};

/// What became of a Hello.
enum Heard {
    /// Understood; the version to speak, how many of the bytes read it took, and what it showed.
    Hello { version: u16, taken: usize, credential: String },
    /// No version in common.
    NoVersion { oldest: u16, newest: u16 },
    /// Not a Hello.
    Garbled(HandshakeError),
    /// The client left.
    Left,
}

/// Reads the Hello and sends a Welcome or a Refusal; then serves the connection. Without a `seat`
/// the door is full.
pub(crate) async fn greet(desk: Rc<Desk>, arrival: Arrival, seat: Option<Seat>) {
    let address = arrival.address();
    let stalled = Rc::new(Cell::new(0));
    let patience = Duration::from_millis(desk.options.hello_ms);
    // Whoever is too slow with this has nothing that a Refusal could be told through.
    let opened = timeout(patience, arrival.open(&stalled)).await;
    let Carried { mut reader, writer, certificate } = match opened {
        Ok(Ok(carried)) => carried,
        Ok(Err(Unfit::Wrong(carried, detail))) => {
            let Carried { reader, writer, .. } = *carried;
            return refuse(reader, writer, Status::Garbled, detail, patience).await;
        }
        Ok(Err(Unfit::Lost(error))) => {
            return tracing::debug!(%address, %error, "rpc: a connection did not begin");
        }
        Err(_) => return,
    };
    let Some(seat) = seat else {
        let detail = "no connection is free on this core: come back later";
        return refuse(reader, writer, Status::Busy, detail.to_owned(), patience).await;
    };
    if desk.core().is_stopping() {
        let detail = "the box is stopping".to_owned();
        return refuse(reader, writer, Status::ShuttingDown, detail, patience).await;
    }
    let mut input = Vec::with_capacity(HELLO_BYTES_MAX);
    let heard = timeout(patience, hear(&mut reader, &mut input)).await;
    let (status, detail) = match heard {
        Ok(Ok(Heard::Hello { version, taken, credential })) => {
            let visitor = visitor(&desk, address, &credential, certificate);
            match desk.reception.identify(&visitor).await {
                Ok(()) => {
                    let greeted = Greeted { reader, writer, input, taken, visitor, stalled };
                    welcome(desk, version, greeted, patience).await;
                    return drop(seat);
                }
                Err(Rejection { status, detail, .. }) => (status, detail.into_owned()),
            }
        }
        Ok(Ok(Heard::NoVersion { oldest, newest })) => {
            let detail = format!(
                "the client speaks versions {oldest} to {newest}, this server {VERSION_MIN} to \
                 {VERSION}"
            );
            (Status::WrongVersion, detail)
        }
        Ok(Ok(Heard::Garbled(error))) => (Status::Garbled, error.to_string()),
        Ok(Ok(Heard::Left) | Err(_)) => return,
        Err(_) => {
            let detail = format!("no hello within {} ms", desk.options.hello_ms);
            (Status::DeadlineExceeded, detail)
        }
    };
    refuse(reader, writer, status, detail, patience).await;
    drop(seat);
}

fn visitor(
    desk: &Desk,
    address: SocketAddr,
    credential: &str,
    certificate: Option<ClientIdentity>,
) -> Visitor {
    if desk.trusting {
        Visitor::local(Some(address), credential)
    } else {
        Visitor::stranger(Some(address), credential, certificate)
    }
}

async fn welcome(desk: Rc<Desk>, version: u16, mut greeted: Greeted, patience: Duration) {
    let mut out = Vec::new();
    desk.welcome(version).encode(&mut out);
    if let Ok((Ok(()), _)) = timeout(patience, greeted.writer.write_all(out)).await {
        connection::serve(desk, greeted).await;
    }
}

async fn hear(reader: &mut Reader, input: &mut Vec<u8>) -> io::Result<Heard> {
    loop {
        match Hello::decode(input) {
            Ok(Some((hello, taken))) => {
                let credential = hello.credential.to_owned();
                return Ok(match hello.common_version() {
                    Some(version) => Heard::Hello { version, taken, credential },
                    None => {
                        Heard::NoVersion { oldest: hello.version_min, newest: hello.version_max }
                    }
                });
            }
            Ok(None) => {}
            Err(error) => return Ok(Heard::Garbled(error)),
        }
        // A Hello is never longer than the buffer: one that is was refused by its length.
        let (count, filled) = reader.read(std::mem::take(input)).await;
        *input = filled;
        if count? == 0 {
            return Ok(Heard::Left);
        }
    }
}

async fn refuse(
    mut reader: Reader,
    mut writer: Writer,
    status: Status,
    detail: String,
    patience: Duration,
) {
    let refusal = Refusal { status, version_min: VERSION_MIN, version_max: VERSION, detail };
    let mut out = Vec::new();
    refusal.encode(&mut out);
    let say = async { writer.write_all(out).await.0.is_ok() && writer.shutdown().await.is_ok() };
    if timeout(patience, say).await.unwrap_or(false) {
        linger(&mut reader).await;
    }
}

/// Reads and forgets what is still arriving, for a moment: closing a socket with unread bytes would
/// destroy the answer before the client has read it.
pub(crate) async fn linger(reader: &mut Reader) {
    const LINGER: Duration = Duration::from_secs(1);
    const LINGER_READS_MAX: usize = 64;
    let forget = async {
        let mut buffer = Vec::with_capacity(16 * 1024);
        for _ in 0..LINGER_READS_MAX {
            let (count, mut filled) = reader.read(buffer).await;
            filled.clear();
            buffer = filled;
            if !count.is_ok_and(|it| it != 0) {
                break;
            }
        }
    };
    // Either way the connection is over.
    drop(timeout(LINGER, forget).await);
}
