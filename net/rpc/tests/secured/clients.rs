//! The client's own part: whom it trusts, and what it does when a connection is gone.

use std::io::copy;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::spawn;

use client::{Call, CallError, Client, ConnectError, Options, Transport, Trust, local};
use monoio::{FusionDriver, RuntimeBuilder};

use crate::fort::{Fort, SECURED, WAYS, Way, decoded, echo, item};
use crate::shelf::{Done, ECHO, PUT_ITEM, Said};

/// The options of a client that trusts otherwise.
pub fn trusting(options: Options, change: impl Fn(&mut Trust)) -> Options {
    let transport = match options.transport {
        Transport::Plain => Transport::Plain,
        Transport::Tls(mut trust) => {
            change(&mut trust);
            Transport::Tls(trust)
        }
        Transport::Quic(mut trust) => {
            change(&mut trust);
            Transport::Quic(trust)
        }
    };
    Options { transport, ..options }
}

#[test]
fn a_box_that_nobody_vouches_for_is_not_spoken_to() {
    let (fort, other) =
        (Fort::open(1, rpc::Options::default()), Fort::open(1, rpc::Options::default()));
    let (key, _) = fort.key(&["shelf.*"]);
    for way in SECURED {
        let connect = |options| {
            Client::connect(fort.address(way), options).map(drop).map_err(|error| {
                let source = std::error::Error::source(&error).map(ToString::to_string);
                source.unwrap_or_else(|| error.to_string())
            })
        };
        let options = || fort.options(way, Some(&key));
        connect(options()).unwrap();
        let stranger = trusting(options(), |it| it.authorities = vec![other.authority.clone()]);
        let said = connect(stranger).unwrap_err();
        assert!(said.contains("UnknownIssuer") || said.contains("BadSignature"), "{said}");
        let elsewhere = trusting(options(), |it| it.server_name = Some("else.where".to_owned()));
        let said = connect(elsewhere).unwrap_err();
        assert!(said.contains("else.where") || said.contains("NotValidForName"), "{said}");
        let named = trusting(options(), |it| it.server_name = Some("localhost".to_owned()));
        connect(named).unwrap();
        let nobody = trusting(options(), |it| it.authorities = vec!["nowhere.pem".into()]);
        let error = Client::connect(fort.address(way), nobody).map(drop).unwrap_err();
        assert!(matches!(error, ConnectError::Trust(_)), "{error:?}");
    }
}

/// Hands connections on to a door, and cuts them when it is told.
struct Passage {
    address: SocketAddr,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Passage {
    fn to(door: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let open = Arc::<Mutex<Vec<TcpStream>>>::default();
        let kept = Arc::clone(&open);
        // It ends with the process.
        spawn(move || {
            for client in listener.incoming() {
                let (client, server) = (client.unwrap(), TcpStream::connect(door).unwrap());
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    kept.lock().unwrap().push(from.try_clone().unwrap());
                    spawn(move || {
                        drop(copy(&mut from, &mut to));
                        drop(to.shutdown(Shutdown::Both));
                    });
                }
            }
        });
        Self { address, open }
    }

    fn cut(&self) {
        for stream in self.open.lock().unwrap().drain(..) {
            drop(stream.shutdown(Shutdown::Both));
        }
    }
}

#[test]
fn a_client_finds_back_after_its_connection_was_cut() {
    let fort = Fort::open(1, rpc::Options::default());
    let (key, _) = fort.key(&["shelf.*"]);
    for way in [Way::Plain, Way::Tls] {
        let passage = Passage::to(fort.address(way));
        let client = Client::connect(passage.address, fort.options(way, Some(&key))).unwrap();
        for turn in 0..3 {
            let said = client.call(&Call::query(ECHO, &echo("x", 1))).unwrap();
            assert_eq!(decoded::<Said>(&said).text, "x", "{way:?} {turn}");
            let (put, name) = (item(1, "x"), format!("{way:?} {turn}"));
            let call = Call::command(PUT_ITEM, &put).idempotency_key(name.as_bytes());
            let pending = client.submit(&call).unwrap();
            passage.cut();
            assert_eq!(decoded::<Done>(&pending.wait().unwrap()).id, 1, "{way:?} {turn}");
        }
    }
}

#[test]
fn the_face_for_one_thread_speaks_over_tls() {
    let fort = Fort::open(1, rpc::Options::default());
    let (key, _) = fort.key(&["shelf.*"]);
    let run = RuntimeBuilder::<FusionDriver>::new().enable_timer().build();
    run.unwrap().block_on(async {
        let options = fort.options(Way::Tls, Some(&key));
        let client = local::Client::connect(fort.tls, &options).await.unwrap();
        for length in [1, 20_000, 900_000] {
            let text = "x".repeat(length);
            let reply = client.call(&Call::query(ECHO, &echo(&text, 1))).await.unwrap();
            assert!(decoded::<Said>(&reply).text == text, "{length}");
        }
        let big = client.call(&Call::query(ECHO, &echo("0123456789", 400_000))).await.unwrap();
        assert_eq!(decoded::<Said>(&big).text.len(), 4_000_000);
        let over_quic = fort.options(Way::Quic, Some(&key));
        let error = local::Client::connect(fort.quic, &over_quic).await.unwrap_err();
        assert!(matches!(error, ConnectError::Face), "{error:?}");
        let nobody = fort.options(Way::Tls, None);
        let error = local::Client::connect(fort.tls, &nobody).await.unwrap_err();
        assert!(matches!(error, ConnectError::Session(_)), "{error:?}");
    });
}

#[test]
fn a_port_where_nobody_is_and_one_that_is_silent_are_given_up_in_time() {
    let fort = Fort::open(1, rpc::Options::default());
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let quiet = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    for (way, address) in
        [(Way::Tls, silent.local_addr().unwrap()), (Way::Quic, quiet.local_addr().unwrap())]
    {
        let options = Options { connect_ms: 200, ..fort.options(way, Some("qk_x")) };
        let error = Client::connect(address, options).map(drop).unwrap_err();
        let late = matches!(
            error,
            ConnectError::TimeLimit { .. } | ConnectError::Quic(quic::ClientError::Silence)
        );
        assert!(late, "{way:?} {error:?}");
    }
    drop(silent);
}

#[test]
fn a_dropped_client_ends_what_waits() {
    let fort = Fort::open(1, rpc::Options::default());
    let (key, _) = fort.key(&["shelf.*"]);
    for way in WAYS {
        let client = fort.client(way, &key);
        let big = echo("0123456789", 700_000);
        let pending: Vec<_> =
            (0..50).map(|_| client.submit(&Call::query(ECHO, &big)).unwrap()).collect();
        drop(client);
        let closed = pending
            .into_iter()
            .map(client::Pending::wait)
            .filter(|it| matches!(it, Err(CallError::Closed)))
            .count();
        assert!(0 < closed, "{way:?}");
    }
}
