//! `quoin quote`.

mod roster;
mod rows;
mod sheet;

use std::fs;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use client::Call;
use contract::Stored;
use rates::{Quote, QuoteReply};
use serde_json::{Value, json};

use self::roster::{Paths, Pricer};
use crate::ask;
use crate::lines::lines_table;
use crate::offline::{Offline, Refused};
use crate::operations;
use crate::reference::Packs;

/// Price one person's shifts under an award, or a whole roster file
///
/// The request is given as flags, or as the JSON that POST /v1/rates/quote takes. Without --rpc it is priced in this
/// process, from the embedded reference packs: no server is needed. With --rpc a running box answers.
///
/// With --roster and --out a CSV file of shifts becomes a CSV file of pay lines. Each worker's pay period is priced
/// whole. What cannot be priced is reported with file, row, column and reason; then nothing is written, unless
/// --accept-good asks for the rest.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quoin quote --award MA000004 --classification retail-employee-level-1 --employment casual \\\n    \
        --state NSW --pay-period-start 2025-07-07 --shift 2025-07-13T10:00/2025-07-13T15:00\n  \
    quoin quote ... --shift 2025-07-08T08:00/2025-07-08T17:00,break 2025-07-08T12:00/2025-07-08T12:30\n  \
    quoin quote --rpc 127.0.0.1:9000 --file request.json --json\n  \
    jq .request week.json | quoin quote --file -\n  \
    quoin quote --rpc 127.0.0.1:9000 --roster in.csv --out out.csv\n\n\
    Columns of a roster file, in this order: worker, award, classification, employment, state,\n\
    pay_period_start, start, end, unpaid_breaks. After them, where a rate depends on it, the same in all\n\
    rows of a pay period: date_of_birth, service_from, apprenticeship_from, supported_wage,\n\
    agreed_weekly, person_flags, before_shift_end, before_consecutive_days, before_averaging_weeks,\n\
    before_averaging_hours, period_claims; and of one shift: flags, agreed, duties\n\
    (start/end/classification), claims (code or code:quantity). Several in one cell: with semicolons.\n\n\
    Classifications are codes of the pack, or fwc:<classification_fixed_id>.\n\
    Exit status: 0 priced, 1 refused; the message names the field.")]
pub(crate) struct QuoteFlags {
    /// The award's code, such as MA000004
    #[arg(long, value_name = "CODE", required_unless_present_any = ["file", "roster"])]
    award: Option<String>,
    /// The classification: the pack's code, or fwc:<id>
    #[arg(long, value_name = "CODE", required_unless_present_any = ["file", "roster"])]
    classification: Option<String>,
    /// full-time, part-time or casual
    #[arg(long, value_name = "KIND", required_unless_present_any = ["file", "roster"])]
    employment: Option<String>,
    /// The state or territory where the work is done, such as NSW
    #[arg(long, value_name = "STATE", required_unless_present_any = ["file", "roster"])]
    state: Option<String>,
    /// The first day of the pay period
    #[arg(long, value_name = "YYYY-MM-DD", required_unless_present_any = ["file", "roster"])]
    pay_period_start: Option<String>,
    /// A shift in local time, with its unpaid breaks; repeat it for more shifts
    #[arg(
        long = "shift",
        value_name = "START/END[,break START/END]",
        required_unless_present_any = ["file", "roster"]
    )]
    shifts: Vec<String>,
    /// The request as JSON from this file; - is standard input
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["award", "classification", "employment", "state", "pay_period_start", "shifts"]
    )]
    file: Option<PathBuf>,
    /// Price this roster file, one shift a row (config/reference/README.md); - is standard input
    #[arg(
        long,
        value_name = "FILE",
        requires = "out",
        conflicts_with_all = ["award", "classification", "employment", "state", "pay_period_start", "shifts", "file"]
    )]
    roster: Option<PathBuf>,
    /// Where the lines of the roster go, as CSV; replaced whole or not at all
    #[arg(long, value_name = "FILE", requires = "roster")]
    out: Option<PathBuf>,
    /// Write one row for each pay period in place of one for each line
    #[arg(long, requires = "roster")]
    totals: bool,
    /// Write what could be priced although some could not
    #[arg(long, requires = "roster")]
    accept_good: bool,
    /// Ask the box that serves RPC here
    #[arg(long, value_name = "IP:PORT")]
    rpc: Option<SocketAddr>,
    /// Price from this directory (holidays.toml and packs/*.toml) in place of the embedded packs
    #[arg(long, value_name = "DIR", conflicts_with = "rpc")]
    packs: Option<PathBuf>,
    /// Print the reply as JSON, as POST /v1/rates/quote gives it; of a roster the summary
    #[arg(long)]
    json: bool,
}

impl QuoteFlags {
    pub(crate) fn run(self) -> Result<ExitCode> {
        if let (Some(roster), Some(out)) = (&self.roster, &self.out) {
            let (totals, accept_good, json) = (self.totals, self.accept_good, self.json);
            let pricer = if let Some(address) = self.rpc {
                Pricer::Box(ask::connect(address)?)
            } else {
                let packs = Packs::load(self.packs.as_deref())?;
                Pricer::Here(Box::new(Offline::new(&packs)))
            };
            return roster::run(Paths { roster, out, totals, accept_good, json }, pricer);
        }
        let payload = archived(&self.request()?)?;
        let reply = if let Some(address) = self.rpc {
            let client = ask::connect(address)?;
            let reply = client.call(&Call::query(operations::number::<Quote>(), &payload))?;
            ask::payload(&reply).context("quote refused")?.to_vec()
        } else {
            let packs = Packs::load(self.packs.as_deref())?;
            Offline::new(&packs).answer::<Quote>(&payload).context("quote refused")?
        };
        let mut out = io::stdout().lock();
        if self.json {
            let mut text = Vec::new();
            (operations::find::<Quote>().1.to_json)(&reply, &mut text)?;
            out.write_all(&text)?;
            writeln!(out)?;
        } else {
            write_text(&mut out, &QuoteReply::decode(&reply)?)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The request as JSON text.
    fn request(&self) -> Result<Vec<u8>> {
        match &self.file {
            Some(path) if path.as_os_str() == "-" => {
                let mut text = Vec::new();
                io::stdin().read_to_end(&mut text).context("reading standard input")?;
                Ok(text)
            }
            Some(path) => fs::read(path).with_context(|| format!("reading {}", path.display())),
            None => {
                let shifts: Vec<Value> =
                    self.shifts.iter().map(|it| shift(it)).collect::<Result<_>>()?;
                let request = json!({
                    "award": self.award,
                    "classification": self.classification,
                    "employment": self.employment,
                    "state": self.state,
                    "pay_period_start": self.pay_period_start,
                    "shifts": shifts,
                });
                Ok(request.to_string().into_bytes())
            }
        }
    }
}

/// The archived request of a JSON one.
fn archived(json: &[u8]) -> Result<Vec<u8>> {
    let mut payload = Vec::new();
    (operations::find::<Quote>().1.from_json)(json, &mut payload)
        .map_err(|error| Refused { field: error.field, detail: error.detail })
        .context("quote refused")?;
    Ok(payload)
}

/// `START/END[,break START/END]...` as the shift of a request. Times are judged later, by the domain.
fn shift(text: &str) -> Result<Value> {
    let span = |text: &str| -> Result<(String, String)> {
        match text.split_once('/') {
            Some((start, end)) => Ok((start.trim().to_owned(), end.trim().to_owned())),
            None => bail!("--shift: `{text}` is not START/END"),
        }
    };
    let mut parts = text.split(',');
    let (start, end) = span(parts.next().unwrap_or_default())?;
    let mut breaks = Vec::new();
    for part in parts {
        let part = part.trim();
        let Some(rest) = part.strip_prefix("break ") else {
            bail!("--shift: `{part}` must be `break START/END`");
        };
        let (start, end) = span(rest)?;
        breaks.push(json!({ "start": start, "end": end }));
    }
    Ok(json!({ "start": start, "end": end, "unpaid_breaks": breaks }))
}

fn write_text(out: &mut impl Write, reply: &QuoteReply) -> Result<()> {
    writeln!(
        out,
        "{} {}, version operative from {}, minimum hourly rate {} {}\n",
        reply.award,
        reply.classification,
        reply.operative_from,
        reply.minimum_hourly,
        reply.currency
    )?;
    let mut table = lines_table();
    for line in &reply.lines {
        table.row(crate::lines::cells(line));
    }
    table.rule();
    table.row(crate::lines::total_cells(reply));
    Ok(write!(out, "{table}")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shifts_are_read_with_their_breaks() {
        let read =
            shift("2025-07-08T08:00/2025-07-08T17:00,break 2025-07-08T12:00/2025-07-08T12:30")
                .unwrap();
        assert_eq!(
            read,
            json!({
                "start": "2025-07-08T08:00",
                "end": "2025-07-08T17:00",
                "unpaid_breaks": [{ "start": "2025-07-08T12:00", "end": "2025-07-08T12:30" }],
            })
        );
        for (bad, expected) in [
            ("2025-07-08T08:00", "is not START/END"),
            ("a/b,c/d", "must be `break START/END`"),
            ("a/b,break c", "is not START/END"),
        ] {
            assert!(shift(bad).unwrap_err().to_string().contains(expected), "{bad}");
        }
    }

    #[test]
    fn the_promised_quote_needs_no_server() {
        let packs = Packs::embedded().unwrap();
        let payload = archived(<Quote as contract::Request>::SHAPE.example.as_bytes()).unwrap();
        let reply = Offline::new(&packs).answer::<Quote>(&payload).unwrap();
        let reply = QuoteReply::decode(&reply).unwrap();
        assert_eq!(reply.total.to_string(), "232.30");
        assert_eq!(reply.lines[0].rule, "sunday");
    }

    #[test]
    fn a_refusal_names_the_field() {
        let mut offline = Offline::new(&Packs::embedded().unwrap());
        let mut request: Value =
            serde_json::from_str(<Quote as contract::Request>::SHAPE.example).unwrap();
        request["shifts"][0]["end"] = json!("2025-07-13T09:00");
        let payload = archived(request.to_string().as_bytes()).unwrap();
        let refused = offline.answer::<Quote>(&payload).unwrap_err();
        assert_eq!(refused.field, "shifts[0].end");
        request["shifts"][0]["ned"] = json!(1);
        let refused = format!("{:#}", archived(request.to_string().as_bytes()).unwrap_err());
        assert!(
            refused.contains("shifts[0].ned") || refused.contains("unknown field `ned`"),
            "{refused}"
        );
    }
}
