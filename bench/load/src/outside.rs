//! A server that is not ours, beside the target.

mod url;

use std::fs;
use std::net::{SocketAddr, ToSocketAddrs};

use tls::Protocol;

use crate::args::PeerArgs;
use crate::codec::postgres::Statement;
use crate::codec::resp::Command;
use crate::cpu::{Subject, TREES_MAX};
use crate::error::LoadError;
use crate::link::{Peer, Speech, Store};
use crate::trust::Trust;
use crate::workload::Workload;

use url::{Scheme, Url};

/// What a Redis is asked unless told otherwise.
const COMMAND: &str = "SET quoin:{n} {payload}";
/// Longest payload of a command or statement, in bytes.
const PAYLOAD_BYTES_MAX: u32 = 1024 * 1024;
/// Longest script, in bytes.
const SCRIPT_BYTES_MAX: u64 = 1024 * 1024;

/// Where it is, what it is asked and how.
#[derive(Debug)]
pub(crate) struct Outside {
    pub(crate) url: String,
    /// For a report: the method, the command or the statement.
    pub(crate) request: String,
    /// Whose CPU time is its own.
    pub(crate) subject: Option<Subject>,
    address: SocketAddr,
    /// Host and port as the URL has them.
    host: String,
    speech: Speech,
    trust: Option<Trust>,
    api_key: Option<String>,
    workload: Workload,
    store: Option<Store>,
}

impl Outside {
    /// What the flags name, beside a target that is asked `asked`. An HTTP server is spoken to as the
    /// target is, with encryption where the URL does not say whether if `secure`.
    pub(crate) fn of(
        flags: &PeerArgs,
        speech: Speech,
        secure: bool,
        asked: &Workload,
    ) -> Result<Option<Self>, LoadError> {
        let Some(text) = flags.peer.as_deref() else { return Ok(None) };
        Self::new(text, flags, speech, secure, asked).map(Some)
    }

    fn new(
        text: &str,
        flags: &PeerArgs,
        speech: Speech,
        secure: bool,
        asked: &Workload,
    ) -> Result<Self, LoadError> {
        let url = Url::read(text).ok_or_else(|| {
            invalid(format!(
                "`{text}`: give [http://|https://]HOST:PORT[/PATH], redis://HOST:PORT or \
                 postgres://USER@HOST:PORT/DATABASE, without blanks"
            ))
        })?;
        let found = url.host.to_socket_addrs().map_err(|error| {
            invalid(format!("cannot find {}: {error}; give HOST:PORT", url.host))
        })?;
        // Servers for benchmarks rarely listen on ::1, which `localhost` names first.
        let address = found.min_by_key(SocketAddr::is_ipv6);
        let address = address.ok_or_else(|| invalid(format!("{} has no address", url.host)))?;
        let mut outside = Self {
            url: text.to_owned(),
            request: String::new(),
            subject: subject(&flags.peer_pid)?,
            address,
            host: url.host.to_owned(),
            speech: Speech::Store,
            trust: None,
            api_key: None,
            workload: Workload::plain(0, &[]),
            store: None,
        };
        let fits = match url.scheme {
            Scheme::Redis | Scheme::Postgres { .. } => {
                outside.store = Some(store(&url, flags, asked)?);
                let command = flags.peer_command.as_deref().unwrap_or(COMMAND);
                command.clone_into(&mut outside.request);
                !flags.peer_same && flags.peer_api_key.is_none()
            }
            Scheme::Http { secure: said } => {
                outside.ask_http(&url, flags, speech, said.unwrap_or(secure), asked)?;
                flags.peer_command.is_none() && flags.peer_script.is_none()
            }
        };
        if fits {
            Ok(outside)
        } else {
            let reason = "--peer-same and --peer-api-key are for HTTP, --peer-command and \
                          --peer-script for redis:// and postgres://";
            Err(invalid(reason.to_owned()))
        }
    }

    fn ask_http(
        &mut self,
        url: &Url<'_>,
        flags: &PeerArgs,
        speech: Speech,
        secure: bool,
        asked: &Workload,
    ) -> Result<(), LoadError> {
        let protocol = match speech {
            Speech::Http1 => Protocol::Http1,
            Speech::Http2 => Protocol::Http2,
            Speech::Http3 => Protocol::Http3,
            Speech::Rpc(_) | Speech::RpcQuic(_) | Speech::Store => {
                let reason = "it is asked over HTTP: give --over http, https, http2 or http3";
                return Err(invalid(reason.to_owned()));
            }
        };
        if speech == Speech::Http3 && !secure {
            return Err(invalid("HTTP/3 is always encrypted: give https://".to_owned()));
        }
        let name = url.host.rsplit_once(':').map_or(url.host, |(name, _)| name);
        let name = name.trim_start_matches('[').trim_end_matches(']');
        self.trust = secure.then(|| Trust::anybody(name, protocol)).transpose().map_err(invalid)?;
        self.workload = if flags.peer_same {
            let path = if url.path == "/" { &asked.path } else { url.path };
            Workload { path: path.to_owned(), ..asked.clone() }
        } else {
            let path = url.path.to_owned();
            Workload { name: "get", method: "GET", path, ..Workload::plain(0, &[]) }
        };
        self.workload.method.clone_into(&mut self.request);
        self.speech = speech;
        self.api_key.clone_from(&flags.peer_api_key);
        Ok(())
    }

    /// The other side of its connections, with `depth` requests in flight on each.
    pub(crate) fn peer(&self, depth: u32) -> Peer<'_> {
        Peer {
            address: self.address,
            speech: self.speech,
            host: Some(&self.host),
            trust: self.trust.as_ref(),
            // Never the target's: that is none of its business.
            api_key: self.api_key.as_deref(),
            workload: &self.workload,
            mix: None,
            store: self.store.as_ref(),
            items: 1,
            depth,
            run: None,
        }
    }
}

fn invalid(reason: String) -> LoadError {
    LoadError::Invalid { flag: "peer", reason }
}

fn subject(pids: &[u32]) -> Result<Option<Subject>, LoadError> {
    let mut roots = [0; TREES_MAX];
    if TREES_MAX < pids.len() {
        let reason = format!("give {TREES_MAX} processes at most; their children count along");
        return Err(LoadError::Invalid { flag: "peer-pid", reason });
    }
    roots.iter_mut().zip(pids).for_each(|(root, pid)| *root = *pid);
    Ok((!pids.is_empty()).then_some(Subject::Trees(roots)))
}

/// What a store is asked.
fn store(url: &Url<'_>, flags: &PeerArgs, asked: &Workload) -> Result<Store, LoadError> {
    if flags.peer_payload.is_some_and(|it| PAYLOAD_BYTES_MAX < it) {
        let reason = format!("give {PAYLOAD_BYTES_MAX} bytes at most");
        return Err(LoadError::Invalid { flag: "peer-payload", reason });
    }
    let payload_bytes = flags.peer_payload.and_then(|it| usize::try_from(it).ok());
    let payload = vec![b'x'; payload_bytes.unwrap_or(asked.payload.len())];
    let wrong = |reason| LoadError::Invalid { flag: "peer-command", reason };
    if let Scheme::Postgres { user, database } = url.scheme {
        let sql = flags.peer_command.as_deref().ok_or_else(|| {
            wrong("give the statement, like INSERT INTO t VALUES ($1, $2)".to_owned())
        })?;
        return Ok(Store::Postgres(Statement::new(user, database, sql, payload).map_err(wrong)?));
    }
    let script = match &flags.peer_script {
        None => None,
        Some(file) => {
            let unread = |reason| LoadError::Invalid { flag: "peer-script", reason };
            let size = fs::metadata(file).map_err(|it| unread(it.to_string()))?.len();
            if SCRIPT_BYTES_MAX < size {
                return Err(unread(format!("longer than {SCRIPT_BYTES_MAX} bytes")));
            }
            Some(fs::read_to_string(file).map_err(|it| unread(it.to_string()))?)
        }
    };
    let command = flags.peer_command.as_deref().unwrap_or(COMMAND);
    Ok(Store::Redis(Command::read(command, payload, script).map_err(wrong)?))
}

#[cfg(test)]
#[path = "outside/tests.rs"]
mod tests;
