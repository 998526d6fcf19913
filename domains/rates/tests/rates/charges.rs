//! Charge rates against published worked values.

use proptest::prelude::*;
use rates::rules::calendar::State;
use rates::rules::charge::{ChargeRate, ChargeTemplate, Charging, HourKind};
use rates::rules::ratio::Ratio;
use rates::rules::statutory::StatutoryTable;
use values::{Hours, Money};

use crate::support::{date, money, read};

fn template(json: &str) -> ChargeTemplate {
    let template: ChargeTemplate = serde_json::from_str(json).unwrap();
    template.check().unwrap_or_else(|error| panic!("{error}"));
    template
}

/// The template on a day on which nothing statutory matters.
fn on(template: &ChargeTemplate) -> Charging<'_> {
    template.on(date("2025-07-13"), None, |_| None).unwrap()
}

fn charge(template: &ChargeTemplate, pay: Money, kind: HourKind) -> ChargeRate {
    on(template).hour(pay, kind).unwrap_or_else(|error| panic!("{error}"))
}

/// A labour hire company's published breakdown: every component in cents.
const LEAP: &str = r#"{
    "code": "leap", "title": "CW1 casual, Sydney", "rounding": "cent",
    "costs": [
        {"name": "super", "percent": "12.00", "of": ["ordinary-time-earnings"]},
        {"name": "workers-compensation", "percent": "5.00", "of": ["gross-wages"]},
        {"name": "payroll-tax", "percent": "5.45", "of": ["gross-wages", "super"]},
        {"name": "overhead", "per_hour": "0.85"}
    ],
    "margin": {"per-hour": "4.20"}
}"#;

#[test]
fn a_published_breakdown_in_cents() {
    let charge = charge(&template(LEAP), money("38.13"), HourKind::Ordinary);
    let costs: Vec<String> = charge.costs.iter().map(|it| it.decimal(2).unwrap()).collect();
    assert_eq!(costs, ["4.58", "1.91", "2.33", "0.85"]);
    assert_eq!(charge.rate, money("52.00"));
    assert_eq!(charge.exact, Ratio::from(money("52.00")));
}

#[test]
fn one_on_cost_and_a_markup_exactly() {
    let wtc = template(
        r#"{"code": "wtc", "title": "on-cost floor and mark-up",
            "costs": [{"name": "on-cost", "percent": "22.70", "of": ["gross-wages"]}],
            "margin": {"markup": "15.00"}}"#,
    );
    let charge = charge(&wtc, money("33.19"), HourKind::Ordinary);
    assert_eq!(charge.exact.decimal(4).unwrap(), "46.8327");
    assert_eq!(charge.exact.over(money("33.19").into()), Ratio::new(141_105, 100_000));
    assert_eq!(charge.rate, money("46.83"));
}

/// The annual model of a group training organisation's workbook.
fn workbook(billable: &str, second_clothing: bool) -> ChargeTemplate {
    let clothing = if second_clothing {
        // The workbook adds clothing over billable hours a second time in this model.
        r#", {"name": "clothing-again", "per_year": "300.00"}"#
    } else {
        ""
    };
    template(&format!(
        r#"{{"code": "gto", "title": "charge calculator",
            "accounting": {{"annual": {{"paid_hours": "1976", "billable_hours": "{billable}"}}}},
            "costs": [
                {{"name": "leave-loading", "percent": "17.50", "hours": "152"}},
                {{"name": "super", "percent": "11.50", "of": ["gross-wages", "leave-loading"]}},
                {{"name": "workers-compensation", "percent": "4.70",
                  "of": ["gross-wages", "leave-loading"], "less_hours": "152"}},
                {{"name": "study", "per_year": "850.00"}},
                {{"name": "clothing", "per_year": "300.00"}}{clothing}
            ],
            "margin": {{"markup": "15.00"}}}}"#
    ))
}

#[test]
fn the_annual_workbook() {
    for (billable, again, rate, margin) in [
        ("1482", true, "54.2303198448", "7.07352"),
        ("1482", false, "53.9975", "7.04316"),
        ("1976", false, "40.4981447419", "5.28237"),
    ] {
        let charge = charge(&workbook(billable, again), money("29.50"), HourKind::Ordinary);
        let digits = |text: &str| u32::try_from(text.split('.').nth(1).unwrap().len()).unwrap();
        assert_eq!(charge.exact.decimal(digits(rate)).unwrap(), rate);
        assert_eq!(charge.margin.decimal(digits(margin)).unwrap(), margin);
    }
    // The yearly figures behind them.
    let charge = charge(&workbook("1976", false), money("29.50"), HourKind::Ordinary);
    let year = Ratio::new(1976, 1).unwrap();
    let yearly: Vec<String> =
        charge.costs.iter().map(|it| it.times(year).unwrap().decimal(4).unwrap()).collect();
    assert_eq!(yearly, ["784.7000", "6793.8205", "2565.8569", "850.0000", "300.0000"]);
    assert_eq!(charge.pay.times(year).unwrap().decimal(2).unwrap(), "58292.00");
    assert_eq!(charge.cost.times(year).unwrap().decimal(4).unwrap(), "69586.3774");
    println!("charge workbook: 3 charge rates, 3 margins, {} yearly figures", yearly.len() + 2);
}

#[test]
fn overtime_hours_carry_no_super() {
    let template = template(
        r#"{"code": "gto-hour", "title": "overtime of the charge calculator",
            "costs": [
                {"name": "super", "percent": "11.50", "of": ["ordinary-time-earnings"]},
                {"name": "workers-compensation", "percent": "4.70", "of": ["gross-wages"]}
            ],
            "margin": {"of-pay": "15.00"}}"#,
    );
    let rates = [("44.25", "52.96725"), ("59.00", "70.62300"), ("73.75", "88.27875")];
    println!("charge workbook: {} overtime rates", rates.len());
    for (pay, rate) in rates {
        let overtime = charge(&template, money(pay), HourKind::Overtime);
        assert_eq!(overtime.exact.decimal(5).unwrap(), rate);
        let ordinary = charge(&template, money(pay), HourKind::Ordinary);
        assert!(overtime.rate < ordinary.rate);
    }
}

#[test]
fn service_defaults_of_an_apprentice_platform() {
    let template = template(
        r#"{"code": "apprentice", "title": "service defaults",
            "accounting": {"annual": {"paid_hours": "1976", "billable_hours": "1444"}},
            "costs": [
                {"name": "super", "percent": "11.50", "of": ["gross-wages"]},
                {"name": "workers-compensation", "percent": "4.70", "of": ["gross-wages"]},
                {"name": "payroll-tax", "percent": "4.85", "of": ["gross-wages"]},
                {"name": "leave-loading", "percent": "17.50", "hours": "152"},
                {"name": "study", "per_year": "850.00"},
                {"name": "protective-equipment", "per_year": "300.00"},
                {"name": "administration", "percent": "17.00", "of": ["gross-wages"]}
            ],
            "margin": {"markup": "15.00"}}"#,
    );
    let charge = charge(&template, money("29.50"), HourKind::Ordinary);
    assert_eq!(charge.cost.decimal(4).unwrap(), "57.0684");
    assert_eq!(charge.exact.decimal(4).unwrap(), "65.6287");
    let year = Ratio::new(1444, 1).unwrap();
    assert_eq!(charge.cost.times(year).unwrap().decimal(3).unwrap(), "82406.806");
}

#[test]
fn a_margin_on_price_is_not_a_markup() {
    let price = |margin: &str| {
        let json =
            format!(r#"{{"code": "m", "title": "margin", "costs": [], "margin": {margin}}}"#);
        charge(&template(&json), money("40.00"), HourKind::Ordinary).rate
    };
    assert_eq!(price(r#"{"markup": "20.00"}"#), money("48.00"));
    assert_eq!(price(r#"{"on-price": "20.00"}"#), money("50.00"));
}

#[test]
fn a_template_that_cannot_be_meant_is_refused() {
    let refusal = |costs: &str, rest: &str| {
        let json = format!(r#"{{"code": "x", "title": "x", "costs": [{costs}], {rest}}}"#);
        match serde_json::from_str::<ChargeTemplate>(&json) {
            Ok(template) => template.check().unwrap_err().to_string(),
            Err(error) => error.to_string(),
        }
    };
    let margin = r#""margin": {"markup": "15.00"}"#;
    for (costs, rest, expected) in [
        (
            r#"{"name": "a"}"#,
            margin,
            "costs[0] needs exactly one of percent, statutory, per_hour and per_year",
        ),
        (
            r#"{"name": "a", "percent": "1", "of": ["b"]}"#,
            margin,
            "costs[0].of[0] names `b`, which is neither a base nor an earlier cost",
        ),
        (
            r#"{"name": "a", "percent": "1", "of": ["a"]}"#,
            margin,
            "costs[0].of[0] names `a`, which is neither a base nor an earlier cost",
        ),
        (
            r#"{"name": "gross-wages", "per_hour": "1"}"#,
            margin,
            "costs[0].name is the name of an earlier cost or of a base",
        ),
        (r#"{"name": "a", "percent": "1"}"#, margin, "costs[0].of is empty"),
        (r#"{"name": "a", "per_year": "1"}"#, margin, "costs[0].per_year needs annual accounting"),
        (r#"{"name": "a", "per_hour": "-1"}"#, margin, "costs[0] is negative"),
        (
            r#"{"name": "a", "per_hour": "1", "of": ["gross-wages"]}"#,
            margin,
            "costs[0].of belongs to a share only",
        ),
        (
            "",
            r#""margin": {"on-price": "100.00"}"#,
            "margin.on-price is 100.00 %, expected below 100.00 % of the price",
        ),
        ("", r#""margin": {"markup": "-1"}"#, "margin is negative"),
        (
            "",
            r#""margin": {"markup": "1"}, "effective_from": "2025-07-02", "effective_to": "2025-07-01""#,
            "effective_to is 2025-07-01, before effective_from 2025-07-02",
        ),
        (
            r#"{"name": "a", "per_hour": "1", "base_max": "1"}"#,
            margin,
            "costs[0].base_max belongs to a share only",
        ),
        (
            r#"{"name": "a", "per_hour": "1"}"#,
            r#""margin": {"markup": "1"}, "overtime": {"costs": ["b"]}"#,
            "overtime.costs[0] names `b`, which is no cost of this template",
        ),
        (
            "",
            r#""margin": {"markup": "1"}, "overtime": {"costs": [], "margin": {"of-pay": "-1"}}"#,
            "overtime.margin is negative",
        ),
        (
            "",
            r#""margin": {"markup": "1"}, "accounting": {"annual": {"paid_hours": "1", "billable_hours": "0"}}"#,
            "accounting.annual.billable_hours is zero",
        ),
    ] {
        assert_eq!(refusal(costs, rest), expected);
    }
    assert!(refusal("", r#""margin": {"markup": "1"}, "colour": 1"#).contains("unknown field"));
    let good = template(LEAP);
    for pay in ["0", "-1", "100000.01"] {
        let error = on(&good).hour(money(pay), HourKind::Ordinary).unwrap_err();
        assert!(error.to_string().starts_with("pay is"), "{error}");
    }
    // Sixteen shares of shares have no short exact sum: said, not rounded.
    let mut costs = vec![r#"{"name": "c0", "percent": "33.33", "of": ["gross-wages"]}"#.to_owned()];
    for at in 1..16 {
        let before = at - 1;
        costs.push(format!(r#"{{"name": "c{at}", "percent": "33.33", "of": ["c{before}"]}}"#));
    }
    let deep = template(&format!(
        r#"{{"code": "d", "title": "deep", "costs": [{}], {margin}}}"#,
        costs.join(",")
    ));
    let error = on(&deep).hour(money("29.99"), HourKind::Ordinary).unwrap_err();
    assert_eq!(error.to_string(), "costs lead to a number too long to be exact");
}

#[test]
fn one_template_charges_the_year_and_its_overtime() {
    let mut json: serde_json::Value =
        serde_json::to_value(workbook("1482", true)).expect("a template is JSON");
    json["overtime"] =
        serde_json::json!({"costs": ["workers-compensation"], "margin": {"of-pay": "15.00"}});
    let template = template(&json.to_string());
    let ordinary = charge(&template, money("29.50"), HourKind::Ordinary);
    assert_eq!(ordinary.exact.decimal(10).unwrap(), "54.2303198448");
    for (pay, rate) in [("44.25", "52.96725"), ("59.00", "70.62300"), ("73.75", "88.27875")] {
        let overtime = charge(&template, money(pay), HourKind::Overtime);
        assert_eq!(overtime.exact.decimal(5).unwrap(), rate);
    }
    // Without the treatment an hour of overtime has no place in a year's account.
    let error = on(&workbook("1482", true)).hour(money("44.25"), HourKind::Overtime).unwrap_err();
    assert!(error.to_string().starts_with("hour cannot be overtime under annual"), "{error}");
    json["overtime"]["costs"] = serde_json::json!(["study"]);
    let yearly: ChargeTemplate = serde_json::from_value(json).unwrap();
    assert_eq!(
        yearly.check().unwrap_err().to_string(),
        "overtime.costs[0] names `study`, a yearly amount, which an hour of overtime cannot carry"
    );
}

#[test]
fn the_workbooks_split_by_the_billed_hour() {
    let standard = charge(&workbook("1482", true), money("29.50"), HourKind::Ordinary);
    let parts: Vec<String> = standard.costs[..2].iter().map(|it| it.decimal(5).unwrap()).collect();
    assert_eq!(parts, ["0.52949", "4.58422"]);
    let above = |it: &ChargeRate| it.cost.minus(money("29.50").into()).unwrap();
    assert_eq!(above(&standard).decimal(10).unwrap(), "17.6567998650");
    let whole_year = charge(&workbook("1976", false), money("29.50"), HourKind::Ordinary);
    assert_eq!(above(&whole_year).decimal(10).unwrap(), "5.7157780364");
    // Four weeks of leave by the billed hour.
    let leave = Ratio::from(money("29.50")).times(Ratio::new(152, 1482).unwrap()).unwrap();
    assert_eq!(leave.decimal(5).unwrap(), "3.02564");
}

fn table(name: &str) -> StatutoryTable {
    let table: StatutoryTable = toml::from_str(&read(&format!("statutory/{name}.toml"))).unwrap();
    table.check().unwrap_or_else(|error| panic!("{name}: {error}"));
    table
}

/// The breakdown again, its rates out of the published tables.
#[test]
fn statutory_costs_follow_the_day_and_the_state() {
    let (super_guarantee, payroll_tax) = (table("super-guarantee"), table("payroll-tax"));
    let tables = |code: &str| match code {
        "super-guarantee" => Some(&super_guarantee),
        "payroll-tax" => Some(&payroll_tax),
        _ => None,
    };
    let mut json: serde_json::Value = serde_json::from_str(LEAP).unwrap();
    json["costs"][0] = serde_json::json!({"name": "super", "of": ["ordinary-time-earnings"],
        "statutory": {"table": "super-guarantee"}});
    json["costs"][2] = serde_json::json!({"name": "payroll-tax", "of": ["gross-wages", "super"],
        "statutory": {"table": "payroll-tax"}});
    let template = template(&json.to_string());
    for (day, state, price) in [
        ("2025-07-13", State::Nsw, "52.00"),
        // 11.50 % super in the year before, 4.85 % payroll tax in Victoria.
        ("2025-06-30", State::Nsw, "51.79"),
        ("2025-07-13", State::Vic, "51.74"),
    ] {
        let charging = template.on(date(day), Some(state), tables).unwrap();
        let rate = charging.hour(money("38.13"), HourKind::Ordinary).unwrap().rate;
        assert_eq!(rate, money(price), "{day} {state:?}");
    }
    let refusal = |day: &str, state| template.on(date(day), state, tables).unwrap_err().to_string();
    assert_eq!(
        refusal("2025-07-13", None),
        "costs[2].statutory has no rate in the table `payroll-tax` for no state, on 2025-07-13; \
         publish one"
    );
    assert!(refusal("2001-01-01", Some(State::Nsw)).contains("`super-guarantee` for NSW"));
    let error = template.on(date("2025-07-13"), None, |_| None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "costs[0].statutory names the table `super-guarantee`, which is not published"
    );
    // A cost of some states is not charged in others, and cannot be guessed without one.
    json["costs"][3]["states"] = serde_json::json!(["VIC", "SA"]);
    let local: ChargeTemplate = serde_json::from_value(json).unwrap();
    let charging = local.on(date("2025-07-13"), Some(State::Nsw), tables).unwrap();
    let rate = charging.hour(money("38.13"), HourKind::Ordinary).unwrap();
    assert_eq!((rate.rate, rate.costs[3]), (money("51.15"), Ratio::ZERO));
    json = serde_json::to_value(&local).unwrap();
    json["costs"].as_array_mut().unwrap().drain(..3);
    let local: ChargeTemplate = serde_json::from_value(json).unwrap();
    let error = local.on(date("2025-07-13"), None, tables).unwrap_err();
    assert_eq!(
        error.to_string(),
        "costs[0].states depends on the state of the work, which is not given"
    );
}

#[test]
fn a_base_ends_where_the_law_or_the_template_ends_it() {
    let super_guarantee = table("super-guarantee");
    let json = |extra: &str| {
        format!(
            r#"{{"code": "a", "title": "annual",
                "accounting": {{"annual": {{"paid_hours": "2000", "billable_hours": "2000"}}}},
                "costs": [{{"name": "super", "statutory": {{"table": "super-guarantee"}},
                    "of": ["gross-wages"]{extra}}}],
                "margin": {{"markup": "0"}}}}"#
        )
    };
    let super_of = |json: String, pay: &str| {
        let template = template(&json);
        let charging = template.on(date("2025-07-13"), None, |_| Some(&super_guarantee)).unwrap();
        let year = Ratio::new(2_000, 1).unwrap();
        let rate = charging.hour(money(pay), HourKind::Ordinary).unwrap();
        rate.costs[0].times(year).unwrap().decimal(2).unwrap()
    };
    // 12 % of at most 62,500 dollars a quarter; at 125.00 an hour the year is exactly that.
    assert_eq!(super_of(json(""), "100.00"), "24000.00");
    assert_eq!(super_of(json(""), "125.00"), "30000.00");
    assert_eq!(super_of(json(""), "125.01"), "30000.00");
    assert_eq!(super_of(json(""), "200.00"), "30000.00");
    assert_eq!(super_of(json(r#", "base_max": "100000.00""#), "200.00"), "12000.00");
    // By the hour, the template's own limit is that of an hour.
    let hourly = template(
        r#"{"code": "h", "title": "capped", "costs": [{"name": "levy", "percent": "10",
            "of": ["gross-wages"], "base_max": "30.00"}], "margin": {"markup": "0"}}"#,
    );
    for (pay, price) in [("29.99", "32.99"), ("30.00", "33.00"), ("40.00", "43.00")] {
        assert_eq!(charge(&hourly, money(pay), HourKind::Ordinary).rate, money(price));
    }
}

#[test]
fn a_line_without_hours_is_charged_for_its_amount_alone() {
    let template = template(LEAP);
    let charging = on(&template);
    let line = |amount, hours| charging.line(money(amount), hours, HourKind::Ordinary).unwrap();
    // 10.00 + 1.20 super + 0.50 + 5.45 % of 11.20; no overhead, no margin by the hour.
    assert_eq!(line("10.00", Hours::ZERO), money("12.31"));
    assert_eq!(line("38.13", Hours::from_minutes(60)), money("52.00"));
    assert_eq!(line("76.26", Hours::from_minutes(120)), money("104.00"));
}

proptest! {
    #[test]
    fn more_pay_never_costs_a_client_less(cents in 1i64..2_000_000, more in 1i64..100_000) {
        let template = template(LEAP);
        let charging = on(&template);
        for kind in [HourKind::Ordinary, HourKind::Overtime] {
            let rate = |cents| charging.hour(Money::from_cents(cents), kind).unwrap().rate;
            prop_assert!(rate(cents) <= rate(cents + more));
            prop_assert!(Money::from_cents(cents) < rate(cents));
        }
    }

    #[test]
    fn a_charge_is_its_parts(cents in 1i64..2_000_000, margin in 0i32..9_999) {
        for kind in ["markup", "on-price", "of-pay"] {
            let (whole, part) = (margin / 100, margin % 100);
            let json = format!(
                r#"{{"code": "p", "title": "parts", "costs": [
                    {{"name": "super", "percent": "12", "of": ["ordinary-time-earnings"]}},
                    {{"name": "tax", "percent": "1.2125", "of": ["gross-wages", "super"]}}],
                    "margin": {{"{kind}": "{whole}.{part:02}"}}}}"#
            );
            let template = template(&json);
            let rate = charge(&template, Money::from_cents(cents), HourKind::Ordinary);
            let cost = rate.costs.iter().fold(rate.pay, |sum, it| sum.plus(*it).unwrap());
            prop_assert_eq!(cost, rate.cost);
            prop_assert_eq!(cost.plus(rate.margin).unwrap(), rate.exact);
            prop_assert_eq!(rate.exact.to_money().unwrap(), rate.rate);
            let share = Ratio::new(margin.into(), 10_000).unwrap();
            let of = match kind { "markup" => rate.cost, "on-price" => rate.exact, _ => rate.pay };
            prop_assert_eq!(of.times(share).unwrap(), rate.margin);
        }
    }

    /// A line charged from its amount and one charged from its rate differ by no more than rounding
    /// the rate does: half a cent an hour.
    #[test]
    fn a_line_costs_what_its_hours_cost(cents in 100i64..50_000, minutes in 1u32..1_440) {
        let template = template(LEAP);
        let charging = on(&template);
        let (pay, hours) = (Money::from_cents(cents * 60), Hours::from_minutes(minutes));
        let amount = Money::from_cents(cents * i64::from(minutes));
        let rate = charging.hour(pay, HourKind::Ordinary).unwrap().exact;
        let exact = rate.times(hours.into()).unwrap().to_money().unwrap();
        prop_assert_eq!(charging.line(amount, hours, HourKind::Ordinary).unwrap(), exact);
    }
}
