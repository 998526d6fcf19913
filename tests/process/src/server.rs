//! The real `quoin` binary as a child process.

use std::{
    fs,
    io::{self, Read},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use client::{Client, Options};

/// Ports are looked for so often.
const PORT_TRIES: u32 = 5;

/// The path of the binary, built with the profile of the test that asks. Built once per process.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--package", "appliance", "--bin", "quoin"]);
        if !cfg!(debug_assertions) {
            cargo.arg("--release");
        }
        cargo.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
        let built = cargo.status().expect("cargo runs");
        assert!(built.success(), "the binary builds");
        // A test runs from <target>/<profile>/deps.
        let test = std::env::current_exe().expect("a test has a path");
        let profile = test.ancestors().nth(2).expect("two folders above the test");
        profile.join("quoin")
    })
}

/// The binary without the settings of whoever runs the tests, such as how many rounds they take.
fn command() -> Command {
    let mut command = Command::new(binary());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("QUOIN_") {
            command.env_remove(name);
        }
    }
    command
}

/// Runs the binary to its end and gives its status and what it printed.
pub fn run(arguments: &[&str]) -> (ExitStatus, String, String) {
    let output = command().args(arguments).output().expect("the binary runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status, text(&output.stdout), text(&output.stderr))
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    listener.local_addr().expect("it is bound").port()
}

/// A running `quoin serve`.
#[derive(Debug)]
pub struct Server {
    child: Child,
    rpc: u16,
    http: u16,
    https: u16,
    log: PathBuf,
}

impl Server {
    /// Starts the box on `data` and waits until it serves. What it prints goes to `serve.log` beside
    /// the data directory.
    pub fn start(data: &Path, cores: u16, more: &[&str]) -> io::Result<Self> {
        // Between finding a free port and taking it others may take it.
        let is_taken = |it: &io::Error| it.to_string().contains("Address already in use");
        let mut tries = (0..PORT_TRIES).map(|_| Self::start_once(data, cores, more));
        let first = tries.find(|it| !it.as_ref().is_err_and(is_taken));
        first.unwrap_or_else(|| Err(io::ErrorKind::AddrInUse.into()))
    }

    fn start_once(data: &Path, cores: u16, more: &[&str]) -> io::Result<Self> {
        let (rpc, http, https) = (free_port(), free_port(), free_port());
        let log = data.with_extension("serve.log");
        let out = fs::File::options().create(true).append(true).open(&log)?;
        let child = command()
            .arg("serve")
            .arg("--data")
            .arg(data)
            .args(["--rpc", &format!("127.0.0.1:{rpc}"), "--http", &format!("127.0.0.1:{http}")])
            .args(["--https", &format!("127.0.0.1:{https}"), "--cores", &cores.to_string()])
            .args(more)
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .spawn()?;
        let mut server = Self { child, rpc, http, https, log };
        server.wait_ready()?;
        Ok(server)
    }

    /// The address of the RPC door.
    pub fn rpc(&self) -> String {
        format!("127.0.0.1:{}", self.rpc)
    }

    /// The address of the HTTP door.
    pub fn http(&self) -> String {
        format!("127.0.0.1:{}", self.http)
    }

    /// The port of the doors with encryption, of TCP and of UDP.
    pub fn https_port(&self) -> u16 {
        self.https
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// A client with these options.
    pub fn connect(&self, options: Options) -> Client {
        Client::connect(self.rpc(), options).expect("a ready box takes connections")
    }

    /// SIGKILL: the process gets no chance to do anything.
    pub fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    /// SIGTERM, and waits for the end.
    pub fn stop(mut self) -> ExitStatus {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().expect("kill runs");
        assert!(sent.success(), "the process can be signalled");
        self.child.wait().expect("it ends")
    }

    /// What the process printed so far.
    pub fn printed(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn wait_ready(&mut self) -> io::Result<()> {
        let until = Instant::now() + Duration::from_mins(1);
        let options = Options { connect_ms: 500, reconnect_ms: 1, ..Options::default() };
        loop {
            if Client::connect(self.rpc(), options.clone()).is_ok() {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                let mut printed = String::new();
                fs::File::open(&self.log)?.read_to_string(&mut printed)?;
                return Err(io::Error::other(format!("ended with {status}: {printed}")));
            }
            if until < Instant::now() {
                return Err(io::Error::other(format!("not ready in time: {}", self.printed())));
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A test that failed leaves no process behind; one that ended well has waited already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
