//! One connection's side of the protocol, without I/O.
//!
//! The driver owns the socket. It calls, in this order: [`Session::take_output`] and sends what it
//! gets, [`Session::receive`] with what arrives, then [`Session::next_arrival`] until it returns
//! `None`. That keeps what the session holds down to one incomplete reply. Time limits and
//! reconnecting are the driver's.

use wire::{Greeting, Head, Hello, Limits, Problem, ReplyBody, Welcome};

use crate::call::{Call, Payload};
use crate::error::{SessionError, SubmitError};
use crate::window::Window;

/// One connection's side of the protocol. `T` is what the driver remembers per request in flight.
#[derive(Debug)]
pub struct Session<T> {
    welcome: Option<Box<Welcome>>,
    limits: Limits,
    window: Window<T>,
    in_flight_max: u16,
    output: Vec<u8>,
    input: Vec<u8>,
    input_read: usize,
}

/// What arrived.
#[derive(Debug)]
pub enum Arrival<'a, T> {
    /// The server let us in: calls may be submitted.
    Welcomed,
    /// A reply, in any order.
    Replied {
        /// What [`Session::submit`] was given with the request.
        ticket: T,
        /// The reply, borrowed from the session's input.
        reply: wire::Reply<'a>,
    },
}

/// An emptied input buffer above this capacity is given back, in bytes.
const INPUT_KEPT_BYTES_MAX: usize = 1024 * 1024;

impl<T> Session<T> {
    /// A session that has not been greeted; its Hello waits in the output.
    pub fn new(name: &str, in_flight_max: u16) -> Self {
        Self::showing(name, "", in_flight_max)
    }

    /// The same, whose Hello shows a credential; an empty one is none.
    pub fn showing(name: &str, credential: &str, in_flight_max: u16) -> Self {
        let mut output = Vec::new();
        Hello::new(name).showing(credential).encode(&mut output);
        Self {
            welcome: None,
            limits: Limits::DEFAULT,
            window: Window::new(1),
            in_flight_max,
            output,
            input: Vec::new(),
            input_read: 0,
        }
    }

    /// Appends a request to the output and returns its id.
    pub fn submit(&mut self, call: &Call<'_>, ticket: T) -> Result<u64, SubmitError> {
        if self.welcome.is_none() {
            return Err(SubmitError::NotGreeted);
        }
        let Some(request_id) = self.window.next_id() else {
            return Err(SubmitError::WindowFull { in_flight: self.window.count_max() });
        };
        let head = Head { request_id, ..call.head };
        match call.payload {
            Payload::One(payload) => {
                wire::encode_request(&mut self.output, &head, payload, &self.limits)?;
            }
            Payload::Batch(payloads) => {
                wire::encode_batch_request(&mut self.output, &head, payloads, &self.limits)?;
            }
        }
        self.window.take(ticket);
        Ok(request_id)
    }

    /// Exchanges the bytes to be sent for `spare`, which must be empty; its capacity is reused.
    pub fn take_output(&mut self, spare: &mut Vec<u8>) {
        assert!(spare.is_empty(), "bytes that were not sent would go missing");
        std::mem::swap(&mut self.output, spare);
    }

    /// Takes bytes from the server.
    pub fn receive(&mut self, bytes: &[u8]) {
        if self.input_read == self.input.len() {
            self.input.clear();
            if INPUT_KEPT_BYTES_MAX < self.input.capacity() {
                self.input.shrink_to(INPUT_KEPT_BYTES_MAX);
            }
        } else {
            self.input.drain(..self.input_read);
        }
        self.input_read = 0;
        self.input.extend_from_slice(bytes);
    }

    /// The next thing in what was received; `None` asks for more bytes.
    ///
    /// An error is final: close the connection and [`Session::drain`] what was in flight.
    pub fn next_arrival(&mut self) -> Result<Option<Arrival<'_, T>>, SessionError> {
        let bytes = &self.input[self.input_read..];
        if self.welcome.is_none() {
            let Some((greeting, taken)) =
                Greeting::decode(bytes).map_err(SessionError::Handshake)?
            else {
                return Ok(None);
            };
            self.input_read += taken;
            return match greeting {
                Greeting::Welcome(welcome) => {
                    self.limits = welcome.limits;
                    self.window = Window::new(self.in_flight_max.min(welcome.limits.in_flight_max));
                    self.welcome = Some(welcome);
                    Ok(Some(Arrival::Welcomed))
                }
                Greeting::Refusal(refusal) => Err(SessionError::Refused {
                    status: refusal.status,
                    version_min: refusal.version_min,
                    version_max: refusal.version_max,
                    detail: refusal.detail,
                }),
            };
        }
        let Some((reply, taken)) =
            wire::decode_reply(bytes, &self.limits).map_err(SessionError::Frame)?
        else {
            return Ok(None);
        };
        if reply.request_id == 0 {
            return Err(dismissal(&reply));
        }
        let request_id = reply.request_id;
        let Some(ticket) = self.window.leave(request_id) else {
            return Err(SessionError::UnknownRequest { request_id });
        };
        self.input_read += taken;
        Ok(Some(Arrival::Replied { ticket, reply }))
    }

    /// Ends the session: everything in flight, in no particular order.
    pub fn drain(&mut self) -> impl Iterator<Item = T> {
        self.window.drain()
    }

    /// What the server said first; `None` before.
    pub fn welcome(&self) -> Option<&Welcome> {
        self.welcome.as_deref()
    }

    /// How many requests wait for their reply.
    pub fn in_flight(&self) -> usize {
        self.window.count()
    }

    /// How many more requests can be submitted now.
    pub fn room(&self) -> usize {
        if self.welcome.is_none() { 0 } else { self.window.count_max() - self.window.count() }
    }

    /// Whether [`Session::take_output`] has anything to give.
    pub fn has_output(&self) -> bool {
        !self.output.is_empty()
    }
}

fn dismissal(reply: &wire::Reply<'_>) -> SessionError {
    let problem = match &reply.body {
        ReplyBody::One(payload) => Problem::decode(payload).ok(),
        ReplyBody::Batch(_) => None,
    };
    SessionError::Dismissed {
        status: reply.status,
        reference: problem.map_or(0, |it| it.reference),
        detail: problem.map_or_else(String::new, |it| it.detail.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use wire::{Refusal, ReplyMark, SlotMap, Status};

    use super::*;

    fn welcome_bytes(in_flight_max: u16) -> Vec<u8> {
        let mut out = Vec::new();
        Welcome {
            version: 1,
            core: 0,
            limits: Limits { in_flight_max, ..Limits::DEFAULT },
            epoch: 1,
            position: 0,
            addresses: vec![None],
            slots: SlotMap::from_fn(|_| 0),
        }
        .encode(&mut out);
        out
    }

    fn reply_bytes(request_id: u64, payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mark = ReplyMark::begin(&mut out, request_id, &Limits::DEFAULT);
        out.extend_from_slice(payload);
        mark.finish(&mut out, Status::Ok, 1);
        out
    }

    fn greeted(in_flight_max: u16) -> Session<char> {
        let mut session = Session::new("test", 64);
        session.receive(&welcome_bytes(in_flight_max));
        assert!(matches!(session.next_arrival(), Ok(Some(Arrival::Welcomed))));
        session
    }

    #[test]
    fn replies_find_their_tickets_in_any_order_and_any_split() {
        let mut session = greeted(4);
        let call = Call::query(1, b"q");
        let ids: Vec<u64> = "abc".chars().map(|it| session.submit(&call, it).unwrap()).collect();
        let mut bytes = Vec::new();
        for at in [2, 0, 1] {
            bytes.extend_from_slice(&reply_bytes(ids[at], b"payload"));
        }
        let mut seen = String::new();
        for byte in bytes {
            session.receive(&[byte]);
            while let Some(Arrival::Replied { ticket, .. }) = session.next_arrival().unwrap() {
                seen.push(ticket);
            }
        }
        assert_eq!((seen.as_str(), session.in_flight()), ("cab", 0));
    }

    #[test]
    fn the_smaller_of_both_windows_applies() {
        let mut session = greeted(2);
        let call = Call::query(1, b"");
        assert_eq!(session.room(), 2);
        session.submit(&call, 'a').unwrap();
        session.submit(&call, 'b').unwrap();
        assert_eq!(session.submit(&call, 'c'), Err(SubmitError::WindowFull { in_flight: 2 }));
        assert_eq!(session.drain().count(), 2);
    }

    #[test]
    fn nothing_is_submitted_before_the_greeting() {
        let mut session = Session::new("test", 64);
        assert_eq!(session.submit(&Call::query(1, b""), 'a'), Err(SubmitError::NotGreeted));
        let mut output = Vec::new();
        session.take_output(&mut output);
        assert_eq!(Hello::decode(&output), Ok(Some((Hello::new("test"), 20))));
    }

    #[test]
    fn a_server_that_breaks_the_protocol_is_named() {
        let mut session = greeted(2);
        session.receive(&reply_bytes(77, b""));
        let error = session.next_arrival().unwrap_err();
        assert_eq!(error, SessionError::UnknownRequest { request_id: 77 });

        let mut session = greeted(2);
        session.receive(&[1, 0, 0, 0]);
        assert!(matches!(session.next_arrival(), Err(SessionError::Frame(_))));

        let mut session: Session<char> = Session::new("test", 64);
        session.receive(b"HTTP/1.1 400");
        assert!(matches!(session.next_arrival(), Err(SessionError::Handshake(_))));
    }

    #[test]
    fn a_dismissal_and_a_refusal_carry_their_reason() {
        let mut session = greeted(2);
        let mut bytes = Vec::new();
        let problem = Problem { reference: 96, ..Problem::new(Status::Garbled, "flags") };
        wire::encode_problem_reply(&mut bytes, 0, &problem, 0);
        session.receive(&bytes);
        let (status, detail) = (Status::Garbled, "flags".to_owned());
        assert_eq!(
            session.next_arrival().unwrap_err(),
            SessionError::Dismissed { status, reference: 96, detail }
        );

        let mut session: Session<char> = Session::new("test", 64);
        let mut bytes = Vec::new();
        let (status, detail) = (Status::WrongVersion, "too old".to_owned());
        let (version_min, version_max) = (2, 3);
        Refusal { status, version_min, version_max, detail: detail.clone() }.encode(&mut bytes);
        session.receive(&bytes);
        assert_eq!(
            session.next_arrival().unwrap_err(),
            SessionError::Refused { status, version_min, version_max, detail }
        );
    }
}
