//! A server that is not ours, beside the target.

use std::net::{SocketAddr, ToSocketAddrs};

use tls::Protocol;

use crate::error::LoadError;
use crate::link::{Peer, Speech};
use crate::trust::Trust;
use crate::workload::Workload;

/// Where it is, what it is asked and how.
#[derive(Debug)]
pub(crate) struct Outside {
    pub(crate) url: String,
    address: SocketAddr,
    /// Host and port as the URL has them.
    host: String,
    speech: Speech,
    trust: Option<Trust>,
    workload: Workload,
}

/// The parts of a URL, each as it was written.
#[derive(Debug, PartialEq, Eq)]
struct Parts<'a> {
    /// `None` where there is no scheme.
    secure: Option<bool>,
    /// With the port.
    host: &'a str,
    path: &'a str,
}

impl Outside {
    /// Reads `[http://|https://]HOST:PORT[/PATH]`. Spoken is what the target speaks, with encryption
    /// where the URL does not say whether if `secure`.
    pub(crate) fn new(url: &str, speech: Speech, secure: bool) -> Result<Self, LoadError> {
        let invalid = |reason: String| LoadError::Invalid { flag: "peer", reason };
        let protocol = match speech {
            Speech::Http1 => Protocol::Http1,
            Speech::Http2 => Protocol::Http2,
            Speech::Http3 => Protocol::Http3,
            Speech::Rpc(_) | Speech::RpcQuic(_) => {
                let reason = "it is asked over HTTP: give --over http, https, http2 or http3";
                return Err(invalid(reason.to_owned()));
            }
        };
        let parts = Parts::read(url).ok_or_else(|| {
            invalid(format!("`{url}`: give [http://|https://]HOST:PORT[/PATH], without blanks"))
        })?;
        let secure = parts.secure.unwrap_or(secure);
        if speech == Speech::Http3 && !secure {
            return Err(invalid("HTTP/3 is always encrypted: give https://".to_owned()));
        }
        let found = parts.host.to_socket_addrs().map_err(|error| {
            invalid(format!("cannot find {}: {error}; give HOST:PORT", parts.host))
        })?;
        // Servers for benchmarks rarely listen on ::1, which `localhost` names first.
        let address = found.min_by_key(SocketAddr::is_ipv6);
        let address = address.ok_or_else(|| invalid(format!("{} has no address", parts.host)))?;
        let name = parts.host.rsplit_once(':').map_or(parts.host, |(name, _)| name);
        let name = name.trim_start_matches('[').trim_end_matches(']');
        let trust = secure.then(|| Trust::anybody(name, protocol)).transpose().map_err(invalid)?;
        let workload = Workload {
            name: "get",
            method: "GET",
            path: parts.path.to_owned(),
            ..Workload::plain(0, &[])
        };
        let (url, host) = (url.to_owned(), parts.host.to_owned());
        Ok(Self { url, address, host, speech, trust, workload })
    }

    /// The other side of its connections, with `depth` requests in flight on each.
    pub(crate) fn peer(&self, depth: u32) -> Peer<'_> {
        Peer {
            address: self.address,
            speech: self.speech,
            host: Some(&self.host),
            trust: self.trust.as_ref(),
            // The target's key is none of its business.
            api_key: None,
            workload: &self.workload,
            items: 1,
            depth,
            run: None,
        }
    }
}

impl<'a> Parts<'a> {
    /// `None` for what is no URL of ours.
    fn read(url: &'a str) -> Option<Self> {
        let (secure, rest) = match url.split_once("://") {
            Some(("http", rest)) => (Some(false), rest),
            Some(("https", rest)) => (Some(true), rest),
            Some(_) => return None,
            None => (None, url),
        };
        let (host, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
        // It is written into requests as it is.
        let plain = url.bytes().all(|byte| byte.is_ascii_graphic());
        (plain && !host.is_empty()).then_some(Self { secure, host, path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::rpc::Answerer;

    #[test]
    fn a_url_is_taken_apart_as_it_was_written() {
        for (url, secure, host, path) in [
            ("127.0.0.1:9443", None, "127.0.0.1:9443", "/"),
            ("https://box:1/", Some(true), "box:1", "/"),
            ("http://[::1]:80/a/b?c=d", Some(false), "[::1]:80", "/a/b?c=d"),
            ("box:1/http", None, "box:1", "/http"),
        ] {
            assert_eq!(Parts::read(url), Some(Parts { secure, host, path }), "{url}");
        }
        for url in
            ["", "https://", "/", "ftp://box:1/", "box:1/a b", "box:1/\r\nx:y", "box:1/\u{e4}"]
        {
            assert_eq!(Parts::read(url), None, "{url:?}");
        }
    }

    #[test]
    fn the_url_or_the_target_says_whether_it_is_encrypted() {
        for (url, target, secure) in [
            ("127.0.0.1:1", false, false),
            ("127.0.0.1:1", true, true),
            ("http://127.0.0.1:1", true, false),
            ("https://[::1]:1", false, true),
        ] {
            let outside = Outside::new(url, Speech::Http2, target).unwrap();
            assert_eq!(outside.trust.is_some(), secure, "{url}");
            let peer = outside.peer(1);
            assert_eq!(peer.authority(), peer.address.to_string());
            assert!(peer.api_key.is_none() && peer.run.is_none());
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
            let error = Outside::new(url, speech, true).unwrap_err();
            assert!(matches!(error, LoadError::Invalid { flag: "peer", .. }), "{error}");
            assert!(error.to_string().contains(reason), "{url}: {error}");
        }
    }
}
