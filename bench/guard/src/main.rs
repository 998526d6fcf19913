//! Guards the hot functions: counts the instructions of each under valgrind and holds them against
//! the stored counts. Unlike times, counts are the same on a busy machine as on an idle one.
//!
//!     cargo run --profile guard -p guard                  # compare with bench/guard/counts.toml
//!     cargo run --profile guard -p guard -- --bless       # take the counts of now as the new ones

#![allow(clippy::print_stdout, reason = "it is a program that prints figures")]

mod callgrind;
mod counts;
mod functions;
mod world;

use std::collections::BTreeMap;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use crate::callgrind::CountError;
use crate::counts::Counts;
use crate::functions::FUNCTIONS;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const COUNTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/counts.toml");
const COMPILER: &str = env!("GUARD_COMPILER");
/// The profile that the stored counts are of: see the root manifest.
const PROFILE: &str = "guard";
const HEAD: &str = "\
# Instructions per call of the hot functions. Written by `cargo run --profile guard -p guard -- --bless`;
# commit it with the change that moved the counts, and say there why they moved.
";

/// Count the instructions of the hot functions and compare them with the stored counts
#[derive(Debug, Parser)]
#[command(name = "guard")]
struct Args {
    /// Store the counts of now, and say in the commit why they moved
    #[arg(long, conflicts_with = "filter")]
    bless: bool,
    /// Only functions whose name holds this
    #[arg(long, value_name = "TEXT", default_value = "")]
    filter: String,
    /// The file of stored counts
    #[arg(long, value_name = "FILE", default_value = COUNTS)]
    counts: PathBuf,
    /// Call this function so often that it can be counted, and do nothing else
    #[arg(long, value_name = "NAME", hide = true)]
    run: Option<String>,
}

/// What ends the guard before it has compared.
#[derive(Debug, thiserror::Error)]
enum GuardError {
    #[error(transparent)]
    Count(#[from] CountError),
    #[error("there is no function `{0}`")]
    Unknown(String),
    #[error(
        "built with the profile `{0}`, whose counts are others: cargo run --profile guard -p guard"
    )]
    Profile(&'static str),
    #[error("reading or writing {file}: {reason}")]
    File { file: String, reason: String },
}

fn main() -> ExitCode {
    match guard(&Args::parse()) {
        Ok(code) => code,
        Err(error) => {
            println!("guard: {error}");
            ExitCode::FAILURE
        }
    }
}

fn guard(args: &Args) -> Result<ExitCode, GuardError> {
    if let Some(name) = &args.run {
        let function = FUNCTIONS.iter().find(|it| it.name == name);
        let function = function.ok_or_else(|| GuardError::Unknown(name.clone()))?;
        black_box(callgrind::run(function));
        return Ok(ExitCode::SUCCESS);
    }
    if env!("GUARD_PROFILE") != PROFILE {
        return Err(GuardError::Profile(env!("GUARD_PROFILE")));
    }
    if !callgrind::is_installed() {
        println!("guard: skipped, since valgrind is not installed (apt-get install valgrind)");
        return Ok(ExitCode::SUCCESS);
    }
    let mut instructions = BTreeMap::new();
    for function in FUNCTIONS.iter().filter(|it| it.name.contains(&args.filter)) {
        instructions.insert(function.name.to_owned(), callgrind::count(function)?);
    }
    let now = Counts {
        compiler: COMPILER.to_owned(),
        architecture: std::env::consts::ARCH.to_owned(),
        instructions,
    };
    if args.bless {
        write(&args.counts, &now)?;
        println!("guard: {} counts stored in {}", now.instructions.len(), args.counts.display());
        return Ok(ExitCode::SUCCESS);
    }
    Ok(compare(&read(&args.counts)?, &now, &args.filter))
}

fn compare(before: &Counts, now: &Counts, filter: &str) -> ExitCode {
    println!("{:<40}{:>12}{:>12}{:>11}", "instructions per call", "stored", "now", "change");
    let rows = before.changes(now, filter);
    for row in &rows {
        println!("{row}");
    }
    if !before.is_comparable(now) {
        println!(
            "guard: not compared, since the stored counts are of {} on {}, these of {} on {}; \
             bless anew with the compiler that the gate uses",
            before.compiler, before.architecture, now.compiler, now.architecture
        );
        return ExitCode::SUCCESS;
    }
    let refused = rows.iter().filter(|it| it.change.is_refused()).count();
    if refused == 0 {
        println!("guard: {} functions cost what they did", rows.len());
        return ExitCode::SUCCESS;
    }
    println!(
        "guard: {refused} of {} functions changed by more than 5 % or are not in the file. If that is \
         meant, store the counts with\n    cargo run --profile guard -p guard -- --bless\nand say in \
         the commit why they moved; valgrind --tool=callgrind shows where the instructions are",
        rows.len()
    );
    ExitCode::FAILURE
}

fn read(file: &Path) -> Result<Counts, GuardError> {
    let failed = |reason| GuardError::File { file: file.display().to_string(), reason };
    let text = fs::read_to_string(file).map_err(|error| failed(error.to_string()))?;
    toml::from_str(&text).map_err(|error| failed(error.to_string()))
}

fn write(file: &Path, counts: &Counts) -> Result<(), GuardError> {
    let failed = |reason| GuardError::File { file: file.display().to_string(), reason };
    let text = toml::to_string(counts).map_err(|error| failed(error.to_string()))?;
    fs::write(file, format!("{HEAD}{text}")).map_err(|error| failed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_counts_are_of_these_functions() {
        let stored = read(Path::new(COUNTS)).unwrap();
        let names: Vec<&str> = stored.instructions.keys().map(String::as_str).collect();
        let mut here: Vec<&str> = FUNCTIONS.iter().map(|it| it.name).collect();
        here.sort_unstable();
        assert_eq!(names, here, "run the guard with --bless");
    }

    #[test]
    fn counts_are_read_as_they_were_written() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("counts.toml");
        let counts = Counts {
            compiler: "rustc 1".to_owned(),
            architecture: "x86_64".to_owned(),
            instructions: [("a: b, c".to_owned(), 12.5)].into(),
        };
        write(&file, &counts).unwrap();
        assert_eq!(read(&file).unwrap(), counts);
        fs::write(&file, "compiler = 7").unwrap();
        let error = read(&file).unwrap_err().to_string();
        assert!(error.contains("counts.toml"), "{error}");
    }
}
