//! Runs many seeds; see README.md.

#![expect(clippy::print_stdout, reason = "a program that reports to its terminal")]

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
};

use simulation::{Counts, Options, run};

const USAGE: &str = "simulation [--seeds N] [--from SEED] [--seed SEED] [--steps N] [--cores N] \
                     [--verbose]";
const STEPS: u64 = 3000;

/// What the command line asks for.
#[derive(Debug)]
struct Arguments {
    from: u64,
    seeds: u64,
    steps: u64,
    cores: Option<u64>,
    verbose: bool,
}

impl Arguments {
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut it = Self { from: 1, seeds: 100, steps: STEPS, cores: None, verbose: false };
        while let Some(word) = words.next() {
            if word == "--verbose" {
                it.verbose = true;
                continue;
            }
            let value = words.next().ok_or_else(|| format!("{word} needs a number"))?;
            let value: u64 = value.parse().map_err(|_| format!("{word}: {value} is no number"))?;
            match word.as_str() {
                "--seeds" => it.seeds = value,
                "--from" => it.from = value,
                "--seed" => (it.from, it.seeds) = (value, 1),
                "--steps" => it.steps = value,
                "--cores" if (1..=16).contains(&value) => it.cores = Some(value),
                _ => return Err(format!("{word} {value} is not understood")),
            }
        }
        Ok(it)
    }
}

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(error) => {
            println!("{error}\nusage: {USAGE}");
            return ExitCode::from(2);
        }
    };
    let mut total = Counts::default();
    for index in 0..arguments.seeds {
        let seed = arguments.from + index;
        let Arguments { steps, cores, verbose, .. } = arguments;
        let options = Options { cores, verbose, ..Options::new(seed, steps) };
        let failure = match catch_unwind(AssertUnwindSafe(|| run(options))) {
            Ok(outcome) => {
                total.add(&outcome.counts);
                if arguments.seeds == 1 {
                    println!("seed {seed}: trace {:016x}", outcome.trace);
                }
                outcome.violation
            }
            Err(_) => Some("it panicked, see above".to_owned()),
        };
        if let Some(failure) = failure {
            let cores = cores.map_or_else(String::new, |cores| format!(" --cores {cores}"));
            println!("seed {seed} failed: {failure}");
            println!(
                "reproduce: cargo run --release -p simulation -- --seed {seed} --steps \
                 {steps}{cores} --verbose"
            );
            return ExitCode::FAILURE;
        }
        if (index + 1) % 100 == 0 {
            println!("{} seeds, {total}", index + 1);
        }
    }
    println!("{} seeds held: {total}", arguments.seeds);
    ExitCode::SUCCESS
}
