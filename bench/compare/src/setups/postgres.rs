//! `PostgreSQL` with its own defaults for durability: `fsync`, `full_page_writes`, `synchronous_commit`.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::chown;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result};
use rustix::process::geteuid;

use super::{Setup, words};
use crate::child::{Running, Terms, free_address};
use crate::programs::{postgres_folder, version};

/// The package makes this user; the server refuses to run as root.
const USER: &str = "postgres";
/// The role and the database, which is the one that is there from the beginning.
pub(crate) const ROLE: &str = "quoin";
pub(crate) const DATABASE: &str = "postgres";

const TABLE: &str = "CREATE TABLE accepted_quotes (id uuid PRIMARY KEY, quote text NOT NULL, \
                     accepted_at timestamptz NOT NULL DEFAULT now())";
const INSERT: &str = "INSERT INTO accepted_quotes (id, quote) VALUES ($1, $2)";

/// Commits one row for each answer. It may use every core, as the box's log may.
pub(crate) fn start_commits<'a>(
    stop: &'a AtomicBool,
    room: &Path,
    connections: u32,
) -> Result<Setup<'a>> {
    let (running, address, version) = start(stop, room, connections)?;
    let terms = Terms::until(stop);
    let mut psql = terms.command(&postgres_folder()?.join("psql"));
    // Without the settings of whoever calls.
    psql.arg("-X").args([
        "-h",
        "127.0.0.1",
        "-p",
        &address.port().to_string(),
        "-U",
        ROLE,
        "-d",
        DATABASE,
    ]);
    psql.args(["-q", "-c", TABLE]);
    terms.finish(psql).context("making the table")?;
    let url = format!("postgres://{ROLE}@{address}/{DATABASE}");
    let flags = words(["--peer", &url, "--peer-command", INSERT]);
    Ok(Setup { flags, version, running: vec![running] })
}

/// Its process, its address and its version. Everybody on this machine may come in.
pub(crate) fn start<'a>(
    stop: &'a AtomicBool,
    room: &Path,
    connections: u32,
) -> Result<(Running<'a>, SocketAddr, String)> {
    let folder = postgres_folder()?;
    let cluster = room.join("postgres");
    fs::create_dir_all(&cluster)?;
    if geteuid().is_root() {
        let (uid, gid) = ids(&fs::read_to_string("/etc/passwd")?)
            .with_context(|| format!("there is no user {USER}"))?;
        chown(&cluster, Some(uid), Some(gid))?;
    }
    let terms = Terms { user: Some(USER), interrupt: true, ..Terms::until(stop) };
    let mut init = terms.command(&folder.join("initdb"));
    init.arg("-D").arg(&cluster).args(["-U", ROLE, "--auth=trust", "--no-sync", "-E", "UTF8"]);
    // The same order of texts, whatever the language of whoever calls.
    init.arg("--locale=C").current_dir("/");
    terms.finish(init).with_context(|| {
        format!(
            "initdb in {} (as root, run this in a directory that user {USER} may enter)",
            cluster.display()
        )
    })?;
    let address = free_address()?;
    let program = folder.join("postgres");
    let mut command = terms.command(&program);
    command.current_dir("/").arg("-D").arg(&cluster);
    let connections = connections.saturating_add(20);
    let settings = [
        "listen_addresses=127.0.0.1".to_owned(),
        format!("port={}", address.port()),
        "unix_socket_directories=".to_owned(),
        format!("max_connections={connections}"),
        "synchronous_commit=on".to_owned(),
        "fsync=on".to_owned(),
        "full_page_writes=on".to_owned(),
        "shared_buffers=256MB".to_owned(),
        // A checkpoint in the middle of a round would be measured along.
        "max_wal_size=4GB".to_owned(),
        "checkpoint_timeout=30min".to_owned(),
    ];
    for setting in &settings {
        command.args(["-c", setting]);
    }
    let mut running = terms.start(command, &room.join("postgres.log"))?;
    let ready = folder.join("pg_isready");
    running.wait(|| {
        let mut asking = Terms::until(stop).command(&ready);
        asking.args(["-q", "-h", "127.0.0.1", "-p", &address.port().to_string()]);
        Terms::until(stop).finish(asking)
    })?;
    let said = version(&program, "--version");
    let number = said.split_whitespace().nth(2).unwrap_or("?");
    Ok((running, address, format!("postgresql/{number}")))
}

/// Numbers of the user and of its group.
fn ids(passwd: &str) -> Option<(u32, u32)> {
    let line = passwd.lines().find(|it| it.split(':').next() == Some(USER))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_is_found_by_its_whole_name() {
        let text = "root:x:0:0::/root:/bin/sh\npostgresql:x:7:8::/:/\npostgres:x:101:104::/:/\n";
        assert_eq!(ids(text), Some((101, 104)));
        assert_eq!(ids("postgres:x:a:1"), None);
        assert_eq!(ids(""), None);
    }
}
