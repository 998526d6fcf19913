//! Starting the box: recovery, and everything that must hold after it.

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use contract::StoreKey;
use disk::sim::FaultRates;
use frame::Position;
use segments::{Damage, LogOptions, RecoverError, Recovered, recover};
use shard::{Limits, Replay, Rows, SlotMap};

use crate::{
    auditor::{Violation, demand},
    ledger::ENTRIES,
    machine::{Birth, Machine},
    options::Broken,
    orders::Fate,
    state::State,
    world::World,
};

/// A frame as recovery reads it.
struct Read {
    position: Position,
    time_us: u64,
    body: Vec<u8>,
}

/// A bit that was turned.
struct Flip {
    name: String,
    offset: u64,
    bit: u32,
}

impl World {
    /// Starts the box on the disk as it is, perhaps with another number of cores.
    pub(crate) fn boot(&mut self) -> Result<(), Violation> {
        for attempt in &mut self.clients.attempts {
            if attempt.fate == Fate::Waiting {
                attempt.fate = Fate::Unknown;
            }
        }
        let segment_bytes = *self.random.pick(&[16 * 1024, 32 * 1024]);
        let options = LogOptions {
            segment_bytes,
            body_bytes_max: 8 * 1024,
            spares_count: 1 + self.random.index(2),
            recycled_max: 2 + self.random.index(2),
            retry_ms: 1 + self.random.below(20),
        };
        let recovered = self.recover_log(&options)?;
        let cores = self.options.cores.unwrap_or_else(|| 1 + self.random.below(5));
        let cores = u16::try_from(cores).expect("few cores");
        let (rows, floor_us) = self.replay(cores)?;

        let mut state = State::clone(&self.stores.state);
        for part in &rows {
            state.merge(part, None);
        }
        let other = u16::try_from(1 + self.random.below(5)).expect("few cores");
        let scratch = State::replayed(&self.auditor.frames, other)?;
        demand!(
            state.is_same(&scratch),
            "recovered state differs from a replay from scratch: {}",
            state.difference(&scratch)
        );

        let tight = !self.settling && self.random.chance(100);
        let overlay_bytes_max = if tight { 40_000 } else { Limits::default().overlay_bytes_max };
        let mut machine = Machine::new(
            &self.disk,
            Birth {
                position: recovered.position,
                resume: recovered.resume,
                rows,
                floor_us,
                base: Arc::clone(&self.stores.state),
                limits: Limits { overlay_bytes_max },
                options,
                early: self.options.broken == Some(Broken::EarlyAnswer),
            },
        );
        for (table, key, value) in state.iter() {
            if !ENTRIES[0].replicated.contains(&table) {
                continue;
            }
            let (tenant, key) = StoreKey::split_record(key).expect("a record's key has both");
            for shard in &mut machine.shards {
                shard.compile(table, tenant, key, value).map_err(Violation)?;
            }
        }
        let (lsn, hash) = (recovered.position.lsn, state.hash());
        self.trace.line(|| format!("boot {cores} cores at {lsn}, state {hash:016x}"));
        self.machine = machine;
        self.lives += 1;
        Ok(())
    }

    /// Recovers the log, whatever happens meanwhile.
    fn recover_log(&mut self, options: &LogOptions) -> Result<Recovered, Violation> {
        let mut flip = if self.random.chance(120) { self.flip_a_bit() } else { None };
        loop {
            let errors = if !self.settling && self.random.chance(50) { 100_000 } else { 0 };
            self.disk.set_fault_rates(FaultRates { read_errors: errors, ..FaultRates::default() });
            let mut read = Vec::new();
            let recovered = self.recover_once(options, &mut read);
            self.disk.set_fault_rates(FaultRates::default());
            match recovered {
                None => {
                    self.trace.line(|| "crash while recovering".to_owned());
                    self.disk = self.disk.crash();
                }
                Some(Ok(recovered)) => {
                    let last = recovered.position.lsn.0;
                    let durable = self.auditor.durable;
                    if last < durable && self.auditor.provable <= last && flip.is_some() {
                        // The last group is all there is to tell a flipped bit from a torn write.
                        self.trace.line(|| format!("flip beyond proof: {last} of {durable}"));
                        self.unflip(flip.take());
                        continue;
                    }
                    demand!(
                        last >= durable,
                        "frames up to {durable} were durable, recovery found {last}, flip: {}",
                        flip.as_ref().map_or("none", |flip| &flip.name)
                    );
                    self.compare(&recovered, &read)?;
                    self.auditor.recovered(last, &self.clients)?;
                    return Ok(recovered);
                }
                Some(Err(RecoverError::Disk(error))) => {
                    demand!(errors > 0, "recovery failed on a good disk: {error}");
                    self.trace.line(|| format!("recovery failed: {error}"));
                }
                Some(Err(error)) => {
                    let text = error.to_string();
                    let Some(flip) = flip.take() else {
                        return Err(Violation(format!("refused to start on good files: {text}")));
                    };
                    // A last frame that only the stores prove is missed, not found damaged.
                    let missed = matches!(error, RecoverError::Damage(Damage::Apart { .. }));
                    demand!(
                        missed || text.contains(&flip.name),
                        "the damage in {} at {} was reported as: {text}",
                        flip.name,
                        flip.offset
                    );
                    self.counts.damages_refused += 1;
                    self.trace.line(|| format!("refused: {text}"));
                    self.unflip(Some(flip));
                }
            }
        }
    }

    /// One attempt, step by step; none when the box died meanwhile.
    fn recover_once(
        &mut self,
        options: &LogOptions,
        read: &mut Vec<Read>,
    ) -> Option<Result<Recovered, RecoverError>> {
        let mortal = !self.settling && self.random.chance(100);
        let disk = self.disk.clone();
        let mut on_frame = |frame: &frame::Frame<'_>| {
            let body = frame.body_bytes().to_vec();
            read.push(Read { position: frame.position(), time_us: frame.time_us(), body });
        };
        let mut progress = |_| {};
        let applied = self.stores.applied();
        let mut recovering = pin!(recover(&disk, options, applied, &mut on_frame, &mut progress));
        let mut context = Context::from_waker(Waker::noop());
        loop {
            if let Poll::Ready(recovered) = recovering.as_mut().poll(&mut context) {
                return Some(recovered);
            }
            assert!(disk.step(), "recovery waits for the disk alone");
            if mortal && self.random.chance(100) {
                return None;
            }
        }
    }

    /// What was read must be what was written.
    fn compare(&self, recovered: &Recovered, read: &[Read]) -> Result<(), Violation> {
        let mut lsn = self.stores.applied().lsn;
        for found in read {
            lsn = lsn.next();
            let index = usize::try_from(lsn.0 - 1).expect("few frames");
            let Some(written) = self.auditor.frames.get(index) else {
                return Err(Violation(format!("recovery found frame {lsn}, which nobody wrote")));
            };
            let frame = written.frame();
            let same = (frame.position(), frame.time_us()) == (found.position, found.time_us)
                && written.body() == found.body;
            demand!(same, "frame {lsn} is not as it was written");
        }
        demand!(
            lsn == recovered.position.lsn,
            "recovery ends at {}, its frames at {lsn}",
            recovered.position
        );
        Ok(())
    }

    fn replay(&self, cores: u16) -> Result<(Vec<Rows>, u64), Violation> {
        let applied = self.stores.applied_each();
        let base: &State = &self.stores.state;
        let mut replay = Replay::new(&ENTRIES, SlotMap::new(cores), base, &applied);
        let from = usize::try_from(self.stores.applied().lsn.0).expect("few frames");
        let mut frames = &self.auditor.frames[from..];
        if self.options.broken == Some(Broken::SkippedFrame)
            && let [_, rest @ ..] = frames
        {
            frames = rest;
        }
        for written in frames {
            let replayed = replay.frame(&written.frame());
            replayed.map_err(|error| Violation(format!("replay: {error}")))?;
        }
        replay.finish().map_err(|error| Violation(format!("replay: {error}")))
    }

    fn flip_a_bit(&mut self) -> Option<Flip> {
        let names = self.disk.file_names();
        let names: Vec<_> = names
            .into_iter()
            .filter(|name| name.split_once('.').is_some_and(|(_, kind)| kind == "seg"))
            .collect();
        if names.is_empty() {
            return None;
        }
        let name = self.random.pick(&names).clone();
        let content = self.disk.content(&name);
        let used = content.iter().rposition(|byte| *byte != 0)? + 1;
        let offset = u64::try_from(self.random.index(used)).expect("a small file");
        let bit = u32::try_from(self.random.below(8)).expect("below 8");
        self.disk.flip_bit(&name, offset, bit);
        self.counts.flips += 1;
        self.trace.line(|| format!("flip {name} {offset}.{bit}"));
        Some(Flip { name, offset, bit })
    }

    /// The file is restored from elsewhere.
    fn unflip(&mut self, flip: Option<Flip>) {
        if let Some(Flip { name, offset, bit }) = flip {
            self.disk.flip_bit(&name, offset, bit);
        }
    }
}
