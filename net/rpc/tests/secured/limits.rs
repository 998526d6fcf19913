//! Limits, exactly, on every door.

use client::{Call, Client, Slot, Status};
use limits::{Cost, Policy, SetPolicy, Subject, Unit};

use crate::fort::{Fort, T, WAYS, Way, echo, item};
use crate::shelf::{ECHO, PUT_ITEM};

const QUOTA: u16 = 7;

fn policy(name: &str, per: Subject, unit: Unit) -> SetPolicy {
    let policy = Policy {
        name: name.to_owned(),
        per,
        operations: "shelf.*".to_owned(),
        rate_class: None,
        quota: QUOTA.into(),
        window_s: 86_400,
        burst: 0,
        unit,
        cost: Cost::default(),
        enabled: true,
    };
    SetPolicy { policy }
}

/// Asks by both cores in turn until something else than an answer comes; how many were answered.
fn admitted(client: &Client) -> u16 {
    for count in 0..=QUOTA {
        let said = echo("x", 1);
        let slot = Slot::of_id(u64::from(count % 2) * 4095);
        let reply = client.call(&Call::query(ECHO, &said).slot(slot)).unwrap();
        if reply.status != Status::Ok {
            let problem = reply.problem().unwrap().unwrap();
            assert_eq!(problem.status, Status::RateLimited);
            assert!(0 < problem.retry_after_ms, "{problem:?}");
            assert!(problem.detail.contains("quota"), "{problem:?}");
            return count;
        }
    }
    panic!("more than {QUOTA} were admitted");
}

#[test]
fn a_quota_holds_over_all_cores_and_is_told_with_a_time() {
    for way in WAYS {
        let fort = Fort::open(2, rpc::Options::default());
        let (key, _) = fort.key(&["shelf.*"]);
        let (client, same) = (fort.client(way, &key), fort.client(way, &key));
        let said = echo("x", 1);
        assert_eq!(client.call(&Call::query(ECHO, &said)).unwrap().status, Status::Ok);
        fort.run(T, &policy("per-key", Subject::Key, Unit::Requests));
        assert_eq!(admitted(&client), QUOTA, "{way:?}");
        assert_eq!(admitted(&same), 0, "{way:?}");
    }
}

#[test]
fn a_batch_weighs_as_much_as_its_items_and_passes_whole_or_not_at_all() {
    for way in WAYS {
        let fort = Fort::open(2, rpc::Options::default());
        let (key, _) = fort.key(&["shelf.*"]);
        let client = fort.client(way, &key);
        fort.run(T, &policy("per-tenant", Subject::Tenant, Unit::Requests));
        let put = item(1, "x");
        let batch = |count: usize| {
            let items = vec![&put[..]; count];
            let reply = client.call(&Call::command_batch(PUT_ITEM, &items)).unwrap();
            (reply.status, reply.items().map(Iterator::count))
        };
        assert_eq!(batch(5), (Status::Ok, Some(5)), "{way:?}");
        assert_eq!(batch(3), (Status::RateLimited, None), "{way:?}");
        assert_eq!(batch(2), (Status::Ok, Some(2)), "{way:?}");
        assert_eq!(batch(1), (Status::RateLimited, None), "{way:?}");
    }
}

#[test]
fn whoever_is_trusted_is_limited_by_address_and_route_all_the_same() {
    for per in [Subject::Address, Subject::Route, Subject::Box] {
        let fort = Fort::open(2, rpc::Options::default());
        let client = fort.try_client(Way::Plain, None).unwrap();
        fort.run(0, &policy("everybody", per, Unit::Requests));
        assert_eq!(admitted(&client), QUOTA);
    }
}

#[test]
fn what_is_held_is_given_back_with_the_answer() {
    for way in WAYS {
        let fort = Fort::open(2, rpc::Options::default());
        let (key, _) = fort.key(&["shelf.*"]);
        fort.run(T, &policy("at-once", Subject::Key, Unit::Concurrent));
        let client = fort.client(way, &key);
        for id in 0..u64::from(4 * QUOTA) {
            // Commands that are answered later, by either core.
            let put = item(id * 1024, "x");
            let call = Call::command(PUT_ITEM, &put).slot(Slot::of_id(id * 1024));
            assert_eq!(client.call(&call).unwrap().status, Status::Ok, "{way:?} {id}");
        }
        let put = item(1, "x");
        let items = vec![&put[..]; usize::from(QUOTA) + 1];
        let over = client.call(&Call::command_batch(PUT_ITEM, &items)).unwrap();
        assert_eq!(over.status, Status::RateLimited, "{way:?}");
        let whole = client.call(&Call::command_batch(PUT_ITEM, &items[1..])).unwrap();
        assert_eq!(whole.status, Status::Ok, "{way:?}");
    }
}
