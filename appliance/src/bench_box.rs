//! A box of its own for one benchmark: this very binary as a child process.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;

use anyhow::{Context, Result, bail};
use load::PlanTarget;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::{Handle, Signals};

use crate::bootstrap::admin_key;

/// Runs until it is dropped; its directory goes with it.
#[derive(Debug)]
pub(crate) struct BenchBox {
    child: Child,
    room: PathBuf,
    directory: PathBuf,
    doors: Doors,
    /// What listens for signals on its behalf.
    listening: Handle,
}

/// Where it listens, and what its doors with encryption want.
#[derive(Debug)]
pub(crate) struct Doors {
    pub(crate) http: SocketAddr,
    pub(crate) rpc: SocketAddr,
    /// The same over TLS.
    pub(crate) rpc_tls: SocketAddr,
    /// TCP and UDP.
    pub(crate) https: SocketAddr,
    /// What clients have to trust.
    pub(crate) authority: PathBuf,
    /// The administrator's.
    pub(crate) api_key: String,
}

impl BenchBox {
    /// Makes a data directory with the reference packs inside the current directory (a temporary one
    /// may be memory, whose syncs mean nothing) and serves it on one core.
    pub(crate) fn start() -> Result<Self> {
        Self::start_with(1, None)
    }

    /// The same on so many cores. With `interrupted` the first signal only sets it, for whoever has
    /// something to keep; the next one ends everything.
    pub(crate) fn start_with(cores: u32, interrupted: Option<Arc<AtomicBool>>) -> Result<Self> {
        let room = env::current_dir()?.join(format!("quoin-bench-{}", process::id()));
        fs::create_dir(&room).with_context(|| format!("making {}", room.display()))?;
        let started = Self::start_in(&room, cores, interrupted);
        if started.is_err() {
            // The first error is the one to tell.
            let _ = fs::remove_dir_all(&room);
        }
        started
    }

    fn start_in(room: &Path, cores: u32, interrupted: Option<Arc<AtomicBool>>) -> Result<Self> {
        let directory = &room.join("data");
        let program = env::current_exe()?;
        let cores = format!("--cores={cores}");
        let ports = ["--http=127.0.0.1:0", "--rpc=127.0.0.1:0", "--https=127.0.0.1:0", &cores];
        let mut init = Command::new(&program);
        init.arg("init").arg("--data").arg(directory).args(ports).stdout(Stdio::null());
        let done = init.status()?;
        if !done.success() {
            bail!("quoin init ended with {done}");
        }
        let mut serve = Command::new(&program);
        serve
            .args(["serve", "--json", "--with-parent", "--trace-level", "warn"])
            .arg("--data")
            .arg(directory);
        // No flag opens it.
        serve.env("QUOIN_RPC__TLS_LISTEN", "127.0.0.1:0");
        let mut child = serve.args(ports).stdout(Stdio::piped()).spawn()?;
        let listening = stop_with_us(child.id(), room.to_owned(), interrupted)?;
        match ready(&mut child, directory) {
            Ok(doors) => {
                let (room, directory) = (room.to_owned(), directory.to_owned());
                Ok(Self { child, room, directory, doors, listening })
            }
            Err(error) => {
                // It said why on standard error.
                listening.close();
                let _ = child.kill();
                let _ = child.wait();
                Err(error)
            }
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn doors(&self) -> &Doors {
        &self.doors
    }

    /// All of it, for what loads it.
    pub(crate) fn target(&self) -> PlanTarget {
        let Doors { rpc, rpc_tls, http, https, authority, api_key } = &self.doors;
        PlanTarget {
            rpc: Some(*rpc),
            rpc_tls: Some(*rpc_tls),
            http: Some(*http),
            https: Some(*https),
            authority: Some(authority.clone()),
            server_name: "localhost".to_owned(),
            api_key: Some(api_key.clone()),
            pid: Some(self.pid()),
            cores: None,
            own_box: true,
            probe_dir: Some(self.directory.clone()),
        }
    }

    /// The directory around its own, gone when it ends: for what runs beside it.
    pub(crate) fn room(&self) -> &Path {
        &self.room
    }

    /// Where its log lies.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }
}

/// A signal that ends the benchmark ends the box too, and its directory.
fn stop_with_us(
    pid: u32,
    directory: PathBuf,
    interrupted: Option<Arc<AtomicBool>>,
) -> Result<Handle> {
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let listening = signals.handle();
    thread::Builder::new().name("quoin-signals".to_owned()).spawn(move || {
        let spared = |_: &i32| interrupted.as_ref().is_some_and(|it| !it.swap(true, SeqCst));
        if let Some(signal) = signals.forever().find(|it| !spared(it)) {
            if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
                // Its data is thrown away: there is nothing that it should still finish.
                let _ = kill_process(pid, Signal::KILL);
            }
            let _ = fs::remove_dir_all(directory);
            process::exit(128 + signal);
        }
    })?;
    Ok(listening)
}

fn ready(child: &mut Child, directory: &Path) -> Result<Doors> {
    let out = child.stdout.take().context("the child's output is piped")?;
    let mut line = String::new();
    BufReader::new(out).read_line(&mut line)?;
    let ready: Value = serde_json::from_str(&line).context("quoin serve did not start")?;
    let text = |name: &'static str| ready[name].as_str().context(name);
    Ok(Doors {
        http: text("http")?.parse()?,
        rpc: text("rpc")?.parse()?,
        rpc_tls: text("rpc_tls")?.parse()?,
        https: text("https")?.parse()?,
        authority: text("authority")?.into(),
        api_key: admin_key(directory).context("the new box has no administrator's key")?,
    })
}

impl Drop for BenchBox {
    fn drop(&mut self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            // Should it be gone already, there is nothing to stop.
            let _ = kill_process(pid, Signal::TERM);
        }
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.room);
        // The next box of this process listens for itself.
        self.listening.close();
    }
}
