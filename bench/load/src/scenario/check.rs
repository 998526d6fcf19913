//! What a scenario may say.

use std::collections::BTreeSet;

use super::{Distribution, Operation, Process, Scenario};

/// Most of each list.
const OPERATIONS_MAX: usize = 32;
const SIZES_MAX: usize = 16;
const POLICIES_MAX: usize = 16;

/// The key at fault, and what to do.
type Fault = (String, String);

impl Scenario {
    pub(super) fn check(&self) -> Result<(), Fault> {
        let plain = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-';
        let length = self.name.len();
        if !(1..=64).contains(&length) || !self.name.chars().all(plain) {
            return Err(fault("name", "give 1 to 64 characters of a to z, 0 to 9 and -"));
        }
        count("tenants", self.tenants, 1, 100_000)?;
        self.check_objectives()?;
        self.check_population()?;
        self.check_times()?;
        count("keys.count", self.keys.count, 1, 10_000_000)?;
        match (self.keys.distribution, self.keys.exponent) {
            (Distribution::Zipf, Some(exponent)) => range("keys.exponent", exponent, 0.1, 5.0)?,
            (Distribution::Uniform, None) => {}
            (Distribution::Zipf, None) => return Err(fault("keys.exponent", "zipf wants one")),
            (Distribution::Uniform, Some(_)) => {
                return Err(fault("keys.exponent", "only zipf has one: leave it out"));
            }
        }
        self.check_doors()?;
        self.check_operations()?;
        if POLICIES_MAX < self.policies.len() {
            return Err(fault("policies", &format!("give at most {POLICIES_MAX}")));
        }
        for (index, policy) in self.policies.iter().enumerate() {
            let key = format!("policies[{index}].json");
            encode(&key, "limits.set-policy", &policy.json)?;
        }
        Ok(())
    }

    fn check_objectives(&self) -> Result<(), Fault> {
        let it = &self.objectives;
        range("objectives.p99_ms", it.p99_ms, 0.01, 60_000.0)?;
        if let Some(p999_ms) = it.p999_ms {
            range("objectives.p999_ms", p999_ms, it.p99_ms, 60_000.0)?;
        }
        range("objectives.error_percent", it.error_percent, 0.0, 50.0)
    }

    fn check_population(&self) -> Result<(), Fault> {
        let it = &self.population;
        range("population.think_s", it.think_s, 0.001, 1e6)?;
        range("population.peak_over_mean", it.peak_over_mean, 1.0, 100.0)?;
        range("population.planned_percent", it.planned_percent, 1.0, 100.0)
    }

    fn check_times(&self) -> Result<(), Fault> {
        let it = &self.arrivals;
        let bursts = [
            ("arrivals.burst_every_s", it.burst_every_s),
            ("arrivals.burst_for_s", it.burst_for_s),
            ("arrivals.burst_factor", it.burst_factor),
        ];
        for (key, value) in bursts {
            match (it.process, value) {
                (Process::Bursts, None) => return Err(fault(key, "bursts want it")),
                (Process::Even | Process::Poisson, Some(_)) => {
                    return Err(fault(key, "only process = \"bursts\" has it: leave it out"));
                }
                _ => {}
            }
        }
        if let (Some(every), Some(for_s), Some(factor)) =
            (it.burst_every_s, it.burst_for_s, it.burst_factor)
        {
            range("arrivals.burst_every_s", every, 0.01, 60.0)?;
            range("arrivals.burst_for_s", for_s, 0.001, every * 0.99)?;
            // Nothing would be left for the time between.
            range("arrivals.burst_factor", factor, 1.0, every / for_s)?;
        }
        let it = &self.ramp;
        if let Some(first) = it.first_per_s {
            range("ramp.first_per_s", first, 1.0, 1e7)?;
        }
        range("ramp.factor", it.factor, 1.1, 10.0)?;
        range("ramp.rise_s", it.rise_s, 0.0, 60.0)?;
        range("ramp.settle_s", it.settle_s, 0.0, 60.0)?;
        range("ramp.window_s", it.window_s, 0.5, 600.0)?;
        range("ramp.confirm_s", it.confirm_s, it.window_s, 600.0)
    }

    fn check_doors(&self) -> Result<(), Fault> {
        if self.doors.is_empty() {
            return Err(fault("doors", "give at least one [[doors]]"));
        }
        let mut seen = BTreeSet::new();
        for (index, door) in self.doors.iter().enumerate() {
            let key = |name: &str| format!("doors[{index}].{name}");
            weight(&key("weight"), door.weight)?;
            count(&key("connections"), door.connections, 1, 10_000)?;
            count(&key("waiting"), door.waiting, 1, 1024)?;
            if !seen.insert(door.speak.name()) {
                let reason = format!("{} is given twice: add up the weights", door.speak.name());
                return Err((key("speak"), reason));
            }
        }
        Ok(())
    }

    fn check_operations(&self) -> Result<(), Fault> {
        if !(1..=OPERATIONS_MAX).contains(&self.operations.len()) {
            return Err(fault("operations", &format!("give 1 to {OPERATIONS_MAX}")));
        }
        let mut durable = [0, 0];
        for (index, operation) in self.operations.iter().enumerate() {
            let key = |name: &str| format!("operations[{index}].{name}");
            let Some((_, known)) = registry::operation(&operation.name) else {
                let reason = format!(
                    "`{}` is no operation; did you mean `{}`?",
                    operation.name,
                    nearest(&operation.name)
                );
                return Err((key("name"), reason));
            };
            weight(&key("weight"), operation.weight)?;
            operation.check_request(&key)?;
            durable[usize::from(known.kind() == contract::Kind::Command)] += 1;
        }
        let Some(percent) = self.durable_percent else { return Ok(()) };
        range("durable_percent", percent, 0.0, 100.0)?;
        let [queries, commands] = durable;
        if (0.0 < percent && commands == 0) || (percent < 100.0 && queries == 0) {
            let kind = if commands == 0 { "command" } else { "query" };
            let reason = format!("{percent} percent needs a {kind} among the operations");
            return Err(fault("durable_percent", &reason));
        }
        Ok(())
    }
}

impl Operation {
    fn check_request(&self, key: &dyn Fn(&str) -> String) -> Result<(), Fault> {
        if let Some(json) = &self.json {
            if !self.sizes.is_empty() {
                return Err((key("json"), "give either it or sizes".to_owned()));
            }
            return encode(&key("json"), &self.name, json);
        }
        let sized = ["rates.quote", "rates.quote-roster", "rates.accept-quote"];
        if !self.sizes.is_empty() && !sized.contains(&self.name.as_str()) {
            let reason = format!("{} alone have sizes: give json instead", sized.join(", "));
            return Err((key("sizes"), reason));
        }
        if SIZES_MAX < self.sizes.len() {
            return Err((key("sizes"), format!("give at most {SIZES_MAX}")));
        }
        for (index, size) in self.sizes.iter().enumerate() {
            let key = |name: &str| key(&format!("sizes[{index}].{name}"));
            count(&key("shifts"), size.shifts, 1, 7)?;
            let most = if self.name == "rates.quote-roster" { 1_000 } else { 1 };
            count(&key("workers"), size.workers, 1, most)?;
            weight(&key("weight"), size.weight)?;
        }
        Ok(())
    }
}

fn fault(key: &str, reason: &str) -> Fault {
    (key.to_owned(), reason.to_owned())
}

fn count(key: &str, value: u32, least: u32, most: u32) -> Result<(), Fault> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err((key.to_owned(), format!("{value} is not in {least} to {most}")))
}

fn range(key: &str, value: f64, least: f64, most: f64) -> Result<(), Fault> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err((key.to_owned(), format!("{value} is not in {least} to {most}")))
}

fn weight(key: &str, value: f64) -> Result<(), Fault> {
    if 0.0 < value && value <= 1e9 {
        return Ok(());
    }
    Err((key.to_owned(), format!("{value} is no weight: give one above 0, or leave the entry out")))
}

/// Whether the text is a request of the operation.
fn encode(key: &str, operation: &str, json: &str) -> Result<(), Fault> {
    let (_, found) = registry::operation(operation).expect("the caller knows it");
    (found.from_json)(json.as_bytes(), &mut Vec::new())
        .map_err(|error| (key.to_owned(), format!("no request of {operation}: {error}")))
}

/// The operation whose name has the longest beginning and the longest end in common with `name`.
fn nearest(name: &str) -> &'static str {
    let common = |other: &str| {
        let start = name.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
        let end = name.bytes().rev().zip(other.bytes().rev()).take_while(|(a, b)| a == b).count();
        start + end
    };
    let all = registry::ALL.iter().flat_map(|it| it.operations.iter().map(|it| it.shape.name));
    all.max_by_key(|it| common(it)).unwrap_or_default()
}
