//! Charge rates against published worked values.

use rates::rules::charge::{ChargeTemplate, HourKind};
use rates::rules::ratio::Ratio;
use values::Money;

fn template(json: &str) -> ChargeTemplate {
    let template: ChargeTemplate = serde_json::from_str(json).unwrap();
    template.check().unwrap_or_else(|error| panic!("{error}"));
    template
}

fn money(text: &str) -> Money {
    Money::parse(text).unwrap()
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
    let charge = template(LEAP).charge(money("38.13"), HourKind::Ordinary).unwrap();
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
    let charge = wtc.charge(money("33.19"), HourKind::Ordinary).unwrap();
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
        let charge = workbook(billable, again).charge(money("29.50"), HourKind::Ordinary).unwrap();
        let digits = |text: &str| u32::try_from(text.split('.').nth(1).unwrap().len()).unwrap();
        assert_eq!(charge.exact.decimal(digits(rate)).unwrap(), rate);
        assert_eq!(charge.margin.decimal(digits(margin)).unwrap(), margin);
    }
    // The yearly figures behind them.
    let charge = workbook("1976", false).charge(money("29.50"), HourKind::Ordinary).unwrap();
    let year = Ratio::new(1976, 1).unwrap();
    let yearly: Vec<String> =
        charge.costs.iter().map(|it| it.times(year).unwrap().decimal(4).unwrap()).collect();
    assert_eq!(yearly, ["784.7000", "6793.8205", "2565.8569", "850.0000", "300.0000"]);
    assert_eq!(charge.pay.times(year).unwrap().decimal(2).unwrap(), "58292.00");
    assert_eq!(charge.cost.times(year).unwrap().decimal(4).unwrap(), "69586.3774");
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
    for (pay, rate) in [("44.25", "52.96725"), ("59.00", "70.62300"), ("73.75", "88.27875")] {
        let charge = template.charge(money(pay), HourKind::Overtime).unwrap();
        assert_eq!(charge.exact.decimal(5).unwrap(), rate);
        let ordinary = template.charge(money(pay), HourKind::Ordinary).unwrap();
        assert!(charge.rate < ordinary.rate);
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
    let charge = template.charge(money("29.50"), HourKind::Ordinary).unwrap();
    assert_eq!(charge.cost.decimal(4).unwrap(), "57.0684");
    assert_eq!(charge.exact.decimal(4).unwrap(), "65.6287");
    let year = Ratio::new(1444, 1).unwrap();
    assert_eq!(charge.cost.times(year).unwrap().decimal(3).unwrap(), "82406.806");
}

#[test]
fn a_margin_on_price_is_not_a_markup() {
    let price = |margin: &str| {
        template(&format!(r#"{{"code": "m", "title": "margin", "costs": [], "margin": {margin}}}"#))
            .charge(money("40.00"), HourKind::Ordinary)
            .unwrap()
            .rate
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
            "costs[0] needs exactly one of percent, per_hour and per_year",
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
            "costs[0].of belongs to a percentage only",
        ),
        (
            "",
            r#""margin": {"on-price": "100.00"}"#,
            "margin.on-price is 100.00 %, expected below 100.00 % of the price",
        ),
        ("", r#""margin": {"markup": "-1"}"#, "margin is negative"),
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
        let error = good.charge(money(pay), HourKind::Ordinary).unwrap_err();
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
    let error = deep.charge(money("29.99"), HourKind::Ordinary).unwrap_err();
    assert_eq!(error.to_string(), "costs lead to a number too long to be exact");
}
