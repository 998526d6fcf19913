//! A peer's process: begins and ends with the run.

use std::fs::{self, File};
use std::io::{self, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
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
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms<'a> {
    /// Set from outside when everything is to end.
    pub(crate) stop: &'a AtomicBool,
    /// The core that it is kept on.
    pub(crate) core: Option<usize>,
    /// Some servers refuse to run as root, and run as this user instead.
    pub(crate) user: Option<&'a str>,
    /// Stops it without waiting for its clients; `SIGTERM` unless told otherwise.
    pub(crate) interrupt: bool,
}

/// A server that runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Running<'a> {
    held: Held,
    log: PathBuf,
    stop: &'a AtomicBool,
}

/// A process that is stopped when it is dropped.
#[derive(Debug)]
struct Held {
    child: Child,
    signal: Signal,
}

/// What the rest of a comparison says of itself once it was told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("interrupted")]
pub(crate) struct Interrupted;

impl<'a> Terms<'a> {
    /// On any core, as whoever we are.
    pub(crate) fn until(stop: &'a AtomicBool) -> Self {
        Self { stop, core: None, user: None, interrupt: false }
    }

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
    pub(crate) fn start(&self, mut command: Command, log: &Path) -> Result<Running<'a>> {
        go_on(self.stop)?;
        let file = File::create(log)?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        let child = command.spawn().context("starting it under setpriv (package util-linux)")?;
        let signal = if self.interrupt { Signal::INT } else { Signal::TERM };
        let held = Held { child, signal };
        Ok(Running { held, log: log.to_owned(), stop: self.stop })
    }

    /// Runs a command to its end; the error quotes what it said.
    pub(crate) fn finish(&self, mut command: Command) -> Result<()> {
        go_on(self.stop)?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let child = command.spawn().context("starting it under setpriv (package util-linux)")?;
        let mut held = Held { child, signal: Signal::TERM };
        let mut stderr = held.child.stderr.take().context("its standard error is piped")?;
        let said = thread::spawn(move || {
            let mut bytes = Vec::new();
            // What was said before it failed is quoted.
            drop(stderr.read_to_end(&mut bytes));
            String::from_utf8_lossy(&bytes).into_owned()
        });
        let status = loop {
            if let Some(status) = held.child.try_wait()? {
                break status;
            }
            // Its own children may hold the pipe, so nobody waits for what it says.
            go_on(self.stop)?;
            thread::sleep(LOOK);
        };
        if !status.success() {
            let said = said.join().unwrap_or_default();
            bail!("it ended with {status}: {}", end_of(&said));
        }
        Ok(())
    }
}

/// The error says that everything is to end.
pub(crate) fn go_on(stop: &AtomicBool) -> Result<(), Interrupted> {
    if stop.load(SeqCst) { Err(Interrupted) } else { Ok(()) }
}

impl Running<'_> {
    pub(crate) fn pid(&self) -> u32 {
        self.held.child.id()
    }

    /// Tells it to stop, and does not wait for that.
    pub(crate) fn signal(&self) {
        self.held.signal();
    }

    /// Tries until it works. The error quotes the server's log.
    pub(crate) fn wait<T>(&mut self, attempt: impl Fn() -> Result<T>) -> Result<T> {
        let until = Instant::now() + PATIENCE;
        loop {
            let attempted = attempt();
            // Looked at after the attempt: whoever answered it may be somebody else.
            if let Some(status) = self.held.child.try_wait()? {
                bail!("it ended with {status}: {}", tail(&self.log));
            }
            go_on(self.stop)?;
            let error = match attempted {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            if until < Instant::now() {
                return Err(error.context(format!("it does not answer: {}", tail(&self.log))));
            }
            thread::sleep(LOOK);
        }
    }

    /// Waits until it takes connections.
    pub(crate) fn listens(&mut self, address: SocketAddr) -> Result<()> {
        self.wait(|| {
            let stream = TcpStream::connect(address)?;
            // A port that is free may be given to the very socket that looks for a listener there.
            if stream.local_addr()? == address {
                bail!("nobody listens");
            }
            Ok(())
        })
    }
}

impl Held {
    fn signal(&self) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // Should it be gone already, there is nothing to stop.
            let _ = kill_process(pid, self.signal);
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            // Its number may be somebody else's by now.
            return;
        }
        self.signal();
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

    static NEVER: AtomicBool = AtomicBool::new(false);

    fn command(terms: &Terms<'_>, script: &str) -> Command {
        let mut command = terms.command(Path::new("sh"));
        command.args(["-c", script]);
        command
    }

    fn shell(script: &str, log: &Path) -> Result<Running<'static>> {
        let terms = Terms::until(&NEVER);
        terms.start(command(&terms, script), log)
    }

    #[test]
    fn a_command_is_done_or_quoted() {
        let terms = Terms::until(&NEVER);
        terms.finish(command(&terms, "echo fine")).unwrap();
        let failed = terms.finish(command(&terms, "echo no such option >&2; exit 3"));
        let error = failed.unwrap_err().to_string();
        assert!(error.contains("status: 3") && error.contains("no such option"), "{error}");
    }

    #[test]
    fn an_interruption_ends_what_runs_and_starts_nothing_more() {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("log");
        let stop = &AtomicBool::new(false);
        let terms = Terms::until(stop);
        let mut running = terms.start(command(&terms, "sleep 3600"), &log).unwrap();
        let (waited, finished) = thread::scope(|scope| {
            let finished = scope.spawn(|| terms.finish(command(&terms, "sleep 3600 & wait")));
            let waited = running.wait(|| -> Result<()> {
                stop.store(true, SeqCst);
                bail!("not yet")
            });
            (waited, finished.join().unwrap())
        });
        for ended in [waited, finished, terms.start(command(&terms, "true"), &log).map(drop)] {
            assert_eq!(ended.unwrap_err().downcast_ref(), Some(&Interrupted));
        }
    }

    #[test]
    fn who_answers_for_a_server_that_has_ended_is_somebody_else() {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("log");
        let mut ended = shell("echo address in use >&2; exit 1", &log).unwrap();
        let stat = format!("/proc/{}/stat", ended.pid());
        let answered_by_another = || {
            while !fs::read_to_string(&stat)?.contains(") Z ") {
                thread::yield_now();
            }
            Ok(())
        };
        let error = ended.wait(answered_by_another).unwrap_err().to_string();
        assert!(error.contains("address in use"), "{error}");
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
