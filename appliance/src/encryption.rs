//! The doors with encryption: certificates, HTTPS, HTTP/3, and binary RPC over TLS and QUIC.

mod secret;

use std::cell::Cell;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use bytes::Bytes;
use config::Config;
use gateway::{DoorKind, Gate, Peer, Place, Rejection};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use tls::{Certificates, ClientCertificates, Pair, Protocol, ServerOptions, server_config};
use wire::Status;

use crate::boot::{rpc_options, web_options};

/// How often the certificate's files are looked at.
const LOOK: Duration = Duration::from_secs(10);
/// How often a port is looked for that is free for TCP and UDP.
const PORT_TRIES: usize = 16;

/// What is opened beside the plain doors.
#[derive(Debug)]
pub(crate) struct Encrypted {
    /// HTTP/1.1 and HTTP/2.
    pub(crate) https: Option<web::Door>,
    /// HTTP/3, and binary RPC if it is spoken there.
    pub(crate) quic: Option<quic::Door>,
    /// Binary RPC over TLS.
    pub(crate) rpc: Option<rpc::Door>,
    rpc_options: rpc::Options,
    /// What clients have to trust, when the certificate is the development one.
    pub(crate) authority: Option<PathBuf>,
}

/// Takes the ports of the doors with encryption, if there are to be any.
pub(crate) fn open(config: &Config) -> Result<Option<Encrypted>> {
    if config.https.listen.is_none() && config.rpc.tls_listen.is_none() {
        return Ok(None);
    }
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
    let web = config.https.listen.map(|listen| open_web(config, listen, &certificates, &options));
    let (https, quic) = web.transpose()?.map_or((None, None), |(https, quic)| (Some(https), quic));
    let rpc_tls = ServerOptions { protocols: vec![Protocol::Rpc], tls12: false, ..options };
    let rpc_tls = Arc::new(server_config(&certificates, &rpc_tls).context("tls")?);
    let (cores, rpc_options) = (config.cores.count, rpc_options(config));
    let rpc = config.rpc.tls_listen.map(|listen| {
        rpc::Door::bind_tls(listen, cores, rpc_tls, rpc_options).context("rpc.tls_listen")
    });
    let rpc = rpc.transpose()?;
    watch(certificates)?;
    Ok(Some(Encrypted { https, quic, rpc, rpc_options, authority }))
}

/// Takes the ports of HTTPS and HTTP/3.
fn open_web(
    config: &Config,
    listen: SocketAddr,
    certificates: &Arc<Certificates>,
    options: &ServerOptions,
) -> Result<(web::Door, Option<quic::Door>)> {
    let tls = Arc::new(server_config(certificates, options).context("tls")?);
    let quic_options =
        ServerOptions { protocols: vec![Protocol::Http3], tls12: false, ..options.clone() };
    let quic_tls = server_config(certificates, &quic_options).context("tls")?;
    let mut tries = 0;
    loop {
        tries += 1;
        match bind(config, listen, &tls, &quic_tls) {
            Ok(doors) => return Ok(doors),
            // A port that is free for UDP may be taken for TCP: another one, as nobody asked for it.
            Err(_) if listen.port() == 0 && tries < PORT_TRIES => {}
            Err(error) => return Err(error.context("https.listen")),
        }
    }
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
            secret: Some(secret::keep(&config.data.join("tls"))?),
            refuse,
            streams: config.rpc.quic.then_some(wire::ALPN),
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

/// What the QUIC door answers by itself, in the words of the other doors.
fn refuse(status: StatusCode) -> Response<Bytes> {
    let rejection = match status {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Rejection::new(Status::TooLarge, "the body is over the limit of this door")
        }
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
            let detail = "the head is over the limit of this door";
            Rejection::new(Status::TooLarge, detail).as_http(status.as_u16())
        }
        _ => {
            let detail = "too many requests have not arrived in full; come back later";
            let retry_after_ms = 1000;
            Rejection { retry_after_ms, ..Rejection::new(Status::Busy, detail) }
        }
    };
    let mut body = Vec::new();
    rejection.write_json(Place::Door, false, &mut body);
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    let problem = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(CONTENT_TYPE, problem);
    if rejection.retry_after_ms != 0 {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
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
        if let Some(https) = &self.https {
            https.serve(gate)?;
        }
        if let Some(rpc) = &self.rpc {
            rpc.serve(gate)?;
        }
        let Some(door) = &self.quic else { return Ok(()) };
        let core = gate.core().clone();
        let (service_gate, stopping) = (Rc::clone(gate), core.clone());
        let service = move |request: Request<Bytes>, peer: quic::Peer| {
            answer(Rc::clone(&service_gate), request, peer)
        };
        let streams = rpc::Streams::open(gate, self.rpc_options).map_err(io::Error::other)?;
        let streams = move |stream| streams.clone().serve(stream);
        let stopping = async move { stopping.stopping().await };
        if let Some(serving) = door.serve_streams(core.id().0, service, streams, stopping)? {
            let guard = core.enter();
            monoio::spawn(async move {
                serving.await;
                drop(guard);
            });
        }
        Ok(())
    }
}

async fn answer(gate: Rc<Gate>, request: Request<Bytes>, peer: quic::Peer) -> Response<Bytes> {
    let received = Cell::new(true);
    let client = peer.certificates.as_deref().and_then(|it| tls::client_identity(it).ok());
    let peer = Peer {
        door: DoorKind::Http3,
        address: Some(peer.address),
        client: client.as_ref(),
        early_data: peer.early_data,
        received: &received,
    };
    gateway::answer(&gate, &peer, request.map(Full::new)).await
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |it| it.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_of_the_quic_door_are_problems() {
        for (status, kind, retries) in [
            (413, "urn:quoin:problem:request-too-large", false),
            (431, "urn:quoin:problem:request-too-large", false),
            (503, "urn:quoin:problem:overloaded", true),
        ] {
            let response = refuse(StatusCode::from_u16(status).unwrap());
            assert_eq!(response.status(), status);
            assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
            assert_eq!(response.headers().contains_key(RETRY_AFTER), retries);
            let problem: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
            assert_eq!((&problem["type"], &problem["status"]), (&kind.into(), &status.into()));
        }
    }
}
