//! A peer's process: begins and ends with the run.

use std::fs::{self, File};
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, geteuid, kill_process};

/// How long a server may take until it listens, and until it has stopped.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);
/// As much of a log is quoted, in bytes.
const QUOTED_BYTES: usize = 2_000;

/// How a process is started.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Terms<'a> {
    /// The core that it is kept on.
    pub(crate) core: Option<usize>,
    /// Some servers refuse to run as root, and run as this user instead.
    pub(crate) user: Option<&'a str>,
    /// Stops it without waiting for its clients; `SIGTERM` unless told otherwise.
    pub(crate) interrupt: bool,
}

/// Runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    signal: Signal,
    log: PathBuf,
}

impl Terms<'_> {
    /// The command of `program` under these terms. It ends when this process does, however that ends.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", if self.interrupt { "INT" } else { "TERM" }]);
        if let Some(user) = self.user.filter(|_| geteuid().is_root()) {
            command.args(["--reuid", user, "--regid", user, "--clear-groups"]);
        }
        if let Some(core) = self.core {
            command.args(["taskset", "-c", &core.to_string()]);
        }
        command.arg(program);
        command
    }

    /// Starts what [`Self::command`] gave, with `log` for all that it says.
    pub(crate) fn start(&self, mut command: Command, log: &Path) -> Result<Running> {
        let file = File::create(log)?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        let child = command.spawn().context("starting it under setpriv (package util-linux)")?;
        let signal = if self.interrupt { Signal::INT } else { Signal::TERM };
        Ok(Running { child, signal, log: log.to_owned() })
    }
}

impl Running {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Tries until it works. The error quotes the server's log.
    pub(crate) fn wait<T>(&mut self, attempt: impl Fn() -> Result<T>) -> Result<T> {
        let until = Instant::now() + PATIENCE;
        loop {
            let error = match attempt() {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended with {status}: {}", tail(&self.log));
            }
            if until < Instant::now() {
                return Err(error.context(format!("it does not answer: {}", tail(&self.log))));
            }
            thread::sleep(LOOK);
        }
    }

    /// Waits until it takes connections.
    pub(crate) fn listens(&mut self, address: SocketAddr) -> Result<()> {
        self.wait(|| Ok(TcpStream::connect(address).map(drop)?))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // Should it be gone already, there is nothing to stop.
            let _ = kill_process(pid, self.signal);
        }
        let until = Instant::now() + PATIENCE;
        while matches!(self.child.try_wait(), Ok(None)) {
            if until < Instant::now() {
                let _ = self.child.kill();
                let _ = self.child.wait();
                return;
            }
            thread::sleep(LOOK);
        }
    }
}

/// An address of this machine that nobody listens at.
pub(crate) fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind(("127.0.0.1", 0))?.local_addr()
}

/// Runs a command to its end; the error quotes what it said.
pub(crate) fn finish(mut command: Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output().context("starting it")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        bail!("it ended with {}: {}", output.status, end_of(&said));
    }
    Ok(())
}

fn tail(log: &Path) -> String {
    end_of(&fs::read_to_string(log).unwrap_or_default()).to_owned()
}

fn end_of(text: &str) -> &str {
    let text = text.trim();
    let from = text.len().saturating_sub(QUOTED_BYTES);
    let from = (from..text.len()).find(|it| text.is_char_boundary(*it)).unwrap_or(0);
    &text[from..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, log: &Path) -> Result<Running> {
        let terms = Terms::default();
        let mut command = terms.command(Path::new("sh"));
        command.args(["-c", script]);
        terms.start(command, log)
    }

    #[test]
    fn a_server_that_ends_says_why() {
        let directory = tempfile::tempdir().unwrap();
        let mut ended =
            shell("echo no such option >&2; exit 3", &directory.path().join("log")).unwrap();
        let error = ended.wait(|| -> Result<()> { bail!("not yet") }).unwrap_err().to_string();
        assert!(error.contains("status: 3") && error.contains("no such option"), "{error}");
    }

    #[test]
    fn what_runs_is_stopped_when_it_is_dropped() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("stopped");
        let script = format!(
            "trap 'echo yes > {}; exit' TERM; echo ready; while :; do sleep 0.05; done",
            file.display()
        );
        let log = directory.path().join("log");
        let mut running = shell(&script, &log).unwrap();
        running
            .wait(|| fs::read_to_string(&log)?.contains("ready").then_some(()).context("not ready"))
            .unwrap();
        drop(running);
        assert_eq!(fs::read_to_string(file).unwrap(), "yes\n");
    }

    #[test]
    fn the_end_of_a_text_is_quoted_in_whole_characters() {
        assert_eq!(end_of(" a\n"), "a");
        let long = "\u{e4}".repeat(QUOTED_BYTES);
        assert!(end_of(&format!("x{long}")).chars().all(|it| it == '\u{e4}'));
        assert_eq!(end_of(""), "");
    }
}
