//! Published figures for the shipped packs, to the cent: pay tables, penalty dollars, juniors,
//! apprentices, and worked pay lines.

use crate::support::{book, date, money, percent, rate};
use rates::rules::award::Employment::{self, Casual, FullTime};
use values::{Hours, Money, Percent};

/// General retail: level, then weekly/hourly by operative date.
const RETAIL: &str = "
1|848.50/22.33|888.50/23.38|939.60/24.73|974.80/25.65|1008.90/26.55|1056.80/27.81
2|868.80/22.86|908.80/23.92|961.10/25.29|997.10/26.24|1032.00/27.16|1081.00/28.45
3|882.30/23.22|922.90/24.29|976.00/25.68|1012.60/26.65|1048.00/27.58|1097.80/28.89
4|899.50/23.67|940.90/24.76|995.00/26.18|1032.30/27.17|1068.40/28.12|1119.10/29.45
5|936.50/24.64|979.60/25.78|1035.90/27.26|1074.70/28.28|1112.30/29.27|1165.10/30.66
6|950.10/25.00|993.80/26.15|1050.90/27.66|1090.30/28.69|1128.50/29.70|1182.10/31.11
7|997.70/26.26|1043.60/27.46|1103.60/29.04|1145.00/30.13|1185.10/31.19|1241.40/32.67
8|1038.20/27.32|1086.00/28.58|1148.40/30.22|1191.50/31.36|1233.20/32.45|1291.80/33.99
";
const RETAIL_DATES: [&str; 6] =
    ["2021-09-01", "2022-07-01", "2023-07-01", "2024-07-01", "2025-07-01", "2026-07-01"];

/// Hospitality and manufacturing: award, classification, then weekly / hourly from July 2024, 2025
/// and 2026.
const OTHERS: &str = "
MA000009 hospitality-introductory | 891.50 / 23.46 | 922.70 / 24.28 | 978.10 / 25.74
MA000009 hospitality-level-1 | 915.90 / 24.10 | 948.00 / 24.95 | 1004.90 / 26.44
MA000009 hospitality-level-2 | 949.20 / 24.98 | 982.40 / 25.85 | 1029.10 / 27.08
MA000009 hospitality-level-3 | 980.40 / 25.80 | 1014.70 / 26.70 | 1062.90 / 27.97
MA000009 hospitality-level-4 | 1032.30 / 27.17 | 1068.40 / 28.12 | 1119.10 / 29.45
MA000009 hospitality-level-5 | 1097.10 / 28.87 | 1135.50 / 29.88 | 1189.40 / 31.30
MA000009 hospitality-level-6 | 1126.30 / 29.64 | 1165.70 / 30.68 | 1221.10 / 32.13
MA000010 manufacturing-c14 | 891.50 / 23.46 | 922.70 / 24.28 | 978.10 / 25.74
MA000010 manufacturing-c13 | 915.90 / 24.10 | 948.00 / 24.95 | 1004.90 / 26.44
MA000010 manufacturing-c12 | 949.20 / 24.98 | 982.40 / 25.85 | 1029.10 / 27.08
MA000010 manufacturing-c11 | 980.40 / 25.80 | 1014.70 / 26.70 | 1062.90 / 27.97
MA000010 manufacturing-c10 | 1032.30 / 27.17 | 1068.40 / 28.12 | 1119.10 / 29.45
MA000010 manufacturing-c5 | 1207.80 / 31.78 | 1250.10 / 32.90 | 1309.50 / 34.46
MA000010 manufacturing-c2b | 1396.20 / 36.74 | 1445.10 / 38.03 | 1513.70 / 39.83
";
const JULYS: [&str; 3] = ["2024-07-01", "2025-07-01", "2026-07-01"];

#[test]
fn pay_tables() {
    let book = book();
    let mut count = 0;
    let mut check = |award: &str, code: &str, start: &str, cell: &str| {
        let version = book.version(award, date(start)).unwrap();
        assert_eq!(version.operative_from, date(start));
        if cell.is_empty() {
            assert_eq!(version.position(code), None, "{code} {start}");
            return;
        }
        let (weekly, hourly) = cell.split_once('/').unwrap();
        let position = version.position(code).unwrap();
        let (weekly, hourly) = (money(weekly.trim()), money(hourly.trim()));
        assert_eq!(version.classifications[position].weekly, Some(weekly), "{code}");
        assert_eq!(version.minimum(position), Some(hourly), "{code} {start}");
        count += 1;
    };
    for row in RETAIL.trim().lines() {
        let mut cells = row.split('|').map(str::trim);
        let code = format!("retail-employee-level-{}", cells.next().unwrap());
        for (cell, start) in cells.zip(RETAIL_DATES) {
            check("MA000004", &code, start, cell);
        }
    }
    for row in OTHERS.trim().lines() {
        let mut cells = row.split('|').map(str::trim);
        let (award, code) = cells.next().unwrap().split_once(' ').unwrap();
        for (cell, start) in cells.zip(JULYS) {
            check(award, code, start, cell);
        }
    }
    println!("{count} weekly and hourly rates agree");
    assert_eq!(count, 8 * 6 + 14 * 3);
}

#[test]
fn an_annual_salary_is_shown_and_not_priced() {
    let book = book();
    for (start, salary) in
        [("2024-07-01", "58678"), ("2025-07-01", "60732"), ("2026-07-01", "63617")]
    {
        let version = book.version("MA000009", date(start)).unwrap();
        let position = version.position("hospitality-managerial-staff").unwrap();
        assert_eq!(version.classifications[position].annual, Some(money(salary)));
        let refusal = book
            .terms("MA000009", "hospitality-managerial-staff", FullTime, date(start))
            .unwrap_err();
        assert!(refusal.to_string().contains("annual salary"), "{refusal}");
    }
}

/// Retail juniors of Level 1: suffix, percent, weekly 2025, weekly 2026, casual 125, 150, 175, 250.
const JUNIORS: &str = "
under-16 | 454.01 | 475.56 | - | 17.93 | 20.91 | 29.88
age-16 | 504.45 | 528.40 | 16.60 | - | 23.24 | 33.20
age-17 | 605.34 | 634.08 | 19.91 | 23.90 | 27.88 | 39.83
age-18 | 706.23 | 739.76 | 23.24 | 27.89 | 32.53 | 46.48
age-19 | 807.12 | 845.44 | 26.55 | 31.86 | 37.17 | 53.10
age-20-first-6-months | 908.01 | 951.12 | 29.88 | 35.85 | 41.83 | 59.75
age-20 | 1008.90 | 1056.80 | 33.19 | 39.83 | 46.46 | 66.38
";
/// Levels 2 and 3, weekly 2025.
const JUNIORS_2_3: &str = "
under-16 | 464.40 | 471.60
age-16 | 516.00 | 524.00
age-17 | 619.20 | 628.80
age-18 | 722.40 | 733.60
age-19 | 825.60 | 838.40
age-20-first-6-months | 928.80 | 943.20
";

#[test]
fn retail_juniors() {
    let book = book();
    let weekly = |code: &str, start: &str| {
        let version = book.version("MA000004", date(start)).unwrap();
        version.classifications[version.position(code).unwrap()].weekly.unwrap()
    };
    let rules = ["ordinary", "saturday", "sunday", "public-holiday"];
    let mut count = 0;
    for row in JUNIORS.trim().lines() {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let code = format!("retail-employee-level-1-{}", cells[0]);
        assert_eq!(weekly(&code, "2025-07-01"), money(cells[1]), "{code}");
        assert_eq!(weekly(&code, "2026-07-01"), money(cells[2]), "{code}");
        for (cell, rule) in cells[3..].iter().zip(rules) {
            if *cell != "-" {
                let column = rate(book, "MA000004", &code, Casual, "2025-07-01", rule);
                assert_eq!(column.rate, money(cell), "{code} {rule}");
                count += 1;
            }
        }
        count += 2;
    }
    for row in JUNIORS_2_3.trim().lines() {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        for (level, cell) in [(2, cells[1]), (3, cells[2])] {
            let code = format!("retail-employee-level-{level}-{}", cells[0]);
            assert_eq!(weekly(&code, "2025-07-01"), money(cell), "{code}");
            count += 1;
        }
    }
    println!("{count} junior figures agree");
}

/// Apprentices: award, code, operative date, weekly, hourly (or `-`).
const APPRENTICES: &str = "
MA000004 retail-apprentice-no-year-12-year-1 2025-07-01 534.20 14.06
MA000004 retail-apprentice-no-year-12-year-2 2025-07-01 641.04 16.87
MA000004 retail-apprentice-no-year-12-year-3 2025-07-01 854.72 22.49
MA000004 retail-apprentice-no-year-12-year-4 2025-07-01 961.56 25.30
MA000004 retail-apprentice-before-2014-year-1 2025-07-01 534.20 14.06
MA000004 retail-apprentice-before-2014-year-4 2025-07-01 961.56 25.30
MA000004 retail-apprentice-year-12-year-1 2025-07-01 587.62 15.46
MA000004 retail-apprentice-year-12-year-2 2025-07-01 694.46 18.28
MA000004 retail-adult-apprentice-year-1 2025-07-01 854.72 22.49
MA000004 retail-adult-apprentice-year-2 2025-07-01 1008.90 26.55
MA000004 retail-apprentice-no-year-12-year-1 2026-07-01 559.55 14.73
MA000004 retail-apprentice-no-year-12-year-2 2026-07-01 671.46 17.67
MA000004 retail-apprentice-no-year-12-year-3 2026-07-01 895.28 23.56
MA000004 retail-apprentice-no-year-12-year-4 2026-07-01 1007.19 26.51
MA000004 retail-apprentice-year-12-year-1 2026-07-01 615.51 16.20
MA000004 retail-apprentice-year-12-year-2 2026-07-01 727.42 19.14
MA000009 hospitality-cook-apprentice-year-1 2025-07-01 587.62 -
MA000009 hospitality-cook-apprentice-year-2 2025-07-01 694.46 -
MA000009 hospitality-cook-apprentice-year-3 2025-07-01 854.72 -
MA000009 hospitality-cook-apprentice-year-4 2025-07-01 1014.98 -
MA000009 hospitality-cook-apprentice-year-4-proficient 2025-07-01 1068.40 -
MA000010 manufacturing-apprentice-no-year-12-stage-1 2025-07-01 534.20 -
MA000010 manufacturing-apprentice-no-year-12-stage-2 2025-07-01 641.04 -
MA000010 manufacturing-apprentice-no-year-12-stage-3 2025-07-01 801.30 -
MA000010 manufacturing-apprentice-no-year-12-stage-4 2025-07-01 940.19 -
MA000010 manufacturing-apprentice-year-12-stage-1 2025-07-01 587.62 -
MA000010 manufacturing-apprentice-year-12-stage-2 2025-07-01 694.46 -
MA000010 manufacturing-apprentice-year-12-stage-3 2025-07-01 801.30 -
MA000010 manufacturing-apprentice-year-12-stage-4 2025-07-01 982.40 -
MA000010 manufacturing-apprentice-no-year-12-stage-1 2026-07-01 559.55 14.73
MA000010 manufacturing-apprentice-year-12-stage-1 2026-07-01 615.51 16.20
MA000010 manufacturing-apprentice-year-12-stage-2 2026-07-01 727.42 19.14
MA000010 manufacturing-apprentice-no-year-12-stage-3 2026-07-01 839.33 -
MA000010 manufacturing-apprentice-no-year-12-stage-4 2026-07-01 984.81 -
MA000010 manufacturing-apprentice-year-12-stage-4 2026-07-01 1029.10 27.08
MA000010 manufacturing-apprentice-adult-stage-1 2026-07-01 895.28 -
MA000010 manufacturing-apprentice-adult-stage-2 2026-07-01 978.10 -
MA000010 manufacturing-apprentice-adult-stage-3 2026-07-01 1004.90 -
MA000010 manufacturing-apprentice-adult-stage-4 2026-07-01 1029.10 -
";

/// Chef apprentices of 2026 by year: Saturday, Sunday, public holiday.
const CHEFS: [[&str; 3]; 4] = [
    ["20.25", "24.30", "36.45"],
    ["23.93", "28.71", "43.07"],
    ["29.45", "35.34", "53.01"],
    ["34.98", "41.97", "62.96"],
];

#[test]
fn apprentices() {
    let book = book();
    let mut count = 0;
    for row in APPRENTICES.trim().lines() {
        let cells: Vec<&str> = row.split(' ').collect();
        let version = book.version(cells[0], date(cells[2])).unwrap();
        let position = version.position(cells[1]).unwrap();
        assert_eq!(version.classifications[position].weekly, Some(money(cells[3])), "{row}");
        if cells[4] != "-" {
            assert_eq!(version.minimum(position), Some(money(cells[4])), "{row}");
        }
        count += 1;
    }
    for (year, dollars) in (1..).zip(CHEFS) {
        let code = format!("hospitality-cook-apprentice-year-{year}");
        for (rule, dollars) in ["saturday", "sunday", "public-holiday"].into_iter().zip(dollars) {
            let column = rate(book, "MA000009", &code, FullTime, "2026-07-01", rule);
            assert_eq!(column.rate, money(dollars), "{code} {rule}");
            count += 1;
        }
    }
    println!("{count} apprentice figures agree");
}

/// Hospitality, Schedule B of 1 July 2026: hourly, full-time Saturday, Sunday, holiday, casual
/// ordinary, Saturday, Sunday, holiday.
const HOSPITALITY: &str = "
hospitality-introductory | 25.74 | 32.18 | 38.61 | 57.92 | 32.18 | 38.61 | 45.05 | 64.35
hospitality-level-1 | 26.44 | 33.05 | 39.66 | 59.49 | 33.05 | 39.66 | 46.27 | 66.10
hospitality-level-2 | 27.08 | 33.85 | 40.62 | 60.93 | 33.85 | 40.62 | 47.39 | 67.70
hospitality-level-3 | 27.97 | 34.96 | 41.96 | 62.93 | 34.96 | 41.96 | 48.95 | 69.93
hospitality-level-4 | 29.45 | 36.81 | 44.18 | 66.26 | 36.81 | 44.18 | 51.54 | 73.63
hospitality-level-5 | 31.30 | 39.13 | 46.95 | 70.43 | 39.13 | 46.95 | 54.78 | 78.25
hospitality-level-6 | 32.13 | 40.16 | 48.20 | 72.29 | 40.16 | 48.20 | 56.23 | 80.33
";

#[test]
fn hospitality_penalties() {
    let book = book();
    let rate = |code: &str, employment: Employment, rule: &str| {
        rate(book, "MA000009", code, employment, "2026-07-01", rule)
    };
    let columns = [
        (FullTime, "ordinary"),
        (FullTime, "saturday"),
        (FullTime, "sunday"),
        (FullTime, "public-holiday"),
        (Casual, "ordinary"),
        (Casual, "saturday"),
        (Casual, "sunday"),
        (Casual, "public-holiday"),
    ];
    for row in HOSPITALITY.trim().lines() {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        for (cell, (employment, rule)) in cells[1..].iter().zip(columns) {
            assert_eq!(rate(cells[0], employment, rule).rate, money(cell), "{row}: {rule}");
        }
        // Overtime carries no casual loading, except on a public holiday.
        for rule in ["overtime-first-2-hours", "overtime-after-2-hours", "overtime-weekend"] {
            assert_eq!(rate(cells[0], Casual, rule).rate, rate(cells[0], FullTime, rule).rate);
        }
        let holiday = |employment| rate(cells[0], employment, "overtime-public-holiday").percent;
        assert_eq!((holiday(FullTime), holiday(Casual)), (percent("225"), percent("250")));
    }
    for (start, evening, night) in [
        ("2024-07-01", "2.72", "4.08"),
        ("2025-07-01", "2.81", "4.22"),
        ("2026-07-01", "2.95", "4.42"),
    ] {
        for (rule, dollars) in [("weekday-evening", evening), ("weekday-night", night)] {
            let column = crate::support::rate(
                book,
                "MA000009",
                "hospitality-level-1",
                FullTime,
                start,
                rule,
            );
            assert_eq!((column.flat, column.percent), (money(dollars), percent("100")), "{start}");
        }
    }
    // A junior of 19 is paid 85 % of the adult hourly rate.
    assert_eq!(
        rate("hospitality-level-1-age-19", FullTime, "ordinary").rate,
        money("26.44").percent(percent("85"))
    );
}

#[test]
fn manufacturing_casuals_are_compounded() {
    let book = book();
    let rate =
        |rule: &str| rate(book, "MA000010", "manufacturing-c14", Casual, "2026-07-01", rule).rate;
    for (rule, dollars) in [
        ("ordinary", "32.18"),
        ("overtime-first-3-hours", "48.27"),
        ("overtime-after-3-hours", "64.36"),
        ("overtime-sunday", "64.36"),
        ("public-holiday", "80.45"),
    ] {
        assert_eq!(rate(rule), money(dollars), "{rule}");
    }
    // One multiplier would be a cent less.
    assert_eq!(money("25.74").percent(percent("187.5")), money("48.26"));
}

/// Worked lines of the Commission and of awards: rate, hours, amount.
const LINES: &str = "
28.38 4.00 113.52
34.54 3.60 124.34
29.73 4.00 118.92
36.18 3.60 130.25
27.13 7.60 206.19
54.26 7.60 412.38
28.42 7.60 215.99
56.84 7.60 431.98
42.57 2.00 85.14
56.76 1.00 56.76
44.60 2.00 89.20
59.46 1.00 59.46
33.19 5.00 165.95
46.46 5.00 232.30
";

#[test]
fn worked_lines_round_the_rate_and_then_the_line() {
    for row in LINES.trim().lines() {
        let cells: Vec<&str> = row.split(' ').collect();
        let hours = Hours::parse(cells[1]).unwrap();
        assert_eq!(money(cells[0]).times_hours(hours), money(cells[2]), "{row}");
    }
    // The rates behind them.
    for (base, share, rate) in [
        ("28.38", "121.7", "34.54"),
        ("29.73", "121.7", "36.18"),
        ("28.42", "146.7", "41.69"),
        ("27.13", "200", "54.26"),
        ("28.42", "200", "56.84"),
        ("20.00", "160", "32.00"),
        ("20.00", "210", "42.00"),
    ] {
        assert_eq!(money(base).percent(percent(share)), money(rate), "{base} x {share}");
    }
    // National minimum-wage juniors: the casual rate is taken of the rounded hourly rate.
    let casual = |hourly: &str| money(hourly).percent(percent("125"));
    assert_eq!(casual("21.82"), money("27.28"));
    let weekly = money("1004.90");
    let week = Hours::parse("38").unwrap();
    for (share, hourly) in [
        ("36.8", "9.73"),
        ("47.3", "12.51"),
        ("57.8", "15.29"),
        ("68.3", "18.06"),
        ("97.7", "25.84"),
    ] {
        let exact = weekly.cents() * percent(share).hundredths() * 60;
        let cents = values::half_up_div(exact, 10_000 * i64::from(week.minutes()));
        assert_eq!(Money::from_cents(cents), money(hourly), "{share}");
    }
    assert_eq!(Percent::WHOLE, percent("100"));
}
