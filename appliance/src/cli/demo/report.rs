//! What the demonstration prints.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process;

use anyhow::Result;
use contract::Request;
use rates::{Quote, QuoteReply};
use serde_json::{Value, json};
use values::{Hours, Money};

use super::week::{FRAME_WORKERS, Week};
use crate::lines;
use crate::reference::Packs;
use crate::table::{Align, Table, duration, thousands};

/// Lines shown of each example.
const EXAMPLE_LINES: usize = 6;

/// A week priced, and where.
#[derive(Debug)]
pub(crate) struct Report<'p> {
    pub(crate) packs: &'p Packs,
    pub(crate) week: Week,
    pub(crate) data: PathBuf,
    pub(crate) http: SocketAddr,
    pub(crate) rpc: SocketAddr,
    pub(crate) https: Option<SocketAddr>,
    /// What clients have to trust, when the certificate is the development one.
    pub(crate) authority: Option<PathBuf>,
    /// The administrator's key, if it still lies in the data directory.
    pub(crate) api_key: Option<String>,
    /// The log position after the packs were published.
    pub(crate) position: u64,
    /// What the printed request comes to.
    pub(crate) example_total: Money,
}

/// One award's part of the week.
#[derive(Debug, Clone, Copy)]
struct Share {
    workers: u64,
    shifts: u64,
    hours: Hours,
    pay: Money,
}

impl Share {
    const NONE: Self = Self { workers: 0, shifts: 0, hours: Hours::ZERO, pay: Money::ZERO };

    fn add(&mut self, other: Self) {
        self.workers += other.workers;
        self.shifts += other.shifts;
        self.hours += other.hours;
        self.pay += other.pay;
    }
}

impl Report<'_> {
    pub(crate) fn write(&self, out: &mut impl Write) -> Result<()> {
        let shares = self.shares();
        let mut table = Table::new(&[
            ("award", Align::Left),
            ("name", Align::Left),
            ("workers", Align::Right),
            ("shifts", Align::Right),
            ("hours", Align::Right),
            ("pay AUD", Align::Right),
        ]);
        let mut total = Share::NONE;
        for (award, share) in &shares {
            total.add(*share);
            table.row(Self::cells(award, self.name(award), *share));
        }
        table.rule();
        table.row(Self::cells("total", "", total));
        writeln!(out, "One week under {} awards\n\n{table}", shares.len())?;
        for award in shares.keys() {
            if let Some((worker, reply)) = self.example(award) {
                write_example(out, worker, reply)?;
            }
        }
        let took = u64::try_from(self.week.took.as_nanos()).unwrap_or(u64::MAX);
        writeln!(
            out,
            "{} shifts priced through the RPC door in {}, {} workers in a frame: {} shifts/s, first run, cold",
            thousands(self.week.shifts_count()),
            duration(took),
            FRAME_WORKERS,
            thousands(self.week.shifts_per_second())
        )?;
        Ok(())
    }

    fn cells(award: &str, name: &str, share: Share) -> [String; 6] {
        [
            award.to_owned(),
            name.to_owned(),
            thousands(share.workers),
            thousands(share.shifts),
            grouped(&share.hours.to_string()),
            grouped(&share.pay.to_string()),
        ]
    }

    /// How to call the box that goes on serving.
    pub(crate) fn write_invitation(&self, out: &mut impl Write) -> Result<()> {
        let (http, rpc, data) = (self.http, self.rpc, self.data.display());
        let (path, request) = (Quote::SHAPE.path, example_request());
        writeln!(
            out,
            "\nServing {data}: http://{http} and rpc {rpc}. Try, from another terminal:\n"
        )?;
        writeln!(
            out,
            "  curl -s http://{http}{path} -H 'content-type: application/json' \\\n    -d '{request}'\n"
        )?;
        writeln!(out, "which answers \"total\":\"{}\", or\n", self.example_total)?;
        writeln!(
            out,
            "  quoin quote --rpc {rpc} --award MA000004 --classification retail-employee-level-1 \\\n    \
             --employment casual --state NSW --pay-period-start 2025-07-07 \\\n    \
             --shift 2025-07-13T10:00/2025-07-13T15:00\n"
        )?;
        self.write_encrypted(out)?;
        writeln!(
            out,
            "How many users it carries, found in some two minutes:\n\n  \
             quoin bench plan --scenario rates-day --rpc {rpc} --http {http} --server-pid {}\n",
            process::id()
        )?;
        writeln!(
            out,
            "Every operation: http://{http}/docs. What happens: quoin top. Ctrl-C stops."
        )?;
        Ok(())
    }

    /// The same over HTTP/2 and HTTP/3, where every caller shows a key.
    fn write_encrypted(&self, out: &mut impl Write) -> Result<()> {
        let (Some(https), Some(authority)) = (self.https, &self.authority) else { return Ok(()) };
        let (path, request) = (Quote::SHAPE.path, example_request());
        let (port, authority) = (https.port(), authority.display());
        let Some(key) = &self.api_key else {
            writeln!(out, "HTTPS and HTTP/3: https://localhost:{port}, with an API key.\n")?;
            return Ok(());
        };
        writeln!(
            out,
            "With encryption, as other machines would call once `https.listen` is an address of theirs, with the\nadministrator's API key:\n"
        )?;
        for version in ["--http2", "--http3-only"] {
            writeln!(
                out,
                "  curl -s {version} --cacert {authority} https://localhost:{port}{path} \\\n    \
                 -H 'authorization: Bearer {key}' -H 'content-type: application/json' \\\n    -d '{request}'\n"
            )?;
        }
        writeln!(out, "(the second needs a curl that was built with HTTP/3)\n")?;
        Ok(())
    }

    pub(crate) fn json(&self) -> Value {
        let mut total = Share::NONE;
        let mut awards = Vec::new();
        for (award, share) in self.shares() {
            total.add(share);
            let mut object = share_json(share);
            object["award"] = json!(award);
            object["name"] = json!(self.name(award));
            awards.push(object);
        }
        let mut document = share_json(total);
        document["total"] = json!(total.pay.to_string());
        document["currency"] = json!("AUD");
        document["awards"] = json!(awards);
        document["took_us"] = json!(u64::try_from(self.week.took.as_micros()).unwrap_or(u64::MAX));
        document["shifts_per_second"] = json!(self.week.shifts_per_second());
        document["data"] = json!(self.data.display().to_string());
        document["http"] = json!(self.http.to_string());
        document["rpc"] = json!(self.rpc.to_string());
        document["https"] = json!(self.https.map(|it| it.to_string()));
        document["position"] = json!(self.position);
        document["example"] = json!({
            "path": Quote::SHAPE.path,
            "request": example_request(),
            "total": self.example_total.to_string(),
        });
        document
    }

    fn name(&self, award: &str) -> &str {
        self.packs.names.get(award).map_or("", String::as_str)
    }

    fn shares(&self) -> BTreeMap<&str, Share> {
        let mut shares = BTreeMap::new();
        for (worker, reply) in self.week.workers.iter().zip(&self.week.replies) {
            let share = Share {
                workers: 1,
                shifts: worker.quote.shifts.len() as u64,
                hours: reply.hours,
                pay: reply.total,
            };
            shares.entry(reply.award.as_str()).or_insert(Share::NONE).add(share);
        }
        shares
    }

    /// The worker of an award whose lines show the most rules.
    fn example(&self, award: &str) -> Option<(&str, &QuoteReply)> {
        let rules = |reply: &QuoteReply| {
            let mut rules: Vec<&str> = reply.lines.iter().map(|it| it.rule.as_str()).collect();
            rules.sort_unstable();
            rules.dedup();
            rules.len()
        };
        let pairs = self.week.workers.iter().zip(&self.week.replies);
        let of_award = pairs.filter(|(_, reply)| reply.award == award);
        let (worker, reply) = of_award.max_by_key(|(_, reply)| rules(reply))?;
        Some((&worker.worker, reply))
    }
}

fn write_example(out: &mut impl Write, worker: &str, reply: &QuoteReply) -> Result<()> {
    writeln!(
        out,
        "{worker}, {} {}, rates operative from {}, minimum hourly rate {}",
        reply.award, reply.classification, reply.operative_from, reply.minimum_hourly
    )?;
    let mut table = lines::lines_table();
    for line in reply.lines.iter().take(EXAMPLE_LINES) {
        table.row(lines::cells(line));
    }
    if EXAMPLE_LINES < reply.lines.len() {
        let mut more: [String; 8] = Default::default();
        more[0] = format!("{} more", reply.lines.len() - EXAMPLE_LINES);
        table.row(more);
    }
    table.rule();
    table.row(lines::total_cells(reply));
    Ok(writeln!(out, "{table}")?)
}

/// The operation's own example on one line.
fn example_request() -> String {
    Quote::SHAPE.example.lines().map(str::trim).collect()
}

fn share_json(share: Share) -> Value {
    json!({
        "workers": share.workers,
        "shifts": share.shifts,
        "hours": share.hours.to_string(),
        "pay": share.pay.to_string(),
    })
}

/// A decimal with commas between its thousands.
fn grouped(decimal: &str) -> String {
    let (whole, rest) = decimal.split_once('.').unwrap_or((decimal, ""));
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), thousands);
    if rest.is_empty() { whole } else { format!("{whole}.{rest}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_one_line_of_json() {
        let request = example_request();
        assert!(!request.contains('\n'));
        let same: Value = serde_json::from_str(Quote::SHAPE.example).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&request).unwrap(), same);
    }

    #[test]
    fn decimals_are_grouped_exactly() {
        for (decimal, text) in [
            ("0.05", "0.05"),
            ("1234.50", "1,234.50"),
            ("1234567.00", "1,234,567.00"),
            ("12", "12"),
        ] {
            assert_eq!(grouped(decimal), text);
        }
    }
}
