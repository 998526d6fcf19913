//! What the keys of stateless resets and retry tokens are made from, kept over restarts.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use quic::Secret;

const BYTES: usize = 32;

/// The secret in the folder `dir`, made there if it is missing. Only the owner may read it: whoever
/// has it can end the connections of others.
pub(super) fn keep(dir: &Path) -> Result<Secret> {
    let path = dir.join("quic-secret");
    let found = match fs::read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => make(dir, &path),
        found => found,
    };
    let found = found.with_context(|| format!("the secret of QUIC in {}", path.display()))?;
    let secret = <[u8; BYTES]>::try_from(&found[..]).ok();
    ensure!(
        secret.is_some(),
        "{} has {} bytes, {BYTES} are expected: remove it for a new one",
        path.display(),
        found.len()
    );
    Ok(Secret(secret.expect("checked above")))
}

fn make(dir: &Path, path: &Path) -> std::io::Result<Vec<u8>> {
    let mut secret = vec![0; BYTES];
    File::open("/dev/urandom")?.read_exact(&mut secret)?;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    // A crash leaves the whole of it or nothing.
    let beside = path.with_extension("new");
    let mut file =
        File::options().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(&secret)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    File::open(dir)?.sync_all()?;
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_secret_stays_and_is_nobody_elses() {
        let directory = tempfile::tempdir().unwrap();
        let dir = directory.path().join("tls");
        let Secret(first) = keep(&dir).unwrap();
        let Secret(second) = keep(&dir).unwrap();
        assert_eq!(first, second);
        let path = dir.join("quic-secret");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let Secret(other) = keep(&directory.path().join("other")).unwrap();
        assert_ne!(first, other);
        fs::write(&path, b"short").unwrap();
        let error = keep(&dir).unwrap_err().to_string();
        assert!(error.contains("5 bytes") && error.contains("remove it"), "{error}");
    }
}
