//! Whom a plan loads: the doors of a scenario that are open, and how to speak there.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::args::Over;
use crate::cpu;
use crate::error::LoadError;
use crate::link::{PATIENCE, Peer, Speech};
use crate::mix::Mix;
use crate::scenario::{Door, Scenario};
use crate::trust::Trust;

/// Where a server listens, and how to be let in.
#[derive(Debug, Clone, Default)]
pub struct PlanTarget {
    /// Binary RPC over TCP.
    pub rpc: Option<SocketAddr>,
    /// Binary RPC over TLS.
    pub rpc_tls: Option<SocketAddr>,
    /// HTTP without encryption; `/metrics` is read there, too.
    pub http: Option<SocketAddr>,
    /// HTTP with encryption, TCP and UDP, and RPC over QUIC.
    pub https: Option<SocketAddr>,
    /// The authority that vouches for the encrypted doors.
    pub authority: Option<PathBuf>,
    /// The name in their certificate.
    pub server_name: String,
    /// What every HTTP request and every encrypted RPC connection shows.
    pub api_key: Option<String>,
    /// The server's process, when it is on this machine.
    pub pid: Option<u32>,
    /// Its cores, when they are known; else it is asked.
    pub cores: Option<u32>,
    /// Whether the plan's owner started it for this plan.
    pub own_box: bool,
    /// A directory on the log's device.
    pub probe_dir: Option<PathBuf>,
}

impl PlanTarget {
    pub(crate) fn trust(&self, over: Over) -> Result<Trust, LoadError> {
        Trust::at_door(self.authority.as_deref(), &self.server_name, over)
    }
}

/// The doors that are loaded.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) doors: Vec<DoorSite>,
    pub(super) mix: Mix,
    pub(super) client_cores: Vec<usize>,
    pub(super) pid: Option<u32>,
    pub(super) metrics: Option<SocketAddr>,
    pub(super) cores: Option<u32>,
    pub(super) own_box: bool,
    /// Set when nobody wants the figures any more.
    pub(super) halt: Arc<AtomicBool>,
    api_key: Option<String>,
}

/// One door that is loaded.
#[derive(Debug)]
pub(super) struct DoorSite {
    pub(super) door: Door,
    /// Of all requests.
    pub(super) share: f64,
    pub(super) address: SocketAddr,
    speech: Speech,
    trust: Option<Trust>,
}

impl Field {
    /// Finds the scenario's doors. Those that are not open are left out, their share is the others',
    /// and each is told of in `warnings`.
    pub(super) fn new(
        scenario: &Scenario,
        target: &PlanTarget,
        client_cores: &[usize],
        halt: &Arc<AtomicBool>,
        warnings: &mut Vec<String>,
    ) -> Result<Self, LoadError> {
        let mut doors = Vec::new();
        let mut left_out = Vec::new();
        for door in &scenario.doors {
            let (flag, address) = match door.speak {
                Over::Rpc => ("--rpc", target.rpc),
                Over::RpcTls => ("--rpc-tls", target.rpc_tls),
                Over::Http => ("--http", target.http),
                Over::Https | Over::Http2 | Over::Http3 | Over::RpcQuic => {
                    ("--https", target.https)
                }
            };
            let Some(address) = address else {
                left_out.push(format!("{} ({flag})", door.speak.name()));
                continue;
            };
            let secure = !matches!(door.speak, Over::Rpc | Over::Http);
            let trust = secure.then(|| target.trust(door.speak)).transpose()?;
            let speech = door.speak.speech();
            doors.push(DoorSite { door: *door, share: door.weight, address, speech, trust });
        }
        if doors.is_empty() {
            let reason = format!(
                "the scenario {} speaks {}, and none of these addresses is given",
                scenario.name,
                left_out.join(", ")
            );
            return Err(LoadError::Invalid { flag: "scenario", reason });
        }
        if !left_out.is_empty() {
            let left_out = left_out.join(", ");
            warnings.push(format!("without an address, and left out of the mix: {left_out}"));
        }
        let whole: f64 = doors.iter().map(|it| it.share).sum();
        for site in &mut doors {
            site.share /= whole;
        }
        let client_cores =
            if client_cores.is_empty() { vec![cpu::cores() - 1] } else { client_cores.to_vec() };
        Ok(Self {
            doors,
            mix: Mix::new(scenario),
            client_cores,
            pid: target.pid,
            metrics: target.http,
            cores: target.cores,
            own_box: target.own_box,
            halt: Arc::clone(halt),
            api_key: target.api_key.clone(),
        })
    }

    /// The other side of a door's connections.
    pub(super) fn peer<'a>(&'a self, site: &'a DoorSite, mix: &'a Mix) -> Peer<'a> {
        Peer {
            address: site.address,
            speech: site.speech,
            host: None,
            trust: site.trust.as_ref(),
            api_key: self.api_key.as_deref(),
            workload: &mix.kinds[0].workload,
            mix: Some(mix),
            store: None,
            items: 1,
            depth: site.door.waiting,
            run: None,
        }
    }

    /// Asks every request of the mix once through every door, so that one without an ordinary answer
    /// is noticed before anything is measured.
    pub(super) fn sound(&self) -> Result<(), LoadError> {
        for site in &self.doors {
            for kind in &self.mix.kinds {
                let peer =
                    Peer { workload: &kind.workload, mix: None, ..self.peer(site, &self.mix) };
                match peer.sound() {
                    Ok(_) => {}
                    // A limit that is hit already says that the request is one.
                    Err(LoadError::Refused { answer, .. }) if answer.contains("limit") => {}
                    Err(LoadError::Refused { address, answer }) => {
                        let answer = format!(
                            "{answer} (to {} over {})",
                            kind.workload.name,
                            site.door.speak.name()
                        );
                        return Err(LoadError::Refused { address, answer });
                    }
                    Err(other) => return Err(other),
                }
            }
        }
        Ok(())
    }

    /// Whether the server is still there: connections break of overload, too.
    pub(super) fn is_there(&self) -> bool {
        let tcp = |it: &&DoorSite| !matches!(it.speech, Speech::Http3 | Speech::RpcQuic(_));
        let address = self.doors.iter().find(tcp).map(|it| it.address).or(self.metrics);
        address.is_some_and(|it| TcpStream::connect_timeout(&it, PATIENCE).is_ok())
    }

    /// Whether the generator runs where a box on this machine, which takes the first cores, has its own.
    pub(super) fn shares_a_core(&self) -> bool {
        let is_here = self.doors.iter().any(|it| it.address.ip().is_loopback());
        let cores = self.cores.and_then(|it| usize::try_from(it).ok()).unwrap_or(0);
        is_here && self.client_cores.iter().any(|it| *it < cores)
    }

    /// By door: where it is.
    pub(super) fn addresses(&self) -> BTreeMap<String, String> {
        let named = |it: &DoorSite| (it.door.speak.name().to_owned(), it.address.to_string());
        self.doors.iter().map(named).collect()
    }
}
