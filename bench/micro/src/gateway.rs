//! What the gateway costs a request, phase by phase, on a core of a box without sockets.
//!
//! Phases with a face of their own are called as a door's request calls them. Limits and what is
//! left over have none: they are differences of whole answers, and are named so.

use std::cell::Cell;
use std::hint::black_box;
use std::rc::Rc;
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use ::gateway::{
    Authenticated, Authenticator, DoorKind, Front, Gate, Origins, Peer, Shown, Terms, TokenTerms,
};
use bytes::Bytes;
use contract::{Method, Request as _};
use credentials::{ApiKey, NewToken, Signer, digest};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use http::{Request, StatusCode};
use http_body_util::Full;
use rates::{PublishAward, PublishHolidays};
use runtime::{Core, Doors, Options};
use serde_json::{Value, json};

use crate::engine::{call, encoded};
use crate::harness::{Harness, at_once};
use crate::reference;

const QUOTE_PATH: &str = "/v1/rates/quote";
const QUOTE: &str = r#"{"award":"MA000004","classification":"retail-employee-level-1","employment":"full-time","state":"NSW","pay_period_start":"2025-07-07","shifts":[{"start":"2025-07-09T09:00","end":"2025-07-09T14:00"}]}"#;
const ISSUER: &str = "https://login.example";
const SEED: [u8; 32] = [7; 32];
const SECRET: [u8; 32] = [3; 32];
/// Requests or authenticators that are made ready at once, outside of the time that counts.
const READY: u32 = 64;
/// A core that has not come around for longer is let come around. Doors call one late at 30 ms.
const ROUND_US_MAX: u64 = 10_000;

const ROUTE: &str = "gateway: route";
const KEY: &str = "gateway: authenticate, api key";
const KEY_NEW: &str = "gateway: authenticate, api key at first sight";
const TOKEN: &str = "gateway: authenticate, token";
const TOKEN_NEW: &str = "gateway: authenticate, token at first sight";
const AUTHORISE: &str = "gateway: authorise";
const DECODE: &str = "gateway: decode";
const EXECUTE: &str = "gateway: execute";
const ENCODE: &str = "gateway: encode";
const PLAIN: &str = "gateway: whole answer, plain door";
const WITH_KEY: &str = "gateway: whole answer, api key";
const WITH_TOKEN: &str = "gateway: whole answer, token";
const ONE_POLICY: &str = "gateway: whole answer, api key, 1 policy";
const FOUR_POLICIES: &str = "gateway: whole answer, api key, 4 policies";
const SUM: &str = "gateway: sum of the phases, api key";
const LIMIT_1: &str = "gateway: limit, 1 policy (difference)";
const LIMIT_4: &str = "gateway: limit, 4 policies (difference)";
const REST: &str = "gateway: head, marks, counters (difference)";
const ADDED: &str = "gateway: all but route and execute (difference)";
const NAMES: [&str; 19] = [
    ROUTE,
    KEY,
    KEY_NEW,
    TOKEN,
    TOKEN_NEW,
    AUTHORISE,
    DECODE,
    EXECUTE,
    ENCODE,
    PLAIN,
    WITH_KEY,
    WITH_TOKEN,
    ONE_POLICY,
    FOUR_POLICIES,
    SUM,
    LIMIT_1,
    LIMIT_4,
    REST,
    ADDED,
];

/// Runs the group on the core of a box of its own, whose data are thrown away.
pub(crate) fn run(harness: &mut Harness) {
    if !harness.wants(&NAMES) {
        return;
    }
    let data = tempfile::tempdir().expect("a temporary directory");
    let terms = Terms {
        body_bytes_max: 1 << 20,
        origins: Origins::of(Vec::new()),
        version: "0".to_owned(),
        tokens: TokenTerms::default(),
    };
    let front = Front::new(terms, registry::ALL, 1);
    let (done, finished) = mpsc::channel();
    let taken = Mutex::new(Some((std::mem::take(harness), done)));
    let doors: Doors = Arc::new(move |core| {
        // The core has the only sender: if it ends early, nobody waits for it.
        let (mut harness, done) =
            taken.lock().expect("no panic holds it").take().expect("one core");
        let gate = Rc::new(Gate::new(&front, &core));
        monoio::spawn(async move {
            Bench::new(&gate).await.run(&mut harness).await;
            // Nobody listens any more if the program ends.
            drop(done.send(harness));
        });
        Ok(())
    });
    let mut options = Options::new(data.path().to_owned());
    options.log.segment_bytes = 16 << 20;
    let running =
        runtime::start(&options, registry::ALL, &doors, &mut |_| {}).expect("a new box starts");
    *harness = finished.recv().expect("the group runs to its end");
    running.stop().expect("a clean stop");
}

struct Bench {
    gate: Rc<Gate>,
    key: String,
    token: String,
}

impl Bench {
    /// A box with everything shipped published, a user with an API key, and an issuer of tokens.
    async fn new(gate: &Rc<Gate>) -> Self {
        let core = gate.core();
        command(
            core,
            "rates.publish-holidays",
            &encoded(&PublishHolidays { table: reference::holidays() }),
        )
        .await;
        for (award, text) in reference::PACKS {
            let versions = reference::pack(award, text).versions(award).expect("a shipped pack");
            for version in versions {
                let name = PublishAward::SHAPE.name;
                command(core, name, &encoded(&PublishAward { version, replace: false })).await;
            }
        }
        let mut it = Self { gate: Rc::clone(gate), key: String::new(), token: String::new() };
        it.ask("PUT", "/v1/identity/roles/pricing", &json!({"permissions": ["rates.*"]})).await;
        it.ask("POST", "/v1/identity/users", &json!({"user": "ann", "title": "Ann"})).await;
        it.ask("PUT", "/v1/identity/users/ann/roles/pricing", &json!({})).await;
        let made = it
            .ask(
                "POST",
                "/v1/identity/api-keys",
                &json!({
                    "user": "ann", "scopes": ["rates.*"], "label": "",
                    "digest": HEXLOWER.encode(&digest(&SECRET)),
                }),
            )
            .await;
        it.key = key_text(&made);
        let signer = Signer::new("a", &SEED);
        it.ask(
            "PUT",
            "/v1/identity/issuers/login",
            &json!({
                "url": ISSUER, "audience": "quoin", "tenant": 0,
                "keys": [{
                    "kid": "a", "alg": "EdDSA",
                    "public_key": BASE64URL_NOPAD.encode(&signer.public_key()),
                }],
            }),
        )
        .await;
        let now_s = core.now_us() / 1_000_000;
        it.token = signer.issue(&NewToken {
            issuer: ISSUER,
            audience: "quoin",
            subject: "ann",
            tenant: 0,
            scope: None,
            api_key: None,
            certificate: None,
            issued_s: now_s,
            expires_s: now_s + 3_000,
        });
        it
    }

    /// Asks as whoever is on this machine may.
    async fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(body.to_string())))
            .expect("a request");
        let received = Cell::new(false);
        let peer = peer(DoorKind::Plain, &received);
        let response = ::gateway::answer(&self.gate, &peer, request).await;
        let text = String::from_utf8_lossy(response.body());
        assert_eq!(response.status(), StatusCode::OK, "{method} {path}: {text}");
        serde_json::from_str(&text).expect("answers are JSON")
    }

    async fn policy(&self, name: &str) {
        let body = json!({
            "per": "key", "operations": "rates.*", "quota": 1_000_000_000, "window_s": 1,
            "burst": 1_000_000_000, "unit": "requests", "cost": {"read": 1, "write": 1, "bulk": 1},
        });
        self.ask("PUT", &format!("/v1/limits/policies/{name}"), &body).await;
    }

    async fn run(&self, harness: &mut Harness) {
        self.phases(harness);
        self.whole(harness, PLAIN, DoorKind::Plain, None).await;
        self.whole(harness, WITH_KEY, DoorKind::Https, Some(("x-api-key", self.key.clone()))).await;
        let bearer = format!("Bearer {}", self.token);
        self.whole(harness, WITH_TOKEN, DoorKind::Https, Some(("authorization", bearer))).await;
        for (name, policies) in [(ONE_POLICY, &["p1"][..]), (FOUR_POLICIES, &["p2", "p3", "p4"])] {
            for policy in policies {
                self.policy(policy).await;
            }
            self.whole(harness, name, DoorKind::Https, Some(("x-api-key", self.key.clone()))).await;
        }
        let phases = [ROUTE, KEY, AUTHORISE, DECODE, EXECUTE, ENCODE];
        harness.derive(SUM, &phases, &[]);
        harness.derive(LIMIT_1, &[ONE_POLICY], &[WITH_KEY]);
        harness.derive(LIMIT_4, &[FOUR_POLICIES], &[WITH_KEY]);
        harness.derive(REST, &[WITH_KEY], &phases);
        harness.derive(ADDED, &[ONE_POLICY], &[ROUTE, EXECUTE]);
    }

    /// What has a face of its own.
    fn phases(&self, harness: &mut Harness) {
        let core = self.gate.core();
        let routes = ::gateway::Routes::new(registry::ALL);
        let find = || match routes.find(Method::Post, black_box(QUOTE_PATH)) {
            ::gateway::Found::Route(route, values) => (route, values),
            other => panic!("the quote is served: {other:?}"),
        };
        harness.time(ROUTE, || find().1.len());
        let (route, _) = find();
        let key = || Shown::ApiKey(black_box(&self.key));
        let token = || Shown::Token(black_box(&self.token));
        let authenticator = Authenticator::new(core, TokenTerms::default());
        let caller = authenticated(&authenticator, key());
        harness.time(KEY, || authenticated(&authenticator, key()).credential);
        harness.time(TOKEN, || authenticated(&authenticator, token()).credential);
        for (name, shown) in [(KEY_NEW, key()), (TOKEN_NEW, token())] {
            harness.time_many(name, READY, || {
                let begun = Instant::now();
                let new: Vec<_> =
                    (0..READY).map(|_| Authenticator::new(core, TokenTerms::default())).collect();
                let mut aside = begun.elapsed();
                for authenticator in &new {
                    black_box(authenticated(authenticator, shown).credential);
                }
                let begun = Instant::now();
                drop(new);
                aside += begun.elapsed();
                aside
            });
        }
        harness.time(AUTHORISE, || caller.authorise(black_box(route.operation)).is_ok());
        let mut payload = Vec::with_capacity(1024);
        let mut decode = || {
            payload.clear();
            let json = route.request_json(&[], None, black_box(QUOTE.as_bytes()));
            let json = json.expect("a JSON object");
            (route.operation.from_json)(&json, &mut payload).expect("a quote");
            payload.len()
        };
        decode();
        harness.time(DECODE, &mut decode);
        let number = route.operation.number(route.entry.id);
        let mut reply = Vec::with_capacity(1024);
        let mut execute = || {
            reply.clear();
            at_once(core.ask(call(number, &payload), &mut reply)).expect("a quote is answered");
            reply.len()
        };
        execute();
        harness.time(EXECUTE, &mut execute);
        let mut body = Vec::with_capacity(2048);
        harness.time(ENCODE, || {
            body.clear();
            (route.operation.to_json)(black_box(&reply), &mut body).expect("its own reply");
            body.len()
        });
    }

    /// A request from its head to its response.
    async fn whole(
        &self,
        harness: &mut Harness,
        name: &'static str,
        door: DoorKind,
        credential: Option<(&str, String)>,
    ) {
        let mut request = Request::builder()
            .method("POST")
            .uri(QUOTE_PATH)
            .header("host", "localhost")
            .header("content-type", "application/json")
            .header("content-length", QUOTE.len());
        if let Some((name, value)) = credential {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(Bytes::from_static(QUOTE.as_bytes())));
        let request = request.expect("a request");
        let received = Cell::new(false);
        let peer = peer(door, &received);
        let answer = |request| at_once(::gateway::answer(&self.gate, &peer, request));
        self.rest().await;
        let first = answer(request.clone());
        assert_eq!(first.status(), StatusCode::OK, "{name}: {:?}", first.body());
        let operations = async || {
            let begun = Instant::now();
            self.rest().await;
            let requests = vec![request.clone(); usize::try_from(READY).unwrap_or(1)];
            let mut responses = Vec::with_capacity(requests.len());
            let mut aside = begun.elapsed();
            for request in requests {
                responses.push(answer(request));
            }
            let begun = Instant::now();
            black_box(responses);
            aside += begun.elapsed();
            aside
        };
        harness.time_turns(name, READY, operations).await;
    }

    /// Lets the core come around once it has not for long: it would send requests away.
    async fn rest(&self) {
        let core = self.gate.core();
        while ROUND_US_MAX <= core.round(core.now_us()).lasted_us {
            monoio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

fn authenticated(authenticator: &Authenticator, shown: Shown<'_>) -> Authenticated {
    at_once(authenticator.authenticate(shown)).expect("a credential of this box")
}

fn peer(door: DoorKind, received: &Cell<bool>) -> Peer<'_> {
    let address = Some(([127, 0, 0, 1], 50_000).into());
    Peer { door, address, client: None, early_data: false, received }
}

async fn command(core: &Core, name: &str, payload: &[u8]) {
    let (number, _) = registry::operation(name).expect("it is listed");
    core.ask(call(number, payload), &mut Vec::new()).await.expect("a legal command");
}

/// The key's text, from the answer to its making.
fn key_text(made: &Value) -> String {
    let id = made["id"].as_str().expect("an API key's id");
    let id: identity::ApiKeyId = serde_json::from_value(json!(id)).expect("its own form");
    ApiKey::new(id.get(), SECRET).text()
}
