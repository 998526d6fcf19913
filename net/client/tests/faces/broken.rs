//! The blocking face on connections that break, and on servers that are not what they should be.

use std::net::TcpListener;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use client::{Call, CallError, Client, ConnectError, Options, SessionError, Status};
use wire::{Limits, Problem, Refusal, Welcome};

use crate::server::{Server, options, welcome};

#[test]
fn after_a_break_what_is_safe_is_sent_again_and_the_rest_is_lost() {
    let keys = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&keys);
    let server = Server::start(move |mut connection, index| {
        connection.greet(&welcome());
        if index == 0 {
            // All three are in before the connection breaks.
            for _ in 0..3 {
                assert!(connection.next().is_some());
            }
            connection.close();
        } else {
            while let Some(asked) = connection.next() {
                connection.answer(&asked);
                seen.lock().unwrap().push((asked.payloads[0].clone(), asked.key));
            }
        }
    });
    let client = Client::connect(server.address, options()).unwrap();
    let query = client.submit(&Call::query(1, b"query")).unwrap();
    let plain = client.submit(&Call::command(2, b"plain")).unwrap();
    let keyed = client.submit(&Call::command(2, b"keyed").idempotency_key(b"k")).unwrap();
    assert_eq!(query.wait().unwrap().payload, b"query");
    assert!(matches!(plain.wait(), Err(CallError::Lost { .. })));
    assert_eq!(keyed.wait().unwrap().payload, b"keyed");
    drop(client);
    drop(server);
    let expected = [(b"query".to_vec(), None), (b"keyed".to_vec(), Some(b"k".to_vec()))];
    assert_eq!(*keys.lock().unwrap(), expected);
}

#[test]
fn a_client_survives_a_server_that_hangs_up_after_every_answer() {
    let server = Server::start(|mut connection, _| {
        connection.greet(&welcome());
        if let Some(asked) = connection.next() {
            connection.answer(&asked);
        }
        connection.close();
    });
    let client = Client::connect(server.address, options()).unwrap();
    for round in 0_u8..20 {
        assert_eq!(client.call(&Call::query(1, &[round])).unwrap().payload, [round]);
    }
}

#[test]
fn a_server_that_comes_back_finds_the_calls_that_waited() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut server = Server::listen(listener, |mut connection, _| {
        connection.greet(&welcome());
        connection.next();
        connection.close();
    });
    let client = Client::connect(address, options()).unwrap();
    let waiting = client.submit(&Call::query(1, b"waits")).unwrap();
    // The first server takes the request, closes, and is gone for good.
    server.stop();
    let listener = TcpListener::bind(address).unwrap();
    let _server = Server::listen(listener, |mut connection, _| {
        connection.greet(&welcome());
        connection.echo();
    });
    assert_eq!(waiting.wait().unwrap().payload, b"waits");
    assert_eq!(client.call(&Call::command(1, b"later")).unwrap().payload, b"later");
    drop(client);
}

#[test]
fn a_server_that_stays_away_is_unreachable() {
    let server = Server::start(|mut connection, index| {
        if index == 0 {
            connection.greet(&welcome());
            connection.next();
        }
        connection.close();
    });
    let options = Options { reconnect_ms: 50, ..options() };
    let client = Client::connect(server.address, options).unwrap();
    match client.call(&Call::query(1, b"")).unwrap_err() {
        CallError::Unreachable { address, attempts, source } => {
            assert_eq!(address, server.address);
            assert!(1 < attempts);
            assert!(matches!(*source, ConnectError::Closed | ConnectError::Io(_)), "{source:?}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_silent_server_is_given_up() {
    let (release, held) = channel::<()>();
    let held = Mutex::new(held);
    let server = Server::start(move |mut connection, index| {
        connection.greet(&welcome());
        if index == 0 {
            connection.next();
            held.lock().unwrap().recv().unwrap();
        } else {
            connection.echo();
        }
    });
    let options = Options { quiet_ms: 20, ..options() };
    let client = Client::connect(server.address, options).unwrap();
    let command = client.submit(&Call::command(1, b"")).unwrap();
    match command.wait().unwrap_err() {
        CallError::Lost { reason } => assert_eq!(reason, "nothing received for 20 ms"),
        other => panic!("{other:?}"),
    }
    assert_eq!(client.call(&Call::query(1, b"again")).unwrap().payload, b"again");
    release.send(()).unwrap();
}

#[test]
fn a_server_of_another_version_refuses_and_is_not_asked_again() {
    let server = Server::start(|mut connection, index| {
        assert_eq!(index, 0);
        assert!(connection.hello());
        let mut out = Vec::new();
        let detail = "speak 2 or 3".to_owned();
        let status = Status::WrongVersion;
        Refusal { status, version_min: 2, version_max: 3, detail }.encode(&mut out);
        connection.send(&out);
        connection.close();
    });
    match Client::connect(server.address, options()).unwrap_err() {
        ConnectError::Session(SessionError::Refused {
            status, version_min, version_max, ..
        }) => {
            assert_eq!((status, version_min, version_max), (Status::WrongVersion, 2, 3));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_server_of_another_protocol_is_named() {
    let server = Server::start(|mut connection, _| {
        connection.send(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        connection.hello();
    });
    match Client::connect(server.address, options()).unwrap_err() {
        ConnectError::Session(SessionError::Handshake(error)) => assert_eq!(error.offset, 0),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_greeting_that_does_not_come_passes_the_time_limit() {
    let server = Server::start(|mut connection, _| {
        connection.hello();
        connection.next();
    });
    let options = Options { connect_ms: 10, ..options() };
    match Client::connect(server.address, options).unwrap_err() {
        ConnectError::TimeLimit { connect_ms } => assert_eq!(connect_ms, 10),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_reply_over_the_limit_breaks_the_connection_without_being_read() {
    let server = Server::start(|mut connection, index| {
        connection.greet(&welcome());
        if index == 0 {
            connection.next();
            let length = Limits::DEFAULT.reply_bytes_max + 1;
            connection.send(&length.to_le_bytes());
        }
        connection.echo();
    });
    let client = Client::connect(server.address, options()).unwrap();
    match client.call(&Call::command(1, b"")).unwrap_err() {
        CallError::Lost { reason } => assert_eq!(reason, "the server's reply is not understood"),
        other => panic!("{other:?}"),
    }
    assert_eq!(client.call(&Call::query(1, b"ok")).unwrap().payload, b"ok");
}

#[test]
fn what_the_server_calls_garbled_is_not_sent_again() {
    let server = Server::start(|mut connection, index| {
        connection.greet(&Welcome { position: 1, ..welcome() });
        if index == 0 {
            connection.next();
            let problem = Problem { reference: 16, ..Problem::new(Status::Garbled, "flags") };
            connection.problem(0, &problem);
            connection.close();
        } else {
            panic!("asked again");
        }
    });
    let client = Client::connect(server.address, options()).unwrap();
    match client.call(&Call::query(1, b"")).unwrap_err() {
        CallError::Lost { reason } => {
            assert_eq!(reason, "dismissed as Garbled at byte 16 of what was sent: flags");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn dropping_the_client_ends_what_waits() {
    let server = Server::start(|mut connection, _| {
        connection.greet(&welcome());
        while connection.next().is_some() {}
    });
    let client = Client::connect(server.address, options()).unwrap();
    let pending = client.submit(&Call::query(1, b"")).unwrap();
    drop(client);
    assert!(matches!(pending.wait(), Err(CallError::Closed)));
}

#[test]
fn a_name_without_address_and_a_closed_port_are_told_apart() {
    assert!(matches!(Client::connect(&[][..], options()), Err(ConnectError::NoAddress)));
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    assert!(matches!(Client::connect(closed, options()), Err(ConnectError::Io(_))));
}
