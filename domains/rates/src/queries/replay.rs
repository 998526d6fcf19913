//! An accepted quote, recomputed under the rules then in force, and beside those of today.

use contract::{
    Answer, Ask, Denial, Method, Placement, RateClass, Reply, ReplySink, Request, Shape, Stored,
    Touched,
};
use values::{Date, Money};

use super::charge::Wanted;
use super::charge_lines::{LineCharge, charges};
use crate::records::{AcceptedQuote, QuoteId};
use crate::rules::paid::{self, PaidFor, PaidLine};
use crate::rules::quote::Priced;
use crate::{Rates, Reference, Refusal};

contract::message! {
    /// Recomputes the accepted quote with this id.
    pub struct Replay {
        /// Its id.
        pub id: QuoteId,
    }

    /// One field that differs.
    pub open struct Difference {
        /// The shift of the line; none where it is not of one shift.
        pub shift: Option<u32>,
        /// The line's rule; empty for the quote as a whole.
        pub rule: String,
        /// What differs: a field of the line or of the quote, or `line` when it is there only once.
        pub field: String,
        /// As it was accepted; empty when it was not there.
        pub accepted: String,
        /// As it is recomputed; empty when it is not there.
        pub recomputed: String,
    }

    /// What the inputs come to by the rules of some moment.
    pub open struct Recomputed {
        /// The award version that applies.
        pub operative_from: Option<Date>,
        /// What it comes to.
        pub total: Option<Money>,
        /// What the client is charged, when it was charged.
        pub charge: Option<Money>,
        /// Why there is no such price, or no charge for it, when there is none.
        pub refused: String,
        /// Everything that differs from what was accepted, at most 256.
        pub differences: Vec<Difference>,
        /// Whether nothing differs, to the bit.
        pub identical: bool,
    }

    /// An accepted quote, recomputed twice.
    pub open struct Replayed {
        /// Its id.
        pub id: QuoteId,
        /// The caller's own reference.
        pub reference: String,
        /// When it was accepted, in microseconds since 1970-01-01 UTC.
        pub accepted_us: u64,
        /// What was published up to this moment decided it.
        pub known_us: u64,
        /// What it came to.
        pub total: Money,
        /// What the client was charged, when it was charged.
        pub charge: Option<Money>,
        /// By the rules as known then.
        pub then: Recomputed,
        /// By the rules as published now.
        pub now: Recomputed,
    }
}
impl Reply for Replayed {}

/// The most differences that are listed.
const DIFFERENCES_COUNT_MAX: usize = 256;

impl Request for Replay {
    type Reply = Replayed;
    const SHAPE: Shape = Shape {
        name: "rates.replay-quote",
        summary: "Recomputes an accepted quote as of then and as of now",
        method: Method::Post,
        path: "/v1/rates/quotes/{id}/replay",
        permission: "rates.read",
        rate: RateClass::Read,
        placement: Placement::Owner,
        example: r#"{"id":"4096"}"#,
    };

    fn touches(request: &ArchivedReplay, touched: &mut Touched) {
        touched.record::<AcceptedQuote>(&QuoteId::revive(&request.id));
    }
}

impl Answer<Rates> for Replay {
    fn answer(
        request: &ArchivedReplay,
        ask: Ask<'_, Rates>,
        reply: &mut ReplySink<'_, Replayed>,
    ) -> Result<(), Denial> {
        let id = QuoteId::revive(&request.id);
        let Some(stored) = ask.view.load::<AcceptedQuote>(&id) else {
            let detail = format!("id {id} is not an accepted quote");
            return Err(Refusal::QuoteUnknown.at("id").because(detail));
        };
        let again = Again { stored: &stored, reference: ask.reference, tenant: ask.cx.tenant };
        let buffer = ask.scratch.buffer(0);
        let then = again.recompute(stored.known_us, buffer);
        let now = again.recompute(u64::MAX, buffer);
        reply.put(&Replayed {
            id,
            accepted_us: stored.accepted_us,
            known_us: stored.known_us,
            total: stored.total,
            charge: stored.charge.as_ref().map(|it| it.total),
            then,
            now,
            reference: stored.reference,
        });
        Ok(())
    }
}

/// A quote to compute again.
struct Again<'a> {
    stored: &'a AcceptedQuote,
    reference: &'a Reference,
    tenant: contract::Tenant,
}

impl Again<'_> {
    fn recompute(&self, known_us: u64, priced: &mut Priced) -> Recomputed {
        let stored = self.stored;
        // A quote that was itself asked "as known at" stays so.
        let known_us = stored.quote.known_us(known_us);
        let refused = |refused: String| Recomputed {
            operative_from: None,
            total: None,
            charge: None,
            refused,
            differences: Vec::new(),
            identical: false,
        };
        let terms = match stored.quote.price_known(self.reference, self.tenant, known_us, priced) {
            Ok(terms) => terms,
            Err(error) => return refused(format!("quote.{error}")),
        };
        let lines = paid::lines(&terms, priced);
        let mut found = Differences::default();
        let operative_from = terms.version.operative_from;
        found.whole("operative_from", &stored.operative_from, &operative_from);
        found.whole("currency", &stored.currency, &terms.version.currency);
        found.whole("total", &stored.total, &priced.total);
        let (mut charge, mut without_charge) = (None, String::new());
        if let Some(accepted) = &stored.charge {
            let wanted = Wanted {
                template: &accepted.template,
                version: None,
                date: stored.quote.pay_period_start,
                state: Some(stored.quote.state),
                known_us,
            };
            let charged = wanted.find(self.reference, self.tenant).and_then(|(it, charging)| {
                Ok((it.version, charges(&charging, terms.version.currency, &lines)?))
            });
            match charged {
                Ok((version, charged)) => {
                    let total: Money = charged.iter().map(|it| it.charge).sum();
                    found.whole("charge.version", &accepted.version, &version);
                    found.whole("charge.total", &accepted.total, &total);
                    found.charges(stored, &accepted.lines, &lines, &charged);
                    charge = Some(total);
                }
                // What is paid can still be compared.
                Err(denial) => without_charge = denial.detail.into_owned(),
            }
        }
        if let Some(accepted) = &stored.lines {
            found.lines(accepted, &lines);
        }
        Recomputed {
            operative_from: Some(operative_from),
            total: Some(priced.total),
            charge,
            identical: found.count == 0 && without_charge.is_empty(),
            refused: without_charge,
            differences: found.list,
        }
    }
}

/// Differences found so far.
#[derive(Default)]
struct Differences {
    list: Vec<Difference>,
    count: usize,
}

impl Differences {
    fn push(&mut self, line: Option<&PaidLine>, field: &str, accepted: String, recomputed: String) {
        self.count += 1;
        if self.list.len() < DIFFERENCES_COUNT_MAX {
            self.list.push(Difference {
                shift: line.and_then(|it| it.shift),
                rule: line.map_or_else(String::new, |it| it.rule.clone()),
                field: field.to_owned(),
                accepted,
                recomputed,
            });
        }
    }

    fn whole<T: PartialEq + ToString>(&mut self, field: &str, accepted: &T, recomputed: &T) {
        if accepted != recomputed {
            self.push(None, field, accepted.to_string(), recomputed.to_string());
        }
    }

    /// Pairs lines by shift, rule and where they begin; what has no pair is there only once.
    fn lines(&mut self, accepted: &[PaidLine], recomputed: &[PaidLine]) {
        let same = |one: &PaidLine, other: &PaidLine| {
            (one.shift, one.from, one.paid_for) == (other.shift, other.from, other.paid_for)
                && one.rule == other.rule
        };
        let mut used = vec![false; recomputed.len()];
        for line in accepted {
            let pair = (0..recomputed.len()).find(|at| !used[*at] && same(line, &recomputed[*at]));
            match pair {
                None => self.push(Some(line), "line", summary(line), String::new()),
                Some(at) => {
                    used[at] = true;
                    self.line(line, &recomputed[at]);
                }
            }
        }
        for (line, _) in recomputed.iter().zip(&used).filter(|(_, used)| !**used) {
            self.push(Some(line), "line", String::new(), summary(line));
        }
    }

    fn line(&mut self, one: &PaidLine, other: &PaidLine) {
        let time = |it: Option<values::LocalTime>| it.map_or(String::new(), |it| it.to_string());
        let fields = [
            ("to", time(one.to), time(other.to)),
            ("hours", one.hours.to_string(), other.hours.to_string()),
            ("clause", one.clause.clone(), other.clause.clone()),
            ("overtime", one.overtime.to_string(), other.overtime.to_string()),
            ("percent", one.percent.to_string(), other.percent.to_string()),
            ("rate", one.rate.to_string(), other.rate.to_string()),
            ("amount", one.amount.to_string(), other.amount.to_string()),
        ];
        for (field, accepted, recomputed) in fields {
            if accepted != recomputed {
                self.push(Some(one), field, accepted, recomputed);
            }
        }
    }

    /// Charges stand line by line; where the lines themselves differ, those differences say it.
    fn charges(
        &mut self,
        stored: &AcceptedQuote,
        accepted: &[LineCharge],
        lines: &[PaidLine],
        recomputed: &[LineCharge],
    ) {
        if stored.lines.as_deref() != Some(lines) || accepted.len() != recomputed.len() {
            return;
        }
        for ((line, one), other) in lines.iter().zip(accepted).zip(recomputed) {
            if one != other {
                let rate = |it: &LineCharge| it.rate.map_or(String::new(), |it| it.to_string());
                let show = |it: &LineCharge| format!("{} at {}", it.charge, rate(it));
                self.push(Some(line), "charge", show(one), show(other));
            }
        }
    }
}

fn summary(line: &PaidLine) -> String {
    let from = line.from.map_or(String::new(), |it| format!(" from {it}"));
    let what = match line.paid_for {
        PaidFor::Allowance => "allowance",
        _ => "pay",
    };
    format!("{what} {} at {}{from}", line.amount, line.rate)
}
