//! HTTP/3 as `quinn` and `h3` speak it, with nothing behind it.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use h3::server::RequestResolver;
use http::Response;
use quinn::crypto::rustls::QuicServerConfig;
use quinn::{Endpoint, EndpointConfig, Incoming, ServerConfig, TransportConfig, VarInt};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::on_monoio::OnMonoio;

/// What every request is answered with.
const OK: &[u8] = b"ok";
/// What HTTP/3 is called in TLS (RFC 9114, section 3.1).
const ALPN: &[u8] = b"h3";
/// The QUIC door takes as many.
const UNIDIRECTIONAL_STREAMS_MAX: u32 = 16;

/// Takes the UDP port, and makes the certificate that is shown there. On the thread that will serve.
pub(crate) fn bind(listen: SocketAddr) -> io::Result<(Endpoint, CertificateDer<'static>)> {
    let names = ["localhost".to_owned(), listen.ip().to_string()];
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(names).map_err(io::Error::other)?;
    let certificate = cert.der().clone();
    let key = PrivateKeyDer::Pkcs8(signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .map_err(io::Error::other)?;
    tls.alpn_protocols = vec![ALPN.to_vec()];
    let crypto = QuicServerConfig::try_from(tls).map_err(io::Error::other)?;
    let mut server = ServerConfig::with_crypto(Arc::new(crypto));
    server.transport_config(Arc::new(transport()?));
    let socket = UdpSocket::bind(listen)?;
    let config = EndpointConfig::default();
    let endpoint = Endpoint::new(config, Some(server), socket, Arc::new(OnMonoio))?;
    Ok((endpoint, certificate))
}

/// What the QUIC door allows, so that neither has more room than the other.
fn transport() -> io::Result<TransportConfig> {
    let door = quic::Options::default();
    let mut transport = TransportConfig::default();
    let silence = Duration::from_secs(door.silence_s.into());
    transport
        .max_concurrent_bidi_streams(VarInt::from_u32(door.streams_max))
        .max_concurrent_uni_streams(VarInt::from_u32(UNIDIRECTIONAL_STREAMS_MAX))
        .stream_receive_window(VarInt::from_u32(door.stream_window_bytes))
        .receive_window(VarInt::from_u32(door.connection_window_bytes))
        .send_window(door.send_window_bytes)
        .datagram_receive_buffer_size(None)
        .max_idle_timeout(Some(silence.try_into().map_err(io::Error::other)?));
    Ok(transport)
}

/// Answers until the endpoint is closed.
pub(crate) async fn serve(endpoint: Endpoint) {
    while let Some(incoming) = endpoint.accept().await {
        monoio::spawn(converse(incoming));
    }
}

/// Answers on one connection until the client ends it; how it ends is of no interest.
async fn converse(incoming: Incoming) {
    let Ok(connection) = incoming.await else { return };
    let connection = h3_quinn::Connection::new(connection);
    // Frames that mean nothing are work that the door does not do either.
    let built = h3::server::builder().send_grease(false).build(connection).await;
    let Ok(mut connection) = built else { return };
    while let Ok(Some(request)) = connection.accept().await {
        monoio::spawn(answer(request));
    }
}

/// Answers once; `None` when the client has given up.
async fn answer(request: RequestResolver<h3_quinn::Connection, Bytes>) -> Option<()> {
    let (_, mut stream) = request.resolve_request().await.ok()?;
    // A stream that is let go of before its end would be reset.
    while let Ok(Some(_)) = stream.recv_data().await {}
    stream.send_response(Response::new(())).await.ok()?;
    stream.send_data(Bytes::from_static(OK)).await.ok()?;
    stream.finish().await.ok()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use http::Request;
    use rustls::{ClientConfig, RootCertStore};

    use super::*;

    /// Serves on a thread that ends with the process.
    fn start() -> (SocketAddr, CertificateDer<'static>) {
        let (ready, started) = mpsc::channel();
        thread::spawn(move || {
            let loops = monoio::RuntimeBuilder::<monoio::FusionDriver>::new();
            loops.enable_timer().build().unwrap().block_on(async {
                let (endpoint, certificate) = bind(([127, 0, 0, 1], 0).into()).unwrap();
                ready.send((endpoint.local_addr().unwrap(), certificate)).unwrap();
                serve(endpoint).await;
            });
        });
        started.recv().unwrap()
    }

    #[test]
    fn every_request_is_answered_with_ok() {
        let (address, certificate) = start();
        let mut roots = RootCertStore::empty();
        roots.add(certificate).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let wait = Duration::from_secs(20);
        // Two connections, and more requests than a stream limit: timers, credit and sending all work.
        for _ in 0..2 {
            let mut client = quic::Client::connect(address, "localhost", &tls, wait).unwrap();
            let mut left = 1_000_u32;
            let mut open = 0;
            while left != 0 {
                while open < 64 {
                    let large = Bytes::from(vec![b' '; 20_000]);
                    let body = if open == 0 { large } else { Bytes::new() };
                    let request = Request::get("https://localhost/").body(body).unwrap();
                    client.send(&request).unwrap();
                    open += 1;
                }
                let answers = client.receive(wait).unwrap();
                assert!(!answers.is_empty(), "{left} left");
                for answer in answers {
                    let response = answer.outcome.unwrap();
                    assert_eq!((response.status().as_u16(), &response.body()[..]), (200, OK));
                    open -= 1;
                    left = left.saturating_sub(1);
                }
            }
        }
    }
}
