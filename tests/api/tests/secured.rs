//! Binary RPC of the real binary over TLS and QUIC, before and after it was killed.

#![allow(clippy::unwrap_used, missing_docs, reason = "a failure here is a failed test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use client::{
    Call, Client, ConnectError, Credential, Options, SessionError, Status, Transport, Trust,
};
use process::{binary, free_port, run};
use tempfile::TempDir;

/// A box with reference packs and an administrator, at the same ports whenever it is started.
struct SecuredBox {
    folder: TempDir,
    ports: [u16; 4],
    child: Option<Child>,
}

impl SecuredBox {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let (status, out, error) = run(&["init", "--data", data.to_str().unwrap()]);
        assert!(status.success(), "init: {out} {error}");
        let mut made = Self { folder, ports: [(); 4].map(|()| free_port()), child: None };
        made.serve();
        made
    }

    fn serve(&mut self) {
        let [http, https, rpc, tls] = self.ports.map(|port| format!("127.0.0.1:{port}"));
        let (config, ready) = (self.folder.path().join("box.toml"), self.folder.path().join("up"));
        fs::write(&config, format!("[rpc]\ntls_listen = \"{tls}\"\n")).unwrap();
        drop(fs::remove_file(&ready));
        let child = Command::new(binary())
            .args(["serve", "--cores", "2", "--http", &http, "--https", &https, "--rpc", &rpc])
            .args(["--data".as_ref(), self.data().as_os_str()])
            .args(["--config".as_ref(), config.as_os_str()])
            .args(["--ready-file".as_ref(), ready.as_os_str()])
            .stdout(Stdio::null())
            .spawn();
        self.child = Some(child.unwrap());
        let until = Instant::now() + Duration::from_mins(1);
        while !ready.exists() {
            let ended = self.child.as_mut().unwrap().try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < until, "not ready: {ended:?}");
            std::thread::yield_now();
        }
    }

    fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn options(&self, transport: fn(Trust) -> Transport, credential: Option<&str>) -> Options {
        let authorities = vec![authority(&self.data())];
        let transport = transport(Trust { authorities, ..Trust::default() });
        Options { transport, credential: credential.map(Credential::new), ..Options::default() }
    }

    fn tls(&self, key: Option<&str>) -> Result<Client, ConnectError> {
        let address = format!("127.0.0.1:{}", self.ports[3]);
        Client::connect(address, self.options(Transport::Tls, key))
    }

    fn quic(&self, key: Option<&str>) -> Result<Client, ConnectError> {
        let address = format!("127.0.0.1:{}", self.ports[1]);
        Client::connect(address, self.options(Transport::Quic, key))
    }

    fn key(&self) -> String {
        fs::read_to_string(self.data().join("admin.key")).unwrap().trim().to_owned()
    }
}

impl Drop for SecuredBox {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.kill();
        }
    }
}

/// The certificate of the development authority.
fn authority(data: &Path) -> PathBuf {
    let mut files = fs::read_dir(data.join("tls")).unwrap().map(|it| it.unwrap().path());
    let is_authority = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.contains("authority") && fs::read_to_string(path).unwrap().contains("CERTIFICATE")
    };
    files.find(is_authority).expect("an authority was made")
}

/// Lists the tenants, which wants a permission and no payload.
fn ask(client: &Client) -> Status {
    let (number, operation) = registry::operation("identity.tenants").unwrap();
    let mut payload = Vec::new();
    (operation.from_json)(operation.shape.example.as_bytes(), &mut payload).unwrap();
    client.call(&Call::query(number, &payload)).unwrap().status
}

#[test]
fn binary_rpc_is_spoken_over_tls_and_quic_and_found_again_after_a_kill() {
    let mut quoin = SecuredBox::start();
    let key = quoin.key();
    for nobody in [quoin.tls(None), quoin.quic(None), quoin.tls(Some("qk_no"))] {
        match nobody {
            Err(ConnectError::Session(SessionError::Refused { status, .. })) => {
                assert_eq!(status, Status::Unauthenticated);
            }
            other => panic!("{other:?}"),
        }
    }
    let clients = [quoin.tls(Some(&key)).unwrap(), quoin.quic(Some(&key)).unwrap()];
    for client in &clients {
        assert_eq!(client.welcome().unwrap().cores(), 2);
        assert_eq!(ask(client), Status::Ok);
    }
    quoin.kill();
    quoin.serve();
    // Nobody said goodbye to the QUIC connection. That the new process does not know it is told by a
    // reset, which only the secret of before can make: long before the silence would tell.
    let began = Instant::now();
    for client in &clients {
        assert_eq!(ask(client), Status::Ok);
    }
    assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
}
