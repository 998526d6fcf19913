//! The disk's state, its pending operations, and the controls of whoever drives the simulation.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::image::{Image, Unsynced};
use super::random::Random;
use crate::Operation;

/// How often operations fail by themselves, per million.
#[derive(Debug, Clone, Copy, Default)]
pub struct FaultRates {
    /// Reads that end with an input/output error.
    pub read_errors: u32,
    /// Writes that end with an input/output error after an arbitrary part of their sectors.
    pub write_errors: u32,
    /// Syncs that end with an input/output error and lose what they were to make durable.
    pub sync_errors: u32,
}

/// The simulated disk; clones share it.
#[derive(Debug, Clone)]
pub struct SimDisk {
    pub(super) world: Rc<RefCell<World>>,
}

#[derive(Debug)]
pub(super) enum Request {
    Create { name: String, bytes: u64 },
    List,
    Open { name: String },
    Pause { until_ms: u64 },
    Read { file: u64, offset: u64, bytes: usize },
    Remove { name: String },
    Rename { source: String, target: String },
    Sync { file: u64, sectors: BTreeSet<usize> },
    SyncNames { changes: usize },
    Write { file: u64, offset: u64, data: Vec<u8> },
}

#[derive(Debug)]
pub(super) enum Reply {
    Done,
    File(u64),
    Names(Vec<String>),
    Bytes(Vec<u8>),
}

#[derive(Debug, Clone)]
enum NameChange {
    Bind { name: String, file: u64 },
    Move { source: String, target: String },
    Unbind { name: String },
}

#[derive(Debug)]
struct Pending {
    request: Request,
    waker: Option<Waker>,
}

#[derive(Debug)]
pub(super) struct World {
    random: Random,
    rates: FaultRates,
    capacity_bytes: u64,
    clock_ms: u64,
    files: BTreeMap<u64, Image>,
    names: BTreeMap<String, u64>,
    names_durable: BTreeMap<String, u64>,
    names_changes: Vec<NameChange>,
    next_file: u64,
    next_ticket: u64,
    pending: BTreeMap<u64, Pending>,
    replies: BTreeMap<u64, io::Result<Reply>>,
    fail_next: Vec<Operation>,
    steps_count: u64,
}

impl SimDisk {
    /// An empty disk. Files may claim `capacity_bytes` together.
    pub fn new(seed: u64, capacity_bytes: u64) -> Self {
        Self::with(Random::new(seed), capacity_bytes, BTreeMap::new(), BTreeMap::new())
    }

    fn with(
        random: Random,
        capacity_bytes: u64,
        files: BTreeMap<u64, Image>,
        names: BTreeMap<String, u64>,
    ) -> Self {
        let next_file = files.keys().next_back().map_or(1, |last| last + 1);
        let world = World {
            random,
            rates: FaultRates::default(),
            capacity_bytes,
            clock_ms: 0,
            files,
            names_durable: names.clone(),
            names,
            names_changes: Vec::new(),
            next_file,
            next_ticket: 0,
            pending: BTreeMap::new(),
            replies: BTreeMap::new(),
            fail_next: Vec::new(),
            steps_count: 0,
        };
        Self { world: Rc::new(RefCell::new(world)) }
    }

    /// Completes one pending operation; false when there is none that can complete now.
    pub fn step(&self) -> bool {
        let waker = self.world.borrow_mut().step();
        match waker {
            Some(waker) => {
                if let Some(waker) = waker {
                    waker.wake();
                }
                true
            }
            None => false,
        }
    }

    /// How many operations wait to be completed, pauses that are not due included.
    pub fn pending_count(&self) -> usize {
        self.world.borrow().pending.len()
    }

    /// How many operations were completed.
    pub fn steps_count(&self) -> u64 {
        self.world.borrow().steps_count
    }

    /// Lets time pass for pauses.
    pub fn advance_ms(&self, duration_ms: u64) {
        self.world.borrow_mut().clock_ms += duration_ms;
    }

    /// Runs `future` to its end, completing operations and letting time pass as needed.
    pub fn run<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        let mut context = Context::from_waker(Waker::noop());
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return output;
            }
            if !self.step() {
                assert!(
                    self.world.borrow_mut().skip_to_next_pause(),
                    "the future waits for nothing"
                );
            }
        }
    }

    /// Sets how often operations fail by themselves.
    pub fn set_fault_rates(&self, rates: FaultRates) {
        self.world.borrow_mut().rates = rates;
    }

    /// Sets how much files may claim together. Files that exist keep their space.
    pub fn set_capacity(&self, bytes: u64) {
        self.world.borrow_mut().capacity_bytes = bytes;
    }

    /// Makes the next operation of that kind (read, write or sync) fail with an input/output error.
    pub fn fail_next(&self, operation: Operation) {
        self.world.borrow_mut().fail_next.push(operation);
    }

    /// Flips one bit of a file, durably. The byte must be inside the file.
    pub fn flip_bit(&self, name: &str, offset: u64, bit: u32) {
        self.world.borrow_mut().image(name).flip(index(offset), bit);
    }

    /// Puts bytes into a file, durably. They must lie inside the file.
    pub fn overwrite(&self, name: &str, offset: u64, bytes: &[u8]) {
        self.world.borrow_mut().image(name).overwrite(index(offset), bytes);
    }

    /// Removes a file, durably.
    pub fn remove_durably(&self, name: &str) {
        let mut world = self.world.borrow_mut();
        world.names.remove(name);
        world.names_durable.remove(name);
    }

    /// All bytes of a file as a reader sees them now.
    pub fn content(&self, name: &str) -> Vec<u8> {
        let mut world = self.world.borrow_mut();
        let image = world.image(name);
        image.read(0, image.len())
    }

    /// The names of all files, sorted.
    pub fn file_names(&self) -> Vec<String> {
        self.world.borrow().names.keys().cloned().collect()
    }

    /// The disk as it is found after the machine stopped now. What waits on this one never
    /// completes.
    #[must_use]
    pub fn crash(&self) -> Self {
        let mut world = self.world.borrow_mut();
        world.apply_parts_of_writes();
        let fate = match world.random.below(3) {
            0 => Unsynced::Kept,
            1 => Unsynced::Lost,
            _ => Unsynced::Mixed,
        };
        let changes_count = world.names_changes.len();
        let kept = world.random.below(changes_count + 1);
        let mut names = world.names_durable.clone();
        for change in &world.names_changes[..kept] {
            apply(&mut names, change);
        }
        let mut random = Random::new(world.random.next());
        let mut files = BTreeMap::new();
        for (&file, image) in &world.files {
            if names.values().any(|&bound| bound == file) {
                files.insert(file, image.clone().crashed(fate, &mut random));
            }
        }
        world.pending.clear();
        Self::with(random, world.capacity_bytes, files, names)
    }
}

impl World {
    pub(super) fn submit(&mut self, request: Request) -> u64 {
        self.next_ticket += 1;
        self.pending.insert(self.next_ticket, Pending { request, waker: None });
        self.next_ticket
    }

    pub(super) fn poll(&mut self, ticket: u64, waker: &Waker) -> Poll<io::Result<Reply>> {
        if let Some(reply) = self.replies.remove(&ticket) {
            return Poll::Ready(reply);
        }
        if let Some(pending) = self.pending.get_mut(&ticket) {
            pending.waker = Some(waker.clone());
        }
        Poll::Pending
    }

    pub(super) fn until_ms(&self, duration_ms: u64) -> u64 {
        self.clock_ms + duration_ms
    }

    pub(super) fn dirty(&self, file: u64) -> BTreeSet<usize> {
        self.files.get(&file).map(Image::dirty).unwrap_or_default()
    }

    pub(super) fn names_changes_count(&self) -> usize {
        self.names_changes.len()
    }

    pub(super) fn len(&self, file: u64) -> u64 {
        self.files.get(&file).map_or(0, |image| image.len() as u64)
    }

    pub(super) fn free_bytes(&self) -> u64 {
        let claimed: u64 = self.names.values().map(|&file| self.len(file)).sum();
        self.capacity_bytes.saturating_sub(claimed)
    }

    fn image(&mut self, name: &str) -> &mut Image {
        let file = self.names.get(name).copied().unwrap_or_default();
        self.files.get_mut(&file).unwrap_or_else(|| panic!("no file is named {name}"))
    }

    /// The outer option: whether something completed. The inner: who waits for it.
    #[expect(clippy::option_option, reason = "the two answers are asked one after the other")]
    fn step(&mut self) -> Option<Option<Waker>> {
        let clock_ms = self.clock_ms;
        let ready = |pending: &Pending| match pending.request {
            Request::Pause { until_ms } => until_ms <= clock_ms,
            _ => true,
        };
        let tickets: Vec<u64> =
            self.pending.iter().filter(|(_, it)| ready(it)).map(|(&ticket, _)| ticket).collect();
        if tickets.is_empty() {
            return None;
        }
        let ticket = tickets[self.random.below(tickets.len())];
        let Pending { request, waker } = self.pending.remove(&ticket)?;
        let reply = self.perform(request);
        self.replies.insert(ticket, reply);
        self.steps_count += 1;
        Some(waker)
    }

    fn skip_to_next_pause(&mut self) -> bool {
        let pauses = self.pending.values().filter_map(|it| match it.request {
            Request::Pause { until_ms } => Some(until_ms),
            _ => None,
        });
        match pauses.min() {
            Some(until_ms) => {
                self.clock_ms = self.clock_ms.max(until_ms);
                true
            }
            None => false,
        }
    }

    fn perform(&mut self, request: Request) -> io::Result<Reply> {
        match request {
            Request::Create { name, bytes } => {
                if self.names.contains_key(&name) {
                    return Err(io::ErrorKind::AlreadyExists.into());
                }
                if self.free_bytes() < bytes {
                    return Err(io::ErrorKind::StorageFull.into());
                }
                let file = self.next_file;
                self.next_file += 1;
                self.files.insert(file, Image::zeroed(index(bytes)));
                self.change_name(NameChange::Bind { name, file });
                Ok(Reply::File(file))
            }
            Request::List => Ok(Reply::Names(self.names.keys().cloned().collect())),
            Request::Open { name } => match self.names.get(&name) {
                Some(&file) => Ok(Reply::File(file)),
                None => Err(io::ErrorKind::NotFound.into()),
            },
            Request::Pause { .. } => Ok(Reply::Done),
            Request::Read { file, offset, bytes } => {
                if self.fails(Operation::Read, self.rates.read_errors) {
                    return Err(input_output_error());
                }
                let image = self.files.get(&file).ok_or(io::ErrorKind::NotFound)?;
                Ok(Reply::Bytes(image.read(index(offset), bytes)))
            }
            Request::Remove { name } => {
                if !self.names.contains_key(&name) {
                    return Err(io::ErrorKind::NotFound.into());
                }
                self.change_name(NameChange::Unbind { name });
                Ok(Reply::Done)
            }
            Request::Rename { source, target } => {
                if !self.names.contains_key(&source) {
                    return Err(io::ErrorKind::NotFound.into());
                }
                self.change_name(NameChange::Move { source, target });
                Ok(Reply::Done)
            }
            Request::Sync { file, sectors } => {
                let fails = self.fails(Operation::Sync, self.rates.sync_errors);
                let image = self.files.get_mut(&file).ok_or(io::ErrorKind::NotFound)?;
                if fails {
                    image.forget(&sectors);
                    return Err(input_output_error());
                }
                image.sync(&sectors);
                Ok(Reply::Done)
            }
            Request::SyncNames { changes } => {
                let changes = changes.min(self.names_changes.len());
                for change in self.names_changes.drain(..changes) {
                    apply(&mut self.names_durable, &change);
                }
                Ok(Reply::Done)
            }
            Request::Write { file, offset, data } => {
                let fails = self.fails(Operation::Write, self.rates.write_errors);
                let Self { files, random, .. } = self;
                let image = files.get_mut(&file).ok_or(io::ErrorKind::NotFound)?;
                image.write(index(offset), &data, || !fails || random.next() & 1 == 0);
                if fails { Err(input_output_error()) } else { Ok(Reply::Done) }
            }
        }
    }

    fn change_name(&mut self, change: NameChange) {
        apply(&mut self.names, &change);
        self.names_changes.push(change);
    }

    fn fails(&mut self, operation: Operation, per_million: u32) -> bool {
        if let Some(position) = self.fail_next.iter().position(|it| *it == operation) {
            self.fail_next.remove(position);
            return true;
        }
        0 < per_million && self.random.happens(per_million)
    }

    /// Writes in flight at a crash reached the disk with any of their sectors.
    fn apply_parts_of_writes(&mut self) {
        let Self { pending, files, random, .. } = self;
        for it in pending.values() {
            if let Request::Write { file, offset, data } = &it.request
                && let Some(image) = files.get_mut(file)
            {
                image.write(index(*offset), data, || random.next() & 1 == 0);
            }
        }
    }
}

fn apply(names: &mut BTreeMap<String, u64>, change: &NameChange) {
    match change {
        NameChange::Bind { name, file } => {
            names.insert(name.clone(), *file);
        }
        NameChange::Move { source, target } => {
            if let Some(file) = names.remove(source) {
                names.insert(target.clone(), file);
            }
        }
        NameChange::Unbind { name } => {
            names.remove(name);
        }
    }
}

fn input_output_error() -> io::Error {
    io::Error::from_raw_os_error(rustix::io::Errno::IO.raw_os_error())
}

fn index(offset: u64) -> usize {
    usize::try_from(offset).expect("simulated files fit into memory")
}
