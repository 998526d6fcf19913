//! A box whose doors run what a test sends, one authenticator on each core.

use std::{
    rc::Rc,
    sync::{
        Arc, Mutex,
        mpsc::{self, Receiver, Sender},
    },
    time::Duration,
};

use contract::{Actor, Entry, Request, Stored, Tenant};
use frame::Lsn;
use gateway::{Authenticator, Bootstrap, Rejection, Shown, Step, TokenTerms};
use runtime::{Core, DeviceChoice, Doors, Options, Running, start};
use shard::{Call, Fault, Ticket};
use tempfile::TempDir;

static ENTRIES: &[Entry] = &[identity::ENTRY];

/// The box's own issuer.
pub const ISSUER: &str = "https://box.example";

type Job = Box<dyn FnOnce(Core, Rc<Authenticator>) + Send>;

pub struct TestBox {
    running: Option<Running>,
    jobs: Vec<Sender<Job>>,
    _data: TempDir,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is known who asks.
    Asked { tenant: u32, allowed: bool },
    /// HTTP status and reason code.
    Refused(u16, &'static str),
}

impl TestBox {
    pub fn start() -> Self {
        let data = TempDir::new().unwrap();
        let mut options = Options::new(data.path().to_owned());
        options.cores = 2;
        options.log.device = DeviceChoice::Plain;
        options.log.segment_bytes = 16 << 20;
        let (jobs, receivers): (Vec<Sender<Job>>, Vec<Receiver<Job>>) =
            (0..options.cores).map(|_| mpsc::channel()).unzip();
        let receivers: Vec<_> = receivers.into_iter().map(|it| Mutex::new(Some(it))).collect();
        let doors: Doors = Arc::new(move |core| {
            let jobs = receivers[usize::from(core.id().0)].lock().unwrap().take().unwrap();
            let terms = TokenTerms {
                issuer: ISSUER.to_owned(),
                audience: "quoin".to_owned(),
                leeway_s: 30,
            };
            let authenticator = Rc::new(Authenticator::new(&core, terms));
            monoio::spawn(async move {
                loop {
                    while let Ok(job) = jobs.try_recv() {
                        job(core.clone(), Rc::clone(&authenticator));
                    }
                    monoio::time::sleep(Duration::from_micros(200)).await;
                }
            });
            Ok(())
        });
        let running = start(&options, ENTRIES, &doors, &mut |_| {}).unwrap();
        Self { running: Some(running), jobs, _data: data }
    }

    /// Runs `job` on a core and waits for what it gives.
    fn on<T: Send + 'static, F: Future<Output = T> + 'static>(
        &self,
        core: usize,
        job: impl FnOnce(Core, Rc<Authenticator>) -> F + Send + 'static,
    ) -> T {
        let (send, receive) = mpsc::channel();
        let job = move |core: Core, authenticator: Rc<Authenticator>| {
            let future = job(core, authenticator);
            monoio::spawn(async move { send.send(future.await).unwrap() });
        };
        self.jobs[core].send(Box::new(job)).unwrap();
        receive.recv_timeout(Duration::from_secs(20)).unwrap()
    }

    pub fn now_s(&self) -> u64 {
        self.on(0, |core, _| async move { core.now_us() / 1_000_000 })
    }

    /// Runs a request as the box itself, in a tenant.
    pub fn run<R: Request>(&self, tenant: u32, request: &R) -> R::Reply {
        self.run_on(0, tenant, request)
    }

    pub fn run_on<R: Request>(&self, core: usize, tenant: u32, request: &R) -> R::Reply {
        let operation = identity::ENTRY.operations.iter();
        let mut operation = operation.filter(|it| it.shape.name == R::SHAPE.name);
        let operation = operation.next().unwrap().number(identity::ENTRY.id);
        let mut payload = Vec::new();
        request.encode(&mut payload);
        let reply = self.step(core, tenant, operation, payload).unwrap();
        R::Reply::decode(&reply).unwrap()
    }

    fn step(
        &self,
        core: usize,
        tenant: u32,
        operation: u32,
        payload: Vec<u8>,
    ) -> Result<Vec<u8>, Fault> {
        self.on(core, move |core, _| async move {
            let call = Call {
                ticket: Ticket(0),
                operation,
                tenant: Tenant(tenant),
                actor: Actor(0),
                correlation: 0,
                idempotency: None,
                deadline_us: 0,
                at_least: Lsn::NONE,
                payload: &payload,
            };
            let mut out = Vec::new();
            core.ask(call, &mut out).await.map(|_| out)
        })
    }

    /// The admin's key, when one was made.
    pub fn bootstrap(&self, bootstrap: &Bootstrap) -> Option<String> {
        let run = |step: Step| self.step(1, 0, step.operation, step.payload);
        let code = |fault: &Fault| match fault {
            Fault::Denied(denial) => denial.code,
            fault => panic!("{fault}"),
        };
        let outcome = run(Bootstrap::question());
        let outcome = outcome.as_ref().map(Vec::as_slice).map_err(code);
        if !Bootstrap::is_needed(outcome).unwrap() {
            return None;
        }
        let mut last = Vec::new();
        for step in bootstrap.steps() {
            last = run(step).unwrap();
        }
        Some(bootstrap.key_text(&last).unwrap())
    }

    /// Shows a credential to one core.
    pub fn ask(&self, core: usize, credential: &str, permission: &'static str) -> Outcome {
        let credential = credential.to_owned();
        self.on(core, move |_, authenticator| async move {
            match authenticator.authenticate(Shown::bearer(&credential)).await {
                Ok(caller) => Outcome::Asked {
                    tenant: caller.tenant.0,
                    allowed: caller.permissions.allows(permission),
                },
                Err(rejection) => Outcome::Refused(rejection.http, rejection.name),
            }
        })
    }

    pub fn on_behalf(&self, credential: &str, tenant: u32) -> Result<u32, u16> {
        let credential = credential.to_owned();
        self.on(0, move |_, authenticator| async move {
            let caller = authenticator.authenticate(Shown::bearer(&credential)).await.unwrap();
            let caller = caller.on_behalf_of(Tenant(tenant));
            caller.map(|it| it.tenant.0).map_err(|it| it.http)
        })
    }

    pub fn authorise(&self, credential: &str, operation: &'static str) -> Result<(), Rejection> {
        let credential = credential.to_owned();
        self.on(0, move |_, authenticator| async move {
            let caller = authenticator.authenticate(Shown::bearer(&credential)).await.unwrap();
            let mut operations = identity::ENTRY.operations.iter();
            caller.authorise(operations.find(|it| it.shape.name == operation).unwrap())
        })
    }

    pub fn jwks(&self) -> String {
        self.on(1, |_, authenticator| async move { authenticator.jwks().await.unwrap() })
    }
}

impl Drop for TestBox {
    fn drop(&mut self) {
        if let Some(running) = self.running.take()
            && !std::thread::panicking()
        {
            running.stop().unwrap();
        }
    }
}
