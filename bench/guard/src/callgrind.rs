//! Counting by valgrind: instructions that were carried out, whatever else the machine does meanwhile.

use std::env;
use std::fs;
use std::io;
use std::process::Command;

use crate::functions::Function;

/// Calls before those that count: buffers have grown, tables are filled.
const WARM_UP: u32 = 20;
/// Calls that count.
pub(crate) const CALLS: u32 = 100;
/// The name that callgrind begins and ends its counting at; see [`the_counted_calls`].
const TOGGLE: &str = "--toggle-collect=*the_counted_calls*";

/// Why a function could not be counted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CountError {
    /// No file for the counts, or no program to run.
    #[error("running valgrind for `{name}`: {source}")]
    Run {
        /// Of the function.
        name: &'static str,
        /// From the system.
        source: io::Error,
    },
    /// The program under valgrind failed.
    #[error("`{name}` failed under valgrind: {output}")]
    Failed {
        /// Of the function.
        name: &'static str,
        /// What it said.
        output: String,
    },
    /// There is no count in what it wrote.
    #[error("valgrind counted nothing for `{name}`: is the program stripped of its symbols?")]
    Nothing {
        /// Of the function.
        name: &'static str,
    },
}

/// Whether valgrind is here.
pub(crate) fn is_installed() -> bool {
    Command::new("valgrind").arg("--version").output().is_ok_and(|it| it.status.success())
}

/// Instructions per call, counted in a process of its own: what other functions left behind in memory
/// does not matter to it.
pub(crate) fn count(function: &Function) -> Result<f64, CountError> {
    let name = function.name;
    let failed = |source| CountError::Run { name, source };
    let folder = tempfile::tempdir().map_err(failed)?;
    let file = folder.path().join("callgrind.out");
    let output = Command::new("valgrind")
        // Only these: a person's own settings for valgrind would count otherwise.
        .args(["--command-line-only=yes", "--tool=callgrind", "--collect-atstart=no", TOGGLE])
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(env::current_exe().map_err(failed)?)
        .args(["--run", name])
        .output()
        .map_err(failed)?;
    if !output.status.success() {
        let output = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(CountError::Failed { name, output });
    }
    let text = fs::read_to_string(&file).map_err(failed)?;
    let all = total(&text).filter(|it| *it != 0).ok_or(CountError::Nothing { name })?;
    let all = u32::try_from(all).map_or(f64::INFINITY, f64::from);
    Ok((all / f64::from(CALLS) * 10.0).round() / 10.0)
}

/// What is under valgrind: the function, called so often.
pub(crate) fn run(function: &Function) -> usize {
    let mut call = (function.ready)();
    let mut sum: usize = (0..WARM_UP).map(|_| call()).sum();
    sum = sum.wrapping_add(the_counted_calls(&mut *call));
    sum
}

/// Not inlined, so that its name stays: callgrind counts from its start to its end.
#[inline(never)]
fn the_counted_calls(call: &mut dyn FnMut() -> usize) -> usize {
    let mut sum = 0_usize;
    for _ in 0..CALLS {
        sum = sum.wrapping_add(call());
    }
    sum
}

/// The sum in callgrind's file.
fn total(text: &str) -> Option<u64> {
    let mut lines = text.lines();
    let sum = lines.find_map(|line| {
        let after = |title| line.strip_prefix(title);
        after("totals:").or_else(|| after("summary:"))
    })?;
    sum.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::FUNCTIONS;

    #[test]
    fn every_function_does_its_work() {
        for function in FUNCTIONS {
            let mut call = (function.ready)();
            let first = call();
            assert!(0 < first && first == call(), "{}", function.name);
        }
    }

    #[test]
    fn names_are_there_once() {
        let mut names: Vec<&str> = FUNCTIONS.iter().map(|it| it.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), FUNCTIONS.len());
    }

    #[test]
    fn the_sum_is_found_in_what_callgrind_writes() {
        for (text, expected) in [
            ("events: Ir\nsummary: 1200\n\nfn=(1) x\n1 5\n\ntotals: 1200\n", Some(1200)),
            ("events: Ir\ntotals: 7\n", Some(7)),
            ("events: Ir\n", None),
            ("totals: none\n", None),
        ] {
            assert_eq!(total(text), expected, "{text}");
        }
    }
}
