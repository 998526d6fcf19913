//! A service that shows a client certificate and nothing else, over HTTPS.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair, SanType};
use rustix::process::Signal;
use serde_json::{Value, json};
use tls::{ClientConfig, ClientOptions, Pair, Protocol, ServerName, Session, client_config};

use crate::identities::ask;
use crate::{Server, init};

const NAME: &str = "spiffe://example.org/svc/payroll";

/// A certificate of that name, and the file of the authority that issued it: itself.
fn own(directory: &Path) -> Pair {
    let mut params = CertificateParams::default();
    params.subject_alt_names = vec![SanType::URI(NAME.try_into().unwrap())];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let key = KeyPair::generate().unwrap();
    let pair = Pair { certificate: directory.join("own.pem"), key: directory.join("own.key") };
    fs::write(&pair.certificate, params.self_signed(&key).unwrap().pem()).unwrap();
    fs::write(&pair.key, key.serialize_pem()).unwrap();
    pair
}

/// Status and body of the answer over TLS.
fn ask_securely(address: &str, config: &Arc<ClientConfig>, path: &str) -> (u16, Value) {
    let mut socket = TcpStream::connect(address).unwrap();
    let (mut out, mut arrived) = (Vec::new(), Vec::new());
    let name = ServerName::try_from("localhost").unwrap();
    let mut session = Session::client(config, name, &mut out).unwrap();
    let mut asked = false;
    loop {
        if !session.is_handshaking() && !asked {
            asked = true;
            let request = format!("GET {path} HTTP/1.1\r\nhost: box\r\nconnection: close\r\n\r\n");
            assert_eq!(session.write(request.as_bytes(), &mut out), request.len());
        }
        socket.write_all(&out).unwrap();
        out.clear();
        let mut bytes = [0; 4096];
        let count = socket.read(&mut bytes).unwrap_or(0);
        let mut rest = &bytes[..count];
        while !rest.is_empty() {
            let taken = session.read_tls(rest, &mut out).unwrap();
            rest = &rest[taken..];
            arrived.extend_from_slice(session.plaintext());
            let count = session.plaintext().len();
            session.consume(count);
        }
        if count == 0 {
            break;
        }
    }
    let answer = String::from_utf8(arrived).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), serde_json::from_str(body).unwrap())
}

#[test]
fn a_certificate_is_a_user_while_it_is_bound() {
    let directory = tempfile::tempdir().unwrap();
    assert!(init(directory.path()).status.success());
    let own = own(directory.path());
    let file = directory.path().join("data/quoin.toml");
    let settings = fs::read_to_string(&file).unwrap();
    let authorities = format!("client_authorities = {:?}", own.certificate);
    let changed = settings.replace("# client_authorities = \"\"", &authorities);
    assert_ne!(settings, changed);
    fs::write(&file, changed).unwrap();
    let server = Server::start(directory.path(), &[]);
    let options = |own| ClientOptions {
        authorities: vec![server.address("authority").into()],
        protocols: vec![Protocol::Http1],
        own,
        ..ClientOptions::default()
    };
    let known = Arc::new(client_config(&options(Some(own))).unwrap());
    let nobody = Arc::new(client_config(&options(None)).unwrap());
    let plain = |method: &str, path: &str, body: Value| {
        let (status, answer) = ask(&server, method, path, None, &body);
        assert_eq!(status, 200, "{path}: {answer}");
    };
    let users = |config| {
        let (status, answer) = ask_securely(server.address("https"), config, "/v1/identity/users");
        (status, answer["code"].as_str().unwrap_or_default().to_owned())
    };
    let refused = |code: &str| (401, code.to_owned());
    assert_eq!(users(&known), refused("certificate-unknown"));
    assert_eq!(users(&nobody), refused("credential-missing"));
    plain("POST", "/v1/identity/users", json!({"user": "payroll"}));
    plain("PUT", "/v1/identity/roles/pay", json!({"permissions": ["identity.read"]}));
    plain("PUT", "/v1/identity/users/payroll/roles/pay", Value::Null);
    let bound = json!({"name": NAME, "tenant": 0, "user": "payroll", "scopes": ["*"]});
    plain("POST", "/v1/identity/certificates", bound);
    assert_eq!(users(&known), (200, String::new()));
    plain("POST", "/v1/identity/users/payroll/disable", Value::Null);
    assert_eq!(users(&known), refused("user-disabled"));
    plain("POST", "/v1/identity/users/payroll/enable", Value::Null);
    plain("POST", "/v1/identity/certificates/unbind", json!({"name": NAME}));
    assert_eq!(users(&known), refused("certificate-unknown"));
    assert_eq!(server.stop(Signal::TERM).0, Some(0));
}
