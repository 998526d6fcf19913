//! The `quoin` binary: the command line, and the order in which the parts start and stop.
//!
//! Start reading at `boot.rs`. This is the only crate that prints and that ends the process.
#![allow(clippy::print_stdout)]

mod ask;
mod bench_box;
mod boot;
mod bootstrap;
mod cli;
mod encryption;
mod layout;
mod lines;
mod memory;
mod offline;
mod operations;
mod reference;
mod shutdown;
mod table;
mod telemetry;
mod trace;

use std::process::ExitCode;

use clap::Parser;

/// Short-lived allocations on many threads at once are what this allocator is good at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    memory::use_small_pages();
    memory::keep_freed_memory();
    cli::run(cli::Cli::parse())
}
