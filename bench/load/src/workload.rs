//! What each request carries, in both of its forms.

use contract::Method;

use crate::args::WorkloadName;

/// One kind of request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workload {
    /// Shown in the report.
    pub name: &'static str,
    /// The RPC operation number.
    pub operation: u32,
    /// The RPC payload.
    pub payload: Vec<u8>,
    /// The HTTP method.
    pub method: &'static str,
    /// The HTTP path.
    pub path: String,
    /// The HTTP body.
    pub json: Vec<u8>,
    /// Shifts priced by one payload; 0 when it prices none.
    pub shifts: u32,
    /// Items of one RPC frame unless told otherwise.
    pub batch: u16,
    /// Whether the answer waits for the log device.
    pub durable: bool,
}

/// Quotes in a frame of `quote-batch`.
const BATCH_QUOTES: u16 = 64;
const ROSTER_WORKERS: u32 = 20;
const ROSTER_DAYS: u32 = 5;

/// A weekday inside the span of ordinary hours: one segment, one line.
const PLAIN: &str = r#"{"start":"2025-07-09T09:00","end":"2025-07-09T14:00"}"#;
/// Saturday into Sunday: a penalty day, overtime after the span and after nine hours, midnight.
const OVERNIGHT: &str = r#"{"start":"2025-07-12T14:00","end":"2025-07-13T02:00",
    "unpaid_breaks":[{"start":"2025-07-12T19:00","end":"2025-07-12T19:30"}]}"#;

impl WorkloadName {
    /// The request of that name, under the reference packs.
    pub fn build(self) -> Workload {
        match self {
            Self::Quote => of("quote", "rates.quote", &quote("full-time", PLAIN), 1),
            Self::QuotePenalty => {
                of("quote-penalty", "rates.quote", &quote("casual", OVERNIGHT), 1)
            }
            Self::QuoteBatch => {
                let batch = BATCH_QUOTES;
                Workload {
                    batch,
                    ..of("quote-batch", "rates.quote", &quote("full-time", PLAIN), 1)
                }
            }
            Self::Roster => {
                let shifts = ROSTER_WORKERS * ROSTER_DAYS;
                of("roster", "rates.quote-roster", &roster(), shifts)
            }
            Self::Accept => {
                let json = format!(r#"{{"quote":{}}}"#, quote("full-time", PLAIN));
                Workload { durable: true, ..of("accept", "rates.accept-quote", &json, 1) }
            }
            Self::Echo => {
                // As long as a quote, so that the two compare.
                Workload::plain(0, &Self::Quote.build().payload)
            }
        }
    }
}

impl Workload {
    /// A single RPC payload, with an empty HTTP form.
    pub fn plain(operation: u32, payload: &[u8]) -> Self {
        Self {
            name: "echo",
            operation,
            payload: payload.to_vec(),
            method: "POST",
            path: "/".to_owned(),
            json: Vec::new(),
            shifts: 0,
            batch: 1,
            durable: false,
        }
    }
}

/// A request of the rates domain, as its own declaration spells it.
fn of(name: &'static str, operation: &str, json: &str, shifts: u32) -> Workload {
    let entry = rates::ENTRY;
    let found = entry
        .operations
        .iter()
        .find(|it| it.shape.name == operation)
        .expect("the workloads name operations of the domain, a test builds them all");
    let mut payload = Vec::new();
    (found.from_json)(json.as_bytes(), &mut payload)
        .expect("the workloads are requests of the domain, a test builds them all");
    Workload {
        name,
        operation: found.number(entry.id),
        payload,
        method: match found.shape.method {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
        },
        path: found.shape.path.to_owned(),
        json: json.as_bytes().to_vec(),
        shifts,
        batch: 1,
        durable: false,
    }
}

fn quote(employment: &str, shifts: &str) -> String {
    format!(
        r#"{{"award":"MA000004","classification":"retail-employee-level-1","employment":"{employment}","state":"NSW","pay_period_start":"2025-07-07","shifts":[{shifts}]}}"#
    )
}

fn roster() -> String {
    let days: Vec<String> = (0..ROSTER_DAYS)
        .map(|day| {
            let date = 7 + day;
            format!(
                r#"{{"start":"2025-07-{date:02}T12:00","end":"2025-07-{date:02}T20:00","unpaid_breaks":[{{"start":"2025-07-{date:02}T15:00","end":"2025-07-{date:02}T15:30"}}]}}"#
            )
        })
        .collect();
    let quote = quote("part-time", &days.join(","));
    let workers: Vec<String> = (1..=ROSTER_WORKERS)
        .map(|worker| format!(r#"{{"worker":"W{worker:03}","quote":{quote}}}"#))
        .collect();
    format!(r#"{{"workers":[{}]}}"#, workers.join(","))
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn every_workload_is_a_request_of_its_domain() {
        let mut names = Vec::new();
        for name in WorkloadName::value_variants() {
            let workload = name.build();
            let expected = name.to_possible_value().unwrap();
            assert_eq!(workload.name, expected.get_name());
            assert!(!workload.payload.is_empty());
            assert_eq!(workload.durable, *name == WorkloadName::Accept);
            names.push((workload.name, workload.path.clone(), workload.shifts));
        }
        assert_eq!(names[0], ("quote", "/v1/rates/quote".to_owned(), 1));
        assert_eq!(names[3], ("roster", "/v1/rates/rosters/quote".to_owned(), 100));
    }
}
