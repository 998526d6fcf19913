//! One measured window against one side.

use std::thread;
use std::time::Instant;

use crate::cpu::{Subject, Used};
use crate::error::LoadError;
use crate::link::Peer;
use crate::pace::{Clock, Starts, Window};
use crate::swarm::Swarm;
use crate::tally::Tally;
use crate::worker::{Connections, DRAIN_NS, Task};

/// What all rounds of a run have in common. Times in nanoseconds.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) connections: u32,
    /// Requests per second of all threads, in an open loop.
    pub(crate) rate: Option<u64>,
    pub(crate) warmup_ns: u64,
    pub(crate) window_ns: u64,
    /// One thread on each.
    pub(crate) client_cores: Vec<usize>,
    /// Threads never sleep.
    pub(crate) spin: bool,
    /// In an open loop: what is due for longer is not sent any more.
    pub(crate) patience_ns: Option<u64>,
}

/// What one round counted.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) tally: Tally,
    /// CPU time of the side inside the window, where it is known whose that is.
    pub(crate) used: Option<Used>,
}

/// Time between the making of the threads and their first request, in nanoseconds.
pub(crate) const HEAD_START_NS: u64 = 20_000_000;

/// Runs one round and waits for its end.
pub(crate) fn measure(
    shape: &Shape,
    peer: &Peer<'_>,
    subject: Option<Subject>,
) -> Result<Measured, LoadError> {
    let mut tasks = tasks(shape, peer)?;
    let clock = Clock::start();
    let from = clock.now() + HEAD_START_NS;
    let opens = from + shape.warmup_ns;
    let window = Window { from: opens, to: opens + shape.window_ns };
    for task in &mut tasks {
        (task.clock, task.from, task.window) = (clock, from, window);
    }
    let threads: Vec<_> = tasks
        .into_iter()
        .map(|task| thread::Builder::new().name("load".to_owned()).spawn(|| task.run()))
        .collect::<Result<_, _>>()
        .map_err(LoadError::setup("the generator's threads"))?;
    sleep_until(clock.instant(window.from));
    let before = subject.map(sample).transpose()?;
    sleep_until(clock.instant(window.to));
    let after = subject.map(sample).transpose()?;
    let mut tally = Tally::new();
    for thread in threads {
        let outcome = thread.join().expect("a generator thread that panicked said why");
        let broken = |reason| LoadError::Broken { address: peer.address, reason };
        tally.merge(&outcome?.map_err(broken)?);
    }
    Ok(Measured { tally, used: after.zip(before).map(|(after, before)| after.since(&before)) })
}

/// Connects everything, and deals connections and rate out to the threads.
fn tasks(shape: &Shape, peer: &Peer<'_>) -> Result<Vec<Task>, LoadError> {
    let threads = shape.client_cores.len();
    let clock = Clock::start();
    let mut tasks = Vec::with_capacity(threads);
    for (index, core) in shape.client_cores.iter().enumerate() {
        let numbers: Vec<u32> = (0..shape.connections).skip(index).step_by(threads).collect();
        let connections = if peer.is_quic() {
            Connections::Quic(Box::new(Swarm::connect(peer, &numbers)?))
        } else {
            let connect = |number: &u32| peer.connect(*number);
            Connections::Tcp(numbers.iter().map(connect).collect::<Result<_, _>>()?)
        };
        tasks.push(Task {
            core: Some(*core),
            clock,
            window: Window { from: 0, to: 0 },
            from: 0,
            starts: shape.rate.map(|rate| Starts::Even { per_second: share(rate, index, threads) }),
            operations: 0,
            drain_ns: DRAIN_NS,
            halt: None,
            depth: peer.depth,
            spin: shape.spin,
            patience_ns: shape.patience_ns,
            connections,
        });
    }
    Ok(tasks)
}

/// The part of `whole` that falls to one of several, so that the parts add up.
fn share(whole: u64, index: usize, of: usize) -> u64 {
    let (index, of) = (u64::try_from(index).unwrap_or(0), u64::try_from(of).unwrap_or(1));
    whole / of + u64::from(index < whole % of)
}

fn sample(subject: Subject) -> Result<crate::cpu::Sample, LoadError> {
    let pid = match subject {
        Subject::Process(pid) | Subject::Trees([pid, ..]) => pid,
        Subject::Thread(_) => std::process::id(),
    };
    subject.sample().map_err(|source| LoadError::Cpu { pid, source })
}

pub(crate) fn sleep_until(at: Instant) {
    thread::sleep(at.saturating_duration_since(Instant::now()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up() {
        for (whole, of) in [(10, 3), (1, 4), (1_000_000, 7)] {
            let sum: u64 = (0..of).map(|index| share(whole, index, of)).sum();
            assert_eq!(sum, whole);
        }
    }
}
