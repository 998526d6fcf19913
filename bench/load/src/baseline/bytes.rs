//! Whatever comes goes back.

use monoio::io::{AsyncReadRent, AsyncWriteRentExt};
use monoio::net::TcpStream;

const READ_BYTES: usize = 64 * 1024;

/// Echoes until the other side ends the connection.
pub(super) async fn echo(mut stream: TcpStream) {
    let mut buffer: Vec<u8> = Vec::with_capacity(READ_BYTES);
    loop {
        buffer.clear();
        let (count, filled) = stream.read(buffer).await;
        if !matches!(count, Ok(1..)) {
            return;
        }
        let (written, sent) = stream.write_all(filled).await;
        if written.is_err() {
            return;
        }
        buffer = sent;
    }
}
