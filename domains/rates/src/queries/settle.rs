//! Settling which instrument pays: award, agreement on its floor, protected rate, contract.

use contract::{Cx, Denial};
use values::{Currency, Date, Money};

use super::instrument::{Contestant, Coverage, Lift, SettledLine, Under};
use super::quote::Quote;
use crate::reference::Reference;
use crate::rules::calendar::Calendar;
use crate::rules::instrument::{Instrument, InstrumentKind, Piece, contest, total};
use crate::rules::paid::{self, PaidLine};
use crate::rules::quote::Priced;
use crate::rules::reference::Book;
use crate::rules::shift::{QuoteError, Shift};
use crate::{Refusal, refuse};

/// The statutory table that is the floor where no award is.
const MINIMUM_WAGE: &str = "national-minimum-wage";

/// Pay, settled.
pub(super) struct Settled {
    pub(super) wins: String,
    pub(super) because: String,
    pub(super) instruments: Vec<Contestant>,
    pub(super) currency: Currency,
    pub(super) lines: Vec<SettledLine>,
    pub(super) total: Money,
}

/// One instrument's whole pay for the period.
struct Offer {
    contestant: Contestant,
    currency: Currency,
    lines: Vec<PaidLine>,
    set_off: bool,
}

/// Prices `quote` under all that covers the person. Fields of refusals stand under `place`.
pub(super) fn settle(
    quote: &Quote,
    coverage: &Coverage,
    place: &str,
    cx: &Cx,
    reference: &Reference,
    priced: &mut Priced,
) -> Result<Settled, Denial> {
    let asker = Asker { quote, place, cx, reference };
    let mut offers = vec![asker.award(priced)?];
    let covers = [
        (&coverage.agreement, "agreement", InstrumentKind::EnterpriseAgreement),
        (&coverage.host, "host", InstrumentKind::ProtectedRate),
        (&coverage.contract, "contract", InstrumentKind::Contract),
    ];
    for (under, name, kind) in covers {
        let Some(under) = under else { continue };
        let award_base = offers[0].contestant.base;
        let field = format!("{place}coverage.{name}");
        let offer = asker.instrument(under, kind, &field, award_base, priced)?;
        if offer.currency != offers[0].currency {
            let field = format!("{field}.instrument");
            return Err(Refusal::CurrenciesDiffer.at(field));
        }
        offers.push(offer);
    }
    Ok(decide(offers))
}

/// What all instruments of one question have in common.
struct Asker<'a> {
    quote: &'a Quote,
    place: &'a str,
    cx: &'a Cx,
    reference: &'a Reference,
}

impl Asker<'_> {
    fn calendar(&self) -> Result<&Calendar, Denial> {
        let known = self.quote.known_us(u64::MAX);
        self.reference
            .calendar_known(self.cx.tenant, known)
            .map_err(|error| refuse::quote(&format!("{}quote.", self.place), &error))
    }

    fn award(&self, priced: &mut Priced) -> Result<Offer, Denial> {
        let Self { quote, place, cx, reference } = *self;
        let terms = quote
            .price_known(reference, cx.tenant, quote.known_us(u64::MAX), priced)
            .map_err(|error| refuse::quote(&format!("{place}quote."), &error))?;
        let lines = paid::lines(&terms, priced);
        Ok(Offer {
            contestant: Contestant {
                instrument: quote.award.clone(),
                kind: InstrumentKind::Award,
                operative_from: terms.version.operative_from,
                classification: quote.classification.clone(),
                base: paid::base_rate(&terms, priced),
                lifted: None,
                total: total(&lines),
                pays: Money::ZERO,
                outcome: String::new(),
            },
            currency: terms.version.currency,
            lines,
            set_off: false,
        })
    }

    fn instrument(
        &self,
        under: &Under,
        kind: InstrumentKind,
        field: &str,
        award_base: Money,
        priced: &mut Priced,
    ) -> Result<Offer, Denial> {
        let Self { quote, cx, reference, .. } = *self;
        let code = under.instrument.as_str();
        let known_us = quote.known_us(u64::MAX);
        let found = reference.instrument(cx.tenant, code, quote.pay_period_start, known_us);
        let Some((instrument, book)) = found.filter(|(it, _)| it.kind == kind) else {
            let detail = format!(
                "{field}.instrument `{code}` is no published {} in force for a pay period starting \
                 on {}",
                name(kind),
                quote.pay_period_start
            );
            return Err(Refusal::InstrumentUnknown
                .at(format!("{field}.instrument"))
                .because(detail));
        };
        let own = self.price(instrument, book, under, field, priced)?;
        let Some(floor) = self.floor(instrument, under, own.base, field, award_base, priced)?
        else {
            return Ok(own.offer(under, instrument, None));
        };
        let position = own.position;
        let lifted = instrument.lifted(position, floor.floor).map_err(|error| {
            Refusal::InstrumentInvalid.at(format!("{field}.instrument")).because(error.to_string())
        })?;
        let mut book = Book::default();
        book.insert(lifted);
        let lifted = self.price(instrument, &book, under, field, priced)?;
        Ok(lifted.offer(under, instrument, Some(floor)))
    }

    fn price(
        &self,
        instrument: &Instrument,
        book: &Book,
        under: &Under,
        field: &str,
        priced: &mut Priced,
    ) -> Result<Own, Denial> {
        let quote = self.quote;
        let calendar = self.calendar()?;
        let code = instrument.rules.award.as_str();
        let start = quote.pay_period_start;
        let terms = book
            .terms(code, &under.classification, quote.employment, start)
            .map_err(|error| refuse::quote(&format!("{field}."), &error))?;
        quote
            .price_under(&terms, calendar, priced)
            .map_err(|error| refuse::quote(&format!("{}quote.", self.place), &error))?;
        Ok(Own {
            base: paid::base_rate(&terms, priced),
            position: paid::base_position(&terms, priced),
            operative_from: terms.version.operative_from,
            currency: terms.version.currency,
            lines: paid::lines(&terms, priced),
        })
    }

    /// The floor of an agreement's base rate, when that rate is below it (s.206).
    fn floor(
        &self,
        instrument: &Instrument,
        under: &Under,
        own: Money,
        field: &str,
        award_base: Money,
        priced: &mut Priced,
    ) -> Result<Option<Lift>, Denial> {
        let Self { quote, cx, reference, .. } = *self;
        if instrument.kind != InstrumentKind::EnterpriseAgreement {
            return Ok(None);
        }
        let (floor, floor_of) = if let Some(award) = &instrument.floor_award {
            let classification = instrument.counterpart(&under.classification);
            let base = if *award == quote.award && classification == quote.classification {
                award_base
            } else {
                self.award_base(award, classification, priced)
                    .map_err(|error| refuse::quote(&format!("{field}.floor."), &error))?
            };
            (base, award.clone())
        } else {
            let table = reference.statutory(cx.tenant, MINIMUM_WAGE, quote.known_us(u64::MAX));
            let date = quote.pay_period_start;
            let hourly = table.and_then(|it| it.find(date, Some(quote.state), None)?.hourly);
            let hourly = hourly.ok_or_else(|| {
                let detail = format!(
                    "{field} has no award, and no `{MINIMUM_WAGE}` is published for {date}"
                );
                Refusal::StatutoryMissing.at(field.to_owned()).because(detail)
            })?;
            (hourly, MINIMUM_WAGE.to_owned())
        };
        Ok((own < floor).then_some(Lift { own, floor, floor_of }))
    }

    /// The base rate that `award` pays this person as `classification` in the first shift, by what
    /// was known then. It depends on dates alone: another award need not know the flags and claims.
    fn award_base(
        &self,
        award: &str,
        classification: &str,
        priced: &mut Priced,
    ) -> Result<Money, QuoteError> {
        let quote = self.quote;
        let mut counterpart = Quote::new(
            award.to_owned(),
            classification.to_owned(),
            quote.employment,
            quote.state,
            quote.pay_period_start,
            quote.shifts.iter().map(|it| Shift::new(it.start, it.end, Vec::new())).collect(),
        );
        counterpart.person.clone_from(&quote.person);
        if let Some(person) = &mut counterpart.person {
            person.flags.clear();
        }
        let known_us = quote.known_us(u64::MAX);
        let terms = counterpart.price_known(self.reference, self.cx.tenant, known_us, priced)?;
        Ok(paid::base_rate(&terms, priced))
    }
}

/// Pay under an instrument's own rules.
struct Own {
    base: Money,
    position: usize,
    operative_from: Date,
    currency: Currency,
    lines: Vec<PaidLine>,
}

impl Own {
    fn offer(self, under: &Under, instrument: &Instrument, lifted: Option<Lift>) -> Offer {
        Offer {
            contestant: Contestant {
                instrument: under.instrument.clone(),
                kind: instrument.kind,
                operative_from: self.operative_from,
                classification: under.classification.clone(),
                base: self.base,
                lifted,
                total: total(&self.lines),
                pays: Money::ZERO,
                outcome: String::new(),
            },
            currency: self.currency,
            lines: self.lines,
            set_off: instrument.set_off,
        }
    }
}

const fn name(kind: InstrumentKind) -> &'static str {
    match kind {
        InstrumentKind::Award => "award",
        InstrumentKind::EnterpriseAgreement => "enterprise agreement",
        InstrumentKind::ProtectedRate => "protected rate",
        InstrumentKind::Contract => "contract",
    }
}

/// Award or agreement first; then each further instrument against what stands so far.
fn decide(offers: Vec<Offer>) -> Settled {
    let first = offers
        .iter()
        .position(|it| it.contestant.kind == InstrumentKind::EnterpriseAgreement)
        .unwrap_or(0);
    let currency = offers[0].currency;
    let mut pieces: Vec<Piece> = offers[first]
        .lines
        .iter()
        .map(|line| Piece { by: first, line: line.clone(), other: None })
        .collect();
    for (at, offer) in offers.iter().enumerate() {
        if matches!(
            offer.contestant.kind,
            InstrumentKind::Award | InstrumentKind::EnterpriseAgreement
        ) {
            continue;
        }
        let standing: Vec<PaidLine> = pieces.iter().map(|it| it.line.clone()).collect();
        if offer.set_off {
            if total(&standing) < offer.contestant.total {
                let whole = |line: &PaidLine| Piece { by: at, line: line.clone(), other: None };
                pieces = offer.lines.iter().map(whole).collect();
            }
            continue;
        }
        let mut settled = contest(&standing, &offer.lines);
        for piece in &mut settled {
            // A stretch that the standing side pays keeps the instrument it came from.
            piece.by =
                if piece.by == 1 { at } else { origin(&pieces, &piece.line).unwrap_or(first) };
        }
        pieces = settled;
    }
    let mut instruments: Vec<Contestant> = offers.into_iter().map(|it| it.contestant).collect();
    for piece in &pieces {
        instruments[piece.by].pays += piece.line.amount;
    }
    let total = pieces.iter().map(|it| it.line.amount).sum();
    for (at, it) in instruments.iter_mut().enumerate() {
        it.outcome = outcome(it, at == first, first != 0);
    }
    let winner = (0..instruments.len())
        .rev()
        .max_by_key(|at| instruments[*at].pays)
        .expect("the award is always there");
    let lines = pieces
        .into_iter()
        .map(|it| SettledLine {
            instrument: instruments[it.by].instrument.clone(),
            line: it.line,
            compared: it.other,
        })
        .collect();
    Settled {
        wins: instruments[winner].instrument.clone(),
        because: instruments[winner].outcome.clone(),
        instruments,
        currency,
        lines,
        total,
    }
}

/// Whose line `line` was cut from.
fn origin(pieces: &[Piece], line: &PaidLine) -> Option<usize> {
    pieces
        .iter()
        .filter(|it| it.line.shift == line.shift && it.line.rule == line.rule)
        .filter(|it| it.line.paid_for == line.paid_for && it.line.rate == line.rate)
        .find(|it| it.line.from <= line.from && line.from <= it.line.to)
        .map(|it| it.by)
}

fn outcome(it: &Contestant, applies: bool, has_agreement: bool) -> String {
    let lifted = it.lifted.as_ref().map_or(String::new(), |lift| {
        format!(
            "; its base rate {} has effect as {}, that of {} (Fair Work Act 2009 s.206)",
            lift.own, lift.floor, lift.floor_of
        )
    });
    match it.kind {
        InstrumentKind::Award if has_agreement => {
            "does not apply while the enterprise agreement does (Fair Work Act 2009 s.57)"
                .to_owned()
        }
        InstrumentKind::Award => "applies: no enterprise agreement covers the work".to_owned(),
        InstrumentKind::EnterpriseAgreement if applies => {
            format!("applies in place of the award (Fair Work Act 2009 s.57){lifted}")
        }
        InstrumentKind::EnterpriseAgreement => format!("does not apply{lifted}"),
        InstrumentKind::ProtectedRate if Money::ZERO < it.pays => {
            "pays where it is higher: no less than the host's full rate (Fair Work Act 2009 s.306F)"
                .to_owned()
        }
        InstrumentKind::ProtectedRate => {
            "is met by what applies (Fair Work Act 2009 s.306F)".to_owned()
        }
        InstrumentKind::Contract if Money::ZERO < it.pays => {
            "pays where it is higher than what the law requires".to_owned()
        }
        InstrumentKind::Contract => "is below what the law requires, which is paid".to_owned(),
    }
}
