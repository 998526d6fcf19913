//! Redis: as a log that is synced before each answer, as a limiter, and as a cache.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use anyhow::Result;

use super::{Setup, words};
use crate::child::{Running, Terms, free_address};
use crate::programs::{find, version};

/// Also the quote service's.
pub(crate) const TOKEN_BUCKET: &str = include_str!("../../scripts/token_bucket.lua");
/// A bucket that is never empty: what is measured is the check.
const BUCKET: &str = "EVALSHA {script} 1 bucket:{c} 1000000000 1000000000";
/// A key of its own for each value, as every accepted quote is a record of its own.
const SET: &str = "SET quote:{n} {payload}";

/// Keeps every value before it answers. It may use every core, as the box's log may.
pub(crate) fn start_durable<'a>(stop: &'a AtomicBool, room: &Path) -> Result<Setup<'a>> {
    let durable = ["--appendonly", "yes", "--appendfsync", "always"];
    let (running, address, version) = start(&Terms::until(stop), room, &durable)?;
    let flags = words(["--peer", &format!("redis://{address}"), "--peer-command", SET]);
    Ok(Setup { flags, version, running: vec![running] })
}

/// Checks a bucket for each connection, on the box's core.
pub(crate) fn start_bucket<'a>(
    stop: &'a AtomicBool,
    room: &Path,
    core: usize,
) -> Result<Setup<'a>> {
    let terms = Terms { core: Some(core), ..Terms::until(stop) };
    let (running, address, version) = start(&terms, room, &["--appendonly", "no"])?;
    let script = room.join("token_bucket.lua");
    fs::write(&script, TOKEN_BUCKET)?;
    let (url, script) = (format!("redis://{address}"), script.display().to_string());
    let flags = words(["--peer", &url, "--peer-script", &script, "--peer-command", BUCKET]);
    Ok(Setup { flags, version, running: vec![running] })
}

/// Its process, its address and its version.
pub(crate) fn start<'a>(
    terms: &Terms<'a>,
    room: &Path,
    flags: &[&str],
) -> Result<(Running<'a>, SocketAddr, String)> {
    let program = find("redis-server", "redis-server")?;
    let address = free_address()?;
    let mut command = terms.command(&program);
    command.args(["--bind", "127.0.0.1", "--port", &address.port().to_string(), "--save", ""]);
    // A rewrite of its file in the middle of a round would be measured along.
    command.args(["--auto-aof-rewrite-percentage", "0", "--dir"]).arg(room).args(flags);
    let mut running = terms.start(command, &room.join("redis.log"))?;
    running.listens(address)?;
    let said = version(&program, "--version");
    let number = said.split_whitespace().find_map(|it| it.strip_prefix("v="));
    Ok((running, address, format!("redis/{}", number.unwrap_or("?"))))
}
