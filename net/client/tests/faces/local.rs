//! The async face on one monoio thread.

use std::future::Future;
use std::rc::Rc;
use std::sync::Mutex;
use std::sync::mpsc::channel;

use client::local::Client;
use client::{Call, CallError, ConnectError, Options, SessionError, Status, SubmitError};
use monoio::{FusionDriver, RuntimeBuilder};
use wire::Refusal;

use crate::server::{Server, options, welcome};

fn run<T>(future: impl Future<Output = T>) -> T {
    RuntimeBuilder::<FusionDriver>::new()
        .enable_timer()
        .build()
        .expect("the kernel has io_uring or epoll")
        .block_on(future)
}

#[test]
fn a_call_brings_its_answer() {
    let server = Server::echo();
    run(async {
        let client = Client::connect(server.address, &options()).await.unwrap();
        let reply = client.call(&Call::query(1, b"hello")).await.unwrap();
        assert_eq!((reply.status, reply.position), (Status::Ok, 7));
        assert_eq!(reply.payload, b"hello");
        assert_eq!((client.in_flight(), client.welcome().cores()), (0, 1));
    });
}

#[test]
fn many_calls_are_in_flight_and_answered_in_any_order() {
    const CALLS: u32 = 500;
    let server = Server::start(|mut connection, _| {
        connection.greet(&welcome());
        let mut asked: Vec<_> = (0..CALLS).map_while(|_| connection.next()).collect();
        asked.reverse();
        for asked in asked {
            connection.answer(&asked);
        }
        connection.echo();
    });
    run(async {
        let client = Rc::new(Client::connect(server.address, &options()).await.unwrap());
        let calls: Vec<_> = (0..CALLS)
            .map(|number| {
                let client = Rc::clone(&client);
                monoio::spawn(async move {
                    let payload = number.to_le_bytes();
                    let reply = client.call(&Call::query(1, &payload)).await.unwrap();
                    assert_eq!(reply.payload, payload);
                })
            })
            .collect();
        for call in calls {
            call.await;
        }
    });
}

#[test]
fn a_large_payload_passes_both_ways() {
    let server = Server::echo();
    let payload: Vec<u8> = (0..900_000_u32).map(|it| it.to_le_bytes()[0]).collect();
    run(async {
        let client = Client::connect(server.address, &options()).await.unwrap();
        let reply = client.call(&Call::query(1, &payload)).await.unwrap();
        assert!(reply.payload == payload);
    });
}

#[test]
fn a_broken_connection_ends_what_is_in_flight_and_takes_no_more() {
    let server = Server::start(|mut connection, _| {
        connection.greet(&welcome());
        connection.next();
        connection.close();
    });
    run(async {
        let client = Client::connect(server.address, &options()).await.unwrap();
        let call = Call::query(1, b"");
        assert!(matches!(client.call(&call).await, Err(CallError::Lost { .. })));
        let closed = client.call(&call).await.unwrap_err();
        assert!(matches!(closed, CallError::Submit(SubmitError::Closed)));
    });
}

#[test]
fn a_slow_answer_passes_the_time_limit() {
    let (release, held) = channel::<()>();
    let held = Mutex::new(held);
    let server = Server::start(move |mut connection, _| {
        connection.greet(&welcome());
        let slow = connection.next().expect("the slow call");
        held.lock().unwrap().recv().unwrap();
        connection.answer(&slow);
        connection.echo();
    });
    run(async {
        let options = Options { call_ms: 5, ..options() };
        let client = Client::connect(server.address, &options).await.unwrap();
        let late = client.call(&Call::query(1, b"")).await.unwrap_err();
        assert!(matches!(late, CallError::TimeLimit { wait_ms: 5 }));
        assert_eq!(client.in_flight(), 1);
    });
    release.send(()).unwrap();
}

#[test]
fn a_refusal_and_a_missing_greeting_are_told_apart() {
    let refusing = Server::start(|mut connection, _| {
        assert!(connection.hello());
        let (status, detail) = (Status::Busy, "full".to_owned());
        let mut out = Vec::new();
        Refusal { status, version_min: 1, version_max: 1, detail }.encode(&mut out);
        connection.send(&out);
        connection.close();
    });
    let silent = Server::start(|mut connection, _| {
        connection.hello();
        connection.next();
    });
    run(async {
        match Client::connect(refusing.address, &options()).await.unwrap_err() {
            ConnectError::Session(SessionError::Refused { status, .. }) => {
                assert_eq!(status, Status::Busy);
            }
            other => panic!("{other:?}"),
        }
        let options = Options { connect_ms: 5, ..options() };
        let error = Client::connect(silent.address, &options).await.unwrap_err();
        assert!(matches!(error, ConnectError::TimeLimit { connect_ms: 5 }), "{error:?}");
    });
}

#[test]
fn dropping_the_client_closes_the_connection() {
    let (sender, receiver) = channel();
    let sender = Mutex::new(sender);
    let server = Server::start(move |mut connection, _| {
        connection.greet(&welcome());
        connection.echo();
        sender.lock().unwrap().send(()).unwrap();
    });
    run(async {
        let client = Client::connect(server.address, &options()).await.unwrap();
        client.call(&Call::query(1, b"")).await.unwrap();
        drop(client);
        // Both tasks end at the next turn of the loop, which drops the socket.
        monoio::time::sleep(std::time::Duration::from_millis(1)).await;
    });
    receiver.recv().unwrap();
}
