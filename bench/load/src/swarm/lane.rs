//! The connections of a swarm under load.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

use monoio::net::udp::UdpSocket;

use super::{Done, Swarm};
use crate::line::Shared;
use crate::slots::Slots;
use crate::tally::Tally;

/// One connection of a swarm.
#[derive(Debug)]
pub(crate) struct Lane {
    pub(crate) flight: Rc<Flight>,
    pub(crate) index: usize,
}

/// A swarm under load.
#[derive(Debug)]
pub(crate) struct Flight {
    shared: Rc<Shared>,
    state: RefCell<State>,
    /// The task, when it waits.
    waker: RefCell<Option<Waker>>,
    stopping: Cell<bool>,
}

#[derive(Debug)]
struct State {
    swarm: Swarm,
    /// Of each connection.
    slots: Vec<Slots>,
    done: Vec<Done>,
}

impl Flight {
    pub(crate) fn new(shared: &Rc<Shared>, swarm: Swarm, depth: u32) -> Rc<Self> {
        let slots = (0..swarm.count()).map(|_| Slots::new(depth)).collect();
        let state = State { swarm, slots, done: Vec::new() };
        Rc::new(Self {
            shared: Rc::clone(shared),
            state: RefCell::new(state),
            waker: RefCell::default(),
            stopping: Cell::new(false),
        })
    }

    pub(crate) fn lanes(self: &Rc<Self>) -> Vec<Lane> {
        let count = self.state.borrow().swarm.count();
        (0..count).map(|index| Lane { flight: Rc::clone(self), index }).collect()
    }

    /// Rings timers; to be called every millisecond or so.
    pub(crate) fn tick(&self) {
        let mut state = self.state.borrow_mut();
        let State { swarm, done, .. } = &mut *state;
        let mut tally = self.shared.tally.borrow_mut();
        let statuses = self.shared.statuses(&mut tally, self.shared.clock.now());
        if let Err(reason) = swarm.tick(statuses, done) {
            self.fail(reason);
        }
        drop((state, tally));
        self.wake();
    }

    fn fail(&self, reason: String) {
        if !self.stopping.get() {
            self.shared.failure.borrow_mut().get_or_insert(reason);
        }
    }

    fn wake(&self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Takes what has arrived, counts it, sends what may follow.
    fn turn(&self, readable: bool) {
        let mut state = self.state.borrow_mut();
        let state = &mut *state;
        let mut now = self.shared.clock.now();
        let mut tally = self.shared.tally.borrow_mut();
        if readable {
            let statuses = self.shared.statuses(&mut tally, now);
            if let Err(reason) = state.swarm.receive(statuses, &mut state.done) {
                self.fail(reason);
            }
            // Decrypting took its time.
            now = self.shared.clock.now();
        }
        for done in &state.done {
            let Done { connection, slot, ok, bytes, .. } = *done;
            if self.shared.window.contains(now) {
                tally.received_bytes += u64::try_from(bytes).unwrap_or(0);
            }
            if let Some((started, operation)) = state.slots[connection].finish(slot) {
                self.shared.count(&mut tally, now, started, operation, ok);
            }
        }
        state.done.clear();
        // An answer makes room for a request, and so does the word that more streams are taken.
        for place in 0..state.swarm.touched().len() {
            let index = state.swarm.touched()[place];
            state.issue(&self.shared, &mut tally, index, now, u32::MAX);
        }
        state.swarm.flush();
    }
}

impl State {
    fn issue(&mut self, shared: &Shared, tally: &mut Tally, index: usize, now: u64, count: u32) {
        let slots = &mut self.slots[index];
        for _ in 0..count {
            if !slots.has_free() || !shared.is_due(tally, now) {
                return;
            }
            let Some(id) = self.swarm.open(index) else { return };
            let intended = shared.start(tally, now).expect("one is due");
            let slot = slots.take(intended);
            let (bytes, operation) = self.swarm.send(index, id, slot);
            slots.mark(slot, operation);
            if shared.window.contains(now) {
                tally.sent_bytes += u64::try_from(bytes).unwrap_or(0);
            }
        }
    }
}

impl Lane {
    pub(crate) fn issue(&self, now: u64, count: u32) {
        let mut state = self.flight.state.borrow_mut();
        let shared = &self.flight.shared;
        state.issue(shared, &mut shared.tally.borrow_mut(), self.index, now, count);
        drop(state);
        self.flight.wake();
    }

    pub(crate) fn has_room(&self) -> bool {
        let state = self.flight.state.borrow();
        state.slots[self.index].has_free() && state.swarm.is_open(self.index)
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.flight.state.borrow().slots[self.index].is_idle()
    }

    pub(crate) fn stop(&self, now: u64, tally: &mut Tally) {
        let mut state = self.flight.state.borrow_mut();
        for (started, operation) in state.slots[self.index].waiting() {
            self.flight.shared.give_up(tally, now, started, operation);
        }
        state.swarm.close(self.index);
        drop(state);
        self.flight.stopping.set(true);
        self.flight.wake();
    }
}

/// Runs the connections until they are stopped.
pub(crate) async fn run(flight: Rc<Flight>) {
    let socket = flight.state.borrow().swarm.socket.io().try_clone().and_then(UdpSocket::from_std);
    let socket = match socket {
        Ok(socket) => Rc::new(socket),
        Err(error) => return flight.fail(error.to_string()),
    };
    let wait = || {
        let socket = Rc::clone(&socket);
        async move { socket.readable(false).await }
    };
    let mut readable = pin!(wait());
    if flight.shared.arrivals.borrow().timetable().is_none() {
        let now = flight.shared.clock.now();
        for lane in flight.lanes() {
            lane.issue(now, u32::MAX);
        }
    }
    poll_fn(|context| {
        let arrived: Option<io::Result<()>> = match readable.as_mut().poll(context) {
            Poll::Ready(arrived) => Some(arrived),
            Poll::Pending => None,
        };
        let there = arrived.is_some();
        if let Some(Err(error)) = arrived {
            flight.fail(error.to_string());
            return Poll::Ready(());
        }
        flight.turn(there);
        if flight.stopping.get() {
            return Poll::Ready(());
        }
        if there {
            readable.set(wait());
            // Armed at once: what arrives from now on wakes this task.
            if readable.as_mut().poll(context).is_ready() {
                context.waker().wake_by_ref();
            }
        }
        *flight.waker.borrow_mut() = Some(context.waker().clone());
        Poll::Pending
    })
    .await;
}
