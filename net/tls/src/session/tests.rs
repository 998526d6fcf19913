use std::path::PathBuf;

use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair, SanType};
use tempfile::TempDir;

use super::*;
use crate::{
    Certificates, ClientCertificates, ClientIdentity, ClientOptions, Pair, ServerOptions,
    client_config, client_identity, ensure_development, server_config,
};

/// A box with a development certificate, and a client that trusts it.
struct World {
    dir: TempDir,
    authority: PathBuf,
    certificates: Arc<Certificates>,
}

/// What one side has to say to the other.
type Wire = Vec<u8>;

impl World {
    fn new() -> Self {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let now_s = now.unwrap().as_secs();
        let dir = TempDir::new().unwrap();
        let made = ensure_development(dir.path(), &[], now_s).unwrap();
        let (certificates, _) = Certificates::load(vec![made.pair], now_s).unwrap();
        Self { dir, authority: made.authority, certificates: Arc::new(certificates) }
    }

    fn server(&self, options: &ServerOptions) -> Arc<ServerConfig> {
        Arc::new(server_config(&self.certificates, options).unwrap())
    }

    fn client(&self, options: ClientOptions) -> Arc<ClientConfig> {
        let authorities = vec![self.authority.clone()];
        Arc::new(client_config(&ClientOptions { authorities, ..options }).unwrap())
    }

    /// A client's certificate, and the file of the authority that issued it: itself.
    fn own(&self, name: &str) -> Pair {
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![SanType::URI(name.try_into().unwrap())];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().unwrap();
        let pair =
            Pair { certificate: self.dir.path().join("own"), key: self.dir.path().join("own.key") };
        std::fs::write(&pair.certificate, params.self_signed(&key).unwrap().pem()).unwrap();
        std::fs::write(&pair.key, key.serialize_pem()).unwrap();
        pair
    }
}

fn localhost() -> ServerName<'static> {
    ServerName::try_from("localhost").unwrap()
}

/// Hands over what is on the wire, `step` bytes at a time, and takes all plaintext.
fn deliver(
    wire: &mut Wire,
    to: &mut Session,
    step: usize,
) -> Result<(Vec<u8>, Wire), SessionError> {
    let (mut plaintext, mut answer) = (Vec::new(), Wire::new());
    for part in wire.chunks(step) {
        let mut rest = part;
        while !rest.is_empty() {
            let taken = to.read_tls(rest, &mut answer)?;
            rest = &rest[taken..];
            while !to.plaintext().is_empty() {
                let count = to.plaintext().len().min(7);
                plaintext.extend_from_slice(&to.plaintext()[..count]);
                to.consume(count);
            }
        }
    }
    wire.clear();
    Ok((plaintext, answer))
}

/// Two sides that know each other.
fn connect(
    server: &Arc<ServerConfig>,
    client: &Arc<ClientConfig>,
    step: usize,
) -> Result<(Session, Session), SessionError> {
    let mut to_server = Wire::new();
    let mut server = Session::server(server)?;
    let mut client = Session::client(client, localhost(), &mut to_server)?;
    for _ in 0..4 {
        let (_, mut to_client) = deliver(&mut to_server, &mut server, step)?;
        (_, to_server) = deliver(&mut to_client, &mut client, step)?;
    }
    assert!(!server.is_handshaking() && !client.is_handshaking());
    Ok((server, client))
}

#[test]
fn both_sides_understand_each_other_in_steps_of_any_size() {
    let world = World::new();
    let protocols = vec![Protocol::Http2, Protocol::Http1];
    let server = world.server(&ServerOptions { protocols, ..ServerOptions::default() });
    let protocols = vec![Protocol::Http1, Protocol::Http2];
    let client = world.client(ClientOptions { protocols, ..ClientOptions::default() });
    for step in [1, 5, 4096, usize::MAX] {
        let (mut server, mut client) = connect(&server, &client, step).unwrap();
        assert_eq!(server.protocol(), Some(Protocol::Http2), "the server chooses");
        assert_eq!(client.protocol(), Some(Protocol::Http2));
        assert_eq!(server.server_name(), Some("localhost"));
        let text: Vec<u8> = (0..=255).cycle().take(3 * PLAINTEXT_BYTES_MAX + 1).collect();
        let mut wire = Wire::new();
        assert_eq!(client.write(&text, &mut wire), text.len());
        assert_eq!(deliver(&mut wire, &mut server, step).unwrap().0, text);
        assert_eq!(server.write(&text, &mut wire), text.len());
        assert_eq!(deliver(&mut wire, &mut client, step).unwrap().0, text);

        client.close(&mut wire);
        wire.extend_from_slice(b"what follows means nothing");
        assert!(!server.is_closed_by_peer());
        assert!(deliver(&mut wire, &mut server, step).unwrap().0.is_empty());
        assert!(server.is_closed_by_peer());
    }
}

#[test]
fn no_more_is_taken_while_plaintext_waits() {
    let world = World::new();
    let (server, client) =
        (world.server(&ServerOptions::default()), world.client(ClientOptions::default()));
    let (mut server, mut client) = connect(&server, &client, usize::MAX).unwrap();
    let mut wire = Wire::new();
    client.write(&vec![7; 10 * PLAINTEXT_BYTES_MAX], &mut wire);
    let taken = server.read_tls(&wire, &mut Wire::new()).unwrap();
    assert!(taken < 2 * PLAINTEXT_BYTES_MAX, "{taken} of {}", wire.len());
    assert_eq!(server.read_tls(&wire[taken..], &mut Wire::new()), Ok(0));
}

#[test]
fn early_words_wait_for_the_handshake_and_are_bounded() {
    let world = World::new();
    let (server, client) =
        (world.server(&ServerOptions::default()), world.client(ClientOptions::default()));
    let mut to_server = Wire::new();
    let mut server = Session::server(&server).unwrap();
    let mut client = Session::client(&client, localhost(), &mut to_server).unwrap();
    let hello = to_server.len();
    let taken = client.write(&vec![7; 1 << 20], &mut to_server);
    assert_eq!((taken, to_server.len()), (1 << 16, hello));
    let (_, mut to_client) = deliver(&mut to_server, &mut server, usize::MAX).unwrap();
    let (_, mut to_server) = deliver(&mut to_client, &mut client, usize::MAX).unwrap();
    let (plaintext, _) = deliver(&mut to_server, &mut server, usize::MAX).unwrap();
    assert_eq!(plaintext, vec![7; taken]);
}

#[test]
fn garbage_and_cut_handshakes_are_refused_with_an_alert_or_waited_for() {
    let world = World::new();
    let (config, client) =
        (world.server(&ServerOptions::default()), world.client(ClientOptions::default()));
    let mut hello = Wire::new();
    Session::client(&client, localhost(), &mut hello).unwrap();
    for garbage in [&b"GET / HTTP/1.1\r\nhost: box\r\n\r\n"[..], &[0; 64], &[0xff; 64]] {
        let mut server = Session::server(&config).unwrap();
        let mut alert = Wire::new();
        server.read_tls(garbage, &mut alert).unwrap_err();
        assert_eq!(alert.first(), Some(&21), "content type alert");
        // It stays broken.
        server.read_tls(&hello, &mut alert).unwrap_err();
        assert!(server.is_handshaking() && server.plaintext().is_empty());
    }
    for cut in 0..hello.len() {
        let mut server = Session::server(&config).unwrap();
        let mut answer = Wire::new();
        assert_eq!(server.read_tls(&hello[..cut], &mut answer), Ok(cut));
        assert!(server.is_handshaking() && answer.is_empty());
    }
}

#[test]
fn a_changed_byte_ends_the_connection() {
    let world = World::new();
    let (server, client) =
        (world.server(&ServerOptions::default()), world.client(ClientOptions::default()));
    let (mut server, mut client) = connect(&server, &client, usize::MAX).unwrap();
    let mut wire = Wire::new();
    client.write(b"pay 10 to anna", &mut wire);
    let last = wire.len() - 1;
    wire[last] ^= 1;
    let mut alert = Wire::new();
    server.read_tls(&wire, &mut alert).unwrap_err();
    assert!(server.plaintext().is_empty() && !alert.is_empty());
    let error = client.read_tls(&alert, &mut Wire::new()).unwrap_err();
    assert!(error.to_string().contains("BadRecordMac"), "{error}");
}

#[test]
fn strangers_old_versions_and_other_protocols_are_refused() {
    let world = World::new();
    let server = |tls12: bool, protocols: &[Protocol]| {
        let protocols = protocols.to_vec();
        world.server(&ServerOptions { protocols, tls12, ..ServerOptions::default() })
    };
    let other = World::new();
    let (plain, trusting) = (server(false, &[]), world.client(ClientOptions::default()));
    connect(&plain, &trusting, usize::MAX).unwrap();
    let error = connect(&plain, &other.client(ClientOptions::default()), usize::MAX).unwrap_err();
    assert!(error.to_string().contains("UnknownIssuer"), "{error}");

    let versions = ClientConfig::builder_with_provider(crate::provider())
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap();
    let roots = crate::server::roots(std::slice::from_ref(&world.authority)).unwrap();
    let only_12 = Arc::new(versions.with_root_certificates(roots).with_no_client_auth());
    connect(&server(true, &[]), &only_12, usize::MAX).unwrap();
    connect(&plain, &only_12, usize::MAX).unwrap_err();

    let rpc =
        world.client(ClientOptions { protocols: vec![Protocol::Rpc], ..ClientOptions::default() });
    connect(&server(false, &[Protocol::Http1]), &rpc, usize::MAX).unwrap_err();
}

#[test]
fn a_returning_client_is_known_again_and_certificates_may_change_meanwhile() {
    let world = World::new();
    let (server, client) =
        (world.server(&ServerOptions::default()), world.client(ClientOptions::default()));
    let (first, _) = connect(&server, &client, usize::MAX).unwrap();
    let (second, _) = connect(&server, &client, usize::MAX).unwrap();
    assert!(!first.is_resumed() && second.is_resumed());
    let early = world.server(&ServerOptions { early_data: true, ..ServerOptions::default() });
    assert_eq!(early.max_early_data_size, u32::MAX);
    let (elsewhere, _) = connect(&early, &client, usize::MAX).unwrap();
    assert!(!elsewhere.is_resumed());
    let (again, _) = connect(&early, &client, usize::MAX).unwrap();
    assert!(again.is_resumed());
}

#[test]
fn a_client_shows_who_it_is() {
    let world = World::new();
    let own = world.own("spiffe://example.org/svc/payroll");
    let authorities = vec![own.certificate.clone()];
    let server = |clients: ClientCertificates| {
        world.server(&ServerOptions { clients, ..ServerOptions::default() })
    };
    let required = server(ClientCertificates::Required { authorities: authorities.clone() });
    let optional = server(ClientCertificates::Optional { authorities });
    let known = world.client(ClientOptions { own: Some(own), ..ClientOptions::default() });
    let nobody = world.client(ClientOptions::default());
    let stranger = {
        let own = world.own("spiffe://example.org/svc/other");
        world.client(ClientOptions { own: Some(own), ..ClientOptions::default() })
    };
    for config in [&required, &optional] {
        // The second time the certificate comes out of the session's ticket.
        for _ in 0..2 {
            let (session, _) = connect(config, &known, usize::MAX).unwrap();
            let identity = client_identity(session.peer_certificates().unwrap()).unwrap();
            let path = "/svc/payroll".to_owned();
            let trust_domain = "example.org".to_owned();
            assert_eq!(identity, ClientIdentity::Spiffe { trust_domain, path });
        }
        connect(config, &stranger, usize::MAX).unwrap_err();
    }
    connect(&required, &nobody, usize::MAX).unwrap_err();
    let (session, _) = connect(&optional, &nobody, usize::MAX).unwrap();
    assert_eq!(session.peer_certificates(), None);

    let empty = ClientCertificates::Required { authorities: Vec::new() };
    let options = ServerOptions { clients: empty, ..ServerOptions::default() };
    server_config(&world.certificates, &options).unwrap_err();
}
