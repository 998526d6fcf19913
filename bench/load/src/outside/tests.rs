use super::*;
use crate::args::WorkloadName;
use crate::codec::rpc::Answerer;

fn outside(url: &str, speech: Speech, secure: bool) -> Result<Outside, LoadError> {
    with(&PeerArgs { peer: Some(url.to_owned()), ..PeerArgs::default() }, speech, secure)
}

fn with(flags: &PeerArgs, speech: Speech, secure: bool) -> Result<Outside, LoadError> {
    let asked = WorkloadName::Quote.build();
    Outside::of(flags, speech, secure, &asked).map(|it| it.expect("the flags name a peer"))
}

#[test]
fn the_url_or_the_target_says_whether_it_is_encrypted() {
    for (url, target, secure) in [
        ("127.0.0.1:1", false, false),
        ("127.0.0.1:1", true, true),
        ("http://127.0.0.1:1", true, false),
        ("https://[::1]:1", false, true),
    ] {
        let outside = outside(url, Speech::Http2, target).unwrap();
        assert_eq!(outside.trust.is_some(), secure, "{url}");
        let peer = outside.peer(1);
        assert_eq!(peer.authority(), peer.address.to_string());
        assert!(peer.api_key.is_none() && peer.run.is_none());
        assert_eq!((peer.workload.method, outside.request.as_str()), ("GET", "GET"));
    }
}

#[test]
fn what_cannot_be_asked_is_named() {
    for (url, speech, reason) in [
        ("127.0.0.1:1", Speech::Rpc(Answerer::Server), "--over http"),
        ("127.0.0.1:1", Speech::RpcQuic(Answerer::Server), "--over http"),
        ("http://127.0.0.1:1", Speech::Http3, "always encrypted"),
        ("127.0.0.1", Speech::Http1, "HOST:PORT"),
        ("127.0.0.1:70000", Speech::Http1, "HOST:PORT"),
        ("gopher://127.0.0.1:70", Speech::Http1, "without blanks"),
    ] {
        let error = outside(url, speech, true).unwrap_err();
        assert!(matches!(error, LoadError::Invalid { flag: "peer", .. }), "{error}");
        assert!(error.to_string().contains(reason), "{url}: {error}");
    }
}

#[test]
fn the_same_is_asked_at_the_path_that_the_url_has() {
    let asked = WorkloadName::Quote.build();
    for (url, path) in [("127.0.0.1:1", asked.path.as_str()), ("127.0.0.1:1/other", "/other")] {
        let flags = PeerArgs {
            peer: Some(url.to_owned()),
            peer_same: true,
            peer_api_key: Some("theirs".to_owned()),
            peer_pid: vec![7, 9],
            ..PeerArgs::default()
        };
        let outside = with(&flags, Speech::Http1, false).unwrap();
        let peer = outside.peer(1);
        assert_eq!((peer.workload.method, &peer.workload.json), ("POST", &asked.json));
        assert_eq!((peer.workload.path.as_str(), peer.api_key), (path, Some("theirs")));
        assert_eq!(outside.subject, Some(Subject::Trees([7, 9, 0, 0, 0, 0, 0, 0])));
    }
}

#[test]
fn a_store_is_asked_in_its_own_words_whatever_the_target_speaks() {
    let rpc = Speech::Rpc(Answerer::Server);
    let redis = outside("redis://127.0.0.1:1", rpc, true).unwrap();
    let payload = WorkloadName::Quote.build().payload;
    let filler = vec![b'x'; payload.len()];
    let command = Command::read(COMMAND, filler, None).unwrap();
    assert_eq!(redis.store, Some(Store::Redis(command)));
    let peer = redis.peer(3);
    assert!(peer.trust.is_none() && peer.depth == 3);
    let flags = PeerArgs {
        peer: Some("postgres://me@127.0.0.1:1/db".to_owned()),
        peer_command: Some("INSERT".to_owned()),
        peer_payload: Some(2),
        ..PeerArgs::default()
    };
    let postgres = with(&flags, Speech::Http1, true).unwrap();
    let statement = Statement::new("me", "db", "INSERT", b"xx".to_vec()).unwrap();
    assert_eq!(postgres.store, Some(Store::Postgres(statement)));
}

#[test]
fn flags_that_do_not_fit_the_url_are_named() {
    let base = PeerArgs::default();
    let command = Some("PING".to_owned());
    for (url, flags, reason) in [
        ("redis://127.0.0.1:1", PeerArgs { peer_same: true, ..base.clone() }, "for HTTP"),
        ("127.0.0.1:1", PeerArgs { peer_command: command, ..base.clone() }, "for HTTP"),
        ("postgres://me@127.0.0.1:1/db", base.clone(), "give the statement"),
        ("redis://127.0.0.1:1", PeerArgs { peer_pid: vec![1; 9], ..base.clone() }, "--peer-pid"),
        (
            "redis://127.0.0.1:1",
            PeerArgs { peer_payload: Some(PAYLOAD_BYTES_MAX + 1), ..base.clone() },
            "--peer-payload",
        ),
        (
            "redis://127.0.0.1:1",
            PeerArgs { peer_script: Some("no/such/file".into()), ..base.clone() },
            "--peer-script",
        ),
    ] {
        let flags = PeerArgs { peer: Some(url.to_owned()), ..flags };
        let error = with(&flags, Speech::Http1, false).unwrap_err().to_string();
        assert!(error.contains(reason), "{url}: {error}");
    }
}
