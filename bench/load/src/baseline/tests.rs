//! The generator against servers of known behaviour, over every protocol that HTTP has.

use super::*;
use crate::args::PeerArgs;
use crate::codec::rpc::Answerer;
use crate::link::{Peer, Speech};
use crate::outside::Outside;
use crate::round::{Shape, measure};
use crate::workload::Workload;

const BODY_BYTES: usize = 300;

fn all() -> [(Kind, Speech); 8] {
    let http = |version, secure| Kind::Http { version, secure, body_bytes: BODY_BYTES };
    let echo = Answerer::Echo;
    [
        (Kind::Echo { secure: false }, Speech::Rpc(echo)),
        (Kind::Echo { secure: true }, Speech::Rpc(echo)),
        (Kind::EchoQuic, Speech::RpcQuic(echo)),
        (http(Version::Http1, false), Speech::Http1),
        (http(Version::Http1, true), Speech::Http1),
        (http(Version::Http2, false), Speech::Http2),
        (http(Version::Http2, true), Speech::Http2),
        (Kind::Http3 { body_bytes: BODY_BYTES }, Speech::Http3),
    ]
}

fn peer<'a>(
    baseline: &'a Baseline,
    speech: Speech,
    workload: &'a Workload,
    depth: u32,
) -> Peer<'a> {
    Peer {
        address: baseline.address,
        speech,
        host: None,
        trust: baseline.trust.as_ref(),
        api_key: Some("key"),
        workload,
        mix: None,
        store: None,
        items: 1,
        depth,
        run: Some(1),
    }
}

fn shape(connections: u32, rate: Option<u64>) -> Shape {
    Shape {
        connections,
        rate,
        warmup_ns: 20_000_000,
        window_ns: 200_000_000,
        client_cores: vec![0],
        spin: false,
        patience_ns: None,
    }
}

fn rpc(speech: Speech) -> bool {
    matches!(speech, Speech::Rpc(_) | Speech::RpcQuic(_))
}

#[test]
fn every_protocol_is_answered_in_both_loops() {
    let json = vec![b' '; 40_000];
    for body in [&b"{}"[..], &json, b""] {
        let method = if body.is_empty() { "GET" } else { "POST" };
        let workload = Workload { json: body.to_vec(), method, ..Workload::plain(7, body) };
        for (kind, speech) in all() {
            let baseline = Baseline::start(kind, 0).unwrap();
            let peer = peer(&baseline, speech, &workload, 8);
            let sounding = peer.sound().unwrap_or_else(|error| panic!("{kind:?}: {error}"));
            let ok = if rpc(speech) {
                assert_eq!(sounding.request, sounding.reply, "{kind:?}");
                0
            } else {
                assert_eq!(sounding.body, BODY_BYTES, "{kind:?}");
                assert!(BODY_BYTES < sounding.reply && body.len() < sounding.request, "{kind:?}");
                200
            };
            for rate in [None, Some(500)] {
                let measured = measure(&shape(3, rate), &peer, None);
                let tally = measured.unwrap_or_else(|error| panic!("{kind:?}: {error}")).tally;
                // On a busy machine they may all come after the window.
                let mut statuses: Vec<_> =
                    tally.statuses.iter().chain(tally.outside.iter()).map(|(it, _)| it).collect();
                statuses.dedup();
                assert_eq!(statuses, [ok], "{kind:?}");
                assert_eq!(tally.unanswered, 0, "{kind:?}");
                // Every start of the window, and nothing else.
                if rate.is_some() {
                    assert_eq!(tally.latency.len(), 100, "{kind:?}");
                }
            }
        }
    }
}

#[test]
fn a_peer_is_asked_with_a_get_and_may_show_any_certificate() {
    for (kind, speech) in all().into_iter().filter(|(_, speech)| !rpc(*speech)) {
        let baseline = Baseline::start(kind, 0).unwrap();
        let secure = baseline.trust.is_some();
        let url = format!("{}/ok", baseline.address);
        let flags = PeerArgs { peer: Some(url), ..PeerArgs::default() };
        let asked = Workload::plain(0, &[]);
        let outside = Outside::of(&flags, speech, secure, &asked).unwrap().unwrap();
        let peer = outside.peer(4);
        let sounding = peer.sound().unwrap_or_else(|error| panic!("{kind:?}: {error}"));
        assert_eq!(sounding.body, BODY_BYTES, "{kind:?}");
        let tally = measure(&shape(2, None), &peer, None).unwrap().tally;
        assert!(0 < tally.statuses.total() + tally.outside.total(), "{kind:?}");
        assert_eq!(tally.unanswered, 0, "{kind:?}");
    }
}

#[test]
fn a_door_that_takes_fewer_streams_than_are_asked_for_holds_nobody_up() {
    // The bare QUIC door takes 256 requests of a connection at once; 300 are wanted.
    let workload = Workload { json: b"{}".to_vec(), ..Workload::plain(7, b"") };
    let baseline = Baseline::start(Kind::Http3 { body_bytes: 10 }, 0).unwrap();
    let tally = measure(&shape(1, None), &peer(&baseline, Speech::Http3, &workload, 300), None);
    let tally = tally.unwrap().tally;
    assert_eq!(tally.unanswered, 0);
    assert!(1_000 < tally.statuses.total(), "{}", tally.statuses.total());
    // Over HTTP/2 the server says how many before anything is sent.
    let http = Kind::Http { version: Version::Http2, secure: true, body_bytes: 10 };
    let baseline = Baseline::start(http, 0).unwrap();
    let error = peer(&baseline, Speech::Http2, &workload, 300).connect(0).unwrap_err();
    assert!(error.to_string().contains("200 requests in flight at most"), "{error}");
}

#[test]
fn whoever_is_not_vouched_for_or_speaks_something_else_is_told() {
    let workload = Workload { json: b"{}".to_vec(), ..Workload::plain(7, b"") };
    let secure = |version| Kind::Http { version, secure: true, body_bytes: 1 };
    let start = |kind| Baseline::start(kind, 0).unwrap();
    let plain = start(Kind::Http { version: Version::Http1, secure: false, body_bytes: 1 });
    let one = start(secure(Version::Http1));
    let (two, two_again) = (start(secure(Version::Http2)), start(secure(Version::Http2)));
    let three = Kind::Http3 { body_bytes: 1 };
    let (three, three_again) = (start(three), start(three));
    for (server, of, speech, reason) in [
        (&two, &two_again, Speech::Http2, "invalid peer certificate"),
        (&three, &three_again, Speech::Http3, "invalid peer certificate"),
        (&one, &two, Speech::Http2, "NoApplicationProtocol"),
        (&three, &two, Speech::Http3, "error 120"),
        (&plain, &two, Speech::Http2, "corrupt message"),
    ] {
        let peer = Peer { trust: of.trust.as_ref(), ..peer(server, speech, &workload, 1) };
        let error = peer.sound().unwrap_err().to_string();
        assert!(error.contains(reason), "{speech:?}: {error}");
    }
}
