//! Micro benchmarks of the hot functions: what one shift, one read, one frame costs on one core.
//!
//! `cargo run --release -p micro` prints nanoseconds per operation: the least, the median and the
//! greatest of several samples, each long enough for the clock not to matter. Compare medians; a
//! wide spread means a busy machine.

#![allow(clippy::print_stdout, reason = "figures are what this program is for")]

mod engine;
mod gateway;
mod harness;
mod limits;
mod log;
mod memory;
mod period;
mod pricing;
mod pricing_tiers;
mod records;
mod reference;
mod text;
mod wires;

use clap::Parser;

use crate::harness::Harness;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Micro benchmarks of the hot functions.
#[derive(Debug, Parser)]
struct Flags {
    /// Run only benchmarks whose name contains this
    #[arg(long, default_value = "")]
    filter: String,
    /// Samples of each benchmark
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=1000))]
    samples: u32,
    /// Print what compiled awards take up in memory, and time nothing
    #[arg(long, conflicts_with_all = ["filter", "samples"])]
    memory: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn main() {
    let flags = Flags::parse();
    if flags.memory {
        memory::print(flags.json);
        return;
    }
    let mut harness = Harness::new(&flags.filter, flags.samples, flags.json);
    pricing::run(&mut harness);
    period::run(&mut harness);
    pricing_tiers::run(&mut harness);
    engine::run(&mut harness);
    records::run(&mut harness);
    wires::run(&mut harness);
    log::run(&mut harness);
    text::run(&mut harness);
    limits::run(&mut harness);
    gateway::run(&mut harness);
    if flags.json {
        println!("{}", harness.to_json());
    }
}
