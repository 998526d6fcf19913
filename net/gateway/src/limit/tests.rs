//! What is held on another core, and a caller that leaves before it hears of it.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::pin::pin;
use std::sync::mpsc;
use std::task::{Context, Waker};
use std::time::Duration;

use contract::{Actor, Entry, Request, Stored};
use limits::{Cost, SetPolicy};
use runtime::{DeviceChoice, Doors, Options, start};
use shard::Call;

use super::*;

static ENTRIES: &[Entry] = &[limits::ENTRY];
/// What is limited; any shape will do.
const SHAPE: Shape = limits::ShowPolicy::SHAPE;
const QUOTA: u64 = 3;

/// Runs `job` on core 0 of a box with two, on which at most [`QUOTA`] requests of a tenant may be
/// under way at the same time.
fn on_core_0(job: impl AsyncFnOnce(Core, Rc<Limits>) + Send + 'static) {
    let data = tempfile::TempDir::new().unwrap();
    let mut options = Options::new(data.path().to_owned());
    options.cores = 2;
    options.log.device = DeviceChoice::Plain;
    options.log.segment_bytes = 16 << 20;
    let (done, outcome) = mpsc::channel();
    let job = std::sync::Mutex::new(Some((job, done)));
    let doors: Doors = Arc::new(move |core| {
        let limits = Rc::new(Limits::new([1, 2], Arc::default()));
        core.keep(Rc::clone(&limits));
        if core.id() == CoreId(0)
            && let Some((job, done)) = job.lock().unwrap().take()
        {
            monoio::spawn(async move {
                set_policy(&core).await;
                job(core, limits).await;
                done.send(()).unwrap();
            });
        }
        Ok(())
    });
    let running = start(&options, ENTRIES, &doors, &mut |_| {}).unwrap();
    // A job that panicked has dropped its sender.
    outcome.recv_timeout(Duration::from_secs(20)).unwrap();
    running.stop().unwrap();
}

async fn set_policy(core: &Core) {
    let policy = limits::Policy {
        name: "at-once".to_owned(),
        per: Subject::Tenant,
        operations: "*".to_owned(),
        rate_class: None,
        quota: QUOTA,
        window_s: 0,
        burst: 0,
        unit: limits::Unit::Concurrent,
        cost: Cost::default(),
        enabled: true,
    };
    let mut payload = Vec::new();
    SetPolicy { policy }.encode(&mut payload);
    let mut operations = limits::ENTRY.operations.iter();
    let operation = operations.find(|it| it.shape.name == SetPolicy::SHAPE.name).unwrap();
    let call = Call::plain(operation.number(limits::ENTRY.id), Tenant::BOX, Actor(0), &payload);
    core.ask(call, &mut Vec::new()).await.unwrap();
}

/// A caller whose requests `owner` counts.
fn counted_by(core: &Core, limits: &Limits, owner: CoreId) -> Caller {
    limits.refresh(core);
    let caller = |tenant| Caller {
        tenant: Tenant(tenant),
        actor: Actor(0),
        credential: None,
        address: None,
        is_known: true,
    };
    (1..100)
        .map(caller)
        .find(|it| limits.charges(core, it, &SHAPE, 1)[0].0 == owner)
        .expect("both cores own slots")
}

async fn charged(
    core: &Core,
    limits: &Limits,
    caller: &Caller,
    times: u16,
) -> Result<Allowance, Box<Limited>> {
    limit_times(core, limits, caller, &SHAPE, times).await
}

/// Asks core 1, which is kept from answering, and leaves.
fn leave_while_asking(core: &Core, limits: &Limits, caller: &Caller) {
    let (release, held) = mpsc::channel::<()>();
    core.tell(CoreId(1), move |_| {
        let _ = held.recv();
    });
    let mut charging = pin!(charged(core, limits, caller, 1));
    let mut context = Context::from_waker(Waker::noop());
    assert!(charging.as_mut().poll(&mut context).is_pending());
    // Core 1 answers from here on, and whoever asked is gone either before or after.
    drop(release);
}

#[test]
fn a_caller_that_leaves_while_another_core_is_asked_holds_nothing() {
    on_core_0(async |core, limits| {
        let caller = counted_by(&core, &limits, CoreId(1));
        for _ in 0..10 * QUOTA {
            leave_while_asking(&core, &limits, &caller);
        }
        // What is asked of a core now it does after all that it was asked before.
        core.on(CoreId(1), |_| ()).await;
        let whole = u16::try_from(QUOTA).unwrap();
        let all = charged(&core, &limits, &caller, whole).await.expect("all came back");
        assert!(charged(&core, &limits, &caller, 1).await.is_err(), "none is left");
        drop(all);
        assert!(charged(&core, &limits, &caller, whole).await.is_ok(), "given back in the end");
    });
}

#[test]
fn a_caller_that_is_refused_and_leaves_gives_back_nothing_that_others_hold() {
    on_core_0(async |core, limits| {
        let caller = counted_by(&core, &limits, CoreId(1));
        let whole = u16::try_from(QUOTA).unwrap();
        let held = charged(&core, &limits, &caller, whole).await.expect("nothing is held yet");
        for _ in 0..QUOTA {
            leave_while_asking(&core, &limits, &caller);
        }
        core.on(CoreId(1), |_| ()).await;
        assert!(charged(&core, &limits, &caller, 1).await.is_err(), "others still hold all");
        drop(held);
        assert!(charged(&core, &limits, &caller, whole).await.is_ok());
    });
}

#[test]
fn what_this_core_counts_is_charged_without_a_wait_and_by_times() {
    on_core_0(async |core, limits| {
        let (here, there) = (CoreId(0), CoreId(1));
        let caller = counted_by(&core, &limits, there);
        assert!(limit_here(&core, &limits, &caller, &SHAPE, 1).is_none());
        let caller = counted_by(&core, &limits, here);
        let charge = |times| limit_here(&core, &limits, &caller, &SHAPE, times).unwrap();
        let two = charge(2).expect("two of three");
        assert!(charge(2).is_err());
        let one = charge(1).expect("the third");
        assert!(charge(1).is_err());
        drop((two, one));
        assert!(charge(3).is_ok());
        // More than it ever admits.
        assert!(charge(4).is_err());
    });
}
