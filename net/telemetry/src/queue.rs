//! From one core to the side thread: one writer, one reader, no lock.

use rtrb::{Consumer, Producer, RingBuffer};

use crate::record::Record;
use crate::state::TRACESTATE_BYTES_MAX;

/// Records that one core's queue holds: what 300,000 requests a second leave in the 25 ms between two
/// looks at it. 1.3 MB.
pub(crate) const RECORDS_MAX: usize = 8192;
/// Bytes of `tracestate` that wait beside them. Few callers send one; without room the record goes
/// without.
const STATE_BYTES_MAX: usize = 64 * 1024;

/// The core's end.
#[derive(Debug)]
pub(crate) struct Entrance {
    records: Producer<Record>,
    states: Producer<u8>,
}

/// The side thread's end.
#[derive(Debug)]
pub(crate) struct Exit {
    records: Consumer<Record>,
    states: Consumer<u8>,
}

/// The queue had no room.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

pub(crate) fn queue() -> (Entrance, Exit) {
    let (into, from) = RingBuffer::new(RECORDS_MAX);
    let (states_into, states_from) = RingBuffer::new(STATE_BYTES_MAX);
    let entrance = Entrance { records: into, states: states_into };
    (entrance, Exit { records: from, states: states_from })
}

impl Entrance {
    /// The state goes first: whoever sees the record finds it.
    pub(crate) fn put(&mut self, mut record: Record, state: &[u8]) -> Result<(), Full> {
        if self.records.is_full() {
            return Err(Full);
        }
        let fits = u16::try_from(state.len()).ok().filter(|_| !state.is_empty());
        record.state_bytes = match fits.map(|bytes| (bytes, self.states.push_entire_slice(state))) {
            Some((bytes, Ok(()))) => bytes,
            _ => 0,
        };
        self.records.push(record).map_err(|_| Full)
    }
}

impl Exit {
    /// The next record and its state.
    pub(crate) fn take(&mut self) -> Option<(Record, Box<str>)> {
        let record = self.records.pop().ok()?;
        let mut room = [0; TRACESTATE_BYTES_MAX];
        let state = &mut room[..usize::from(record.state_bytes)];
        self.states.pop_entire_slice(state).expect("it was put there before the record");
        Some((record, String::from_utf8_lossy(state).into()))
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::record::tests::record;

    #[test]
    fn a_full_queue_takes_nothing_and_loses_nothing() {
        let (mut entrance, mut exit) = queue();
        for number in 0..RECORDS_MAX as u64 {
            assert_eq!(entrance.put(record(number), b""), Ok(()));
        }
        assert_eq!(entrance.put(record(7), b"a=1"), Err(Full));
        assert_eq!(exit.take().map(|it| it.0.finished.position), Some(0));
        assert_eq!(entrance.put(record(9), b"a=2"), Ok(()));
        let rest: Vec<_> = std::iter::from_fn(|| exit.take()).collect();
        assert_eq!(rest.len(), RECORDS_MAX);
        assert_eq!(rest.last().map(|it| (it.0.finished.position, &*it.1)), Some((9, "a=2")));
    }

    #[test]
    fn a_state_without_room_is_left_out() {
        let (mut entrance, mut exit) = queue();
        let state = [b'x'; TRACESTATE_BYTES_MAX];
        let fitting = STATE_BYTES_MAX / state.len();
        for number in 0..=fitting as u64 {
            assert_eq!(entrance.put(record(number), &state), Ok(()));
        }
        let states: Vec<_> = std::iter::from_fn(|| exit.take()).map(|it| it.1.len()).collect();
        assert_eq!(states[..fitting], vec![state.len(); fitting]);
        assert_eq!(states[fitting..], [0]);
    }

    #[test]
    fn every_record_arrives_with_its_own_state() {
        const COUNT: u64 = 100_000;
        let (mut entrance, mut exit) = queue();
        let core = thread::spawn(move || {
            for number in 0..COUNT {
                let state = number.to_string();
                let state = if number % 3 == 0 { "" } else { &state[..] };
                while entrance.put(record(number), state.as_bytes()) == Err(Full) {
                    thread::yield_now();
                }
            }
        });
        for number in 0..COUNT {
            let (found, state) = loop {
                match exit.take() {
                    Some(found) => break found,
                    None => thread::yield_now(),
                }
            };
            assert_eq!(found.finished.position, number);
            if !state.is_empty() {
                assert_eq!(*state, number.to_string());
            }
        }
        core.join().unwrap();
    }
}
