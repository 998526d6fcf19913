//! One core's loop: receive, let the state machines work, send, wait.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use quinn_proto::{ConnectionHandle, DatagramEvent, Endpoint, Incoming, Transmit};

use crate::connection::{Connection, Talk};
use crate::figures::Figures;
use crate::h3::code::Code;
use crate::lanes::Lane;
use crate::link::Datagram;
use crate::shop::Shop;
use crate::socket::Socket;
use crate::steering;

/// Batches that are received before what is due for sending is sent.
const BATCHES_MAX: usize = 4;
/// Rounds before other tasks of the core get their turn.
const ROUNDS_MAX: usize = 16;
/// How long to wait when there is nothing to wait for.
const IDLE: Duration = Duration::from_hours(1);

/// How many connections, and what is done when they are many.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Admission {
    pub(crate) connections_max: usize,
    /// Unfinished handshakes above which a client must show that its address is its own.
    pub(crate) handshakes_retry: usize,
}

pub(crate) struct Driver {
    pub(crate) core: u16,
    pub(crate) lanes: Arc<[Lane]>,
    pub(crate) figures: Arc<[Figures]>,
    pub(crate) socket: Socket,
    pub(crate) endpoint: Endpoint,
    pub(crate) admission: Admission,
    pub(crate) drain: Duration,
    pub(crate) shop: Shop,
    pub(crate) tables: Tables,
}

/// What the loop keeps between turns.
#[derive(Default)]
pub(crate) struct Tables {
    /// By the endpoint's handle.
    connections: Vec<Option<Box<Connection>>>,
    count: usize,
    handshakes: usize,
    serial: u64,
    dirty: Vec<usize>,
    /// When a connection wants to be called, its place and serial number. An entry may be stale.
    timers: BinaryHeap<Reverse<(Instant, usize, u64)>>,
    datagrams: Vec<Datagram>,
    packet: Vec<u8>,
    /// A transmission for which there was no room.
    blocked: Option<(Transmit, Vec<u8>)>,
    /// Set once the door stops: when the last connections are closed regardless.
    deadline: Option<Instant>,
}

impl Driver {
    /// Serves until `stopping` resolves and what was under way then is done or out of time.
    pub(crate) async fn run(mut self, stopping: impl Future<Output = ()>) {
        let mut stopping = pin!(stopping);
        let mut readable = pin!(self.socket.readable());
        let mut writable = pin!(self.socket.writable());
        let mut sleep = pin!(monoio::time::sleep(IDLE));
        let mut sleeps_until = None;
        std::future::poll_fn(|context| {
            for _ in 0..ROUNDS_MAX {
                let now = Instant::now();
                let mut worked = false;
                if self.tables.deadline.is_none() && stopping.as_mut().poll(context).is_ready() {
                    self.begin_drain(now);
                }
                if readable.as_mut().poll(context).is_ready() {
                    readable.set(self.socket.readable());
                    self.receive(now);
                    worked = true;
                }
                if self.tables.blocked.is_some() && writable.as_mut().poll(context).is_ready() {
                    writable.set(self.socket.writable());
                    self.unblock();
                    worked = true;
                }
                worked |= self.accept_strays(now, context);
                worked |= self.accept_answers(now, context);
                worked |= self.expire(now);
                self.flush(now);
                if self.finished(now) {
                    return Poll::Ready(());
                }
                let next = self.next_deadline();
                if next != sleeps_until {
                    sleeps_until = next;
                    let wait = next.map_or(IDLE, |it| it.saturating_duration_since(now));
                    sleep.as_mut().reset(monoio::time::Instant::now() + wait);
                }
                if Pin::new(&mut sleep).poll(context).is_ready() {
                    sleeps_until = None;
                    worked = true;
                }
                if !worked {
                    return Poll::Pending;
                }
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    fn receive(&mut self, now: Instant) {
        let mut datagrams = std::mem::take(&mut self.tables.datagrams);
        for _ in 0..BATCHES_MAX {
            match self.socket.receive(&mut datagrams) {
                Ok(true) => {}
                Ok(false) => break,
                // On UDP this is the network's report about an earlier datagram.
                Err(error) => tracing::debug!(%error, "quic: receiving failed"),
            }
        }
        let cores = u16::try_from(self.lanes.len()).expect("bounded by the door");
        let figures = &self.figures[usize::from(self.core)];
        figures.received.add(datagrams.len() as u64);
        for datagram in datagrams.drain(..) {
            let owner = steering::owner(&datagram.bytes, cores);
            if owner == self.core {
                self.handle(datagram, now);
                continue;
            }
            let figures = &self.figures[usize::from(self.core)];
            if self.lanes[usize::from(owner)].forward(datagram) {
                figures.forwarded.add(1);
            } else {
                figures.dropped.add(1);
            }
        }
        self.tables.datagrams = datagrams;
    }

    fn accept_strays(&mut self, now: Instant, context: &Context<'_>) -> bool {
        if self.lanes.len() == 1 {
            return false;
        }
        let strays = self.lanes[usize::from(self.core)].take(context.waker());
        let worked = !strays.is_empty();
        for datagram in strays {
            self.handle(datagram, now);
        }
        worked
    }

    fn accept_answers(&mut self, now: Instant, context: &Context<'_>) -> bool {
        let answers = self.shop.outbox.take(context.waker());
        let pipes = self.shop.outbox.take_pipes();
        let worked = !answers.is_empty() || !pipes.is_empty();
        for pipe in pipes {
            pipe.listed.set(false);
            let Some(connection) = self.tables.at(pipe.place) else { continue };
            if connection.serial == pipe.serial {
                connection.attend(&pipe);
                self.tables.touch(pipe.place);
            }
        }
        for (ticket, response) in answers {
            let Some(connection) = self.tables.at(ticket.place) else { continue };
            if connection.serial == ticket.serial {
                connection.answered(ticket, response, now, &mut self.shop);
                self.tables.touch(ticket.place);
            }
        }
        worked
    }

    fn handle(&mut self, datagram: Datagram, now: Instant) {
        let Datagram { remote, local_ip, ecn, bytes } = datagram;
        let packet = &mut self.tables.packet;
        packet.clear();
        match self.endpoint.handle(now, remote, local_ip, ecn, bytes, packet) {
            Some(DatagramEvent::ConnectionEvent(ConnectionHandle(place), event)) => {
                if let Some(connection) = self.tables.at(place) {
                    connection.quic.handle_event(event);
                    self.tables.touch(place);
                }
            }
            Some(DatagramEvent::NewConnection(incoming)) => self.admit(incoming, now),
            Some(DatagramEvent::Response(transmit)) => self.respond(&transmit),
            None => {}
        }
    }

    fn admit(&mut self, incoming: Incoming, now: Instant) {
        let figures = &self.figures[usize::from(self.core)];
        let packet = &mut self.tables.packet;
        packet.clear();
        if self.tables.deadline.is_some() || self.admission.connections_max <= self.tables.count {
            figures.refused.add(1);
            let transmit = self.endpoint.refuse(incoming, packet);
            return self.respond(&transmit);
        }
        let many = self.admission.handshakes_retry <= self.tables.handshakes;
        if many && incoming.may_retry() && !incoming.remote_address_validated() {
            figures.retries.add(1);
            if let Ok(transmit) = self.endpoint.retry(incoming, packet) {
                self.respond(&transmit);
            }
            return;
        }
        match self.endpoint.accept(incoming, now, packet, None) {
            Ok((ConnectionHandle(place), quic)) => {
                figures.connections.add(1);
                self.tables.insert(place, quic);
                self.tables.touch(place);
            }
            Err(error) => {
                tracing::debug!(cause = %error.cause, "quic: a connection was not accepted");
                if let Some(transmit) = error.response {
                    self.respond(&transmit);
                }
            }
        }
    }

    /// Sends what the endpoint says outside of connections. Nobody misses it if there is no room.
    fn respond(&self, transmit: &Transmit) {
        if self.tables.blocked.is_none() {
            self.socket.send(transmit, &self.tables.packet);
        }
    }

    fn unblock(&mut self) {
        if let Some((transmit, bytes)) = self.tables.blocked.take()
            && !self.socket.send(&transmit, &bytes)
        {
            self.tables.blocked = Some((transmit, bytes));
        }
    }

    fn expire(&mut self, now: Instant) -> bool {
        let mut worked = false;
        while let Some(Reverse((at, place, serial))) = self.tables.timers.peek().copied() {
            if now < at {
                break;
            }
            self.tables.timers.pop();
            let Some(connection) = self.tables.at(place) else { continue };
            if connection.serial != serial || connection.armed != Some(at) {
                continue;
            }
            connection.armed = None;
            match connection.quic.poll_timeout() {
                Some(due) if due <= now => {
                    connection.quic.handle_timeout(now);
                    self.tables.touch(place);
                    worked = true;
                }
                // It was put off since the entry was made.
                Some(due) => self.tables.arm(place, due),
                None => {}
            }
        }
        worked
    }

    /// Lets every connection to which something happened work and send.
    fn flush(&mut self, now: Instant) {
        let mut done = 0;
        while let Some(place) = self.tables.dirty.get(done).copied() {
            if self.tables.blocked.is_some() {
                break;
            }
            done += 1;
            self.flush_one(place, now);
        }
        self.tables.dirty.drain(..done);
    }

    fn flush_one(&mut self, place: usize, now: Instant) {
        let Some(slot) = self.tables.connections.get_mut(place) else { return };
        // Taken out, so that the tables stay free for the rest.
        let Some(mut connection) = slot.take() else { return };
        connection.dirty = false;
        self.exchange(place, &mut connection);
        connection.work(now, &mut self.shop);
        // Before the answers leave: whoever has one finds its request counted.
        self.figures[usize::from(self.core)].requests.set(self.shop.requests);
        self.count(&mut connection);
        self.transmit(&mut connection, now);
        if self.tables.deadline.is_some() && connection.settled() && !connection.quic.is_closed() {
            // Only after the announcement that nothing more is taken has left.
            connection.close(now, Code::NoError, "stopping");
            self.transmit(&mut connection, now);
        }
        // Sending may have retired connection ids, and a timeout the connection.
        if self.exchange(place, &mut connection) {
            self.transmit(&mut connection, now);
        }
        let drained = connection.quic.is_drained();
        if connection.handshaking && (connection.established || connection.lost || drained) {
            connection.handshaking = false;
            self.tables.handshakes -= 1;
        }
        if drained {
            connection.lost = true;
            self.count(&mut connection);
            connection.release(&mut self.shop);
            self.tables.count -= 1;
            return;
        }
        let due = connection.quic.poll_timeout();
        if self.tables.blocked.is_some() {
            // There was more to send.
            connection.dirty = true;
            self.tables.dirty.push(place);
        }
        self.tables.connections[place] = Some(connection);
        if let Some(due) = due {
            self.tables.arm(place, due);
        }
    }

    /// Counts an open connection while it is one.
    fn count(&self, connection: &mut Connection) {
        let figures = &self.figures[usize::from(self.core)];
        let open = if connection.established && !connection.lost && !connection.quic.is_closed() {
            connection.talks()
        } else {
            None
        };
        let gauge = |talk: Talk| match talk {
            Talk::Http3 => &figures.open_http3,
            Talk::Streams => &figures.open_streams,
        };
        if open != connection.counted {
            if let Some(before) = std::mem::replace(&mut connection.counted, open) {
                gauge(before).set(gauge(before).get() - 1);
            }
            if let Some(now) = open {
                gauge(now).add(1);
            }
        }
    }

    /// Carries events between the connection and the endpoint; whether the connection got any.
    fn exchange(&mut self, place: usize, connection: &mut Connection) -> bool {
        let mut told = false;
        while let Some(event) = connection.quic.poll_endpoint_events() {
            if let Some(event) = self.endpoint.handle_event(ConnectionHandle(place), event) {
                connection.quic.handle_event(event);
                told = true;
            }
        }
        told
    }

    fn transmit(&mut self, connection: &mut Connection, now: Instant) {
        let segments_max = self.socket.segments_max();
        let packet = &mut self.tables.packet;
        while self.tables.blocked.is_none() {
            packet.clear();
            let Some(transmit) = connection.quic.poll_transmit(now, segments_max, packet) else {
                return;
            };
            if !self.socket.send(&transmit, packet) {
                self.tables.blocked = Some((transmit, std::mem::take(packet)));
            }
        }
    }

    fn begin_drain(&mut self, now: Instant) {
        self.tables.deadline = Some(now + self.drain);
        for place in 0..self.tables.connections.len() {
            if let Some(connection) = self.tables.at(place) {
                connection.drain();
                self.tables.touch(place);
            }
        }
    }

    /// Whether the door has stopped and nothing is left to do.
    fn finished(&mut self, now: Instant) -> bool {
        let Some(deadline) = self.tables.deadline else { return false };
        if deadline <= now {
            for place in 0..self.tables.connections.len() {
                if let Some(connection) = self.tables.at(place)
                    && !connection.quic.is_closed()
                {
                    connection.close(now, Code::NoError, "stopping");
                    self.tables.touch(place);
                }
            }
            self.flush(now);
            return true;
        }
        // A closed connection has sent its farewell; its afterlife is for stragglers only.
        self.tables.dirty.is_empty()
            && self.tables.connections.iter().flatten().all(|it| it.quic.is_closed())
    }

    fn next_deadline(&self) -> Option<Instant> {
        let timer = self.tables.timers.peek().map(|Reverse((at, _, _))| *at);
        match (timer, self.tables.deadline) {
            (Some(timer), Some(deadline)) => Some(timer.min(deadline)),
            (timer, deadline) => timer.or(deadline),
        }
    }
}

impl Tables {
    fn at(&mut self, place: usize) -> Option<&mut Connection> {
        self.connections.get_mut(place)?.as_deref_mut()
    }

    fn insert(&mut self, place: usize, quic: quinn_proto::Connection) {
        self.serial += 1;
        self.count += 1;
        self.handshakes += 1;
        if self.connections.len() <= place {
            self.connections.resize_with(place + 1, || None);
        }
        self.connections[place] = Some(Box::new(Connection::new(quic, place, self.serial)));
    }

    /// Puts a connection on the list of those that want to work.
    fn touch(&mut self, place: usize) {
        if let Some(connection) = self.at(place)
            && !connection.dirty
        {
            connection.dirty = true;
            self.dirty.push(place);
        }
    }

    /// Has the connection called at `due`. An earlier entry is left to do so: most deadlines are put
    /// off again and again, and an entry each time would be most of the work.
    fn arm(&mut self, place: usize, due: Instant) {
        let Some(connection) = self.at(place) else { return };
        if connection.armed.is_none_or(|armed| due < armed) {
            connection.armed = Some(due);
            let serial = connection.serial;
            self.timers.push(Reverse((due, place, serial)));
        }
    }
}
