//! The same answers whatever carries them.

use client::{Call, Slot, Status};
use contract::Stored;

use crate::fort::{Fort, WAYS, decoded, echo, find, item};
use crate::shelf::{Done, ECHO, FIND_ITEM, Found, PUT_ITEM, Said};

#[test]
fn requests_batches_and_large_answers_are_the_same_on_every_door() {
    let fort = Fort::open(1, rpc::Options::default());
    let (key, _) = fort.key(&["shelf.*"]);
    for (id, way) in (1..).zip(WAYS) {
        let client = fort.client(way, &key);
        let said = client.call(&Call::query(ECHO, &echo("ho", 3))).unwrap();
        assert_eq!(decoded::<Said>(&said).text, "hohoho", "{way:?}");
        let put = client.call(&Call::command(PUT_ITEM, &item(id, "tea"))).unwrap();
        assert_eq!(decoded::<Done>(&put).id, id);
        let found = client.call(&Call::query(FIND_ITEM, &find(id)).at_least(put.position));
        assert_eq!(decoded::<Found>(&found.unwrap()).label, "tea");
        // Some done later, some refused at once.
        let items = [item(id, ""), item(id, "a"), b"garbage".to_vec(), item(id, "b")];
        let items: Vec<&[u8]> = items.iter().map(Vec::as_slice).collect();
        let reply = client.call(&Call::command_batch(PUT_ITEM, &items)).unwrap();
        let statuses: Vec<_> = reply.items().unwrap().map(|it| it.status).collect();
        let expected = [Status::Refused, Status::Ok, Status::Malformed, Status::Ok];
        assert_eq!(statuses, expected, "{way:?}");
        // More than any window on the way.
        let big = echo("0123456789", 100_000);
        let pending: Vec<_> =
            (0..20).map(|_| client.submit(&Call::query(ECHO, &big)).unwrap()).collect();
        for pending in pending {
            let said: Said = decoded(&pending.wait().unwrap());
            assert_eq!(said.text.len(), 1_000_000, "{way:?}");
        }
        let long = "x".repeat(900_000);
        let said = client.call(&Call::query(ECHO, &echo(&long, 1))).unwrap();
        assert!(decoded::<Said>(&said).text == long, "{way:?}");
    }
}

#[test]
fn many_calls_are_in_flight_on_every_door() {
    let fort = Fort::open(1, rpc::Options::default());
    let (key, _) = fort.key(&["shelf.*"]);
    for way in WAYS {
        let client = fort.client(way, &key);
        let payloads: Vec<_> = (0..2000_u32).map(|it| echo(&it.to_string(), 1)).collect();
        let pending: Vec<_> =
            payloads.iter().map(|it| client.submit(&Call::query(ECHO, it)).unwrap()).collect();
        for (index, pending) in pending.into_iter().enumerate() {
            let said: Said = decoded(&pending.wait().unwrap());
            assert_eq!(said.text, index.to_string(), "{way:?}");
        }
    }
}

#[test]
fn a_slot_leads_to_its_core_on_every_door() {
    let fort = Fort::open(2, rpc::Options::default());
    let (key, _) = fort.key(&["shelf.*"]);
    for way in WAYS {
        let client = fort.client(way, &key);
        assert_eq!(client.welcome().unwrap().cores(), 2);
        for id in [1, 2047, 2048, 4095] {
            let put = item(id, "x");
            let call = Call::command(PUT_ITEM, &put).slot(Slot::of_id(id));
            assert_eq!(decoded::<Done>(&client.call(&call).unwrap()).id, id, "{way:?}");
            // The welcome that came last is that of the connection made for this slot.
            let welcome = client.welcome().unwrap();
            assert_eq!(welcome.core, welcome.slots.core_of(Slot::of_id(id)), "{way:?}");
            let other = find(4096 - id);
            client.call(&Call::query(FIND_ITEM, &other).slot(Slot::of_id(id))).unwrap();
        }
        let finds = [find(1), find(4095), find(2047), find(2048)];
        let finds: Vec<&[u8]> = finds.iter().map(Vec::as_slice).collect();
        let reply = client.call(&Call::query_batch(FIND_ITEM, &finds)).unwrap();
        let ids = reply.items().unwrap().map(|it| Found::decode(it.payload).unwrap().id);
        assert_eq!(ids.collect::<Vec<_>>(), [1, 4095, 2047, 2048], "{way:?}");
    }
}
