//! `quoin quote --roster`: many workers' pay periods from one CSV file into another.
//!
//! What is held at a time is bounded whatever the file's length: the pay period being read, a few
//! batches on their way, and 16 bytes for each pay period that was read.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use client::{Call, Client, Pending, Problem, Status};
use contract::Stored;
use rates::{Quote, QuoteReply};
use serde_json::{Value, json};
use values::{Currency, Money};

use super::rows::{Next, Period, Refusal, Refused, Rows};
use super::sheet::Sheet;
use crate::ask;
use crate::offline::Offline;
use crate::operations;

/// Workers priced in one frame.
const BATCH_PERIODS: usize = 64;
/// A frame is full beyond so many bytes of requests; their answers stay below the reply limit.
const BATCH_BYTES: usize = 256 * 1024;
/// Frames without an answer yet.
const BATCHES_IN_FLIGHT: usize = 8;
/// How often a frame is sent that the box has no room for.
const ATTEMPTS_MAX: u32 = 20;
/// The pause before it is sent again, unless the box names another.
const AGAIN_AFTER: Duration = Duration::from_millis(200);
/// The most refusals that the JSON summary lists; all of them go to standard error.
const LISTED_REFUSALS_MAX: usize = 1_000;
/// How often progress is told.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);

/// From where, to where, and what of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paths<'a> {
    /// The roster file; `-` is standard input.
    pub(super) roster: &'a Path,
    pub(super) out: &'a Path,
    /// One row for each pay period.
    pub(super) totals: bool,
    /// Write what could be priced, although some could not.
    pub(super) accept_good: bool,
    pub(super) json: bool,
}

/// Who prices.
pub(super) enum Pricer {
    /// A running box.
    Box(Client),
    /// This process.
    Here(Box<Offline>),
}

/// Pay periods that are priced in one frame.
#[derive(Default)]
struct Batch {
    periods: Vec<Period>,
    payloads: Vec<Vec<u8>>,
    bytes: usize,
}

/// What has happened so far.
#[derive(Default)]
struct Tally {
    rows: usize,
    periods: u64,
    shifts: u64,
    minutes: u64,
    totals: BTreeMap<Currency, Money>,
    refused_periods: u64,
    refused_rows: u64,
    refusals: u64,
    listed: Vec<Refusal>,
    /// Refused rows may belong to what was priced: nothing may be written.
    is_doubtful: bool,
}

/// Prices the file, and says what came of it.
pub(super) fn run(paths: Paths<'_>, mut pricer: Pricer) -> Result<ExitCode> {
    let began = Instant::now();
    let name = paths.roster.display().to_string();
    let input: Box<dyn BufRead> = if paths.roster.as_os_str() == "-" {
        Box::new(io::stdin().lock())
    } else {
        let is_same = fs::canonicalize(paths.out)
            .is_ok_and(|out| fs::canonicalize(paths.roster).is_ok_and(|it| it == out));
        ensure!(!is_same, "--out: {name} is the roster itself; name another file");
        Box::new(BufReader::new(File::open(paths.roster).with_context(|| name.clone())?))
    };
    let mut rows = match Rows::begin(input).with_context(|| name.clone())? {
        Ok(rows) => rows,
        Err(refusal) => bail!("{}", told(&name, &refusal)),
    };
    let out = paths.out.display().to_string();
    let mut sheet = Sheet::begin(paths.out, paths.totals).with_context(|| out.clone())?;
    let mut tally = Tally::default();
    let mut in_flight: VecDeque<(Batch, Option<Pending>)> = VecDeque::new();
    let mut batch = Batch::default();
    let mut progress = Instant::now();
    loop {
        let next = rows.next().with_context(|| name.clone())?;
        tally.rows = rows.rows_count();
        let is_end = next.is_none();
        match next {
            Some(Next::Period(period)) => batch.add(period),
            Some(Next::Refused(refused)) => tally.refuse(&name, refused),
            None => {}
        }
        if batch.is_full() || (is_end && !batch.periods.is_empty()) {
            let full = std::mem::take(&mut batch);
            let pending = full.submit(&pricer)?;
            in_flight.push_back((full, pending));
        }
        while BATCHES_IN_FLIGHT < in_flight.len() || (is_end && !in_flight.is_empty()) {
            if let Some((batch, pending)) = in_flight.pop_front() {
                let answers = batch.answers(&mut pricer, pending)?;
                for (period, answer) in batch.periods.iter().zip(answers) {
                    match answer {
                        Ok(reply) => {
                            tally.add(period, &reply);
                            sheet.add(period, &reply).with_context(|| out.clone())?;
                        }
                        Err((field, detail)) => {
                            let refusals = vec![period.refusal(&field, &detail)];
                            let rows_count = period.rows.len();
                            let refused = Refused { rows_count, refusals, is_doubtful: false };
                            tally.refuse(&name, refused);
                        }
                    }
                }
            }
            if PROGRESS_EVERY <= progress.elapsed() {
                progress = Instant::now();
                eprintln!("{name}: {}", tally.so_far());
            }
        }
        if is_end {
            break;
        }
    }
    let is_written = tally.refusals == 0 || (paths.accept_good && !tally.is_doubtful);
    if is_written {
        sheet.finish().with_context(|| out.clone())?;
    }
    eprintln!("{name}: {}", tally.so_far());
    tally.report(paths, is_written, began.elapsed())?;
    Ok(if is_written { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn told(file: &str, refusal: &Refusal) -> String {
    let Refusal { row, column, reason } = refusal;
    if column.is_empty() {
        format!("{file}: row {row}: {reason}")
    } else {
        format!("{file}: row {row}, {column}: {reason}")
    }
}

fn listed(refusal: &Refusal) -> Value {
    json!({ "row": refusal.row, "column": refusal.column, "reason": refusal.reason })
}

/// The reply, or the field and the reason of a refusal.
type Answer = Result<QuoteReply, (String, String)>;

impl Batch {
    fn add(&mut self, period: Period) {
        let mut payload = Vec::new();
        period.quote.encode(&mut payload);
        self.bytes += payload.len();
        self.payloads.push(payload);
        self.periods.push(period);
    }

    fn is_full(&self) -> bool {
        BATCH_PERIODS <= self.periods.len() || BATCH_BYTES <= self.bytes
    }

    /// Sends it, if somebody else prices.
    fn submit(&self, pricer: &Pricer) -> Result<Option<Pending>> {
        let Pricer::Box(client) = pricer else { return Ok(None) };
        let items: Vec<&[u8]> = self.payloads.iter().map(Vec::as_slice).collect();
        let call = Call::query_batch(operations::number::<Quote>(), &items);
        Ok(Some(client.submit(&call)?))
    }

    /// What was answered, one for each pay period. While the box has no room it is asked again.
    fn answers(&self, pricer: &mut Pricer, mut pending: Option<Pending>) -> Result<Vec<Answer>> {
        for _ in 0..ATTEMPTS_MAX {
            let Some(sent) = pending.take() else {
                return self.answers_here(pricer);
            };
            match self.read(sent)? {
                Ok(answers) => return Ok(answers),
                Err(pause) => thread::sleep(pause),
            }
            pending = self.submit(pricer)?;
        }
        bail!("the box had no room for {ATTEMPTS_MAX} attempts; try again later")
    }

    fn answers_here(&self, pricer: &mut Pricer) -> Result<Vec<Answer>> {
        let Pricer::Here(offline) = pricer else { unreachable!("a box was asked") };
        let mut answers = Vec::with_capacity(self.payloads.len());
        for payload in &self.payloads {
            answers.push(match offline.answer::<Quote>(payload) {
                Ok(reply) => Ok(QuoteReply::decode(&reply)?),
                Err(refused) => Err((refused.field, refused.detail)),
            });
        }
        Ok(answers)
    }

    /// The answers, or after what pause to ask again.
    fn read(&self, sent: Pending) -> Result<Result<Vec<Answer>, Duration>> {
        let reply = sent.wait()?;
        if let Some(problem) = reply.problem()? {
            return match pause(&problem) {
                Some(pause) => Ok(Err(pause)),
                None => Err(ask::payload(&reply).expect_err("it is a problem")),
            };
        }
        let mut answers = Vec::with_capacity(self.periods.len());
        for item in reply.items().context("the reply to a batch is a batch")? {
            if item.status == Status::Ok {
                answers.push(Ok(QuoteReply::decode(item.payload)?));
                continue;
            }
            let problem = Problem::decode(item.payload)?;
            if let Some(pause) = pause(&problem) {
                return Ok(Err(pause));
            }
            match problem.status {
                Status::Refused | Status::NotFound | Status::Conflict | Status::TooLarge => {
                    answers.push(Err((problem.field.to_owned(), problem.detail.to_owned())));
                }
                status => bail!("{status:?}: {}", problem.detail),
            }
        }
        ensure!(answers.len() == self.periods.len(), "every pay period has an answer");
        Ok(Ok(answers))
    }
}

/// How long to wait when there is no room now, but may be later.
fn pause(problem: &Problem<'_>) -> Option<Duration> {
    let advised = Duration::from_millis(u64::from(problem.retry_after_ms));
    match problem.status {
        Status::Busy | Status::RateLimited | Status::PositionUnavailable => {
            Some(advised.max(AGAIN_AFTER))
        }
        _ => None,
    }
}

impl Tally {
    fn add(&mut self, period: &Period, reply: &QuoteReply) {
        self.periods += 1;
        self.shifts += period.rows.len() as u64;
        self.minutes += u64::from(reply.hours.minutes());
        *self.totals.entry(reply.currency).or_insert(Money::ZERO) += reply.total;
    }

    fn refuse(&mut self, file: &str, refused: Refused) {
        self.refused_periods += 1;
        self.refused_rows += refused.rows_count as u64;
        self.is_doubtful |= refused.is_doubtful;
        for refusal in refused.refusals {
            eprintln!("{}", told(file, &refusal));
            self.refusals += 1;
            if self.listed.len() < LISTED_REFUSALS_MAX {
                self.listed.push(refusal);
            }
        }
    }

    fn so_far(&self) -> String {
        format!(
            "{} rows read, {} pay periods priced, {} refused",
            self.rows, self.periods, self.refused_periods
        )
    }

    fn report(&self, paths: Paths<'_>, is_written: bool, took: Duration) -> Result<()> {
        let mut out = io::stdout().lock();
        let hours = format!("{}.{:02}", self.minutes / 60, self.minutes % 60 * 100 / 60);
        let totals: Vec<(String, String)> =
            self.totals.iter().map(|(it, sum)| (it.to_string(), sum.to_string())).collect();
        if paths.json {
            let totals: serde_json::Map<String, Value> =
                totals.into_iter().map(|(it, sum)| (it, Value::String(sum))).collect();
            let summary = json!({
                "roster": paths.roster.display().to_string(),
                "out": paths.out.display().to_string(),
                "written": is_written,
                "rows": self.rows,
                "pay_periods": self.periods,
                "shifts": self.shifts,
                "hours": hours,
                "totals": totals,
                "refused_pay_periods": self.refused_periods,
                "refused_rows": self.refused_rows,
                "refusals_count": self.refusals,
                "refusals": self.listed.iter().map(listed).collect::<Vec<_>>(),
                "took_ms": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            });
            return Ok(writeln!(out, "{summary:#}")?);
        }
        let sums: Vec<String> = totals.iter().map(|(it, sum)| format!("{sum} {it}")).collect();
        writeln!(
            out,
            "{} pay periods, {} shifts, {hours} hours, {}, in {:.2} s",
            self.periods,
            self.shifts,
            if sums.is_empty() { "nothing paid".to_owned() } else { sums.join(", ") },
            took.as_secs_f64()
        )?;
        if is_written {
            writeln!(out, "written to {}", paths.out.display())?;
        }
        if self.refusals == 0 {
            return Ok(());
        }
        let Self { refused_periods, refused_rows, periods, .. } = self;
        writeln!(out, "{refused_periods} pay periods ({refused_rows} rows) refused")?;
        if self.is_doubtful && !is_written {
            writeln!(
                out,
                "nothing is written: rows of which the worker is in doubt may belong to others"
            )?;
        } else if !is_written {
            writeln!(out, "nothing is written; --accept-good writes the {periods} good ones")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Packs;
    use rates::roster_file::HEADER;

    const GOOD: &str = "MA000004,retail-employee-level-1,casual,NSW,2025-07-07,\
        2025-07-13T10:00,2025-07-13T15:00,";

    /// Prices `lines`, and gives whether something was written, and what.
    fn price(lines: &[String], totals: bool, accept_good: bool) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        let (roster, out) = (folder.path().join("in.csv"), folder.path().join("out.csv"));
        fs::write(&roster, format!("{HEADER}\n{}\n", lines.join("\n"))).unwrap();
        let packs = Packs::embedded().unwrap();
        let pricer = Pricer::Here(Box::new(Offline::new(&packs)));
        let paths = Paths { roster: &roster, out: &out, totals, accept_good, json: false };
        let code = run(paths, pricer).unwrap();
        let written = fs::read_to_string(&out).ok();
        assert_eq!(code == ExitCode::SUCCESS, written.is_some());
        let left = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 1 + usize::from(written.is_some()), "nothing else is left");
        written
    }

    #[test]
    fn every_pay_period_is_in_the_file() {
        let lines: Vec<String> = (0..300).map(|it| format!("w{it},{GOOD}")).collect();
        let written = price(&lines, true, false).unwrap();
        assert_eq!(written.lines().count(), 301);
        assert!(written.ends_with("w299,MA000004,retail-employee-level-1,casual,NSW,2025-07-07,2025-07-01,1,5.00,232.30,AUD\n"));
        let written = price(&lines[..1], false, false).unwrap();
        let line = "w0,MA000004,retail-employee-level-1,casual,NSW,2025-07-07,2025-07-01,2,work,\
            2025-07-13T10:00,2025-07-13T15:00,5.00,sunday,175.00,26.55,0.00,hour,5.00,46.46,232.30,AUD,";
        assert!(written.lines().nth(1).unwrap().starts_with(line), "{written}");
    }

    #[test]
    fn a_file_with_bad_rows_is_written_only_on_request() {
        let unknown = format!("b,{}", GOOD.replace("level-1", "level-99"));
        let lines = [format!("a,{GOOD}"), unknown, format!("c,{GOOD}")];
        assert_eq!(price(&lines, true, false), None);
        let written = price(&lines, true, true).unwrap();
        let workers: Vec<&str> =
            written.lines().skip(1).map(|it| it.split(',').next().unwrap()).collect();
        assert_eq!(workers, ["a", "c"]);
    }

    #[test]
    fn rows_of_a_worker_in_doubt_stop_the_file() {
        let lines = [format!("a,{GOOD}"), format!("b,{GOOD}"), format!("a,{GOOD}")];
        assert_eq!(price(&lines, true, true), None);
    }
}
