//! A core's side: what a door calls at the beginning and at the end of a request.

use std::cell::RefCell;
use std::sync::Arc;

use crate::context::TraceContext;
use crate::counters::Counters;
use crate::ids::Ids;
use crate::queue::Entrance;
use crate::record::{Access, Finished, Record};
use crate::state::{TRACESTATE_BYTES_MAX, tracestate};

/// One core's recorder. Both of its calls take tens of nanoseconds when it is on, and one branch when
/// it is off.
#[derive(Debug)]
pub struct Recorder(Option<On>);

#[derive(Debug)]
pub(crate) struct On {
    pub(crate) core: u16,
    pub(crate) ids: Ids,
    pub(crate) entrance: RefCell<Entrance>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) access: Access,
    /// Whether shapes are recorded: of every request.
    pub(crate) shapes: bool,
    /// Of a million traces that begin here, so many are recorded; `None` without a collector.
    pub(crate) sample_per_million: Option<u32>,
}

impl Recorder {
    /// Records nothing.
    pub const fn off() -> Self {
        Self(None)
    }

    pub(crate) const fn on(on: On) -> Self {
        Self(Some(on))
    }

    /// Whether anything is recorded.
    pub const fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// The request's own context, from all values of the caller's header `traceparent`: a span below
    /// the caller's, or a new trace when the caller sent none or an invalid one. Its id is the
    /// correlation id of whatever the request causes, and its value the `traceparent` of the answer.
    ///
    /// A recorder that is off makes no ids: it gives back what the caller sent, if that is valid.
    pub fn begin<'h>(
        &self,
        traceparents: impl IntoIterator<Item = &'h [u8]>,
    ) -> Option<TraceContext> {
        let caller = TraceContext::from_headers(traceparents);
        let Some(on) = &self.0 else { return caller };
        Some(match caller {
            Some(caller) => caller.child(on.ids.span()),
            None => on.root(),
        })
    }

    /// The request is answered. `tracestates` are all values of the caller's header of that name; they
    /// are looked at only when the span is recorded.
    pub fn finish<'h>(&self, finished: &Finished, tracestates: impl IntoIterator<Item = &'h [u8]>) {
        let Some(on) = &self.0 else { return };
        let Some(trace) = finished.trace else { return };
        let exported = on.exports(&trace);
        if !exported && !on.shapes && !on.access.wants(finished.status) {
            return;
        }
        let mut room = [0; TRACESTATE_BYTES_MAX];
        // A state without its trace means nothing.
        let state = match trace.parent_id() {
            Some(_) if exported => tracestate(tracestates, &mut room),
            _ => &[],
        };
        let put = on.entrance.borrow_mut().put(Record::new(trace, *finished), state);
        if put.is_err() {
            on.counters.queue_was_full(on.core);
        }
    }

    /// Appends what became of records, of all cores, to the text for a scraper (`OpenMetrics` 1.0).
    /// Nothing when nothing is recorded.
    pub fn write_metrics(&self, out: &mut String) {
        if let Some(on) = &self.0 {
            let exports = on.sample_per_million.is_some();
            on.counters.write(exports, out).expect("writing into memory cannot fail");
        }
    }
}

impl On {
    fn root(&self) -> TraceContext {
        let trace_id = self.ids.trace();
        let is_sampled = self.sample_per_million.is_some_and(|it| is_sampled(trace_id, it));
        TraceContext::root(trace_id, self.ids.span(), is_sampled)
    }

    fn exports(&self, trace: &TraceContext) -> bool {
        self.sample_per_million.is_some() && trace.is_sampled()
    }
}

/// Decided by the low 56 bits, which are random: every system that does so decides alike.
fn is_sampled(trace_id: u128, per_million: u32) -> bool {
    let random = trace_id & ((1 << 56) - 1);
    random * 1_000_000 < u128::from(per_million) << 56
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::queue::{Exit, RECORDS_MAX, queue};

    const CALLER: &[u8] = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const UNSAMPLED: &[u8] = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

    fn recorder(access: Access, sample_per_million: Option<u32>) -> (Recorder, Exit) {
        let (entrance, exit) = queue();
        let counters = Arc::new(Counters::new(1));
        let (ids, entrance) = (Ids::default(), RefCell::new(entrance));
        let shapes = false;
        let on = On { core: 0, ids, entrance, counters, access, shapes, sample_per_million };
        (Recorder::on(on), exit)
    }

    fn finished(trace: Option<TraceContext>, status: u16) -> Finished {
        Finished {
            trace,
            operation: "rates.quote",
            method: "POST",
            door: "http",
            tenant: None,
            status,
            took: Duration::from_micros(5),
            position: 0,
            request_bytes: 0,
            reply_bytes: 0,
            peer: None,
        }
    }

    #[test]
    fn off_it_passes_on_what_came_and_records_nothing() {
        let recorder = Recorder::off();
        assert_eq!(recorder.begin([]), None);
        let trace = recorder.begin([CALLER]).unwrap();
        assert_eq!(&trace.header_value(), CALLER);
        recorder.finish(&finished(Some(trace), 500), []);
        let mut text = String::new();
        recorder.write_metrics(&mut text);
        assert!(text.is_empty() && !recorder.is_on());
    }

    #[test]
    fn the_caller_decides_and_without_one_the_ratio() {
        for (sent, ratio, sampled) in [
            (Some(CALLER), 0, true),
            (Some(UNSAMPLED), 1_000_000, false),
            (None, 1_000_000, true),
            (None, 0, false),
            (Some(&b"garbage"[..]), 1_000_000, true),
        ] {
            let (recorder, mut exit) = recorder(Access::Off, Some(ratio));
            let trace = recorder.begin(sent).unwrap();
            recorder.finish(&finished(Some(trace), 200), [&b"a=1"[..]]);
            let found = exit.take();
            assert_eq!(found.is_some(), sampled, "{sent:?} {ratio}");
            let has_caller = sent == Some(CALLER);
            assert_eq!(trace.parent_id().is_some(), has_caller || sent == Some(UNSAMPLED));
            if let Some((record, state)) = found {
                assert_eq!(record.trace, trace);
                assert_eq!(&*state, if has_caller { "a=1" } else { "" });
            }
        }
    }

    #[test]
    fn a_ratio_is_kept_to() {
        let ids = Ids::default();
        let count = (0..100_000).filter(|_| is_sampled(ids.trace(), 250_000)).count();
        assert!((24_000..26_000).contains(&count), "{count}");
        assert!(is_sampled(u128::MAX, 1_000_000));
        assert!(!is_sampled(0, 0));
    }

    #[test]
    fn the_access_log_needs_no_collector() {
        let (recorder, mut exit) = recorder(Access::Errors, None);
        for (status, told) in [(200, false), (404, true)] {
            let trace = recorder.begin([CALLER]);
            recorder.finish(&finished(trace, status), [&b"a=1"[..]]);
            let found = exit.take();
            assert_eq!(found.is_some(), told, "{status}");
            assert!(found.is_none_or(|it| it.1.is_empty()), "no span, no state");
        }
    }

    #[test]
    fn what_finds_no_room_is_counted() {
        let (recorder, _exit) = recorder(Access::All, None);
        for _ in 0..RECORDS_MAX + 3 {
            recorder.finish(&finished(recorder.begin([]), 200), []);
        }
        let mut text = String::new();
        recorder.write_metrics(&mut text);
        assert!(text.contains("quoin_telemetry_queue_drops_total{core=\"0\"} 3"), "{text}");
    }
}
