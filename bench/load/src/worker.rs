//! One thread of the generator: its connections, its timetable, its clock.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use monoio::time::sleep;
use runtime::event_loop;

use crate::cpu;
use crate::error::LoadError;
use crate::line::{Line, Shared};
use crate::link::Wired;
use crate::pace::{Arrivals, Clock, Starts, Timetable, Window};
use crate::swarm::{self, Flight, Lane, Swarm};
use crate::tally::{Detail, Tally};
use crate::timer::Timer;
use crate::turns::Turns;

/// What one thread is to do in one round.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) core: Option<usize>,
    pub(crate) clock: Clock,
    pub(crate) window: Window,
    /// When requests begin, before the window opens.
    pub(crate) from: u64,
    /// When this thread's requests are due, in an open loop.
    pub(crate) starts: Option<Starts>,
    /// Requests in flight on one connection.
    pub(crate) depth: u32,
    /// See [`Shared::patience_ns`].
    pub(crate) patience_ns: Option<u64>,
    /// How many operations the mix has, to be counted one by one; 0 counts none.
    pub(crate) operations: usize,
    /// How long replies and backlog are waited for after the window, at most, in nanoseconds.
    pub(crate) drain_ns: u64,
    /// Set when nobody wants the round any more.
    pub(crate) halt: Option<Arc<AtomicBool>>,
    /// Never sleep.
    pub(crate) spin: bool,
    pub(crate) connections: Connections,
}

/// The connections of one thread, ready to be loaded.
#[derive(Debug)]
pub(crate) enum Connections {
    Tcp(Vec<Wired>),
    Quic(Box<Swarm>),
}

/// A connection under load.
#[derive(Debug)]
enum Way {
    Tcp(Rc<Line>),
    Quic(Lane),
}

impl Way {
    fn issue(&self, now: u64, count: u32) {
        match self {
            Self::Tcp(line) => line.issue(now, count),
            Self::Quic(lane) => lane.issue(now, count),
        }
    }

    fn has_room(&self) -> bool {
        match self {
            Self::Tcp(line) => line.has_room(),
            Self::Quic(lane) => lane.has_room(),
        }
    }

    fn is_idle(&self) -> bool {
        match self {
            Self::Tcp(line) => line.is_idle(),
            Self::Quic(lane) => lane.is_idle(),
        }
    }

    fn stop(&self, now: u64, tally: &mut Tally) {
        match self {
            Self::Tcp(line) => line.stop(now, tally),
            Self::Quic(lane) => lane.stop(now, tally),
        }
    }
}

/// How often the end of a phase is looked for. Far below any window.
const LOOK: Duration = Duration::from_millis(1);
/// How long replies and backlog are waited for after the window unless told otherwise, in nanoseconds.
pub(crate) const DRAIN_NS: u64 = 5_000_000_000;
/// Shortest pause between two looks at the timetable, in nanoseconds.
const TICK_NS: u64 = 5_000;

impl Task {
    /// Runs the round on the calling thread. The inner error says why a connection broke.
    pub(crate) fn run(self) -> Result<Result<Tally, String>, LoadError> {
        if let Some(core) = self.core {
            cpu::pin(core).map_err(LoadError::setup("the generator's core (--client-core)"))?;
        }
        let mut runtime = event_loop().map_err(LoadError::setup("the generator's runtime"))?;
        runtime.block_on(self.drive()).map_err(LoadError::setup("the generator's sockets"))
    }

    async fn drive(self) -> std::io::Result<Result<Tally, String>> {
        let open = self.starts.is_some();
        let arrivals = match self.starts {
            None => Arrivals::Closed { until: self.window.to },
            Some(starts) => Arrivals::Open(Timetable::new(self.from, self.window.to, starts)),
        };
        let mut tally = Tally::new();
        let window_ns = self.window.to - self.window.from;
        tally.detail = (self.operations != 0).then(|| Detail::new(self.operations, window_ns));
        let halt = self.halt;
        let halted = || halt.as_ref().is_some_and(|it| it.load(Relaxed));
        let shared = Rc::new(Shared {
            clock: self.clock,
            window: self.window,
            patience_ns: self.patience_ns,
            arrivals: arrivals.into(),
            tally: tally.into(),
            failure: None.into(),
        });
        let mut ways = Vec::new();
        let mut running = Vec::new();
        let mut flight: Option<Rc<Flight>> = None;
        match self.connections {
            Connections::Tcp(connections) => {
                for wired in connections {
                    let line = Rc::new(Line::new(&shared, wired, self.depth));
                    running.push(monoio::spawn(Rc::clone(&line).run(line.stream()?)));
                    ways.push(Way::Tcp(line));
                }
            }
            Connections::Quic(swarm) => {
                let swarm = Flight::new(&shared, *swarm, self.depth);
                ways.extend(swarm.lanes().into_iter().map(Way::Quic));
                running.push(monoio::spawn(swarm::run(Rc::clone(&swarm))));
                flight = Some(swarm);
            }
        }
        let ways: Rc<[Way]> = ways.into();
        let turns = self.spin.then(|| Rc::new(Turns::default()));
        if let Some(turns) = turns.clone() {
            running.push(monoio::spawn(async move { turns.give().await }));
        }
        if open {
            let timer = Timer::new()?;
            let pace = pace(Rc::clone(&shared), Rc::clone(&ways), timer, turns.clone());
            running.push(monoio::spawn(pace));
        }
        let look = || async {
            match &turns {
                Some(turns) => turns.next().await,
                None => sleep(LOOK).await,
            }
            if let Some(flight) = &flight {
                flight.tick();
            }
        };
        let until = |at| {
            let (shared, look, halted) = (&shared, &look, &halted);
            async move {
                while shared.clock.now() < at && shared.failure.borrow().is_none() && !halted() {
                    look().await;
                }
            }
        };
        until(self.window.from).await;
        let generator_ns = cpu::thread_ns();
        until(self.window.to).await;
        let used_ns = cpu::thread_ns() - generator_ns;
        {
            let mut tally = shared.tally.borrow_mut();
            (tally.generator_ns, tally.generator_all_ns) = (used_ns, used_ns);
        }
        if let Some(timetable) = shared.arrivals.borrow().timetable() {
            shared.tally.borrow_mut().backlog_end = timetable.backlog(self.window.to);
        }
        let deadline = self.window.to + self.drain_ns;
        loop {
            let now = shared.clock.now();
            let over = shared.arrivals.borrow().is_over(now) && ways.iter().all(Way::is_idle);
            if over || deadline <= now || shared.failure.borrow().is_some() || halted() {
                break;
            }
            look().await;
        }
        let now = shared.clock.now();
        for way in ways.iter() {
            way.stop(now, &mut shared.tally.borrow_mut());
        }
        give_up(&shared, now);
        if let Some(turns) = &turns {
            turns.end();
        }
        for task in running {
            task.await;
        }
        let failure = shared.failure.take();
        Ok(failure.map_or_else(|| Ok(shared.tally.borrow().clone()), Err))
    }
}

/// Sends what falls due, on whichever connection has room, in turn.
async fn pace(shared: Rc<Shared>, ways: Rc<[Way]>, mut timer: Timer, turns: Option<Rc<Turns>>) {
    let turn = Cell::new(0_usize);
    loop {
        let now = shared.clock.now();
        loop {
            let due = shared.arrivals.borrow().timetable().map_or(0, |it| it.backlog(now));
            if due == 0 {
                break;
            }
            let free = (0..ways.len())
                .map(|step| (turn.get() + step) % ways.len())
                .find(|index| ways[*index].has_room());
            let Some(index) = free else {
                let mut tally = shared.tally.borrow_mut();
                tally.backlog_max = tally.backlog_max.max(due);
                break;
            };
            turn.set(index + 1);
            ways[index].issue(now, 1);
        }
        let next = shared.arrivals.borrow().timetable().and_then(|it| it.after(now));
        let Some(next) = next.filter(|_| shared.failure.borrow().is_none()) else { return };
        let now = shared.clock.now();
        match &turns {
            Some(turns) => turns.next().await,
            None => timer.wait(next.saturating_sub(now).max(TICK_NS)).await,
        }
    }
}

/// Counts the starts that were never sent as unanswered, with the time that they waited.
fn give_up(shared: &Shared, now: u64) {
    let mut arrivals = shared.arrivals.borrow_mut();
    if arrivals.timetable().is_none() {
        return;
    }
    let mut tally = shared.tally.borrow_mut();
    while let Some(intended) = arrivals.next(now) {
        // Nobody knows what it would have asked.
        shared.give_up(&mut tally, now, intended, u16::MAX);
    }
}
