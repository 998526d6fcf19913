//! The first identities: the administrator, and the keys that sign the box's own tokens.
//!
//! Every file here is durable before the box is told of what is in it, so that an `init` that was
//! interrupted anywhere can be repeated and leaves no secret lost.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use client::{Call, Client, Status};
use credentials::MasterKey;
use gateway::{Bootstrap, NewSigningKey, Step};
use identity::ApiKeyId;

use crate::ask;
use crate::boot::Booted;

/// Holds the first administrator's API key, in the data directory.
const KEY_FILE: &str = "admin.key";
/// Holds that key without its id from before it is made until [`KEY_FILE`] is written.
const SECRET_FILE: &str = "admin.secret";
/// Holds the key that seals what signs the box's own tokens, in the data directory.
const MASTER_FILE: &str = "master.key";

/// The master key: of the file that the operator names, or of the one in the data directory, which is
/// made when it is missing.
pub(crate) fn master_key(data: &Path, file: Option<&Path>) -> Result<MasterKey> {
    let own = data.join(MASTER_FILE);
    let path = file.unwrap_or(&own);
    let text = match fs::read_to_string(path) {
        Err(error) if file.is_none() && error.kind() == ErrorKind::NotFound => {
            let text = MasterKey::new(random()?).text();
            fs::create_dir_all(data)
                .and_then(|()| write_durably(path, &text, place_first))
                .and_then(|()| fs::read_to_string(path))
                .with_context(|| format!("writing {}", path.display()))?
        }
        text => text.with_context(|| format!("reading the master key {}", path.display()))?,
    };
    MasterKey::parse(&text).with_context(|| path.display().to_string())
}

/// Makes the first signing key and the first administrator unless they are there, and keeps the
/// administrator's API key in a file that its owner alone can read. Gives the file when it was written
/// now.
pub(crate) fn ensure_admin(booted: &Booted, data: &Path) -> Result<Option<PathBuf>> {
    let client = ask::connect(booted.rpc)?;
    let reply = demand(&client, &NewSigningKey::question())?;
    if NewSigningKey::is_needed(&reply)? {
        demand(&client, &new_signing_key(None)?.step(&booted.master))?;
    }
    admin(&client, data)
}

/// Makes a new key sign the tokens of the box that serves RPC at `address`. The one before verifies
/// what it signed for `keep_s` seconds, or for as long as any of it can live.
pub(crate) fn rotate_signing_key(
    address: SocketAddr,
    master: &MasterKey,
    keep_s: Option<u32>,
) -> Result<()> {
    let client = ask::connect(address)?;
    demand(&client, &new_signing_key(keep_s)?.step(master)).map(drop)
}

/// The administrator's key, as long as the operator has left it in the data directory.
pub(crate) fn admin_key(data: &Path) -> Option<String> {
    fs::read_to_string(data.join(KEY_FILE)).ok().map(|it| it.trim().to_owned())
}

fn admin(client: &Client, data: &Path) -> Result<Option<PathBuf>> {
    let secret_file = data.join(SECRET_FILE);
    let kept = kept_secret(&secret_file)?;
    let outcome = run(client, &Bootstrap::question())?;
    let keys = Bootstrap::keys(outcome.as_ref().map(Vec::as_slice).map_err(|it| *it))?;
    let bootstrap = match kept {
        None if !keys.is_empty() => return Ok(None),
        Some(bootstrap) => bootstrap,
        None => {
            let bootstrap = Bootstrap::new(random()?);
            write_durably(&secret_file, &bootstrap.unfinished_text(), |from, to| {
                fs::rename(from, to)
            })
            .with_context(|| format!("writing {}", secret_file.display()))?;
            bootstrap
        }
    };
    let made = if keys.is_empty() {
        Some(make_admin(client, &bootstrap)?)
    } else {
        // An earlier run made a key of this secret, and did not come to write it down.
        own_key(client, &bootstrap, keys)?
    };
    let path = data.join(KEY_FILE);
    if let Some(id) = made {
        write_durably(&path, &bootstrap.key_text(id), |from, to| fs::rename(from, to))
            .with_context(|| format!("writing {}", path.display()))?;
    }
    fs::remove_file(&secret_file)
        .and_then(|()| File::open(data)?.sync_all())
        .with_context(|| format!("removing {}", secret_file.display()))?;
    Ok(made.map(|_| path))
}

fn make_admin(client: &Client, bootstrap: &Bootstrap) -> Result<ApiKeyId> {
    let mut last = Vec::new();
    for step in bootstrap.steps() {
        last = demand(client, &step)?;
    }
    Ok(Bootstrap::made(&last)?)
}

fn own_key(
    client: &Client,
    bootstrap: &Bootstrap,
    keys: Vec<ApiKeyId>,
) -> Result<Option<ApiKeyId>> {
    for id in keys {
        if run(client, &bootstrap.is_own(id))?.is_ok() {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

fn new_signing_key(keep_s: Option<u32>) -> Result<NewSigningKey> {
    Ok(NewSigningKey { seed: random()?, nonce: random()?, keep_s })
}

/// The reply; a refusal is an error, unless it means that the step was done already.
fn demand(client: &Client, step: &Step) -> Result<Vec<u8>> {
    match run(client, step)? {
        Ok(reply) => Ok(reply),
        Err(code) if code == step.done_already && code != 0 => Ok(Vec::new()),
        Err(code) => bail!("{}: refused with code {code}", step.name),
    }
}

/// The reply, or the code of the refusal.
fn run(client: &Client, step: &Step) -> Result<Result<Vec<u8>, u16>> {
    let call = Call::command(step.operation, &step.payload);
    let reply = client.call(&call).context(step.name)?;
    match reply.problem()? {
        None => Ok(Ok(reply.payload.clone())),
        Some(problem) if problem.code != 0 => Ok(Err(problem.code)),
        Some(problem) => {
            let status = if problem.status == Status::Internal { "the box failed: " } else { "" };
            bail!("{}: {status}{}", step.name, problem.detail)
        }
    }
}

fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .context("reading random bytes from /dev/urandom")?;
    Ok(bytes)
}

/// What an earlier, interrupted run kept.
fn kept_secret(path: &Path) -> Result<Option<Bootstrap>> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        text => {
            let text = text.with_context(|| format!("reading {}", path.display()))?;
            let bootstrap = Bootstrap::resume(text.trim_ascii());
            bootstrap.map(Some).with_context(|| path.display().to_string())
        }
    }
}

/// Puts a finished file in its place, unless another process was first: then its file stays.
fn place_first(finished: &Path, place: &Path) -> io::Result<()> {
    match fs::hard_link(finished, place) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => fs::remove_file(finished),
    }
}

/// Writes a file that its owner alone can read: either all of it is there after a crash, or what was
/// there before. `place` moves the finished file to its name.
fn write_durably(
    path: &Path,
    text: &str,
    place: fn(&Path, &Path) -> io::Result<()>,
) -> io::Result<()> {
    let unfinished = path.with_extension(format!("{}.new", std::process::id()));
    let mut file =
        File::options().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    place(&unfinished, path)?;
    let directory = path.parent().filter(|it| !it.as_os_str().is_empty());
    File::open(directory.unwrap_or_else(|| Path::new(".")))?.sync_all()
}
