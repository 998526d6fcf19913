//! Any values of `traceparent` and `tracestate`: a context that is taken says the same again and keeps
//! the caller's ids; a state is kept whole or not at all, however it is cut into values.
//!
//! The input is lines: values of `traceparent`, an empty line, values of `tracestate`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use telemetry::{Recorder, TRACEPARENT_BYTES, TRACESTATE_BYTES_MAX, TraceContext, tracestate};

/// Most entries of a state (Trace Context level 2, 3.3.1.1).
const ENTRIES_MAX: usize = 32;

fuzz_target!(|bytes: &[u8]| {
    let mut lines = bytes.split(|it| *it == b'\n');
    let parents: Vec<_> = lines.by_ref().take_while(|it| !it.is_empty()).collect();
    let states: Vec<_> = lines.collect();

    let context = TraceContext::from_headers(parents.iter().copied());
    assert_eq!(context, Recorder::off().begin(parents.iter().copied()));
    assert!(context.is_none() || parents.len() == 1);
    for value in parents {
        context_of(value);
    }
    state_of(&states);
});

fn context_of(value: &[u8]) {
    let Some(found) = TraceContext::parse(value) else { return };
    assert!(found.trace_id() != 0 && found.span_id() != 0 && found.parent_id().is_none());
    let written = found.header_value();
    assert_eq!(TraceContext::parse(&written), Some(found));
    // The ids are the caller's own digits; the version and the flags may be lower.
    let value = value.trim_ascii();
    assert!(TRACEPARENT_BYTES <= value.len());
    assert_eq!(written[2..53], value[2..53]);
    assert!(value.len() == TRACEPARENT_BYTES || !value.starts_with(b"00"));
    let child = found.child(7);
    assert_eq!((child.trace_id(), child.flags()), (found.trace_id(), found.flags()));
    assert_eq!((child.span_id(), child.parent_id()), (7, Some(found.span_id())));
    // One digit of the ids that is another digit is another trace or none.
    for at in 2..53 {
        let mut wrong = written;
        wrong[at] ^= 1;
        assert_ne!(TraceContext::parse(&wrong), Some(found));
    }
}

fn state_of(values: &[&[u8]]) {
    let whole = values.join(&b","[..]);
    let mut room = [0xff; TRACESTATE_BYTES_MAX];
    let kept = tracestate(values.iter().copied(), &mut room);
    assert!(kept.iter().all(|it| matches!(it, 0x20..=0x7e)));
    let mut room = [0xff; TRACESTATE_BYTES_MAX];
    assert_eq!(tracestate([&*whole], &mut room), kept, "as one value");
    let mut room = [0xff; TRACESTATE_BYTES_MAX];
    assert_eq!(tracestate([kept], &mut room), kept, "again");
    if !kept.is_empty() {
        let entries = || whole.split(|it| *it == b',').map(<[u8]>::trim_ascii);
        let entries: Vec<_> = entries().filter(|it| !it.is_empty()).collect();
        assert!(entries.len() <= ENTRIES_MAX);
        assert_eq!(entries.join(&b","[..]), kept, "all of it");
    }
}
