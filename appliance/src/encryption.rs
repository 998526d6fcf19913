//! The doors with encryption: certificates, HTTPS and HTTP/3.

use std::cell::Cell;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use config::Config;
use gateway::{DoorKind, Gate, Peer};
use http::HeaderValue;
use http_body_util::Full;
use tls::{Certificates, ClientCertificates, Pair, Protocol, ServerOptions, server_config};

use crate::boot::web_options;

/// How often the certificate's files are looked at.
const LOOK: Duration = Duration::from_secs(10);
/// How often a port is looked for that is free for TCP and UDP.
const PORT_TRIES: usize = 16;

/// What is opened beside the plain doors.
#[derive(Debug)]
pub(crate) struct Encrypted {
    pub(crate) https: web::Door,
    pub(crate) http3: Option<quic::Door>,
    /// What clients have to trust, when the certificate is the development one.
    pub(crate) authority: Option<PathBuf>,
}

/// Takes the ports of the doors with encryption, if there are to be any.
pub(crate) fn open(config: &Config) -> Result<Option<Encrypted>> {
    let Some(listen) = config.https.listen else { return Ok(None) };
    let (certificates, authority) = certificates(config)?;
    let options = ServerOptions {
        protocols: vec![Protocol::Http2, Protocol::Http1],
        tls12: config.tls.allow_tls12,
        clients: match &config.tls.client_authorities {
            None => ClientCertificates::Ignored,
            Some(file) => ClientCertificates::Optional { authorities: vec![file.clone()] },
        },
        ..ServerOptions::default()
    };
    let tls = Arc::new(server_config(&certificates, &options).context("tls")?);
    let quic_options = ServerOptions { protocols: vec![Protocol::Http3], tls12: false, ..options };
    let quic_tls = server_config(&certificates, &quic_options).context("tls")?;
    let mut tries = 0;
    let (https, quic) = loop {
        tries += 1;
        match bind(config, listen, &tls, &quic_tls) {
            Ok(doors) => break doors,
            // A port that is free for UDP may be taken for TCP: another one, as nobody asked for it.
            Err(_) if listen.port() == 0 && tries < PORT_TRIES => {}
            Err(error) => return Err(error.context("https.listen")),
        }
    };
    watch(certificates)?;
    Ok(Some(Encrypted { https, http3: quic, authority }))
}

fn bind(
    config: &Config,
    listen: SocketAddr,
    tls: &Arc<tls::ServerConfig>,
    quic_tls: &tls::ServerConfig,
) -> Result<(web::Door, Option<quic::Door>)> {
    let cores = config.cores.count;
    let http3 = if config.https.http3 {
        let options = quic::Options {
            body_bytes_max: config.http.body_bytes_max,
            ..quic::Options::default()
        };
        Some(quic::Door::bind(listen, cores, quic_tls, options)?)
    } else {
        None
    };
    let listen = http3.as_ref().map_or(listen, quic::Door::address);
    let alt_svc = http3.is_some().then(|| format!("h3=\":{}\"; ma=86400", listen.port()));
    let alt_svc = alt_svc.map(|it| HeaderValue::from_str(&it).expect("a port is digits"));
    let options = web::Options { tls: Some(Arc::clone(tls)), alt_svc, ..web_options(config) };
    Ok((web::Door::bind(listen, cores, options)?, http3))
}

/// The configured certificate, or the development one and its authority.
fn certificates(config: &Config) -> Result<(Arc<Certificates>, Option<PathBuf>)> {
    let (pair, authority) = if let Some((certificate, key)) = &config.tls.certificate {
        (Pair { certificate: certificate.clone(), key: key.clone() }, None)
    } else {
        let host = tls::host_name();
        let names: Vec<_> = host.as_deref().into_iter().collect();
        let made = tls::ensure_development(&config.data.join("tls"), &names, now_s())?;
        if made.authority_is_new {
            tracing::info!(authority = %made.authority.display(), "development authority made");
        }
        (made.pair, Some(made.authority))
    };
    let (certificates, loaded) = Certificates::load(vec![pair], now_s())?;
    for notice in &loaded.notices {
        tracing::warn!(notice, "certificate");
    }
    Ok((Arc::new(certificates), authority))
}

/// Takes changed certificate files over while the box runs.
fn watch(certificates: Arc<Certificates>) -> io::Result<()> {
    let look = move || {
        loop {
            thread::sleep(LOOK);
            match certificates.refresh(now_s()) {
                Ok(None) => {}
                Ok(Some(_)) => tracing::info!("the changed certificate is in use"),
                Err(error) => tracing::error!(%error, "the certificate in use stays"),
            }
        }
    };
    thread::Builder::new().name("quoin-certs".to_owned()).spawn(look).map(drop)
}

impl Encrypted {
    /// Serves the core's share, from its own thread.
    pub(crate) fn serve(&self, gate: &Rc<Gate>) -> io::Result<()> {
        self.https.serve(gate)?;
        let Some(door) = &self.http3 else { return Ok(()) };
        let core = gate.core().clone();
        let (service_gate, stopping) = (Rc::clone(gate), core.clone());
        let service = move |request: http::Request<bytes::Bytes>, peer: quic::Peer| {
            answer(Rc::clone(&service_gate), request, peer)
        };
        let stopping = async move { stopping.stopping().await };
        if let Some(serving) = door.serve(core.id().0, service, stopping)? {
            let guard = core.enter();
            monoio::spawn(async move {
                serving.await;
                drop(guard);
            });
        }
        Ok(())
    }
}

async fn answer(
    gate: Rc<Gate>,
    request: http::Request<bytes::Bytes>,
    peer: quic::Peer,
) -> http::Response<bytes::Bytes> {
    let received = Cell::new(true);
    let peer = Peer {
        door: DoorKind::Http3,
        address: Some(peer.address),
        early_data: peer.early_data,
        received: &received,
    };
    gateway::answer(&gate, &peer, request.map(Full::new)).await
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |it| it.as_secs())
}
