//! The quote service: Python over Redis and `PostgreSQL`.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{Setup, postgres, redis, words};
use crate::ask::ask;
use crate::child::{Terms, free_address};
use crate::programs::find;
use crate::site::Site;

/// Everything that the service reads: its own files, and the award that both sides price under.
const FILES: [(&str, &str); 9] = [
    ("quote_service.py", include_str!("../../service/quote_service.py")),
    ("pricing.py", include_str!("../../service/pricing.py")),
    ("pack.py", include_str!("../../service/pack.py")),
    ("seed.py", include_str!("../../service/seed.py")),
    ("schema.sql", include_str!("../../service/schema.sql")),
    ("requirements.txt", include_str!("../../service/requirements.txt")),
    ("token_bucket.lua", redis::TOKEN_BUCKET),
    ("pack.toml", include_str!("../../../../config/reference/packs/MA000004.toml")),
    ("holidays.toml", include_str!("../../../../config/reference/holidays.toml")),
];
/// The service's own key.
const API_KEY: &str = "compare-quote-service";
/// The operation on both sides.
const PATH: &str = "/v1/rates/quotes";
/// Connections to `PostgreSQL` that the service may have.
const POOL: u32 = 64;

/// Starts the service and what it needs. `venv` is where its packages are, or are to be put.
pub(crate) fn start<'a>(
    stop: &'a AtomicBool,
    room: &Path,
    venv: Option<&Path>,
) -> Result<Setup<'a>> {
    for (name, text) in FILES {
        fs::write(room.join(name), text)?;
    }
    let terms = Terms::until(stop);
    let python = environment(&terms, room, venv)?;
    let (store, store_at, store_version) =
        redis::start(&terms, room, &["--appendonly", "no"]).context("Redis")?;
    let (database, database_at, database_version) =
        postgres::start(stop, room, POOL).context("PostgreSQL")?;
    let url = format!("postgres://{}@{database_at}/{}", postgres::ROLE, postgres::DATABASE);
    let prepare = |mut command: Command| {
        command.current_dir(room).env("QUOTES_POSTGRES", &url).env("QUOTES_API_KEY", API_KEY);
        command.env("QUOTES_REDIS", format!("redis://{store_at}"));
        command
    };
    let mut seed = prepare(terms.command(&python));
    seed.args(["seed.py", "pack.toml", "holidays.toml"]);
    terms.finish(seed).context("filling its stores")?;
    let address = free_address()?;
    let mut serve = prepare(terms.command(&python));
    serve.args(["-m", "uvicorn", "quote_service:app", "--host", "127.0.0.1", "--port"]);
    serve.arg(address.port().to_string());
    serve.args(["--no-access-log", "--loop", "uvloop", "--http", "httptools"]);
    let mut running = terms.start(serve, &room.join("service.log"))?;
    running.listens(address)?;
    let url = format!("http://{address}");
    let flags = words(["--peer", &url, "--peer-same", "--peer-api-key", API_KEY]);
    let service_version = said(&python, "import fastapi; print('fastapi/' + fastapi.__version__)");
    let version = format!("{service_version} {store_version} {database_version}");
    Ok(Setup { flags, version, running: vec![store, database, running] })
}

/// Python with the packages of the service, installed there unless they are.
fn environment(terms: &Terms<'_>, room: &Path, venv: Option<&Path>) -> Result<PathBuf> {
    let made = room.join("venv");
    let venv = venv.unwrap_or(&made);
    // The service runs in a folder of its own.
    let venv = &std::path::absolute(venv)?;
    let python = venv.join("bin/python");
    let mut check = terms.command(&python);
    check.args(["-c", "import fastapi, uvicorn, uvloop, httptools, redis, hiredis, asyncpg"]);
    if python.is_file() && terms.finish(check).is_ok() {
        return Ok(python);
    }
    let mut create = terms.command(&find("python3", "python3-venv")?);
    create.args(["-m", "venv"]).arg(venv);
    terms.finish(create).context("making its Python environment (package python3-venv)")?;
    let mut install = terms.command(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]);
    install.arg(room.join("requirements.txt"));
    terms.finish(install).context("installing its Python packages")?;
    Ok(python)
}

fn said(python: &Path, script: &str) -> String {
    let output = Command::new(python).args(["-c", script]).output();
    output
        .map_or_else(|_| String::new(), |it| String::from_utf8_lossy(&it.stdout).trim().to_owned())
}

/// Classification, employment, first day of the pay period, and shifts that go through ordinary hours,
/// every penalty, the span, overtime and breaks; then through what shifts do to one another, and what
/// is made up to a minimum.
const CASES: [Case; 16] = [
    (
        "retail-employee-level-1",
        "full-time",
        "2025-07-07",
        r#"{"start":"2025-07-09T09:00","end":"2025-07-09T14:00"}"#,
    ),
    (
        "retail-employee-level-1",
        "casual",
        "2025-07-07",
        r#"{"start":"2025-07-13T10:00","end":"2025-07-13T15:00"}"#,
    ),
    (
        "retail-employee-level-2",
        "part-time",
        "2025-07-07",
        r#"{"start":"2025-07-07T09:00","end":"2025-07-07T17:30",
            "unpaid_breaks":[{"start":"2025-07-07T12:00","end":"2025-07-07T12:30"}]}"#,
    ),
    (
        "retail-employee-level-4",
        "full-time",
        "2025-07-07",
        r#"{"start":"2025-07-11T14:00","end":"2025-07-11T22:00"}"#,
    ),
    (
        "retail-employee-level-1",
        "casual",
        "2025-12-22",
        r#"{"start":"2025-12-25T10:00","end":"2025-12-25T15:00"}"#,
    ),
    (
        "retail-employee-level-1",
        "casual",
        "2025-07-07",
        r#"{"start":"2025-07-12T14:00","end":"2025-07-13T02:00",
            "unpaid_breaks":[{"start":"2025-07-12T19:00","end":"2025-07-12T19:30"}]}"#,
    ),
    (
        "retail-employee-level-8",
        "casual",
        "2025-07-07",
        r#"{"start":"2025-07-09T06:00","end":"2025-07-09T20:00"}"#,
    ),
    // Made up to three hours, out of the day into the evening.
    (
        "retail-employee-level-3",
        "casual",
        "2025-07-07",
        r#"{"start":"2025-07-11T17:20","end":"2025-07-11T18:10"}"#,
    ),
    // Made up as it ended, past the span.
    (
        "retail-employee-level-2",
        "part-time",
        "2025-07-07",
        r#"{"start":"2025-07-12T17:30","end":"2025-07-12T18:40"}"#,
    ),
    // Made up from before the span into it.
    (
        "retail-employee-level-2",
        "casual",
        "2025-07-07",
        r#"{"start":"2025-07-13T07:40","end":"2025-07-13T08:50"}"#,
    ),
    // Eleven hours of rest are too few, for ordinary hours and for overtime.
    (
        "retail-employee-level-5",
        "full-time",
        "2025-07-07",
        r#"{"start":"2025-07-10T13:00","end":"2025-07-10T21:00"},
            {"start":"2025-07-11T08:00","end":"2025-07-11T21:40"}"#,
    ),
    // One day of the week may take eleven hours.
    (
        "retail-employee-level-1",
        "full-time",
        "2025-07-07",
        r#"{"start":"2025-07-08T07:00","end":"2025-07-08T19:00",
            "unpaid_breaks":[{"start":"2025-07-08T12:00","end":"2025-07-08T12:30"}]},
            {"start":"2025-07-09T07:00","end":"2025-07-09T18:00"}"#,
    ),
    // Two shifts share the hours of their day, and the first tier of its overtime.
    (
        "retail-employee-level-6",
        "part-time",
        "2025-07-07",
        r#"{"start":"2025-07-09T06:00","end":"2025-07-09T13:00"},
            {"start":"2025-07-09T15:00","end":"2025-07-09T23:20"}"#,
    ),
    // The hours of the week are used up on its fifth day, and begin anew.
    (
        "retail-employee-level-4",
        "casual",
        "2025-07-07",
        r#"{"start":"2025-07-07T09:00","end":"2025-07-07T17:30"},
            {"start":"2025-07-08T09:00","end":"2025-07-08T17:30"},
            {"start":"2025-07-09T09:00","end":"2025-07-09T17:30"},
            {"start":"2025-07-10T09:00","end":"2025-07-10T17:30"},
            {"start":"2025-07-11T09:00","end":"2025-07-11T17:30"},
            {"start":"2025-07-14T09:00","end":"2025-07-14T17:30"}"#,
    ),
    // The seventh day in a row is overtime.
    (
        "retail-employee-level-1",
        "full-time",
        "2025-07-07",
        r#"{"start":"2025-07-07T10:00","end":"2025-07-07T15:00"},
            {"start":"2025-07-08T10:00","end":"2025-07-08T15:00"},
            {"start":"2025-07-09T10:00","end":"2025-07-09T15:00"},
            {"start":"2025-07-10T10:00","end":"2025-07-10T15:00"},
            {"start":"2025-07-11T10:00","end":"2025-07-11T15:00"},
            {"start":"2025-07-12T10:00","end":"2025-07-12T15:00"},
            {"start":"2025-07-13T10:00","end":"2025-07-13T15:00"}"#,
    ),
    // Overtime on a public holiday and into the next, with breaks that touch; then too little rest.
    (
        "retail-employee-level-7",
        "full-time",
        "2025-12-22",
        r#"{"start":"2025-12-25T14:00","end":"2025-12-26T01:10",
            "unpaid_breaks":[{"start":"2025-12-25T18:20","end":"2025-12-25T18:30"},
                {"start":"2025-12-25T18:00","end":"2025-12-25T18:20"}]},
            {"start":"2025-12-26T09:00","end":"2025-12-26T22:00"}"#,
    ),
];

/// Asks both sides the same, and refuses to compare them unless they agree.
pub(crate) fn agree(site: &Site, setup: &Setup<'_>) -> Result<()> {
    let service: SocketAddr = setup
        .flags
        .iter()
        .find_map(|it| it.strip_prefix("http://"))
        .context("the service has an address")?
        .parse()?;
    for case in CASES {
        let json = format!(r#"{{"quote":{}}}"#, quote(case));
        let ours = total(site.http, &site.api_key, &json)?;
        let theirs = total(service, API_KEY, &json)?;
        if ours != theirs {
            bail!("it does not do the same work: {theirs} where the box says {ours} for {json}");
        }
    }
    Ok(())
}

type Case = (&'static str, &'static str, &'static str, &'static str);

fn quote((classification, employment, since, shift): Case) -> String {
    format!(
        r#"{{"award":"MA000004","classification":"{classification}","employment":"{employment}",
            "state":"NSW","pay_period_start":"{since}","shifts":[{shift}]}}"#
    )
}

fn total(address: SocketAddr, api_key: &str, json: &str) -> Result<String> {
    let reply: Value = serde_json::from_str(&ask(address, "POST", PATH, api_key, json)?)?;
    Ok(reply["total"].as_str().context("an accepted quote has a total")?.to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::Stdio;

    use super::*;

    /// What the box asks for [`CASES`], which [`agree`] holds against a box that runs.
    const TOTALS: [&str; 16] = [
        "132.75", "232.30", "217.28", "260.11", "331.90", "567.53", "616.53", "119.53", "118.83",
        "160.71", "1056.17", "633.91", "554.41", "1877.04", "1095.20", "1709.03",
    ];

    /// A pack that says something new must not be found out by whoever runs the comparison next.
    #[test]
    fn the_service_reads_the_packs_as_they_are() {
        let python = |script: &str| {
            let mut command = Command::new("python3");
            command.args(["-B", "-c", script]).stderr(Stdio::null());
            command
        };
        if !python("import tomllib").status().is_ok_and(|it| it.success()) {
            eprintln!("skipped: there is no python3 of version 3.11 or later");
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let check = ("check.py", include_str!("../../service/check.py"));
        for (name, text) in FILES.into_iter().chain([check]) {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let mut command = Command::new("python3");
        command.args(["-B", "check.py", "pack.toml", "holidays.toml"]).current_dir(folder.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let quotes = format!("[{}]", CASES.map(quote).join(","));
        child.stdin.take().unwrap().write_all(quotes.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let (said, failed) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(said.lines().collect::<Vec<_>>(), TOTALS, "{failed}");
    }
}
