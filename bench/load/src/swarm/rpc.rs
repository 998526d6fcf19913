//! Binary RPC on one connection: one stream carries all of it.

use quinn_proto::{Connection, Dir, ReadError, StreamId};
use wire::{Hello, Limits};

use super::{Book, Done};
use crate::codec::Answer;
use crate::codec::rpc::{Answerer, Codec, explain};
use crate::error::LoadError;
use crate::link::{Peer, welcome};

/// The stream, and what is under way on it.
pub(super) struct Talk {
    answerer: Answerer,
    id: Option<StreamId>,
    limits: Option<Limits>,
    /// Once the server has said its limits.
    codec: Option<Codec>,
    /// What the connection has not taken.
    unsent: Vec<u8>,
    received: Vec<u8>,
}

impl Talk {
    pub(super) fn new(answerer: Answerer) -> Self {
        // An echo says nothing by itself.
        let limits = (answerer == Answerer::Echo).then_some(Limits::DEFAULT);
        let (unsent, received) = (Vec::new(), Vec::new());
        Self { answerer, id: None, limits, codec: None, unsent, received }
    }

    pub(super) fn id(&self) -> Option<StreamId> {
        self.id
    }

    pub(super) fn is_welcome(&self) -> bool {
        self.limits.is_some()
    }

    /// Opens the stream and greets.
    pub(super) fn introduce(
        &mut self,
        quic: &mut Connection,
        hello: &Hello<'_>,
    ) -> Result<(), String> {
        self.id = quic.streams().open(Dir::Bi);
        if self.id.is_none() {
            return Err("the server takes no stream".to_owned());
        }
        if self.answerer == Answerer::Server {
            hello.encode(&mut self.unsent);
        }
        self.write_rest(quic);
        Ok(())
    }

    pub(super) fn prepare(&mut self, peer: &Peer<'_>, number: u32) -> Result<(), LoadError> {
        let limits = self.limits.expect("the server has let it in");
        peer.demand_depth(limits.in_flight_max.into())?;
        let keys = peer.keys(number);
        let codec = match peer.mix {
            None => Codec::new(peer.workload, peer.items, keys, self.answerer, limits)?,
            Some(mix) => Codec::mixed(mix, number, limits)?,
        };
        self.codec = Some(codec);
        Ok(())
    }

    /// Writes the next request, and gives its length and the number of its operation in the mix.
    pub(super) fn send(&mut self, quic: &mut Connection, slot: u32) -> (usize, u16) {
        let before = self.unsent.len();
        let operation = self.codec.as_mut().map_or(0, |codec| codec.append(&mut self.unsent, slot));
        let bytes = self.unsent.len() - before;
        self.write_rest(quic);
        (bytes, operation)
    }

    pub(super) fn write_rest(&mut self, quic: &mut Connection) {
        let Some(id) = self.id else { return };
        let mut stream = quic.send_stream(id);
        // An error is a window that is full: the rest follows when it opens.
        while !self.unsent.is_empty()
            && let Ok(count) = stream.write(&self.unsent)
        {
            self.unsent.drain(..count);
        }
    }

    /// Reads what has arrived, and writes down the replies that are complete.
    pub(super) fn read(
        &mut self,
        quic: &mut Connection,
        book: &mut Book<'_>,
    ) -> Result<(), String> {
        let Some(id) = self.id else { return Ok(()) };
        let mut stream = quic.recv_stream(id);
        let Ok(mut chunks) = stream.read(true) else { return Ok(()) };
        let ended = loop {
            match chunks.next(usize::MAX) {
                Ok(Some(chunk)) => self.received.extend_from_slice(&chunk.bytes),
                Ok(None) => break Some("the server ended the stream".to_owned()),
                Err(ReadError::Reset(code)) => {
                    break Some(format!("the server gave the stream up with code {code}"));
                }
                Err(ReadError::Blocked) => break None,
            }
        };
        // Credit is sent with the next packet.
        let _ = chunks.finalize();
        self.settle(book)?;
        ended.map_or(Ok(()), Err)
    }

    fn settle(&mut self, book: &mut Book<'_>) -> Result<(), String> {
        let Some(codec) = &mut self.codec else {
            if self.limits.is_none() {
                self.limits = welcome(&mut self.received)?;
            }
            return Ok(());
        };
        let mut taken = 0;
        while let Some(answer) = codec.next(&self.received[taken..], book.statuses)? {
            let Answer { bytes, body_bytes, slot, ok } = answer;
            if !ok && book.refusal.is_empty() {
                let said = explain(&self.received[taken..taken + bytes]);
                book.refusal.extend_from_slice(said.as_bytes());
            }
            taken += bytes;
            book.done.push(Done { connection: book.connection, slot, ok, bytes, body_bytes });
        }
        self.received.drain(..taken);
        Ok(())
    }
}
