//! Values as text, as every HTTP request has them.

use std::hint::black_box;

use values::{Date, Moment, Money, Percent};

use crate::harness::Harness;

pub(crate) fn run(harness: &mut Harness) {
    harness.time("money: parse", || Money::parse(black_box("1232.30")));
    let money = Money::parse("1232.30").expect("an amount");
    harness.time("money: print", || black_box(money).text());
    harness.time("percent: parse", || Percent::parse(black_box("187.50")));
    let percent = Percent::parse("187.50").expect("a percentage");
    harness.time("percent: print", || black_box(percent).text());
    harness.time("date: parse", || Date::parse(black_box("2025-07-13")));
    harness.time("local time: parse", || black_box("2025-07-13T10:00").parse::<Moment>());
}
