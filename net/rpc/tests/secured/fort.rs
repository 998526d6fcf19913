//! A box with identities and limits behind three doors.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use client::{Call, Client, ConnectError, Credential, Options, Reply, Transport, Trust};
use contract::{Entry, Request, Stored};
use credentials::{ApiKey, digest};
use gateway::{Front, Gate, Origins, Terms, TokenTerms};
use http::StatusCode;
use identity::{ApiKeyId, CreateApiKey, CreateTenant, CreateUser, Digest, GrantRole, SetRole};
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, SanType,
};
use runtime::{DeviceChoice, Doors, Running, start};
use tempfile::TempDir;
use tls::{
    Certificates, ClientCertificates, Pair, Protocol, ServerOptions, ensure_development,
    server_config,
};

use crate::shelf;

pub static ENTRIES: &[Entry] = &[shelf::ENTRY, identity::ENTRY, limits::ENTRY];

/// The tenant whose users ask.
pub const T: u32 = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Plain,
    Tls,
    Quic,
}

pub const WAYS: [Way; 3] = [Way::Plain, Way::Tls, Way::Quic];
pub const SECURED: [Way; 2] = [Way::Tls, Way::Quic];

/// The name in the certificates of clients.
pub const WORKLOAD: &str = "spiffe://example.org/svc/payroll";

/// An authority that the box lets vouch for clients, and what it vouched for.
pub struct Staff {
    authority: PathBuf,
    /// For [`WORKLOAD`].
    pub named: Pair,
    /// For nobody.
    pub nameless: Pair,
}

impl Staff {
    fn hire(folder: &Path) -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let authority = folder.join("staff.pem");
        fs::write(&authority, params.self_signed(&key).unwrap().pem()).unwrap();
        let issuer = Issuer::new(params, key);
        let vouch = |file: &str, names: Vec<SanType>| {
            let mut params = CertificateParams::new(vec![]).unwrap();
            params.subject_alt_names = names;
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            let own = KeyPair::generate().unwrap();
            let made = params.signed_by(&own, &issuer).unwrap();
            let certificate = folder.join(format!("{file}.pem"));
            let key = folder.join(format!("{file}.key"));
            fs::write(&certificate, made.pem()).unwrap();
            fs::write(&key, own.serialize_pem()).unwrap();
            Pair { certificate, key }
        };
        let named = vouch("named", vec![SanType::URI(WORKLOAD.try_into().unwrap())]);
        let nameless = vouch("nameless", vec![]);
        Self { authority, named, nameless }
    }
}

pub struct Fort {
    pub plain: SocketAddr,
    pub tls: SocketAddr,
    pub quic: SocketAddr,
    pub authority: PathBuf,
    pub doors: Arc<quic::Door>,
    pub staff: Staff,
    cores: u16,
    running: Option<Running>,
    _data: TempDir,
}

impl Fort {
    pub fn open(cores: u16, options: rpc::Options) -> Self {
        let data = TempDir::new().unwrap();
        let now_s = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let made = ensure_development(&data.path().join("tls"), &[], now_s).unwrap();
        let (certificates, _) = Certificates::load(vec![made.pair], now_s).unwrap();
        let protocols = vec![Protocol::Rpc];
        let staff = Staff::hire(data.path());
        let clients = ClientCertificates::Optional { authorities: vec![staff.authority.clone()] };
        let tls = ServerOptions { protocols, clients, ..ServerOptions::default() };
        let tls = server_config(&Arc::new(certificates), &tls).unwrap();
        let any = "127.0.0.1:0".parse().unwrap();
        let plain = rpc::Door::bind(any, cores, options).unwrap();
        let streams = Some(wire::ALPN);
        let quic_options = quic::Options { streams, ..quic::Options::default() };
        let quic = Arc::new(quic::Door::bind(any, cores, &tls, quic_options).unwrap());
        let sealed = rpc::Door::bind_tls(any, cores, Arc::new(tls), options).unwrap();
        let addresses = (plain.address(), sealed.address(), quic.address());
        let terms = Terms {
            body_bytes_max: 0,
            origins: Origins::None,
            version: String::new(),
            tokens: TokenTerms::default(),
        };
        let front = Front::new(terms, ENTRIES, cores);
        let door = Arc::clone(&quic);
        let doors: Doors = Arc::new(move |core| {
            let gate = Rc::new(Gate::new(&front, &core));
            plain.serve(&gate).unwrap();
            sealed.serve(&gate).unwrap();
            let streams = rpc::Streams::open(&gate, options).unwrap();
            let (guard, stopping) = (core.enter(), core.clone());
            let nothing = |_, _| async {
                let mut response = http::Response::new(bytes::Bytes::new());
                *response.status_mut() = StatusCode::NOT_FOUND;
                response
            };
            let serving = door.serve_streams(
                core.id().0,
                nothing,
                move |stream| streams.clone().serve(stream),
                async move { stopping.stopping().await },
            );
            let serving = serving.unwrap().unwrap();
            monoio::spawn(async move {
                serving.await;
                drop(guard);
            });
            Ok(())
        });
        let mut runtime_options = runtime::Options::new(data.path().to_owned());
        runtime_options.cores = cores;
        runtime_options.log.device = DeviceChoice::Plain;
        runtime_options.log.segment_bytes = 16 << 20;
        let running = start(&runtime_options, ENTRIES, &doors, &mut |_| {}).unwrap();
        let (plain, tls, quic_address) = addresses;
        let fort = Self {
            plain,
            tls,
            quic: quic_address,
            authority: made.authority,
            doors: quic,
            staff,
            cores,
            running: Some(running),
            _data: data,
        };
        fort.run(0, &CreateTenant { number: T, name: "tested".to_owned() });
        fort.run(T, &CreateUser { user: "ann".to_owned(), title: String::new() });
        let permissions = vec!["shelf.*".to_owned()];
        fort.run(T, &SetRole { role: "clerk".to_owned(), permissions });
        fort.run(T, &GrantRole { user: "ann".to_owned(), role: "clerk".to_owned() });
        fort
    }

    pub fn options(&self, way: Way, credential: Option<&str>) -> Options {
        let trust = Trust { authorities: vec![self.authority.clone()], ..Trust::default() };
        let transport = match way {
            Way::Plain => Transport::Plain,
            Way::Tls => Transport::Tls(trust),
            Way::Quic => Transport::Quic(trust),
        };
        let credential = credential.map(Credential::new);
        Options { transport, credential, ..Options::default() }
    }

    pub fn address(&self, way: Way) -> SocketAddr {
        match way {
            Way::Plain => self.plain,
            Way::Tls => self.tls,
            Way::Quic => self.quic,
        }
    }

    pub fn try_client(&self, way: Way, credential: Option<&str>) -> Result<Client, ConnectError> {
        Client::connect(self.address(way), self.options(way, credential))
    }

    pub fn client(&self, way: Way, credential: &str) -> Client {
        self.try_client(way, Some(credential)).unwrap()
    }

    /// Runs a request as the box itself, in a tenant, over the plain door.
    pub fn run<R: Request>(&self, tenant: u32, request: &R) -> R::Reply {
        let client = self.try_client(Way::Plain, None).unwrap();
        let (number, payload) = (number::<R>(), archived(request));
        let reply = client.call(&Call::command(number, &payload).tenant(tenant)).unwrap();
        decoded(&reply)
    }

    /// An API key of `ann` with these scopes.
    pub fn key(&self, scopes: &[&str]) -> (String, ApiKeyId) {
        let secret = [u8::try_from(scopes.len()).unwrap(); 32];
        let made = self.run(
            T,
            &CreateApiKey {
                user: "ann".to_owned(),
                scopes: scopes.iter().map(|it| (*it).to_owned()).collect(),
                digest: Digest(digest(&secret)),
                expires_us: None,
                label: String::new(),
            },
        );
        (ApiKey::new(made.id.get(), secret).text(), made.id)
    }

    pub fn counts(&self) -> Vec<quic::Counts> {
        (0..self.cores).map(|core| self.doors.counts(core)).collect()
    }

    pub fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop().unwrap();
        }
    }
}

impl Drop for Fort {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.stop();
        }
    }
}

/// The number of an operation.
pub fn number<R: Request>() -> u32 {
    let mut all =
        ENTRIES.iter().flat_map(|entry| entry.operations.iter().map(move |it| (entry, it)));
    let (entry, operation) = all.find(|(_, it)| it.shape.name == R::SHAPE.name).unwrap();
    operation.number(entry.id)
}

pub fn archived(request: &impl Stored) -> Vec<u8> {
    let mut bytes = Vec::new();
    request.encode(&mut bytes);
    bytes
}

#[track_caller]
pub fn decoded<T: Stored>(reply: &Reply) -> T {
    assert_eq!(reply.status, client::Status::Ok, "{:?}", reply.problem());
    T::decode(&reply.payload).unwrap()
}

pub fn item(id: u64, label: &str) -> Vec<u8> {
    archived(&shelf::PutItem { id, label: label.to_owned(), count: 1 })
}

pub fn find(id: u64) -> Vec<u8> {
    archived(&shelf::FindItem { id })
}

pub fn echo(text: &str, times: u32) -> Vec<u8> {
    archived(&shelf::Echo { text: text.to_owned(), times, loud: false })
}
