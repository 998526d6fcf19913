//! The bytes of what belongs to charges, as in `golden.rs`; and older versions, which still read.

use contract::{Record, Stored};
use rates::rules::award::{AwardVersion, CasualRegime, Employment};
use rates::rules::calendar::State;
use rates::rules::charge::former::ChargeTemplateOne;
use rates::rules::charge::{
    Accounting, ChargeTemplate, Margin, OnCost, OvertimeTerms, Rounding, Statutory, TemplatePay,
    YearHours,
};
use rates::rules::fine::FinePercent;
use rates::rules::instrument::{Counterpart, Instrument, InstrumentKind};
use rates::rules::statutory::{
    BaseLimit, Fade, Period, StatutoryEntry, StatutoryTable, TaxBand, TaxScale,
};
use rates::{
    AcceptedQuote, ENTRY, EditionKept, Former, InstrumentPublished, KeptRecord, Known,
    StatutoryPublished, Subject, TemplateApproved, TemplateDefined, TemplateRetired,
    TemplateStatus, TemplateVersion, TemplateVersions,
};
use values::{Currency, Hours};

use crate::golden::{check, golden};
use crate::support::{date, money, percent};

fn template() -> ChargeTemplate {
    ChargeTemplate {
        code: "labour-hire".to_owned(),
        title: "Labour hire, New South Wales".to_owned(),
        currency: Currency::AUD,
        accounting: Accounting::Annual(YearHours {
            paid_hours: Hours::from_minutes(1976 * 60),
            billable_hours: Hours::from_minutes(1482 * 60),
        }),
        costs: vec![OnCost {
            name: "super".to_owned(),
            percent: Some(FinePercent::from_units(121_250)),
            statutory: Some(Statutory {
                table: "super-guarantee".to_owned(),
                class: Some("a class".to_owned()),
                annual_wages: Some(money("5000000")),
            }),
            of: vec!["ordinary-time-earnings".to_owned()],
            hours: Some(Hours::from_minutes(60)),
            less_hours: Some(Hours::from_minutes(30)),
            base_max: Some(money("250000")),
            per_hour: Some(money("0.85")),
            per_year: Some(money("850")),
            states: vec![State::Nsw, State::Wa],
        }],
        margin: Margin::OnPrice(percent("15")),
        rounding: Rounding::Cent,
        effective_from: Some(date("2025-07-01")),
        effective_to: Some(date("2026-06-30")),
        overtime: Some(OvertimeTerms {
            costs: vec!["super".to_owned()],
            margin: Some(Margin::OfPay(percent("15"))),
        }),
        pay: vec![TemplatePay {
            award: "MA000004".to_owned(),
            classification: "level-1".to_owned(),
            employment: Employment::Casual,
            rule: Some("sunday".to_owned()),
            hourly: money("46.46"),
        }],
    }
}

fn version() -> TemplateVersion {
    TemplateVersion {
        version: 3,
        template: template(),
        defined_us: 1_752_400_000_000_000,
        defined_by: 7,
        approved_us: Some(1_752_400_000_000_001),
        approved_by: Some(8),
        retired_us: Some(1_752_400_000_000_002),
        retired_by: Some(9),
        retired_from: Some(date("2026-01-01")),
    }
}

fn table() -> StatutoryTable {
    let band = |above: &str, units| TaxBand {
        above: money(above),
        percent: FinePercent::from_units(units),
        glides: true,
    };
    StatutoryTable {
        code: "payroll-tax".to_owned(),
        title: "Payroll tax".to_owned(),
        entry: vec![StatutoryEntry {
            state: Some(State::Vic),
            class: Some("regional".to_owned()),
            valid_from: date("2025-07-01"),
            valid_to: Some(date("2026-06-30")),
            percent: Some(FinePercent::from_units(12_125)),
            tax: Some(TaxScale {
                deduction: money("1000000"),
                fades: Some(Fade { from: money("3000000"), to: money("5000000") }),
                bands: vec![band("1000000", 48_500)],
                marginal: true,
                surcharges: vec![band("10000000", 10_000)],
            }),
            hourly: Some(money("24.95")),
            base_max: Some(BaseLimit { amount: money("62500"), per: Period::Quarter }),
            source: "a golden file".to_owned(),
        }],
    }
}

#[test]
fn records_and_events_of_charges_keep_their_bytes() {
    check("template_versions_2", &TemplateVersions { versions: vec![version()] });
    check("statutory_table_1", &table());
    check("template_defined_2", &TemplateDefined { version: version() });
    let (code, version) = ("labour-hire".to_owned(), 3);
    let approved_us = 1_752_400_000_000_001;
    check(
        "template_approved_1",
        &TemplateApproved { code: code.clone(), version, approved_us, approved_by: 8 },
    );
    let retired_from = Some(date("2026-01-01"));
    let retired_us = 1_752_400_000_000_002;
    check(
        "template_retired_1",
        &TemplateRetired { code, version, retired_us, retired_by: 9, retired_from },
    );
    check("statutory_published_1", &StatutoryPublished { table: table() });
    let instrument = Instrument {
        kind: InstrumentKind::EnterpriseAgreement,
        rules: crate::golden::version(),
        floor_award: Some("MA000004".to_owned()),
        counterparts: vec![Counterpart {
            classification: "level-1".to_owned(),
            award_classification: "retail-employee-level-1".to_owned(),
        }],
        ends: Some(date("2029-06-30")),
        set_off: true,
    };
    check("instrument_1", &instrument);
    check("instrument_published_1", &InstrumentPublished { instrument });
    let subject = Subject::Award("MA000004".to_owned(), 20_270);
    let (known_from_us, known_until_us) = (1_752_400_000_000_000, 1_752_400_000_000_001);
    let kept = KeptRecord { schema: 1, bytes: vec![1, 2, 3] };
    let known = Known { subject: subject.clone(), known_from_us, known_by: 7, editions: 2 };
    check("known_1", &known);
    let former = Some(kept.clone());
    let event = EditionKept { subject: subject.clone(), known_from_us, known_by: 7, former };
    check("edition_kept_1", &event);
    check("former_1", &Former { subject, known_from_us, known_until_us, known_by: 7, kept });
}

/// Templates of the first version are in use since ever, as they were.
#[test]
fn a_template_of_the_first_version_reads_as_approved() {
    let row = golden("charge_template_1");
    let old = ChargeTemplateOne::decode(&row).unwrap();
    assert_eq!((old.code.as_str(), old.costs.len()), ("labour-hire", 1));
    let upgraded = <TemplateVersions as Record>::upgrade(1, &row).unwrap();
    let [only] = upgraded.versions.as_slice() else { panic!("one version") };
    assert_eq!((only.version, only.status()), (1, TemplateStatus::Approved));
    assert_eq!(only.template.costs[0].percent.unwrap().to_string(), "12.00");
    assert!(upgraded.in_force(date("1990-01-01"), 0).is_some());
    assert!(<TemplateVersions as Record>::upgrade(9, &row).is_none());
    assert!(<TemplateVersions as Record>::upgrade(1, &[1, 2, 3]).is_none());
    let tables = fixture::Memory::default();
    let mut changes = Vec::new();
    let mut staging = contract::Staging::new(&tables, &mut changes);
    let event = golden("template_defined_1");
    assert!((ENTRY.replay)(&mut staging, crate::start::T, 3, 1, &event));
    assert_eq!(changes.len(), 1);
}

/// Awards from before they had shifts, allowances and scales.
#[test]
fn an_award_of_the_first_version_reads() {
    let old = <AwardVersion as Record>::upgrade(1, &golden("award_version_1")).unwrap();
    assert_eq!((old.award.as_str(), old.penalties.len(), old.overtime.len()), ("MA000004", 3, 2));
    assert_eq!(old.ordinary[0].daily_max, Hours::from_minutes(540));
    assert_eq!(old.penalties[2].casual, Some(CasualRegime::Tabulated(percent("250"))));
    assert_eq!(old.penalties[0].flat.as_ref().unwrap().percent, Some(percent("10")));
    let tables = fixture::Memory::default();
    let mut changes = Vec::new();
    let mut staging = contract::Staging::new(&tables, &mut changes);
    let event = golden("award_published_1");
    assert!((ENTRY.replay)(&mut staging, crate::start::T, 1, 1, &event));
}

/// Quotes that were accepted before lines were kept.
#[test]
fn an_accepted_quote_of_the_first_version_reads() {
    let old = <AcceptedQuote as Record>::upgrade(1, &golden("accepted_quote_1")).unwrap();
    assert_eq!((old.total, old.lines, old.charge), (money("209.07"), None, None));
    assert_eq!((old.accepted_us, old.known_us), (1_752_400_000_000_000, 1_752_400_000_000_000));
    assert_eq!(old.quote.shifts[0].unpaid_breaks.len(), 1);
    let tables = fixture::Memory::default();
    let mut changes = Vec::new();
    let mut staging = contract::Staging::new(&tables, &mut changes);
    let event = golden("quote_accepted_1");
    assert!((ENTRY.replay)(&mut staging, crate::start::T, 4, 1, &event));
}
