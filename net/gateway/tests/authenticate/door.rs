//! A box whose doors run what a test sends, one authenticator on each core.

use std::{
    rc::Rc,
    sync::{
        Arc, Mutex,
        mpsc::{self, Receiver, Sender},
    },
    time::Duration,
};

use contract::{Actor, Entry, Operation, Request, Stored, Tenant};
use credentials::MasterKey;
use gateway::{
    Authenticated, Authenticator, Bootstrap, NewSigningKey, Rejection, Shown, Step, TokenTerms,
};
use identity::{IssueToken, TokenIssued};
use runtime::{Core, DeviceChoice, Doors, Options, Running, start};
use shard::{Call, Fault};
use tempfile::TempDir;
use tls::ClientIdentity;

static ENTRIES: &[Entry] = &[identity::ENTRY];

/// The box's own issuer.
pub const ISSUER: &str = "https://box.example";
/// What the box was started with.
pub const MASTER: MasterKey = MasterKey::new([8; 32]);

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
                master: Some(MASTER),
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
        let operation = number::<R>();
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
            let mut out = Vec::new();
            let call = call(operation, Tenant(tenant), Actor(0), &payload);
            core.ask(call, &mut out).await.map(|_| out)
        })
    }

    fn own_step(&self, step: Step) -> Result<Vec<u8>, u16> {
        self.step(1, 0, step.operation, step.payload).map_err(|fault| match fault {
            Fault::Denied(denial) => denial.code,
            fault => panic!("{fault}"),
        })
    }

    /// The admin's key: one that is made now, or one that was made of the same secret. `None` when
    /// there is another.
    pub fn bootstrap(&self, bootstrap: &Bootstrap) -> Option<String> {
        let outcome = self.own_step(Bootstrap::question());
        let keys = Bootstrap::keys(outcome.as_ref().map(Vec::as_slice).map_err(|it| *it)).unwrap();
        if !keys.is_empty() {
            let own = keys.into_iter().find(|id| self.own_step(bootstrap.is_own(*id)).is_ok())?;
            return Some(bootstrap.key_text(own));
        }
        let mut last = Vec::new();
        for step in bootstrap.steps() {
            last = self.own_step(step).unwrap();
        }
        Some(bootstrap.key_text(Bootstrap::made(&last).unwrap()))
    }

    /// Makes a key sign.
    pub fn rotate(&self, key: &NewSigningKey) {
        self.own_step(key.step(&MASTER)).unwrap();
    }

    /// Whether there is a key that signs.
    pub fn lacks_signing_key(&self) -> bool {
        let reply = self.own_step(NewSigningKey::question()).unwrap();
        NewSigningKey::is_needed(&reply).unwrap()
    }

    /// Exchanges a credential for a token, as a door does.
    pub fn issue(&self, by: Evidence, request: &IssueToken) -> Result<TokenIssued, (u16, String)> {
        let mut payload = Vec::new();
        request.encode(&mut payload);
        let issued = self.on(0, move |core, authenticator| async move {
            let caller = by.show(&authenticator).await?;
            let operation = number::<IssueToken>();
            authenticator.hand_out(&caller, operation, &payload)?;
            let call = call(operation, caller.tenant, caller.actor, &payload);
            let mut reply = Vec::new();
            core.ask(call, &mut reply).await.map_err(|it| Rejection::of(&it))?;
            authenticator.finish(Some(&caller), operation, &mut reply)?;
            Ok(TokenIssued::decode(&reply).unwrap())
        });
        issued.map_err(|it: Rejection| (it.http, it.name.to_owned()))
    }

    /// Whether a door lets a request through, after its permission was looked at.
    pub fn hand_out<R: Request>(&self, credential: &str, request: &R) -> Result<(), Rejection> {
        let mut payload = Vec::new();
        request.encode(&mut payload);
        let by = Evidence::Text(credential.to_owned());
        self.on(0, move |_, authenticator| async move {
            let caller = by.show(&authenticator).await?;
            authenticator.hand_out(&caller, number::<R>(), &payload)
        })
    }

    /// Shows a credential to one core.
    pub fn ask(&self, core: usize, credential: &str, permission: &'static str) -> Outcome {
        self.show(core, Evidence::Text(credential.to_owned()), permission)
    }

    pub fn show(&self, core: usize, by: Evidence, permission: &'static str) -> Outcome {
        self.on(core, move |_, authenticator| async move {
            match by.show(&authenticator).await {
                Ok(caller) => Outcome::Asked {
                    tenant: caller.tenant.0,
                    allowed: caller.permissions.allows(permission),
                },
                Err(rejection) => Outcome::Refused(rejection.http, rejection.name),
            }
        })
    }

    /// Why a credential is refused.
    pub fn refusal(&self, credential: &str) -> Rejection {
        let by = Evidence::Text(credential.to_owned());
        self.on(
            0,
            move |_, authenticator| async move { by.show(&authenticator).await.unwrap_err() },
        )
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
            caller.authorise(named(operation))
        })
    }

    pub fn jwks(&self) -> String {
        self.on(1, |_, authenticator| async move { authenticator.jwks().await.unwrap() })
    }
}

/// What a caller shows.
#[derive(Debug, Clone)]
pub enum Evidence {
    Text(String),
    Certificate(ClientIdentity),
}

impl Evidence {
    async fn show(&self, authenticator: &Authenticator) -> Result<Authenticated, Rejection> {
        authenticator
            .authenticate(match self {
                Self::Text(text) => Shown::bearer(text),
                Self::Certificate(identity) => Shown::Certificate(identity),
            })
            .await
    }
}

fn named(operation: &str) -> &'static Operation {
    let mut operations = identity::ENTRY.operations.iter();
    operations.find(|it| it.shape.name == operation).unwrap()
}

fn number<R: Request>() -> u32 {
    named(R::SHAPE.name).number(identity::ENTRY.id)
}

fn call(operation: u32, tenant: Tenant, actor: Actor, payload: &[u8]) -> Call<'_> {
    Call::plain(operation, tenant, actor, payload)
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
