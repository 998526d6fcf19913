//! A recording, made ready to be driven.

use std::collections::BTreeMap;
use std::sync::Arc;

use telemetry::{SHAPES_HEAD, Shape};

use crate::args::Over;
use crate::mix::{Kind, Mix, Named, Pick, sized};
use crate::workload::Workload;

/// What goes through each door.
#[derive(Debug)]
pub(super) struct Recording {
    pub(super) doors: Vec<Through>,
    /// From the first start to the last, at the speed of the replay.
    pub(super) length_ns: u64,
    pub(super) requests: u64,
    pub(super) left_out: u64,
    pub(super) other_size: u64,
    /// Doors of the recording that are not open.
    pub(super) other_door: Vec<String>,
}

/// What goes through one door.
#[derive(Debug)]
pub(super) struct Through {
    pub(super) over: Over,
    /// The requests in their order.
    pub(super) mix: Mix,
    /// When each is due, from the first of all doors on.
    pub(super) starts_ns: Arc<[u64]>,
}

/// Doors as recordings name them, and what is spoken there.
const DOORS: [(&str, Over); 4] =
    [("http", Over::Http), ("https", Over::Https), ("http3", Over::Http3), ("rpc", Over::Rpc)];
/// Days of a worker and workers of a roster that examples are made with.
const SHIFTS: [u32; 6] = [1, 2, 3, 4, 5, 7];
const WORKERS: [u32; 8] = [1, 2, 5, 10, 20, 50, 100, 200];
/// The only operation whose examples have workers.
const ROSTER: &str = "rates.quote-roster";

/// The requests of one door while they are gathered.
#[derive(Debug, Default)]
struct Gathered {
    operations: Vec<Named>,
    kinds: Vec<Kind>,
    /// The kind of each operation and size class.
    known: BTreeMap<(String, u32), usize>,
    picks: Vec<Pick>,
    starts_ns: Vec<u64>,
}

impl Recording {
    /// Reads the text of a file of shapes. `open` says which doors there are; what came through others
    /// goes through the first that is open. The error says what to give instead.
    pub(super) fn read(
        text: &str,
        speed: f64,
        open: impl Fn(Over) -> bool,
    ) -> Result<Self, String> {
        let mut lines = text.lines();
        if lines.next() != Some(SHAPES_HEAD) {
            let reason = "it is no recording: give what a box with the setting \
                          telemetry.shapes_file wrote";
            return Err(reason.to_owned());
        }
        let complete = if text.ends_with('\n') { usize::MAX } else { text.lines().count() - 2 };
        let mut shapes = Vec::new();
        // A box that was killed may leave the last line cut short.
        for (number, line) in (2..).zip(lines.take(complete)) {
            let shape = Shape::parse(line);
            shapes.push(shape.ok_or_else(|| format!("line {number} is no request"))?);
        }
        // Lines are in the order of the answers.
        shapes.sort_by_key(|it| it.start_us);
        let first_us = shapes.first().map_or(0, |it| it.start_us);
        let fallback = DOORS.map(|(_, over)| over).into_iter().find(|it| open(*it));
        let fallback = fallback.ok_or("give the address of a door")?;
        let mut doors: BTreeMap<&str, (Over, Gathered)> = BTreeMap::new();
        let mut recording = Self {
            doors: Vec::new(),
            length_ns: 0,
            requests: 0,
            left_out: 0,
            other_size: 0,
            other_door: Vec::new(),
        };
        for shape in &shapes {
            let spoken = DOORS.into_iter().find(|(name, _)| *name == shape.door);
            let Some((name, spoken)) = spoken else {
                recording.left_out += 1;
                continue;
            };
            let over = if open(spoken) { spoken } else { fallback };
            if over != spoken && !recording.other_door.iter().any(|it| it == name) {
                recording.other_door.push(name.to_owned());
            }
            let (_, gathered) =
                doors.entry(over.name()).or_insert_with(|| (over, Gathered::default()));
            let Some(fits) = gathered.add(shape, spoken) else {
                recording.left_out += 1;
                continue;
            };
            let start_ns = scaled_ns(shape.start_us - first_us, speed);
            gathered.starts_ns.push(start_ns);
            recording.requests += 1;
            recording.other_size += u64::from(!fits);
            recording.length_ns = recording.length_ns.max(start_ns);
        }
        let full = doors.into_values().filter(|(_, it)| !it.picks.is_empty());
        recording.doors = full
            .map(|(over, it)| Through {
                over,
                mix: Mix::listed(it.operations, it.kinds, it.picks),
                starts_ns: it.starts_ns.into(),
            })
            .collect();
        if recording.doors.is_empty() {
            return Err("it has no request of an operation".to_owned());
        }
        Ok(recording)
    }
}

impl Gathered {
    /// Adds a request, and says whether its example is of its size class; `None` when there is no such
    /// operation. `recorded` is what was spoken when its sizes were taken.
    fn add(&mut self, shape: &Shape<'_>, recorded: Over) -> Option<bool> {
        let class = class(shape.request_bytes);
        let key = (shape.operation.to_owned(), class);
        let kind = if let Some(kind) = self.known.get(&key) {
            *kind
        } else {
            let workload = example(shape.operation, recorded, shape.request_bytes)?;
            let operation = self.operation(shape.operation, &workload);
            self.kinds.push(Kind { workload, operation });
            self.known.insert(key, self.kinds.len() - 1);
            self.kinds.len() - 1
        };
        let Kind { workload, operation } = &self.kinds[kind];
        let fits = class.abs_diff(self::class(length(workload, recorded))) <= 1;
        let key = u32::try_from(self.picks.len()).unwrap_or(u32::MAX);
        self.picks.push(Pick { kind, operation: *operation, key, tenant: 0 });
        Some(fits)
    }

    /// The number of the operation among those of the door.
    fn operation(&mut self, name: &str, workload: &Workload) -> u16 {
        let found = self.operations.iter().position(|it| it.name == name);
        let index = found.unwrap_or_else(|| {
            let durable = workload.durable;
            self.operations.push(Named { name: name.to_owned(), share: 0.0, durable });
            self.operations.len() - 1
        });
        u16::try_from(index).unwrap_or(u16::MAX)
    }
}

/// Sizes of one class differ by a factor of less than two.
fn class(bytes: u32) -> u32 {
    u32::BITS - bytes.leading_zeros()
}

/// As the shape of a request through that door counts.
fn length(workload: &Workload, over: Over) -> u32 {
    let bytes = if over.is_http() { workload.json.len() } else { workload.payload.len() };
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// The example of an operation whose length is nearest; `None` when there is no such operation.
fn example(operation: &str, over: Over, bytes: u32) -> Option<Workload> {
    let workers: &[u32] = if operation == ROSTER { &WORKERS } else { &[1] };
    let sizes = workers.iter().flat_map(|workers| SHIFTS.map(|shifts| (shifts, *workers)));
    let examples = sizes.filter_map(|(shifts, workers)| sized(operation, shifts, workers));
    examples.min_by_key(|it| length(it, over).abs_diff(bytes))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a recording is far shorter than 2^53 nanoseconds, and a speed is above nothing"
)]
fn scaled_ns(us: u64, speed: f64) -> u64 {
    (us as f64 * 1e3 / speed).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &str, speed: f64) -> Result<Recording, String> {
        Recording::read(&format!("{SHAPES_HEAD}\n{lines}"), speed, |_| true)
    }

    #[test]
    fn requests_keep_their_order_their_doors_and_their_pauses() {
        let recording = read(
            "rates.quote rpc 5000 222 418 200 -\n\
             rates.accept-quote http 2000 300 90 200 0000000000000007\n\
             rates.quote rpc 1000 222 418 200 -\n\
             metrics http 3000 0 9000 200 -\n\
             rates.quote carrier-pigeon 3000 0 9000 200 -\n",
            4.0,
        )
        .unwrap();
        assert_eq!((recording.requests, recording.left_out), (3, 2));
        assert_eq!(recording.length_ns, 1_000_000, "4 ms at four times the speed");
        let doors: Vec<_> =
            recording.doors.iter().map(|it| (it.over, it.starts_ns.to_vec())).collect();
        assert_eq!(doors, [(Over::Http, vec![250_000]), (Over::Rpc, vec![0, 1_000_000])]);
        assert_eq!(recording.doors[0].mix.operations[0].name, "rates.accept-quote");
        assert!(recording.other_door.is_empty());
    }

    #[test]
    fn what_came_through_a_door_that_is_shut_goes_through_another() {
        let text = format!("{SHAPES_HEAD}\nrates.quote http3 0 200 400 200 -\n");
        let recording = Recording::read(&text, 1.0, |it| it == Over::Rpc).unwrap();
        assert_eq!(recording.doors[0].over, Over::Rpc);
        assert_eq!(recording.other_door, ["http3"]);
        assert!(Recording::read(&text, 1.0, |_| false).is_err());
    }

    #[test]
    fn the_example_of_a_request_is_of_its_size_class() {
        let mut last = 0;
        for shifts in SHIFTS {
            let wanted = sized("rates.quote", shifts, 1).unwrap();
            for over in [Over::Http, Over::Rpc] {
                let bytes = length(&wanted, over);
                assert_eq!(example("rates.quote", over, bytes).unwrap(), wanted);
                let line = format!("rates.quote {} 0 {bytes} 9 200 -\n", over.name());
                assert_eq!(read(&line, 1.0).unwrap().other_size, 0, "{shifts}");
            }
            assert!(last < wanted.json.len());
            last = wanted.json.len();
        }
        let huge = read("rates.quote rpc 0 4000000 9 200 -\n", 1.0).unwrap();
        assert_eq!((huge.requests, huge.other_size), (1, 1));
    }

    #[test]
    fn every_operation_that_has_an_example_can_be_driven() {
        for entry in registry::ALL {
            for operation in entry.operations {
                let line = format!("{} rpc 0 100 9 200 -\n", operation.shape.name);
                assert!(read(&line, 1.0).is_ok(), "{line}");
            }
        }
    }

    #[test]
    fn a_last_line_that_was_cut_is_left_out_and_any_other_is_named() {
        let cut = read("rates.quote rpc 0 222 418 200 -\nrates.quote rp", 1.0).unwrap();
        assert_eq!(cut.requests, 1);
        for (text, reason) in [
            ("rates.quote rpc 0 222 418 200 -\nnonsense\n", "line 3"),
            ("", "no request of an operation"),
            ("page http 0 0 0 200 -\n", "no request of an operation"),
        ] {
            let error = read(text, 1.0).unwrap_err();
            assert!(error.contains(reason), "{text:?}: {error}");
        }
        let error = Recording::read("{}\n", 1.0, |_| true).unwrap_err();
        assert!(error.contains("telemetry.shapes_file"), "{error}");
        assert!(Recording::read("", 1.0, |_| true).is_err());
    }
}
