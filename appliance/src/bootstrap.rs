//! The first administrator.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use client::{Call, Client, Status};
use gateway::{Bootstrap, Step};

use crate::ask;
use crate::boot::Booted;

/// Holds the first administrator's API key, in the data directory.
const KEY_FILE: &str = "admin.key";

/// Makes the first administrator unless there is one, and keeps its API key in a file that its owner
/// alone can read. Gives the file when it was written now.
pub(crate) fn ensure_admin(booted: &Booted, data: &Path) -> Result<Option<PathBuf>> {
    let client = ask::connect(booted.rpc)?;
    let question = Bootstrap::question();
    let reply = run(&client, &question)?;
    let outcome = reply.as_ref().map(Vec::as_slice).map_err(|code| *code);
    if !Bootstrap::is_needed(outcome)? {
        return Ok(None);
    }
    let bootstrap = Bootstrap::new(secret()?);
    let mut last = Vec::new();
    for step in bootstrap.steps() {
        match run(&client, &step)? {
            Ok(reply) => last = reply,
            Err(code) if code == step.done_already && code != 0 => {}
            Err(code) => anyhow::bail!("{}: refused with code {code}", step.name),
        }
    }
    let path = data.join(KEY_FILE);
    write_secret(&path, &bootstrap.key_text(&last)?)
        .with_context(|| format!("writing {}", path.display()))?;
    Ok(Some(path))
}

/// The administrator's key, as long as the operator has left it in the data directory.
pub(crate) fn admin_key(data: &Path) -> Option<String> {
    fs::read_to_string(data.join(KEY_FILE)).ok().map(|it| it.trim().to_owned())
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
            anyhow::bail!("{}: {status}{}", step.name, problem.detail)
        }
    }
}

fn secret() -> Result<[u8; 32]> {
    let mut secret = [0; 32];
    File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut secret))
        .context("reading random bytes from /dev/urandom")?;
    Ok(secret)
}

fn write_secret(path: &Path, text: &str) -> std::io::Result<()> {
    // A file of an earlier, interrupted run holds a key that was never used.
    let mut file =
        File::options().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    writeln!(file, "{text}")?;
    file.sync_all()
}
