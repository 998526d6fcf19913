//! What a client that keeps to the protocol gets.

use client::{Call, Client, Options, Reply, Status};
use contract::Stored;
use wire::{Limits, Slot};

use crate::shelf::{self, Done, ECHO, FAIL, FIND_ITEM, Found, PUT_ITEM, REMOVE_ITEM, Said};
use crate::{TestBox, archived, echo, find, item};

fn connect(quoin: &TestBox) -> Client {
    Client::connect(quoin.address, Options::default()).expect("it listens")
}

fn decoded<T: Stored>(reply: &Reply) -> T {
    assert_eq!(reply.status, Status::Ok, "{:?}", reply.problem());
    T::decode(&reply.payload).expect("an archive of the reply")
}

#[test]
fn a_query_is_answered_in_place() {
    let quoin = TestBox::open(1, rpc::Options::default());
    let client = connect(&quoin);
    let reply = client.call(&Call::query(ECHO, &echo("ho", 3))).unwrap();
    assert_eq!(decoded::<Said>(&reply), Said { text: "hohoho".to_owned() });
}

#[test]
fn a_command_is_durable_when_it_is_answered_and_seen_from_its_position_on() {
    let quoin = TestBox::open(1, rpc::Options::default());
    let client = connect(&quoin);
    let put = client.call(&Call::command(PUT_ITEM, &item(7, "tea"))).unwrap();
    assert_eq!(decoded::<Done>(&put), Done { id: 7 });
    assert!(0 < put.position);
    let found = client.call(&Call::query(FIND_ITEM, &find(7)).at_least(put.position)).unwrap();
    let expected = Found { id: 7, label: "tea".to_owned(), count: 1 };
    assert_eq!(decoded::<Found>(&found), expected);
    assert!(put.position <= found.position);
}

#[test]
fn many_calls_in_flight_all_come_back() {
    let quoin = TestBox::open(1, rpc::Options::default());
    let client = connect(&quoin);
    let pending: Vec<_> = (0..600_u64)
        .map(|id| {
            let (put, text) = (item(id, "x"), echo(&id.to_string(), 1));
            let put = client.submit(&Call::command(PUT_ITEM, &put)).unwrap();
            (put, client.submit(&Call::query(ECHO, &text)).unwrap())
        })
        .collect();
    for (id, (put, said)) in (0_u64..).zip(pending) {
        assert_eq!(decoded::<Done>(&put.wait().unwrap()).id, id);
        assert_eq!(decoded::<Said>(&said.wait().unwrap()).text, id.to_string());
    }
}

#[test]
fn a_batch_of_queries_of_commands_and_of_both_fates() {
    let quoin = TestBox::open(1, rpc::Options::default());
    let client = connect(&quoin);
    let statuses = |reply: &Reply| -> Vec<Status> {
        reply.items().expect("a batch").map(|it| it.status).collect()
    };

    let echoes: Vec<_> = (0..64).map(|it: u32| echo(&it.to_string(), 1)).collect();
    let echoes: Vec<&[u8]> = echoes.iter().map(Vec::as_slice).collect();
    let reply = client.call(&Call::query_batch(ECHO, &echoes)).unwrap();
    let said = reply.items().unwrap().map(|it| Said::decode(it.payload).unwrap().text);
    assert_eq!(said.collect::<Vec<_>>(), (0..64).map(|it| it.to_string()).collect::<Vec<_>>());

    // Refused at once, done later, refused at once, done later.
    let items = [item(1, ""), item(1, "a"), b"garbage".to_vec(), item(2, "b")];
    let items: Vec<&[u8]> = items.iter().map(Vec::as_slice).collect();
    let reply = client.call(&Call::command_batch(PUT_ITEM, &items)).unwrap();
    let expected = [Status::Refused, Status::Ok, Status::Malformed, Status::Ok];
    assert_eq!(statuses(&reply), expected);
    assert!(0 < reply.position);

    let finds = [find(1), find(3), find(2)];
    let finds: Vec<&[u8]> = finds.iter().map(Vec::as_slice).collect();
    let reply = client.call(&Call::query_batch(FIND_ITEM, &finds)).unwrap();
    assert_eq!(statuses(&reply), [Status::Ok, Status::NotFound, Status::Ok]);
}

#[test]
fn a_fault_of_one_request_costs_only_that_request() {
    let quoin = TestBox::open(1, rpc::Options::default());
    let client = connect(&quoin);
    let problem = |call: &Call<'_>| {
        let reply = client.call(call).unwrap();
        let problem = reply.problem().unwrap().expect("a problem");
        (problem.status, problem.code, problem.field.to_owned(), problem.reference)
    };
    let (bad, absent) = (item(1, ""), find(99));
    for (call, status, code, field) in [
        (Call::query(wire::operation(1, 1), b""), Status::UnknownOperation, 0, ""),
        (Call::query(wire::operation(902, 999), b""), Status::UnknownOperation, 0, ""),
        (Call::query(ECHO, b"garbage"), Status::Malformed, 0, ""),
        (Call::command(PUT_ITEM, &bad), Status::Refused, 2, "label"),
        (Call::query(FIND_ITEM, &absent), Status::NotFound, 1, ""),
        (Call::query(ECHO, &echo("x", 1)).at_least(u64::MAX), Status::PositionUnavailable, 0, ""),
    ] {
        let (found, found_code, found_field, _) = problem(&call);
        assert_eq!((found, found_code, &found_field[..]), (status, code, field));
    }
    let fail = archived(&shelf::Fail { why: "a test".to_owned() });
    let (status, _, _, incident) = problem(&Call::query(FAIL, &fail));
    assert_eq!(status, Status::Internal);
    assert_ne!(incident, 0);
    let reply = client.call(&Call::query(ECHO, &echo("alive", 1))).unwrap();
    assert_eq!(decoded::<Said>(&reply).text, "alive");
}

#[test]
fn an_idempotency_key_repeats_the_answer_and_refuses_another_question() {
    let quoin = TestBox::open(1, rpc::Options::default());
    let client = connect(&quoin);
    let (put, other) = (item(1, "a"), item(1, "b"));
    let keyed = |payload| Call::command(PUT_ITEM, payload).idempotency_key(b"key");
    let first = client.call(&keyed(&put)).unwrap();
    assert_eq!(decoded::<Done>(&first).id, 1);
    let remove = archived(&shelf::RemoveItem { id: 1 });
    client.call(&Call::command(REMOVE_ITEM, &remove)).unwrap();
    let again = client.call(&keyed(&put)).unwrap();
    assert_eq!(again.payload, first.payload);
    assert_eq!(client.call(&Call::query(FIND_ITEM, &find(1))).unwrap().status, Status::NotFound);
    assert_eq!(client.call(&keyed(&other)).unwrap().status, Status::IdempotencyMismatch);

    let items: [&[u8]; 2] = [&put, &other];
    let batch = Call::command_batch(PUT_ITEM, &items).idempotency_key(b"key");
    let reply = client.call(&batch).unwrap();
    assert!(reply.items().unwrap().all(|it| it.status == Status::Ok));
    let again = client.call(&batch).unwrap();
    assert_eq!(again.payload, reply.payload);
}

#[test]
fn an_answer_over_the_reply_limit_is_replaced() {
    let limits = Limits { reply_bytes_max: 4096, ..Limits::DEFAULT };
    let quoin = TestBox::open(1, rpc::Options { limits, ..rpc::Options::default() });
    let client = connect(&quoin);
    let reply = client.call(&Call::query(ECHO, &echo("x", 5000))).unwrap();
    assert_eq!(reply.status, Status::ReplyTooLarge);
    let reply = client.call(&Call::query(ECHO, &echo("x", 2000))).unwrap();
    assert_eq!(decoded::<Said>(&reply).text.len(), 2000);
}

#[test]
fn large_answers_queue_up_behind_a_slow_reader_without_loss() {
    let quoin = TestBox::open(1, rpc::Options::default());
    let client = connect(&quoin);
    let big = echo("0123456789", 100_000);
    let pending: Vec<_> =
        (0..20).map(|_| client.submit(&Call::query(ECHO, &big)).unwrap()).collect();
    for pending in pending {
        assert_eq!(decoded::<Said>(&pending.wait().unwrap()).text.len(), 1_000_000);
    }
}

#[test]
fn a_slot_leads_to_its_core_and_every_core_answers_for_all() {
    let quoin = TestBox::open(2, rpc::Options::default());
    let client = connect(&quoin);
    let welcome = client.welcome().unwrap();
    assert_eq!(welcome.cores(), 2);
    assert!(welcome.addresses.iter().all(Option::is_some));
    for id in [1, 2047, 2048, 4095] {
        let put = item(id, "x");
        let call = Call::command(PUT_ITEM, &put).slot(Slot::of_id(id));
        assert_eq!(decoded::<Done>(&client.call(&call).unwrap()).id, id);
    }
    // Through the wrong door on purpose.
    for (id, slot) in [(1, 4095), (4095, 1)] {
        let find = find(id);
        let call = Call::query(FIND_ITEM, &find).slot(Slot::of_id(slot));
        assert_eq!(decoded::<Found>(&client.call(&call).unwrap()).id, id);
    }
    let finds = [find(1), find(4095), find(2047), find(2048)];
    let finds: Vec<&[u8]> = finds.iter().map(Vec::as_slice).collect();
    let reply = client.call(&Call::query_batch(FIND_ITEM, &finds)).unwrap();
    let ids = reply.items().unwrap().map(|it| Found::decode(it.payload).unwrap().id);
    assert_eq!(ids.collect::<Vec<_>>(), [1, 4095, 2047, 2048]);
}
