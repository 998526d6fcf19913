//! Requests that differ: which operation, how large, whose.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use contract::{Kind as Nature, Method};

use crate::chance::{Chance, Popularity};
use crate::scenario::{Distribution, Operation, Scenario, Size};
use crate::workload::Workload;

/// Digits of a key inside a request.
pub(crate) const KEY_DIGITS: usize = 8;
/// What stands where the digits of a key will stand. In no other text of a request.
pub(crate) const KEY_MARK: &str = "key-00000000";
/// Classifications and kinds of employment that keys are dealt over.
const LEVELS: u32 = 8;
const EMPLOYMENTS: [&str; 3] = ["full-time", "part-time", "casual"];

/// All requests that a scenario may make.
#[derive(Debug, Clone)]
pub(crate) struct Mix {
    /// What each is of.
    pub(crate) operations: Vec<Named>,
    /// Every request there is, but for what is filled in.
    pub(crate) kinds: Vec<Kind>,
    /// How they are drawn.
    pub(crate) spread: Arc<Spread>,
}

/// An operation and its share of the requests.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) share: f64,
    /// Whether its answer waits for the log.
    pub(crate) durable: bool,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) workload: Workload,
    /// Its index.
    pub(crate) operation: u16,
}

/// How requests are drawn.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spread {
    seed: u64,
    groups: Vec<Group>,
    keys: Popularity,
    /// None when all are the caller's own.
    tenants: Option<Popularity>,
    /// The order of a recording: then nothing is drawn.
    order: Option<Arc<Order>>,
}

/// Requests in their order, whichever connection sends them.
#[derive(Debug)]
struct Order {
    picks: Vec<Pick>,
    next: AtomicUsize,
}

impl PartialEq for Order {
    fn eq(&self, other: &Self) -> bool {
        self.picks == other.picks
    }
}

impl Order {
    fn next(&self) -> Pick {
        let index = self.next.fetch_add(1, Relaxed);
        self.picks[index % self.picks.len()]
    }
}

/// Requests of one operation and one size.
#[derive(Debug, Clone, PartialEq)]
struct Group {
    /// The share of this group and of all before it.
    up_to: f64,
    first: usize,
    count: usize,
    operation: u16,
}

/// Draws the requests of one connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Draw(Option<(Arc<Spread>, Chance)>);

/// What one request is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Pick {
    /// Which of the kinds.
    pub(crate) kind: usize,
    /// Its operation's index.
    pub(crate) operation: u16,
    /// Whose it is.
    pub(crate) key: u32,
    /// On whose behalf; 0 is the caller's own.
    pub(crate) tenant: u32,
}

impl Mix {
    /// All requests of a scenario, which was checked.
    pub(crate) fn new(scenario: &Scenario) -> Self {
        let shares = shares(scenario);
        let (mut operations, mut kinds, mut groups) = (Vec::new(), Vec::new(), Vec::new());
        let mut up_to = 0.0;
        for (index, (operation, share)) in (0_u16..).zip(scenario.operations.iter().zip(shares)) {
            let durable = is_durable(operation);
            operations.push(Named { name: operation.name.clone(), share, durable });
            let own = [Size { shifts: 1, workers: 1, weight: 1.0 }];
            let sizes = if operation.sizes.is_empty() { &own[..] } else { &operation.sizes };
            let whole: f64 = sizes.iter().map(|it| it.weight).sum();
            for size in sizes {
                let first = kinds.len();
                for workload in requests(operation, *size, scenario.keys.count) {
                    kinds.push(Kind { workload, operation: index });
                }
                up_to += share * size.weight / whole;
                let count = kinds.len() - first;
                groups.push(Group { up_to, first, count, operation: index });
            }
        }
        let popularity = |count| match (scenario.keys.distribution, scenario.keys.exponent) {
            (Distribution::Zipf, Some(exponent)) => Popularity::zipf(count, exponent),
            _ => Popularity::uniform(count),
        };
        let spread = Arc::new(Spread {
            seed: scenario.seed,
            groups,
            keys: popularity(scenario.keys.count),
            tenants: (1 < scenario.tenants).then(|| popularity(scenario.tenants)),
            order: None,
        });
        Self { operations, kinds, spread }
    }

    /// These requests, in the order of `picks`, of which there is at least one.
    pub(crate) fn listed(operations: Vec<Named>, kinds: Vec<Kind>, picks: Vec<Pick>) -> Self {
        let order = Arc::new(Order { picks, next: AtomicUsize::new(0) });
        let spread = Spread {
            seed: 0,
            groups: Vec::new(),
            keys: Popularity::uniform(1),
            tenants: None,
            order: Some(order),
        };
        Self { operations, kinds, spread: Arc::new(spread) }
    }

    /// The share of requests that wait for the log.
    pub(crate) fn durable_share(&self) -> f64 {
        self.operations.iter().filter(|it| it.durable).map(|it| it.share).sum()
    }

    /// Only the durable operations of it, in their proportions; none when there are none.
    pub(crate) fn durable_alone(&self) -> Option<Self> {
        let whole = self.durable_share();
        if whole <= 0.0 {
            return None;
        }
        let mut alone = self.clone();
        let (mut groups, mut before, mut up_to) = (Vec::new(), 0.0, 0.0);
        for group in &self.spread.groups {
            let share = group.up_to - before;
            before = group.up_to;
            if self.operations[usize::from(group.operation)].durable {
                up_to += share / whole;
                groups.push(Group { up_to, ..group.clone() });
            }
        }
        alone.spread = Arc::new(Spread { groups, ..(*self.spread).clone() });
        Some(alone)
    }
}

impl Spread {
    /// Whether every request names a tenant.
    pub(crate) fn has_tenants(&self) -> bool {
        self.tenants.is_some()
    }
}

impl Draw {
    /// Draws for connection `connection` of door `door`.
    pub(crate) fn new(spread: &Arc<Spread>, connection: u32) -> Self {
        let chance = Chance::new(spread.seed, u64::from(connection));
        Self(Some((Arc::clone(spread), chance)))
    }

    /// The next request. Without a mix it is always the first kind.
    pub(crate) fn next(&mut self) -> Pick {
        let Some((spread, chance)) = &mut self.0 else { return Pick::default() };
        if let Some(order) = &spread.order {
            return order.next();
        }
        let at = chance.unit();
        let found = spread.groups.iter().find(|it| at < it.up_to);
        let group = found.or_else(|| spread.groups.last()).expect("a scenario has an operation");
        let key = spread.keys.draw(chance);
        let tenant = spread.tenants.map_or(0, |it| it.draw(chance) + 1);
        let within = usize::try_from(key).unwrap_or(0) % group.count;
        Pick { kind: group.first + within, operation: group.operation, key, tenant }
    }
}

/// Where the digits of the key stand in a request; none when it has no key.
pub(crate) fn key_at(request: &[u8]) -> Option<usize> {
    let found = request.windows(KEY_MARK.len()).position(|it| it == KEY_MARK.as_bytes())?;
    Some(found + KEY_MARK.len() - KEY_DIGITS)
}

/// Writes a number over `digits` as it is read by people.
pub(crate) fn write_digits(mut number: u32, digits: &mut [u8]) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).expect("a digit");
        number /= 10;
    }
}

fn is_durable(operation: &Operation) -> bool {
    registry::operation(&operation.name).is_some_and(|(_, it)| it.kind() == Nature::Command)
}

/// Of each operation: its part of all requests.
fn shares(scenario: &Scenario) -> Vec<f64> {
    let whole = |durable: Option<bool>| -> f64 {
        let counted = |it: &&Operation| durable.is_none_or(|durable| is_durable(it) == durable);
        scenario.operations.iter().filter(counted).map(|it| it.weight).sum()
    };
    let share = |it: &Operation| match scenario.durable_percent {
        None => it.weight / whole(None),
        Some(percent) => {
            let part = if is_durable(it) { percent } else { 100.0 - percent };
            part / 100.0 * it.weight / whole(Some(is_durable(it)))
        }
    };
    scenario.operations.iter().map(share).collect()
}

/// Every request of one operation and size: as many as keys need, at most one for each classification
/// and employment.
fn requests(operation: &Operation, size: Size, keys: u32) -> Vec<Workload> {
    let (_, known) = registry::operation(&operation.name).expect("the scenario was checked");
    let single = |json: &str| vec![workload(&operation.name, json)];
    match (operation.name.as_str(), &operation.json) {
        (_, Some(json)) => single(json),
        ("rates.quote-roster", None) => single(&roster(size)),
        (name @ ("rates.quote" | "rates.accept-quote"), None) => {
            let variants = LEVELS * u32::try_from(EMPLOYMENTS.len()).expect("three");
            (0..variants.min(keys))
                .map(|variant| {
                    let quote = quote(variant, size.shifts);
                    match name {
                        "rates.quote" => workload(name, &quote),
                        _ => workload(
                            name,
                            &format!(r#"{{"quote":{quote},"reference":"{KEY_MARK}"}}"#),
                        ),
                    }
                })
                .collect()
        }
        _ => single(known.shape.example),
    }
}

/// An example of an operation; of those that price shifts, one with so many. None when there is no such
/// operation.
pub(crate) fn sized(name: &str, shifts: u32, workers: u32) -> Option<Workload> {
    registry::operation(name)?;
    let size = Size { shifts, workers, weight: 1.0 };
    let (name, sizes) = (name.to_owned(), Vec::new());
    requests(&Operation { name, weight: 1.0, sizes, json: None }, size, 1).pop()
}

/// A retail worker's week of so many days.
fn quote(variant: u32, shifts: u32) -> String {
    let level = variant % LEVELS + 1;
    let employment = usize::try_from(variant / LEVELS).map_or("casual", |it| EMPLOYMENTS[it % 3]);
    let shifts: Vec<String> = (0..shifts)
        .map(|day| {
            let date = 7 + day;
            format!(
                r#"{{"start":"2025-07-{date:02}T09:00","end":"2025-07-{date:02}T15:30","unpaid_breaks":[{{"start":"2025-07-{date:02}T12:00","end":"2025-07-{date:02}T12:30"}}]}}"#
            )
        })
        .collect();
    format!(
        r#"{{"award":"MA000004","classification":"retail-employee-level-{level}","employment":"{employment}","state":"NSW","pay_period_start":"2025-07-07","shifts":[{}]}}"#,
        shifts.join(",")
    )
}

fn roster(size: Size) -> String {
    let workers: Vec<String> = (0..size.workers)
        .map(|worker| {
            let name = if worker == 0 { KEY_MARK.to_owned() } else { format!("worker-{worker}") };
            format!(r#"{{"worker":"{name}","quote":{}}}"#, quote(worker % 24, size.shifts))
        })
        .collect();
    format!(r#"{{"workers":[{}]}}"#, workers.join(","))
}

/// One request in both of its forms.
fn workload(operation: &str, json: &str) -> Workload {
    let (number, known) = registry::operation(operation).expect("the scenario was checked");
    let mut payload = Vec::new();
    (known.from_json)(json.as_bytes(), &mut payload).expect("the scenario was checked");
    let (path, body) = path_and_body(known.shape.path, known.shape.method, json);
    Workload {
        name: known.shape.name,
        method: match known.shape.method {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
        },
        path,
        json: body,
        durable: known.kind() == Nature::Command,
        ..Workload::plain(number, &payload)
    }
}

/// Fills the path's names in from the request. What is left over is the query of a GET, and else the
/// body.
fn path_and_body(pattern: &str, method: Method, json: &str) -> (String, Vec<u8>) {
    let mut fields: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(json).unwrap_or_default();
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut path = pattern.to_owned();
    let names: Vec<String> = fields.keys().cloned().collect();
    for name in names {
        let place = format!("{{{name}}}");
        if path.contains(&place)
            && let Some(value) = fields.remove(&name)
        {
            path = path.replace(&place, &escape(&text(&value)));
        }
    }
    if method != Method::Get {
        // A path without names leaves the text as its writer had it, digits of keys in their place.
        let untouched = path == pattern;
        let body = if untouched {
            json.as_bytes().to_vec()
        } else {
            serde_json::to_vec(&fields).expect("what was read is written")
        };
        return (path, body);
    }
    let query: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}={}", escape(&text(value)))).collect();
    let mark = if query.is_empty() { "" } else { "?" };
    (format!("{path}{mark}{}", query.join("&")), Vec::new())
}

/// As it may stand in a URL (RFC 3986, section 2.3).
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            write!(escaped, "%{byte:02X}").expect("writing into memory cannot fail");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::READY;

    fn mix(name: &str) -> Mix {
        Mix::new(&Scenario::find(name).unwrap().0)
    }

    #[test]
    fn requests_come_in_their_shares() {
        let mix = mix("rates-day");
        assert!((mix.durable_share() - 0.02).abs() < 1e-9);
        let mut draw = Draw::new(&mix.spread, 1);
        let (draws, mut counts, mut first_tenant) = (100_000_u32, [0_u32; 4], 0_u32);
        for _ in 0..draws {
            let pick = draw.next();
            counts[usize::from(pick.operation)] += 1;
            assert_eq!(mix.kinds[pick.kind].operation, pick.operation);
            assert!((1..=4).contains(&pick.tenant) && pick.key < 10_000);
            first_tenant += u32::from(pick.tenant == 1);
        }
        for (operation, count) in mix.operations.iter().zip(counts) {
            let found = f64::from(count) / f64::from(draws);
            assert!((found - operation.share).abs() < 0.005, "{operation:?}: {found}");
        }
        assert!(draws / 3 < first_tenant, "the first tenant asks most: {first_tenant}");
    }

    #[test]
    fn the_durable_ones_alone_keep_their_proportions() {
        let alone = mix("payroll-night").durable_alone().unwrap();
        let mut draw = Draw::new(&alone.spread, 0);
        let mut large = 0;
        for _ in 0..10_000 {
            let pick = draw.next();
            assert!(alone.kinds[pick.kind].workload.durable);
            large += u32::from(24 <= pick.kind);
        }
        assert!((1_700..2_300).contains(&large), "{large}");
        assert!(mix("quote-burst").durable_alone().is_none());
    }

    #[test]
    fn every_ready_request_has_both_forms_and_keys_stand_in_them_once() {
        for (name, _) in READY {
            for kind in mix(name).kinds {
                let Workload { name, payload, json, path, .. } = kind.workload;
                assert!(!payload.is_empty() && path.starts_with("/v1/"), "{name}");
                let keyed = matches!(name, "rates.accept-quote" | "rates.quote-roster");
                assert_eq!(key_at(&payload).is_some(), keyed, "{name}");
                assert_eq!(key_at(&json).is_some(), keyed, "{name}");
            }
        }
    }

    #[test]
    fn a_path_takes_its_names_and_a_query_the_rest() {
        let json = r#"{"award":"MA 4","level":"a","start":"2025-07-07"}"#;
        let (path, body) = path_and_body("/v1/{award}/x/{level}", Method::Get, json);
        assert_eq!((path.as_str(), body.len()), ("/v1/MA%204/x/a?start=2025-07-07", 0));
        let (path, body) = path_and_body("/v1/{award}", Method::Put, json);
        assert_eq!(path, "/v1/MA%204");
        assert_eq!(body, br#"{"level":"a","start":"2025-07-07"}"#);
        let (_, body) = path_and_body("/v1", Method::Post, json);
        assert_eq!(body, json.as_bytes());
    }

    #[test]
    fn digits_are_right_aligned() {
        let mut text = *b"key-00000000";
        write_digits(40_312, &mut text[4..]);
        assert_eq!(&text, b"key-00040312");
    }
}
