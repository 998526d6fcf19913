//! The blocking face on connections that hold.

use std::net::TcpListener;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread::scope;

use client::{Call, CallError, Client, Options, Slot, Status, SubmitError};
use wire::{EncodeError, Limits, Problem, SlotMap, Welcome};

use crate::server::{Server, options, welcome};

#[test]
fn a_call_brings_its_answer() {
    let server = Server::echo();
    let client = Client::connect(server.address, options()).unwrap();
    let reply = client.call(&Call::query(1, b"hello")).unwrap();
    assert_eq!((reply.status, reply.position), (Status::Ok, 7));
    assert_eq!(reply.payload, b"hello");
    assert!(reply.items().is_none());
    assert_eq!(client.welcome().unwrap().slots, welcome().slots);
}

#[test]
fn a_batch_brings_an_answer_per_item() {
    let server = Server::echo();
    let client = Client::connect(server.address, options()).unwrap();
    let payloads: [&[u8]; 3] = [b"a", b"", b"ccc"];
    let reply = client.call(&Call::query_batch(1, &payloads)).unwrap();
    let items: Vec<_> = reply.items().unwrap().map(|it| (it.status, it.payload)).collect();
    assert_eq!(items, payloads.map(|it| (Status::Ok, it)));
}

#[test]
fn everything_a_call_says_arrives() {
    let (sender, receiver) = channel();
    let sender = Mutex::new(sender);
    let server = Server::start(move |mut connection, _| {
        connection.greet(&welcome());
        while let Some(asked) = connection.next() {
            connection.answer(&asked);
            sender.lock().unwrap().send(asked).unwrap();
        }
    });
    let client = Client::connect(server.address, options()).unwrap();
    let call = Call::command(wire::operation(5, 2), b"x")
        .idempotency_key(b"k")
        .at_least(9)
        .deadline_ms(100)
        .tenant(3);
    client.call(&call).unwrap();
    let asked = receiver.recv().unwrap();
    assert_eq!((asked.operation, asked.deadline_ms, asked.tenant), (0x0005_0002, 100, 3));
    assert_eq!((asked.key.as_deref(), asked.at_least), (Some(&b"k"[..]), Some(9)));
}

#[test]
fn replies_out_of_order_find_their_calls() {
    let server = Server::start(|mut connection, _| {
        connection.greet(&welcome());
        let mut asked: Vec<_> = (0..3).map_while(|_| connection.next()).collect();
        asked.reverse();
        for asked in asked {
            connection.answer(&asked);
        }
        connection.echo();
    });
    let client = Client::connect(server.address, options()).unwrap();
    let payloads: [&[u8]; 3] = [b"first", b"second", b"third"];
    let pending = payloads.map(|it| client.submit(&Call::query(1, it)).unwrap());
    for (pending, payload) in pending.into_iter().zip(payloads) {
        assert_eq!(pending.wait().unwrap().payload, payload);
    }
}

#[test]
fn threads_share_a_client() {
    let server = Server::echo();
    let client = Client::connect(server.address, options()).unwrap();
    scope(|threads| {
        for thread in 0_u32..4 {
            let client = &client;
            threads.spawn(move || {
                for round in 0_u32..250 {
                    let payload = [thread.to_le_bytes(), round.to_le_bytes()].concat();
                    let reply = client.call(&Call::query(1, &payload)).unwrap();
                    assert_eq!(reply.payload, payload);
                }
            });
        }
    });
}

#[test]
fn a_problem_is_an_answer() {
    let server = Server::start(|mut connection, _| {
        connection.greet(&welcome());
        while let Some(asked) = connection.next() {
            let problem = Problem {
                code: 4,
                field: "shifts[0]",
                ..Problem::new(Status::Refused, "ends before it starts")
            };
            connection.problem(asked.id, &problem);
        }
    });
    let client = Client::connect(server.address, options()).unwrap();
    let reply = client.call(&Call::query(1, b"")).unwrap();
    let problem = reply.problem().unwrap().unwrap();
    assert_eq!((problem.status, problem.code), (Status::Refused, 4));
    assert_eq!((problem.field, problem.detail), ("shifts[0]", "ends before it starts"));
}

#[test]
fn a_call_over_the_servers_limits_is_not_sent() {
    let limits = Limits { request_bytes_max: 64, batch_items_max: 1, ..Limits::DEFAULT };
    let server = Server::start(move |mut connection, _| {
        connection.greet(&Welcome { limits, ..welcome() });
        connection.echo();
    });
    let client = Client::connect(server.address, options()).unwrap();
    let refused = |call: &Call<'_>| match client.call(call).unwrap_err() {
        CallError::Submit(SubmitError::Encode(error)) => error,
        other => panic!("{other:?}"),
    };
    let too_large = EncodeError::TooLarge { frame_bytes: 65, bytes_max: 64 };
    assert_eq!(refused(&Call::query(1, &[0; 33])), too_large);
    let too_many = EncodeError::BatchItems { items: 2, items_max: 1 };
    assert_eq!(refused(&Call::query_batch(1, &[b"", b""])), too_many);
    assert_eq!(client.call(&Call::query(1, &[0; 32])).unwrap().payload, [0; 32]);
}

#[test]
fn a_slow_answer_passes_the_time_limit_and_harms_no_other_call() {
    let (release, held) = channel::<()>();
    let held = Mutex::new(held);
    let server = Server::start(move |mut connection, _| {
        connection.greet(&welcome());
        let slow = connection.next().expect("the slow call");
        let quick = connection.next().expect("the quick call");
        connection.answer(&quick);
        held.lock().unwrap().recv().unwrap();
        connection.answer(&slow);
        connection.echo();
    });
    let client = Client::connect(server.address, options()).unwrap();
    let slow = client.submit(&Call::query(1, b"slow")).unwrap();
    assert_eq!(client.call(&Call::query(1, b"quick")).unwrap().payload, b"quick");
    assert!(matches!(slow.wait_ms(1), Err(CallError::TimeLimit { wait_ms: 1 })));
    release.send(()).unwrap();
    assert_eq!(client.call(&Call::query(1, b"next")).unwrap().payload, b"next");
}

#[test]
fn the_window_and_the_kept_bytes_are_bounded() {
    let (release, held) = channel::<()>();
    let held = Mutex::new(held);
    let server = Server::start(move |mut connection, _| {
        connection.greet(&welcome());
        held.lock().unwrap().recv().unwrap();
        connection.echo();
    });
    let options = Options { in_flight_max: 2, kept_bytes_max: 10, ..options() };
    let client = Client::connect(server.address, options).unwrap();
    let first = client.submit(&Call::query(1, &[1; 6])).unwrap();
    assert_eq!(
        client.submit(&Call::query(1, &[0; 5])).unwrap_err(),
        SubmitError::KeptFull { kept_bytes: 11, kept_bytes_max: 10 }
    );
    let second = client.submit(&Call::command(1, &[2; 100])).unwrap();
    assert_eq!(
        client.submit(&Call::command(1, b"")).unwrap_err(),
        SubmitError::WindowFull { in_flight: 2 }
    );
    release.send(()).unwrap();
    assert_eq!(first.wait().unwrap().payload, [1; 6]);
    assert_eq!(second.wait().unwrap().payload, [2; 100]);
    assert_eq!(client.call(&Call::query(1, &[0; 10])).unwrap().payload, [0; 10]);
}

#[test]
fn a_slot_leads_to_the_core_that_owns_it() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let listeners = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let [_, first, second] = [0, 1, 2].map(|at: usize| listeners[at].local_addr().unwrap());
    // The second core says "the host you reached, at my port".
    let anywhere = format!("0.0.0.0:{}", second.port()).parse().ok();
    let welcome = Welcome {
        addresses: vec![Some(first), anywhere],
        slots: SlotMap::from_fn(|slot| slot.number() / 2048),
        ..welcome()
    };
    let servers: Vec<_> = listeners
        .into_iter()
        .zip(["shared", "core 0", "core 1"])
        .map(|(listener, name)| {
            let (seen, welcome) = (Arc::clone(&seen), welcome.clone());
            Server::listen(listener, move |mut connection, _| {
                connection.greet(&welcome);
                while let Some(asked) = connection.next() {
                    seen.lock().unwrap().push(name);
                    connection.answer(&asked);
                }
            })
        })
        .collect();
    let client = Client::connect(servers[0].address, options()).unwrap();
    let call = Call::query(1, b"");
    for slot in [None, Slot::new(0), Slot::new(4095), None, Slot::new(2047)] {
        let call = slot.map_or(call, |slot| call.slot(slot));
        client.call(&call).unwrap();
    }
    let seen = seen.lock().unwrap();
    assert_eq!(*seen, ["shared", "core 0", "core 1", "shared", "core 0"]);
}

#[test]
fn a_core_that_cannot_be_reached_directly_is_reached_by_a_hop() {
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let server = Server::start(move |mut connection, _| {
        connection.greet(&Welcome { addresses: vec![Some(closed)], ..welcome() });
        connection.echo();
    });
    let client = Client::connect(server.address, options()).unwrap();
    let call = Call::query(1, b"hop").slot(Slot::of_key(b"key"));
    assert_eq!(client.call(&call).unwrap().payload, b"hop");
}
