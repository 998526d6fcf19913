//! Who is let in, what it may, and until when.

use client::{Call, Client, ConnectError, SessionError, Status, Trust};
use identity::{
    BindCertificate, DisableUser, EnableUser, GrantRole, RevokeApiKey, UnbindCertificate,
    UngrantRole,
};
use tls::Pair;

use crate::clients::trusting;
use crate::fort::{Fort, SECURED, Staff, T, WAYS, WORKLOAD, Way, echo, item};
use crate::shelf::{ECHO, PUT_ITEM};

fn refusal(fort: &Fort, way: Way, credential: Option<&str>) -> (Status, String) {
    match fort.try_client(way, credential) {
        Err(ConnectError::Session(SessionError::Refused { status, detail, .. })) => {
            (status, detail)
        }
        other => panic!("{way:?}: {other:?}"),
    }
}

#[test]
fn whoever_shows_nothing_or_something_wrong_stays_outside() {
    let fort = Fort::open(1, rpc::Options::default());
    let (key, _) = fort.key(&["shelf.*"]);
    for way in SECURED {
        let (status, detail) = refusal(&fort, way, None);
        assert_eq!(status, Status::Unauthenticated);
        assert!(detail.contains("in the Hello"), "{detail}");
    }
    // The plain door trusts, but what is shown there counts.
    assert!(fort.try_client(Way::Plain, None).is_ok());
    let other = format!("{}{}", &key[..key.len() - 1], if key.ends_with('2') { '3' } else { '2' });
    for way in WAYS {
        for wrong in [&*other, "qk_", "a.b.c", "nonsense"] {
            assert_eq!(refusal(&fort, way, Some(wrong)).0, Status::Unauthenticated, "{way:?}");
        }
    }
}

/// The status of one echo, with its detail when it is none.
fn ask(client: &Client) -> (Status, String) {
    let reply = client.call(&Call::query(ECHO, &echo("x", 1))).unwrap();
    let detail = reply.problem().unwrap().map_or_else(String::new, |it| it.detail.to_owned());
    (reply.status, detail)
}

#[test]
fn a_revoked_key_is_refused_from_the_next_request_on() {
    for way in WAYS {
        let fort = Fort::open(2, rpc::Options::default());
        let (key, id) = fort.key(&["shelf.*"]);
        let (kept, _) = fort.key(&["shelf.*", "shelf.echo"]);
        let (client, other) = (fort.client(way, &key), fort.client(way, &kept));
        for _ in 0..3 {
            assert_eq!(ask(&client).0, Status::Ok, "{way:?}");
        }
        fort.run(T, &RevokeApiKey { id });
        let (status, detail) = ask(&client);
        assert_eq!(status, Status::Unauthenticated, "{way:?} {detail}");
        // A batch is refused as one; the connection stays, and so do others.
        let said = echo("x", 1);
        let reply = client.call(&Call::query_batch(ECHO, &[&said, &said])).unwrap();
        assert_eq!((reply.status, reply.items().is_none()), (Status::Unauthenticated, true));
        assert_eq!(ask(&client).0, Status::Unauthenticated, "{way:?}");
        assert_eq!(ask(&other).0, Status::Ok, "{way:?}");
        assert_eq!(refusal(&fort, way, Some(&key)).0, Status::Unauthenticated);
    }
}

#[test]
fn a_user_that_is_disabled_or_loses_a_role_is_told_at_once() {
    let fort = Fort::open(1, rpc::Options::default());
    let (key, _) = fort.key(&["shelf.*"]);
    let (user, role) = ("ann".to_owned(), "clerk".to_owned());
    for way in WAYS {
        let client = fort.client(way, &key);
        assert_eq!(ask(&client).0, Status::Ok);
        fort.run(T, &DisableUser { user: user.clone() });
        assert_eq!(ask(&client).0, Status::Unauthenticated, "{way:?}");
        fort.run(T, &EnableUser { user: user.clone() });
        assert_eq!(ask(&client).0, Status::Ok, "{way:?}");
        fort.run(T, &UngrantRole { user: user.clone(), role: role.clone() });
        let (status, detail) = ask(&client);
        assert_eq!(status, Status::Forbidden, "{way:?}");
        assert!(detail.contains("shelf.echo"), "{detail}");
        fort.run(T, &GrantRole { user: user.clone(), role: role.clone() });
        assert_eq!(ask(&client).0, Status::Ok, "{way:?}");
    }
}

#[test]
fn a_missing_permission_is_named_and_costs_only_its_request() {
    let fort = Fort::open(1, rpc::Options::default());
    let (key, _) = fort.key(&["shelf.echo"]);
    for way in WAYS {
        let client = fort.client(way, &key);
        let (put, batch) = (item(1, "x"), item(2, "x"));
        let one = client.call(&Call::command(PUT_ITEM, &put)).unwrap();
        let several = client.call(&Call::command_batch(PUT_ITEM, &[&batch, &batch])).unwrap();
        for reply in [one, several] {
            let problem = reply.problem().unwrap().unwrap();
            assert_eq!(problem.status, Status::Forbidden, "{way:?}");
            assert!(problem.detail.contains("shelf.put"), "{problem:?}");
        }
        assert_eq!(ask(&client).0, Status::Ok, "{way:?}");
        let unknown = client.call(&Call::query(wire::operation(902, 999), b"")).unwrap();
        assert_eq!(unknown.status, Status::UnknownOperation, "{way:?}");
    }
}

#[test]
fn nobody_acts_for_another_tenant_who_may_not() {
    let fort = Fort::open(1, rpc::Options::default());
    let (key, _) = fort.key(&["shelf.*"]);
    for way in WAYS {
        let client = fort.client(way, &key);
        let said = echo("x", 1);
        for (tenant, expected) in [(0, Status::Ok), (T, Status::Ok), (T + 1, Status::Forbidden)] {
            let reply = client.call(&Call::query(ECHO, &said).tenant(tenant)).unwrap();
            assert_eq!(reply.status, expected, "{way:?} {tenant}");
        }
    }
}

#[test]
fn a_certificate_stands_for_whom_it_is_bound_to_until_it_is_not() {
    for way in SECURED {
        let fort = Fort::open(2, rpc::Options::default());
        let (key, _) = fort.key(&["shelf.*"]);
        let with = |pair: &Pair, credential: Option<&str>| {
            let show = |it: &mut Trust| it.own = Some(pair.clone());
            Client::connect(fort.address(way), trusting(fort.options(way, credential), show))
        };
        let refused = |outcome: Result<Client, ConnectError>| match outcome {
            Err(ConnectError::Session(SessionError::Refused { status, .. })) => status,
            other => panic!("{way:?}: {other:?}"),
        };
        let Staff { named, nameless, .. } = &fort.staff;
        // Nobody is bound to it yet; a key counts beside it, and beside one that names nobody.
        assert_eq!(refused(with(named, None)), Status::Unauthenticated);
        assert_eq!(refused(with(nameless, None)), Status::Unauthenticated);
        assert_eq!(ask(&with(nameless, Some(&key)).unwrap()).0, Status::Ok, "{way:?}");
        let (name, user) = (WORKLOAD.to_owned(), "ann".to_owned());
        let scopes = vec!["shelf.echo".to_owned()];
        fort.run(0, &BindCertificate { name: name.clone(), tenant: T, user, scopes });
        let client = with(named, None).unwrap();
        assert_eq!(ask(&client).0, Status::Ok, "{way:?}");
        let put = client.call(&Call::command(PUT_ITEM, &item(1, "x"))).unwrap();
        assert_eq!(put.status, Status::Forbidden, "{way:?}");
        fort.run(0, &UnbindCertificate { name });
        assert_eq!(ask(&client).0, Status::Unauthenticated, "{way:?}");
    }
}
