//! nginx with one static file, over TLS 1.3.

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use rustix::process::geteuid;
use tls::ensure_development;

use super::{Setup, words};
use crate::child::{Terms, free_address};
use crate::programs::{find, version};

/// One worker, as the box has one core; no log, the file kept open, connections kept for ever.
const CONFIGURATION: &str = "\
daemon off;
worker_processes 1;
pid ROOM/nginx.pid;
error_log stderr warn;
events { worker_connections 20000; }
http {
    access_log off;
    sendfile on;
    tcp_nodelay on;
    keepalive_requests 1000000000;
    keepalive_timeout 3600s;
    open_file_cache max=16 inactive=1h;
    default_type application/json;
    client_body_temp_path ROOM/body;
    proxy_temp_path ROOM/proxy;
    fastcgi_temp_path ROOM/fastcgi;
    uwsgi_temp_path ROOM/uwsgi;
    scgi_temp_path ROOM/scgi;
    server {
        listen LISTEN ssl;
        ssl_certificate ROOM/development.pem;
        ssl_certificate_key ROOM/development.key;
        ssl_protocols TLSv1.3;
        root ROOM/files;
    }
}
";

/// Serves a file of `body_bytes`.
pub(crate) fn start<'a>(
    stop: &'a AtomicBool,
    room: &Path,
    core: usize,
    body_bytes: usize,
) -> Result<Setup<'a>> {
    let program = find("nginx", "nginx-light")?;
    let address = free_address()?;
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |it| it.as_secs());
    // Of the same kind as the box's own.
    ensure_development(room, &[], now_s)?;
    fs::create_dir_all(room.join("files"))?;
    fs::write(room.join("files/quote.json"), vec![b'x'; body_bytes])?;
    let text = CONFIGURATION
        .replace("ROOM", &room.display().to_string())
        .replace("LISTEN", &address.to_string());
    // Started by root it would become somebody who may not enter here.
    let user = if geteuid().is_root() { "user root;\n" } else { "" };
    let configuration = room.join("nginx.conf");
    fs::write(&configuration, format!("{user}{text}"))?;
    let terms = Terms { core: Some(core), ..Terms::until(stop) };
    let mut command = terms.command(&program);
    command.arg("-p").arg(room).arg("-c").arg(&configuration);
    let mut running = terms.start(command, &room.join("nginx.log"))?;
    running.listens(address)?;
    Ok(Setup {
        flags: words(["--peer", &format!("https://{address}/quote.json")]),
        version: version(&program, "-v").replace("nginx version: ", ""),
        running: vec![running],
    })
}
