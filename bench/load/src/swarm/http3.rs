//! HTTP/3 on one connection: a stream for each request.

use quinn_proto::{Connection, Dir, ReadError, StreamId};

use super::{Book, Done};
use crate::codec::http3::{CONTROL, Reply, Template};
use crate::codec::{Head, Open, is_success};
use crate::link::Peer;
use crate::mix::Draw;

/// What is kept of the first refusal, in bytes.
const REFUSAL_BYTES_MAX: usize = 4096;

/// Requests under way.
pub(super) struct Talk {
    /// All that may be asked.
    templates: Vec<Template>,
    draw: Draw,
    open: Open<Stream>,
}

/// A request that waits for its answer.
struct Stream {
    slot: u32,
    /// Of the request, what the connection has not taken.
    unsent: Vec<u8>,
    received: Vec<u8>,
}

/// Opens the control stream.
pub(super) fn introduce(quic: &mut Connection) -> Result<(), String> {
    let refused = "the server takes no control stream";
    let control = quic.streams().open(Dir::Uni).ok_or(refused)?;
    quic.send_stream(control).write(CONTROL).map_err(|_| refused)?;
    Ok(())
}

impl Talk {
    pub(super) fn new(peer: &Peer<'_>, number: u32) -> Self {
        let authority = peer.authority();
        let head = peer.head(&authority);
        let Some(mix) = peer.mix else {
            let templates = vec![Template::new(&head, peer.keys(number), false)];
            return Self { templates, draw: Draw::default(), open: Open::new() };
        };
        let tenanted = mix.spread.has_tenants();
        let template = |workload| Template::new(&Head { workload, ..head }, None, tenanted);
        let templates = mix.kinds.iter().map(|it| template(&it.workload)).collect();
        Self { templates, draw: Draw::new(&mix.spread, number), open: Open::new() }
    }

    /// Writes the next request to the stream that was just opened, and gives its length and the number
    /// of its operation in the mix.
    pub(super) fn send(&mut self, quic: &mut Connection, id: StreamId, slot: u32) -> (usize, u16) {
        let pick = self.draw.next();
        let request = self.templates[pick.kind].next(pick);
        let mut stream = quic.send_stream(id);
        let mut unsent = request;
        // An error is a window that is full: the rest follows when it opens.
        while !unsent.is_empty()
            && let Ok(count) = stream.write(unsent)
        {
            unsent = &unsent[count..];
        }
        if unsent.is_empty() {
            drop(stream.finish());
        }
        let (bytes, unsent) = (request.len(), unsent.to_vec());
        let number = self.open.push(Stream { slot, unsent, received: Vec::new() });
        debug_assert_eq!(number, id.index(), "streams count up");
        (bytes, pick.operation)
    }

    pub(super) fn write_rest(&mut self, quic: &mut Connection, id: StreamId) {
        let Some(request) = self.open.get_mut(id.index()) else { return };
        let mut stream = quic.send_stream(id);
        while !request.unsent.is_empty()
            && let Ok(count) = stream.write(&request.unsent)
        {
            request.unsent.drain(..count);
            if request.unsent.is_empty() {
                drop(stream.finish());
            }
        }
    }

    /// Reads what has arrived of an answer, and writes it down when it is complete.
    pub(super) fn read(
        &mut self,
        quic: &mut Connection,
        id: StreamId,
        book: &mut Book<'_>,
    ) -> Result<(), String> {
        // An event may be older than the end of its stream.
        let Some(request) = self.open.get_mut(id.index()) else { return Ok(()) };
        let mut stream = quic.recv_stream(id);
        let Ok(mut chunks) = stream.read(true) else { return Ok(()) };
        let ended = loop {
            match chunks.next(usize::MAX) {
                Ok(Some(chunk)) => request.received.extend_from_slice(&chunk.bytes),
                Ok(None) => break true,
                Err(ReadError::Reset(_)) => {
                    request.received.clear();
                    break true;
                }
                Err(ReadError::Blocked) => break false,
            }
        };
        // Credit is sent with the next packet.
        let _ = chunks.finalize();
        if ended && let Some(stream) = self.open.end(id.index()) {
            stream.settle(book)?;
        }
        Ok(())
    }
}

impl Stream {
    fn settle(&self, book: &mut Book<'_>) -> Result<(), String> {
        let bytes = self.received.len();
        // Nothing of an answer is a stream that was reset.
        let reply = match bytes {
            0 => Reply { status: 0, body_bytes: 0, body: &[] },
            _ => Reply::parse(&self.received).ok_or("an answer without sense")?,
        };
        let Reply { status, body_bytes, body } = reply;
        let ok = is_success(status);
        book.statuses.add(status);
        if !ok && book.refusal.is_empty() {
            book.refusal.extend_from_slice(&body[..body.len().min(REFUSAL_BYTES_MAX)]);
        }
        let (connection, slot) = (book.connection, self.slot);
        book.done.push(Done { connection, slot, ok, bytes, body_bytes });
        Ok(())
    }
}
