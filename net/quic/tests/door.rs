//! The door over real sockets, with the crate's own client.

#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Poll, Waker};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use monoio::{FusionDriver, RuntimeBuilder};
use quic::{Client, ClientError, Counts, Door, Options, Peer};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

const WAIT: Duration = Duration::from_secs(10);

/// Tells the threads of the cores to stop.
#[derive(Default)]
struct Stop {
    set: AtomicBool,
    wakers: std::sync::Mutex<Vec<Waker>>,
}

impl Stop {
    async fn stopping(self: Arc<Self>) {
        poll_fn(|context| {
            self.wakers.lock().unwrap().push(context.waker().clone());
            if self.set.load(Ordering::SeqCst) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    fn stop(&self) {
        self.set.store(true, Ordering::SeqCst);
        for waker in self.wakers.lock().unwrap().drain(..) {
            waker.wake();
        }
    }
}

/// A door on cores of its own, serving [`echo`].
struct House {
    door: Arc<Door>,
    tls: rustls::ClientConfig,
    stop: Arc<Stop>,
    gate: Arc<Stop>,
    threads: Vec<JoinHandle<()>>,
}

impl House {
    fn open(cores: u16, options: Options) -> Self {
        let name = vec!["door.test".to_owned()];
        let made = rcgen::generate_simple_self_signed(name).unwrap();
        let certificate = made.cert.der().clone();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let server = rustls::ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .unwrap();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(certificate).unwrap();
        let tls =
            rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let address = "127.0.0.1:0".parse().unwrap();
        let door = Arc::new(Door::bind(address, cores, &server, options).unwrap());
        let (stop, gate) = (Arc::<Stop>::default(), Arc::<Stop>::default());
        let threads = (0..cores)
            .map(|core| {
                let (door, stop, gate) = (Arc::clone(&door), Arc::clone(&stop), Arc::clone(&gate));
                std::thread::spawn(move || {
                    let builder = RuntimeBuilder::<FusionDriver>::new().enable_timer();
                    builder.build().unwrap().block_on(async move {
                        let service =
                            move |request, peer| echo(core, Arc::clone(&gate), request, peer);
                        let stopping = Arc::clone(&stop).stopping();
                        let serving = door.serve(core, service, stopping).unwrap().unwrap();
                        serving.await;
                    });
                })
            })
            .collect();
        Self { door, tls, stop, gate, threads }
    }

    fn client(&self) -> Client {
        Client::connect(self.door.address(), "door.test", &self.tls, WAIT).unwrap()
    }

    fn counts(&self) -> Vec<Counts> {
        let cores = u16::try_from(self.threads.len()).unwrap();
        (0..cores).map(|core| self.door.counts(core)).collect()
    }

    fn close(self) {
        self.stop.stop();
        for thread in self.threads {
            thread.join().unwrap();
        }
    }
}

/// Says what it was asked. `/later` is answered from another turn of the loop, `/gated` when the gate
/// has opened.
async fn echo(core: u16, gate: Arc<Stop>, request: Request<Bytes>, peer: Peer) -> Response<Bytes> {
    match request.uri().path() {
        "/later" => {
            let mut first = true;
            poll_fn(|context| {
                context.waker().wake_by_ref();
                if std::mem::take(&mut first) { Poll::Pending } else { Poll::Ready(()) }
            })
            .await;
        }
        "/gated" => gate.stopping().await,
        _ => {}
    }
    assert!(!peer.early_data);
    Response::builder()
        .header("x-core", core)
        .header("x-address", peer.address.to_string())
        .header("x-name", peer.server_name.as_deref().unwrap_or_default())
        .header("x-target", request.uri().to_string())
        .body(request.into_body())
        .unwrap()
}

fn request(method: Method, path: &str, body: Vec<u8>) -> Request<Bytes> {
    let uri = format!("https://door.test{path}");
    Request::builder().method(method).uri(uri).body(Bytes::from(body)).unwrap()
}

/// One request and its answer.
#[track_caller]
fn ask(client: &mut Client, request: &Request<Bytes>) -> Response<Bytes> {
    let number = client.send(request).unwrap();
    let mut answers = client.receive(WAIT).unwrap();
    assert_eq!(answers.len(), 1);
    let answer = answers.remove(0);
    assert_eq!(answer.request, number);
    answer.outcome.unwrap()
}

fn header<'a>(response: &'a Response<Bytes>, name: &str) -> &'a str {
    response.headers()[name].to_str().unwrap()
}

#[test]
fn bodies_of_all_sizes_come_back() {
    let house = House::open(1, Options::default());
    let mut client = house.client();
    for size in [0, 1, 1000, 1200, 4096, 4097, 65_536, 300_000, 1024 * 1024] {
        let body: Vec<u8> =
            (0..size).map(|it: u32| it.to_le_bytes()[0] ^ it.to_le_bytes()[1]).collect();
        for path in ["/now?a=b", "/later"] {
            let response = ask(&mut client, &request(Method::POST, path, body.clone()));
            assert_eq!(response.status(), StatusCode::OK);
            assert_eq!(header(&response, "content-length"), size.to_string());
            assert_eq!(header(&response, "x-target"), format!("https://door.test{path}"));
            assert_eq!(header(&response, "x-name"), "door.test");
            assert!(header(&response, "date").ends_with(" GMT"));
            assert!(response.body() == &body[..]);
        }
    }
    let response = ask(&mut client, &request(Method::HEAD, "/", vec![]));
    assert_eq!(header(&response, "content-length"), "0");
    assert_eq!(house.counts()[0].requests, 19);
    drop(client);
    house.close();
}

#[test]
fn a_hundred_requests_at_once_on_each_of_several_connections() {
    let house = House::open(2, Options::default());
    let mut clients: Vec<Client> = (0..8).map(|_| house.client()).collect();
    for client in &mut clients {
        for index in 0..100_u32 {
            let path = if index % 2 == 0 { "/now" } else { "/later" };
            let body = index.to_string().into_bytes();
            assert_eq!(client.send(&request(Method::POST, path, body)).unwrap(), u64::from(index));
        }
    }
    for client in &mut clients {
        let mut left = 100;
        while left != 0 {
            let answers = client.receive(WAIT).unwrap();
            assert!(!answers.is_empty());
            for answer in answers {
                let response = answer.outcome.unwrap();
                assert_eq!(response.body(), answer.request.to_string().as_bytes());
                left -= 1;
            }
        }
    }
    drop(clients);
    let requests: u64 = house.counts().iter().map(|it| it.requests).sum();
    assert_eq!(requests, 800);
    house.close();
}

#[test]
fn what_is_too_large_is_answered_and_the_connection_goes_on() {
    let options = Options { body_bytes_max: 1000, section_bytes_max: 2000, ..Options::default() };
    let house = House::open(1, options);
    let mut client = house.client();
    let mut long = request(Method::GET, "/", vec![]);
    long.headers_mut().insert("x-long", "x".repeat(2000).parse().unwrap());
    let rows = [
        (request(Method::POST, "/", vec![1; 1000]), StatusCode::OK),
        (request(Method::POST, "/", vec![1; 1001]), StatusCode::PAYLOAD_TOO_LARGE),
        (request(Method::POST, "/", vec![1; 2_000_000]), StatusCode::PAYLOAD_TOO_LARGE),
        (long, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        (request(Method::GET, "/", vec![]), StatusCode::OK),
    ];
    for (request, status) in rows {
        let response = ask(&mut client, &request);
        assert_eq!(response.status(), status);
        if status != StatusCode::OK {
            assert_eq!(header(&response, "content-type"), "application/problem+json");
        }
    }
    drop(client);
    house.close();
}

#[test]
fn unfinished_requests_are_bounded_over_all_connections() {
    let options = Options { held_bytes_max: 50_000, ..Options::default() };
    let house = House::open(1, options);
    let mut client = house.client();
    let response = ask(&mut client, &request(Method::POST, "/", vec![1; 500_000]));
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    // What was held is free again.
    let response = ask(&mut client, &request(Method::POST, "/", vec![1; 10_000]));
    assert_eq!(response.status(), StatusCode::OK);
    drop(client);
    house.close();
}

/// Changes the port many times; each time the connection must go on, on the same core.
fn wander(house: &House) {
    let mut cores = [0; 2];
    for _ in 0..8 {
        let mut client = house.client();
        let first = ask(&mut client, &request(Method::GET, "/", vec![]));
        let core: usize = header(&first, "x-core").parse().unwrap();
        cores[core] += 1;
        let mut before = header(&first, "x-address").to_owned();
        for _ in 0..4 {
            client.change_port().unwrap();
            let response = ask(&mut client, &request(Method::GET, "/", vec![]));
            assert_eq!(header(&response, "x-core"), core.to_string());
            let address = header(&response, "x-address");
            assert_ne!(address, before);
            address.clone_into(&mut before);
        }
    }
    // One in 128 runs would miss a core by chance if there were not so many more connections.
    while cores.contains(&0) {
        let mut client = house.client();
        let response = ask(&mut client, &request(Method::GET, "/", vec![]));
        cores[header(&response, "x-core").parse::<usize>().unwrap()] += 1;
    }
}

#[test]
fn a_client_that_changes_its_port_stays_on_its_core() {
    let house = House::open(2, Options::default());
    wander(&house);
    let counts = house.counts();
    assert!(counts.iter().all(|it| it.forwarded == 0 && it.dropped == 0), "{counts:?}");
    house.close();
}

#[test]
fn without_the_kernels_help_datagrams_are_handed_on() {
    let house = House::open(2, Options { steering: false, ..Options::default() });
    wander(&house);
    let counts = house.counts();
    assert!(counts.iter().any(|it| it.forwarded > 0), "{counts:?}");
    assert!(counts.iter().all(|it| it.dropped == 0), "{counts:?}");
    house.close();
}

#[test]
fn addresses_are_checked_when_handshakes_are_many() {
    let house = House::open(2, Options { handshakes_retry: 0, ..Options::default() });
    for _ in 0..4 {
        let mut client = house.client();
        let response = ask(&mut client, &request(Method::GET, "/", vec![]));
        assert_eq!(response.status(), StatusCode::OK);
    }
    let counts = house.counts();
    assert_eq!(counts.iter().map(|it| it.retries).sum::<u64>(), 4);
    assert_eq!(counts.iter().map(|it| it.connections).sum::<u64>(), 4);
    house.close();
}

#[test]
fn connections_over_the_limit_are_refused() {
    let house = House::open(1, Options { connections_max: 1, ..Options::default() });
    let mut client = house.client();
    let address: SocketAddr = house.door.address();
    let second = Client::connect(address, "door.test", &house.tls, WAIT);
    assert!(matches!(second, Err(ClientError::Lost(_))), "{second:?}");
    let response = ask(&mut client, &request(Method::GET, "/", vec![]));
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(house.counts()[0].refused, 1);
    drop(client);
    house.close();
}

#[test]
fn what_is_under_way_is_answered_before_the_door_closes() {
    let house = House::open(1, Options::default());
    let (mut busy, mut idle) = (house.client(), house.client());
    busy.send(&request(Method::POST, "/gated", b"last words".to_vec())).unwrap();
    // The answer to a second request shows that the first has arrived.
    ask(&mut busy, &request(Method::GET, "/", vec![]));
    ask(&mut idle, &request(Method::GET, "/", vec![]));
    house.stop.stop();
    // The idle one is told and closed.
    let ended = idle.receive(WAIT);
    assert!(matches!(ended, Err(ClientError::Lost(_))), "{ended:?}");
    assert_eq!(idle.goaway(), Some(1));
    // The busy one is told, its new request is rejected, its old one answered.
    while busy.goaway().is_none() {
        busy.receive(Duration::from_millis(20)).unwrap();
    }
    assert_eq!(busy.goaway(), Some(2));
    let rejected = busy.send(&request(Method::GET, "/", vec![])).unwrap();
    let answers = busy.receive(WAIT).unwrap();
    assert_eq!(answers[0].request, rejected);
    assert!(matches!(answers[0].outcome, Err(0x10b)), "{answers:?}");
    house.gate.stop();
    let answers = busy.receive(WAIT).unwrap();
    assert_eq!(answers[0].outcome.as_ref().unwrap().body(), "last words");
    let ended = busy.receive(WAIT);
    assert!(matches!(ended, Err(ClientError::Lost(_))), "{ended:?}");
    house.close();
}
