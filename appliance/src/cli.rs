//! The command line.

mod bench;
mod check;
mod config;
mod demo;
mod doctor;
mod flags;
mod import;
mod init;
mod inspect;
mod pack;
mod quote;
mod rotate;
mod serve;
mod top;

use std::io;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Award data in, exact pay out: durable, over binary RPC and HTTP, from one process.
#[derive(Debug, Parser)]
#[command(
    name = "quoin",
    version,
    max_term_width = 100,
    after_help = "Begin with:\n  \
        quoin doctor              what this machine lacks, and what to do about it\n  \
        quoin demo                a week's roster priced under real awards, then a running server\n  \
        quoin init --data DIR     an empty data directory with the reference packs\n  \
        quoin serve --data DIR    the server\n\n\
        Exit status: 0 done, 1 refused or found bad, 2 wrong usage, 70 the log or a thread failed."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Init),
    Serve(serve::Serve),
    Top(top::Top),
    Demo(demo::Demo),
    Quote(quote::QuoteFlags),
    Import(import::Import),
    Pack(pack::Pack),
    Check(check::Check),
    Inspect(inspect::Inspect),
    Doctor(doctor::Doctor),
    Bench(Box<bench::Bench>),
    RotateSigningKey(rotate::Rotate),
    Config(config::ConfigFlags),
}

/// Runs what was asked for.
pub(crate) fn run(cli: Cli) -> ExitCode {
    let done = match cli.command {
        Command::Init(init) => init.run(),
        Command::Serve(serve) => serve.run(),
        Command::Top(top) => top.run(),
        Command::Demo(demo) => demo.run(),
        Command::Quote(quote) => quote.run(),
        Command::Import(import) => import.run(),
        Command::Pack(pack) => pack.run(),
        Command::Check(check) => check.run(),
        Command::Inspect(inspect) => inspect.run(),
        Command::Doctor(doctor) => doctor.run(),
        Command::Bench(bench) => bench.run(),
        Command::RotateSigningKey(rotate) => rotate.run(),
        Command::Config(config) => config.run(),
    };
    match done {
        Ok(code) => code,
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("quoin: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether the reader of our output went away, as `head` does: no failure of ours.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let closed = |it: &io::Error| it.kind() == io::ErrorKind::BrokenPipe;
    error.chain().filter_map(|it| it.downcast_ref::<io::Error>()).any(closed)
}
