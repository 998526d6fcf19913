//! The domain through its erased face, as a door and a shard see it: JSON in, archive, decision,
//! events, records, JSON out.

use crate::start::{BOX, T, sunday, with_packs};
use crate::support::{PACKS, pack, read};
use contract::{Failure, Kind, Stored, Tenant};
use fixture::Core;
use rates::{
    ENTRY, PublishAward, QuoteBatch, QuoteRoster, Reference, Refusal, WorkerShifts, roster_file,
};
use serde_json::{Value, json};

#[test]
fn the_quote_of_the_issue_in_its_exact_words() {
    let mut core = with_packs();
    let expected = json!({
        "award": "MA000004", "classification": "retail-employee-level-1",
        "operative_from": "2025-07-01", "minimum_hourly": "26.55", "currency": "AUD",
        "lines": [{
            "shift": 0, "from": "2025-07-13T10:00", "to": "2025-07-13T15:00", "hours": "5.00",
            "rule": "sunday", "percent": "175.00", "rate": "46.46", "amount": "232.30",
            "clause": "clause 22 (penalty rates); Schedule B, ordinary and penalty rates",
            "base": "26.55", "flat": "0.00"
        }],
        "hours": "5.00", "total": "232.30"
    });
    assert_eq!(core.call(T, 64, &sunday()).unwrap(), expected);
    let mut by_id = sunday();
    by_id["classification"] = json!("fwc:112");
    assert_eq!(core.call(T, 64, &by_id).unwrap(), expected);
}

#[test]
fn a_borrowed_reply_archives_to_the_same_bytes_and_the_same_json() {
    let mut core = with_packs();
    let roster = roster_file::read(&read("sample-roster.csv")).unwrap();
    let few = QuoteRoster { workers: roster.workers[..40].to_vec() };
    let mut payload = Vec::new();
    few.encode(&mut payload);
    let bytes = core.archived(T, 65, &payload).unwrap();
    let owned = rates::RosterReply::decode(&bytes).unwrap();
    let mut again = Vec::new();
    owned.encode(&mut again);
    assert_eq!(again, bytes);
    let mut json = Vec::new();
    (ENTRY.operation(65).unwrap().to_json)(&bytes, &mut json).unwrap();
    assert_eq!(String::from_utf8(json).unwrap(), serde_json::to_string(&owned).unwrap());
    for it in few.workers {
        let mut payload = Vec::new();
        it.quote.encode(&mut payload);
        let bytes = core.archived(T, 64, &payload).unwrap();
        let owned = rates::QuoteReply::decode(&bytes).unwrap();
        let mut again = Vec::new();
        owned.encode(&mut again);
        assert_eq!(again, bytes);
    }
}

/// Ten thousand workers in frames that come back in another order: each is priced or refused on its
/// own, and what a frame comes to does not depend on the others.
#[test]
fn a_batch_of_ten_thousand_goes_by_in_frames() {
    const WORKERS: usize = 10_000;
    let mut core = with_packs();
    let quote: rates::Quote = serde_json::from_value(sunday()).unwrap();
    let worker = |at: usize| {
        let mut quote = quote.clone();
        if at % 1_000 == 999 {
            quote.classification = "nobody".to_owned();
        }
        WorkerShifts { worker: format!("W{at}"), quote }
    };
    let frames: Vec<QuoteBatch> = (0..WORKERS)
        .step_by(1_024)
        .map(|first| QuoteBatch {
            first: u64::try_from(first).unwrap(),
            workers: (first..WORKERS.min(first + 1_024)).map(worker).collect(),
            totals_only: first != 0,
        })
        .collect();
    let (mut priced, mut refused, mut total) = (0, 0, values::Money::ZERO);
    for frame in frames.iter().rev() {
        let mut payload = Vec::new();
        frame.encode(&mut payload);
        assert!(payload.len() < 1 << 20, "a frame is a payload: {} bytes", payload.len());
        let bytes = core.archived(T, 70, &payload).unwrap();
        let reply = rates::BatchReply::decode(&bytes).unwrap();
        let mut json = Vec::new();
        (ENTRY.operation(70).unwrap().to_json)(&bytes, &mut json).unwrap();
        assert_eq!(String::from_utf8(json).unwrap(), serde_json::to_string(&reply).unwrap());
        assert_eq!(reply.first, frame.first);
        assert_eq!(reply.next, frame.first + u64::try_from(frame.workers.len()).unwrap());
        for (asked, got) in frame.workers.iter().zip(&reply.workers) {
            assert_eq!(asked.worker, got.worker);
            let is_priced = asked.quote.classification != "nobody";
            assert_eq!(got.refused.is_none(), is_priced);
            assert_eq!(got.quote.is_some(), is_priced && !frame.totals_only);
        }
        priced += reply.priced;
        refused += reply.refused;
        total += reply.totals.iter().map(|it| it.total).sum::<values::Money>();
    }
    assert_eq!((priced, refused), (9_990, 10));
    assert_eq!(total.to_string(), "2320677.00");
    let mut two = json!({"first": 7, "workers": [{"worker": "a", "quote": sunday()},
        {"worker": "b", "quote": sunday()}]});
    two["workers"][1]["quote"]["shifts"][0]["end"] = json!("2025-07-13T09:00");
    let reply = core.call(T, 70, &two).unwrap();
    assert_eq!(reply["workers"][0]["quote"]["total"], "232.30");
    assert_eq!(
        reply["workers"][1]["refused"],
        json!({"refusal": "Backwards", "field": "shifts[0].end",
            "detail": "shifts[0].end is 2025-07-13T09:00, not after the start 2025-07-13T10:00"})
    );
    assert_eq!((&reply["next"], &reply["priced"]), (&json!(9), &json!(1)));
}

#[test]
fn text_that_needs_escapes_is_escaped_alike() {
    let mut core = with_packs();
    let name = "a \"worker\" \\ \u{1}\n\t\u{8}\u{c}\r é 名";
    let roster = json!({"workers": [{"worker": name, "quote": sunday()}]});
    assert_eq!(core.call(T, 65, &roster).unwrap()["workers"][0]["worker"], json!(name));
}

#[test]
fn the_sample_roster_prices_whole() {
    let mut core = with_packs();
    let roster = roster_file::read(&read("sample-roster.csv")).unwrap();
    let mut payload = Vec::new();
    roster.encode(&mut payload);
    let reply = rates::RosterReply::decode(&core.archived(T, 65, &payload).unwrap()).unwrap();
    assert!(1_000 <= reply.shifts, "{}", reply.shifts);
    assert_eq!(reply.workers.len(), roster.workers.len());
    let total = reply.workers.iter().map(|it| it.quote.total).sum();
    assert_eq!(reply.total, total);
    // Worker by worker is the same as all at once.
    for (asked, got) in roster.workers.iter().zip(&reply.workers) {
        let one = core.call(T, 64, &serde_json::to_value(&asked.quote).unwrap()).unwrap();
        assert_eq!(one, serde_json::to_value(&got.quote).unwrap());
    }
    let awards: std::collections::BTreeSet<&str> =
        roster.workers.iter().map(|it| it.quote.award.as_str()).collect();
    assert_eq!(awards.into_iter().collect::<Vec<_>>(), ["MA000004", "MA000009", "MA000010"]);
    println!("{} shifts, {} hours, {}", reply.shifts, reply.hours, reply.total);
}

#[test]
fn an_accepted_quote_is_recalled_and_recomputed() {
    let mut core = with_packs();
    let accepted = core
        .call(T, 4, &json!({"quote": sunday(), "total": "232.30", "reference": "week 28"}))
        .unwrap();
    assert_eq!(accepted["total"], "232.30");
    let id = accepted["id"].as_str().unwrap().to_owned();
    assert_eq!(id.parse::<u64>().unwrap() % 4096, 77);
    let recalled = core.call(T, 69, &json!({ "id": id })).unwrap();
    assert_eq!(recalled["quote"], sunday());
    assert_eq!((&recalled["total"], &recalled["recomputed"]), (&json!("232.30"), &json!("232.30")));
    assert_eq!(recalled["reference"], "week 28");
    // Another tenant does not see it.
    let (name, field, _) = core.refusal(Tenant(6), 69, &json!({ "id": id }));
    assert_eq!((name.as_str(), field.as_str()), ("QuoteUnknown", "id"));
    // What was not agreed is not stored.
    let rows = core.memory.rows.len();
    let refusal = core.refusal(T, 4, &json!({"quote": sunday(), "total": "232.29"}));
    assert_eq!(refusal.0, "TotalDiffers");
    assert_eq!(refusal.2, "total is 232.29, but the quote comes to 232.30");
    let long = "x".repeat(121);
    assert_eq!(core.refusal(T, 4, &json!({"quote": sunday(), "reference": long})).0, "TextTooLong");
    assert_eq!(core.memory.rows.len(), rows);
}

#[test]
fn replaying_the_events_rebuilds_the_rows() {
    let mut core = with_packs();
    for _ in 0..3 {
        core.call(T, 4, &json!({"quote": sunday()})).unwrap();
    }
    let mut rebuilt = core.replayed();
    assert_eq!(rebuilt.memory.rows, core.memory.rows);
    assert_eq!(rebuilt.call(T, 64, &sunday()), core.call(T, 64, &sunday()));
}

#[test]
fn a_version_is_published_once_and_corrected_only_on_purpose() {
    let mut core = with_packs();
    let version = pack("MA000010").versions("p").unwrap().pop().unwrap();
    let mut request = serde_json::to_value(PublishAward { version, replace: false }).unwrap();
    let events = core.events.len();
    assert_eq!(core.call(BOX, 1, &request).unwrap()["changed"], false);
    assert_eq!(core.events.len(), events);
    request["version"]["classifications"][0] = json!({
        "code": "manufacturing-c14", "title": "C14 / V1", "clause": "clause 20.1(a)", "fwc": 312,
        "weekly": "1000.00"
    });
    let (name, field, _) = core.refusal(BOX, 1, &request);
    assert_eq!((name.as_str(), field.as_str()), ("VersionExists", "version.operative_from"));
    request["replace"] = json!(true);
    assert_eq!(core.call(BOX, 1, &request).unwrap()["changed"], true);
    let rates = core
        .call(
            T,
            67,
            &json!({"award": "MA000010", "classification": "fwc:312", "pay_period_start": "2026-07-06"}),
        )
        .unwrap();
    assert_eq!(rates["minimum_hourly"], "26.32");
    // What does not compile is refused with its place, and nothing is stored.
    request["version"]["penalties"][1]["percent"] = json!("0.00");
    let rows = core.memory.rows.clone();
    let (name, field, detail) = core.refusal(BOX, 1, &request);
    assert_eq!((name.as_str(), field.as_str()), ("VersionInvalid", "version.penalties[1].percent"));
    assert_eq!(
        detail,
        "MA000010 version 2026-07-01, `public-holiday`: penalties[1].percent is 0.00 %, expected \
         above 0 and at most 1000.00 %"
    );
    assert_eq!(core.memory.rows, rows);
    assert_eq!(core.call(T, 68, &json!({})).unwrap()["awards"][0]["award"], PACKS[0]);
}

#[test]
fn a_tenants_own_award_goes_before_the_boxs() {
    let mut core = with_packs();
    let mut version = pack("MA000004").versions("p").unwrap().remove(4);
    for it in &mut version.penalties {
        it.clause = "enterprise agreement".to_owned();
    }
    let request = serde_json::to_value(PublishAward { version, replace: false }).unwrap();
    core.call(T, 1, &request).unwrap();
    let clause = |core: &mut Core, tenant| {
        core.call(tenant, 64, &sunday()).unwrap()["lines"][0]["clause"].clone()
    };
    assert_eq!(clause(&mut core, T), "enterprise agreement");
    assert!(clause(&mut core, Tenant(6)).as_str().unwrap().starts_with("clause 22"));
}

#[test]
fn a_charge_that_cannot_be_is_refused() {
    let mut core = crate::templates::core();
    let example: Value = serde_json::from_str(ENTRY.operation(3).unwrap().shape.example).unwrap();
    core.call(T, 3, &example).unwrap();
    core.call(T, 5, &json!({"code": "labour-hire", "version": 1})).unwrap();
    let charge =
        json!({"template": "labour-hire", "pay": "38.13", "date": "2025-07-13", "state": "NSW"});
    assert_eq!(core.call(T, 66, &charge).unwrap()["rate"], "52.00");
    assert_eq!(core.refusal(Tenant(6), 66, &charge).0, "TemplateUnknown");
    let nothing =
        json!({"template": "labour-hire", "pay": "0.00", "date": "2025-07-13", "state": "NSW"});
    let (name, field, _) = core.refusal(T, 66, &nothing);
    assert_eq!((name.as_str(), field.as_str()), ("ChargeInvalid", "pay"));
    let mut invalid = example;
    invalid["costs"][0]["of"] = json!(["nothing"]);
    let (name, field, _) = core.refusal(T, 3, &invalid);
    assert_eq!((name.as_str(), field.as_str()), ("TemplateInvalid", "costs[0].of[0]"));
}

#[test]
fn json_that_is_not_the_request_is_refused_with_its_field() {
    let from_json = ENTRY.operation(64).unwrap().from_json;
    for (path, value, field, detail) in [
        ("/colour", json!(1), "colour", "unknown field `colour`"),
        ("/shifts/0/start", json!("2025-07-13 10:00"), "shifts[0].start", "is not of the form"),
        (
            "/shifts/0/start",
            json!("2025-02-30T10:00"),
            "shifts[0].start",
            "has day 30, that month has 28",
        ),
        ("/state", json!("NZ"), "state", "unknown variant `NZ`"),
        ("/employment", json!("gig"), "employment", "unknown variant `gig`"),
        ("/pay_period_start", json!(20_250_707), "pay_period_start", "invalid type: integer"),
        ("/shifts/0/pay", json!("1.00"), "shifts[0].pay", "unknown field `pay`"),
    ] {
        let mut request = sunday();
        let (parent, name) = path.rsplit_once('/').unwrap();
        request.pointer_mut(parent).unwrap()[name] = value;
        let error = from_json(request.to_string().as_bytes(), &mut Vec::new()).unwrap_err();
        assert_eq!(error.field, field);
        assert!(error.detail.contains(detail), "{}", error.detail);
    }
}

#[test]
fn every_operation_has_an_example_that_works() {
    let mut core = crate::templates::core();
    for code in [1, 2, 3, 4, 5, 7, 8, 64, 65, 66, 67, 68, 70, 80, 81, 82, 83, 84, 85, 6] {
        let operation = ENTRY.operation(code).unwrap();
        let example: Value = serde_json::from_str(operation.shape.example).unwrap();
        if let Err(failure) = core.call(BOX, code, &example) {
            panic!("{}: {failure:?}", operation.shape.name);
        }
    }
    assert_eq!(ENTRY.operation(69).unwrap().kind(), Kind::Query);
    assert!(core.reference.downcast_ref::<Reference>().is_some());
    // Numbers of refusals are part of the wire contract.
    assert_eq!(Refusal::SHAPES.len(), 46);
    assert_eq!(Refusal::CurrenciesDiffer as u16, 28);
}

/// Archives with bytes changed at random are refused or answered, never a panic: whatever passes
/// the structural check is checked again by the domain.
#[test]
fn damaged_archives_are_refused_or_answered() {
    let mut core = with_packs();
    let quote: rates::Quote = serde_json::from_value(sunday()).unwrap();
    let mut payloads: Vec<(u16, Vec<u8>)> = vec![(64, Vec::new()), (65, Vec::new())];
    quote.encode(&mut payloads[0].1);
    let with_break = {
        let mut quote = quote.clone();
        quote.shifts[0] = crate::support::shift("2025-07-13T10:00/15:00 12:00/12:30");
        quote
    };
    let workers = vec![WorkerShifts { worker: "a".to_owned(), quote: with_break }];
    QuoteRoster { workers }.encode(&mut payloads[1].1);
    for code in [1, 2, 3, 4, 5, 6, 7, 8, 66, 67, 70, 80, 81, 82, 83, 84, 85, 86] {
        let operation = ENTRY.operation(code).unwrap();
        let mut payload = Vec::new();
        (operation.from_json)(operation.shape.example.as_bytes(), &mut payload).unwrap();
        payloads.push((code, payload));
    }
    // A small generator of its own: the same bytes every time.
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap()
    };
    let (mut answered, mut refused, mut damaged) = (0, 0, 0);
    for _ in 0..500 {
        for (code, payload) in &payloads {
            let mut payload = payload.clone();
            for _ in 0..=next() % 3 {
                let at = next() % payload.len();
                payload[at] = match next() % 4 {
                    0 => 0,
                    1 => 0xFF,
                    2 => 0x80,
                    _ => u8::try_from(next() % 256).unwrap(),
                };
            }
            let operation = ENTRY.operation(*code).unwrap();
            match core.archived(Tenant(8), *code, &payload) {
                Ok(reply) => {
                    (operation.to_json)(&reply, &mut Vec::new()).unwrap();
                    answered += 1;
                }
                Err(Failure::Denied(_)) => refused += 1,
                Err(_) => damaged += 1,
            }
        }
    }
    println!("damaged archives: {answered} answered, {refused} refused, {damaged} not archives");
    assert!(0 < answered && 0 < refused && 0 < damaged);
}
