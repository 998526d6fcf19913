//! The box as a whole, without doors: commands and queries on every core, checkpoints, restarts.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    unnameable_types,
    missing_debug_implementations,
    reason = "a test stops at the first surprise"
)]

#[path = "common/notes.rs"]
mod notes;

use std::{
    cell::Cell,
    path::Path,
    rc::Rc,
    sync::{
        Arc, Mutex,
        mpsc::{self, Receiver, Sender},
    },
    time::Duration,
};

use contract::{Actor, Entry, Stored, Tenant};
use frame::Lsn;
use notes::{Look, LookLimit, Move, SetLimit, Value};
use runtime::{Core, DeviceChoice, Doors, Options, Running, StartError, start};
use shard::{Call, CoreId, Fault, idempotency_key};

static ENTRIES: &[Entry] = &[notes::ENTRY];

type Job = Box<dyn FnOnce(Core) + Send>;

/// A box whose doors run what the test sends.
struct TestBox {
    running: Running,
    jobs: Vec<Sender<Job>>,
}

fn options(data: &Path, cores: u16, device: DeviceChoice) -> Options {
    let mut options = Options::new(data.to_owned());
    options.cores = cores;
    options.log.device = device;
    options.log.segment_bytes = 16 << 20;
    options
}

fn boot(options: &Options) -> TestBox {
    let (senders, receivers): (Vec<Sender<Job>>, Vec<Receiver<Job>>) =
        (0..options.cores).map(|_| mpsc::channel()).unzip();
    let receivers: Vec<_> = receivers.into_iter().map(|it| Mutex::new(Some(it))).collect();
    let doors: Doors = Arc::new(move |core| {
        let jobs = receivers[usize::from(core.id().0)].lock().unwrap().take().unwrap();
        monoio::spawn(async move {
            loop {
                while let Ok(job) = jobs.try_recv() {
                    job(core.clone());
                }
                monoio::time::sleep(Duration::from_micros(200)).await;
            }
        });
        Ok(())
    });
    let running = start(options, ENTRIES, &doors, &mut |_| {}).unwrap();
    TestBox { running, jobs: senders }
}

impl TestBox {
    /// Asks on one core and waits.
    fn ask(
        &self,
        core: usize,
        operation: u32,
        key: Option<&'static [u8]>,
        request: &impl Stored,
    ) -> Result<u64, Fault> {
        let mut payload = Vec::new();
        request.encode(&mut payload);
        let (send, receive) = mpsc::channel();
        let job = move |core: Core| {
            monoio::spawn(async move {
                let operation = (901 << 16) | operation;
                let call = Call {
                    idempotency: key.map(|key| idempotency_key(Tenant(1), operation, key)),
                    ..Call::plain(operation, Tenant(1), Actor(1), &payload)
                };
                let mut out = Vec::new();
                let outcome = core.ask(call, &mut out).await;
                send.send(outcome.map(|_| Value::decode(&out).unwrap().value)).unwrap();
            });
        };
        self.jobs[core].send(Box::new(job)).unwrap();
        receive.recv_timeout(Duration::from_secs(20)).unwrap()
    }

    fn shift(&self, core: usize, from: u64, to: u64, amount: u64) -> Result<u64, Fault> {
        self.ask(core, 1, None, &Move { from, to, amount })
    }

    fn look(&self, core: usize, id: u64) -> u64 {
        self.ask(core, 64, None, &Look { id }).unwrap()
    }
}

#[test]
fn state_survives_a_stop_and_a_start_with_another_number_of_cores() {
    for device in [DeviceChoice::Auto, DeviceChoice::Plain] {
        let data = tempfile::tempdir().unwrap();
        let first = boot(&options(data.path(), 3, device));
        // Slots 1 and 4,000 are far apart: two cores own them.
        for turn in 1..=20 {
            let core = usize::try_from(turn % 3).unwrap();
            assert_eq!(first.shift(core, 1, 4000, 2), Ok(turn * 2));
            assert_eq!(first.look((core + 1) % 3, 4000), turn * 2);
            if turn == 10 {
                first.running.checkpoint();
            }
        }
        let position = first.running.position();
        assert_eq!(position.lsn, Lsn(20));
        first.running.stop().unwrap();

        let second = boot(&options(data.path(), 2, device));
        assert_eq!(second.running.position().lsn, Lsn(20));
        assert_eq!(second.look(0, 4000), 40);
        assert_eq!(second.look(1, 1), 0_u64.wrapping_sub(40));
        assert_eq!(second.shift(1, 4000, 1, 40), Ok(0));
        second.running.stop().unwrap();
    }
}

#[test]
fn a_retry_gets_the_same_answer_also_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let first = boot(&options(data.path(), 2, DeviceChoice::Auto));
    let request = Move { from: 1, to: 4000, amount: 5 };
    let key: Option<&'static [u8]> = Some(b"retry");
    assert_eq!(first.ask(0, 1, key, &request), Ok(5));
    assert_eq!(first.ask(1, 1, key, &request), Ok(5));
    first.running.stop().unwrap();
    let second = boot(&options(data.path(), 2, DeviceChoice::Auto));
    assert_eq!(second.ask(0, 1, key, &request), Ok(5));
    assert_eq!(second.look(0, 4000), 5);
    let other = Move { from: 1, to: 4000, amount: 6 };
    assert_eq!(second.ask(0, 1, key, &other), Err(Fault::IdempotencyMismatch));
    second.running.stop().unwrap();
}

#[test]
fn replicated_data_is_on_every_core_when_the_command_returns() {
    let data = tempfile::tempdir().unwrap();
    let first = boot(&options(data.path(), 3, DeviceChoice::Auto));
    for value in [10, 20, 30] {
        assert_eq!(first.ask(1, 2, None, &SetLimit { value }), Ok(value));
        for core in 0..3 {
            assert_eq!(first.ask(core, 65, None, &LookLimit { nothing: 0 }), Ok(value));
        }
    }
    let refused = first.shift(0, 1, 4000, 31);
    assert!(matches!(refused, Err(Fault::Denied(denial)) if denial.field == "amount"));
    first.running.stop().unwrap();
    let second = boot(&options(data.path(), 2, DeviceChoice::Auto));
    assert_eq!(second.ask(1, 65, None, &LookLimit { nothing: 0 }), Ok(30));
    second.running.stop().unwrap();
}

#[test]
fn a_door_reads_reference_data_and_asks_its_like_on_another_core() {
    let data = tempfile::tempdir().unwrap();
    let quoin = boot(&options(data.path(), 3, DeviceChoice::Plain));
    quoin.ask(1, 2, None, &SetLimit { value: 30 }).unwrap();
    let (send, receive) = mpsc::channel();
    for core in 0..3_u16 {
        let (ready, kept) = mpsc::channel();
        let job = move |it: Core| {
            it.keep(Rc::new(Cell::new(u64::from(core) * 100)));
            ready.send(()).unwrap();
        };
        quoin.jobs[usize::from(core)].send(Box::new(job)).unwrap();
        kept.recv_timeout(Duration::from_secs(20)).unwrap();
    }
    let job = move |it: Core| {
        monoio::spawn(async move {
            for at in [2, 1, 0, 2] {
                let seen = it.on(CoreId(at), |there| {
                    let kept = there.kept::<Cell<u64>>().unwrap();
                    kept.set(kept.get() + 1);
                    let limit = there.reference(notes::ENTRY.id, |it: &notes::Limits, _| it.0);
                    (there.id(), kept.get(), limit)
                });
                send.send(seen.await).unwrap();
            }
        });
    };
    quoin.jobs[0].send(Box::new(job)).unwrap();
    for expected in [(2, 201), (1, 101), (0, 1), (2, 202)] {
        let seen = receive.recv_timeout(Duration::from_secs(20)).unwrap();
        assert_eq!(seen, (CoreId(expected.0), expected.1, Some(30)));
    }
    quoin.running.stop().unwrap();
}

#[test]
fn a_second_process_on_the_same_data_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let first = boot(&options(data.path(), 1, DeviceChoice::Auto));
    let doors: Doors = Arc::new(|_| Ok(()));
    let second = start(&options(data.path(), 1, DeviceChoice::Auto), ENTRIES, &doors, &mut |_| {});
    assert!(matches!(second, Err(StartError::Recovery(_))), "{second:?}");
    first.running.stop().unwrap();
}

#[test]
fn a_door_that_cannot_open_ends_the_start_and_leaves_the_data_free() {
    let data = tempfile::tempdir().unwrap();
    let doors: Doors = Arc::new(|_| Err("the port is taken".into()));
    let refused = start(&options(data.path(), 2, DeviceChoice::Auto), ENTRIES, &doors, &mut |_| {});
    assert!(matches!(refused, Err(StartError::Core { .. })), "{refused:?}");
    boot(&options(data.path(), 1, DeviceChoice::Auto)).running.stop().unwrap();
}
