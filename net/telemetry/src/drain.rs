//! The side thread that empties the cores' queues.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::context::write_hex;
use crate::outbox::Outbox;
use crate::queue::{Exit, RECORDS_MAX};
use crate::record::{Access, Record, Span};
use crate::shapes::ShapeFile;

/// The target of the access log's `tracing` events.
pub const ACCESS_TARGET: &str = "access";

/// How often the queues are looked at: no core ever wakes this thread, which would cost it a system
/// call per request.
const LOOK: Duration = Duration::from_millis(25);

#[derive(Debug)]
pub(crate) struct Drain {
    pub(crate) queues: Vec<Exit>,
    pub(crate) access: Access,
    /// Where shapes go, if anywhere.
    pub(crate) shapes: Option<ShapeFile>,
    /// Where sampled spans go; `None` without a collector.
    pub(crate) outbox: Option<Arc<Outbox>>,
    pub(crate) stopping: Arc<AtomicBool>,
}

impl Drain {
    /// Until `stopping` is set, and once more after that.
    pub(crate) fn run(mut self) {
        loop {
            let stopping = self.stopping.load(Ordering::Acquire);
            let fullest = self.look();
            if stopping {
                return;
            }
            // A queue that was half full would be full before the next look.
            if fullest < RECORDS_MAX / 2 {
                thread::park_timeout(LOOK);
            }
        }
    }

    /// Takes what there is; says how much the fullest queue held.
    fn look(&mut self) -> usize {
        let mut fullest = 0;
        let mut spans = Vec::new();
        for (core, queue) in (0..).zip(&mut self.queues) {
            let mut taken = 0;
            while taken < RECORDS_MAX
                && let Some((record, state)) = queue.take()
            {
                taken += 1;
                if self.access.wants(record.finished.status) {
                    tell(core, &record);
                }
                if let Some(shapes) = &mut self.shapes {
                    shapes.put(&record);
                }
                if self.outbox.is_some() && record.trace.is_sampled() {
                    spans.push(Span { record, core, state });
                }
            }
            fullest = fullest.max(taken);
        }
        if let Some(shapes) = &mut self.shapes {
            shapes.flush();
        }
        if let Some(outbox) = &self.outbox
            && !spans.is_empty()
        {
            outbox.put(spans);
        }
        fullest
    }
}

/// One line of the access log.
fn tell(core: u16, record: &Record) {
    let it = &record.finished;
    let (mut trace, mut span) = ([0; 32], [0; 16]);
    write_hex(&record.trace.trace_id().to_be_bytes(), &mut trace);
    write_hex(&record.trace.span_id().to_be_bytes(), &mut span);
    let digits = |it| std::str::from_utf8(it).unwrap_or_default();
    let (trace, span) = (digits(&trace[..]), digits(&span[..]));
    let took_us = u64::try_from(it.took.as_micros()).unwrap_or(u64::MAX);
    tracing::info!(
        target: ACCESS_TARGET,
        correlation = trace,
        span,
        operation = it.operation,
        method = it.method,
        door = it.door,
        core,
        tenant = it.tenant,
        status = it.status,
        took_us,
        position = it.position,
        peer = it.peer.map(tracing::field::display),
        "answered"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counters::Counters;
    use crate::queue::queue;
    use crate::record::tests::record;

    #[test]
    fn only_what_is_sampled_goes_out() {
        let (mut entrance, exit) = queue();
        let outbox = Arc::new(Outbox::new(Arc::new(Counters::new(1)), 10));
        let unsampled = crate::context::TraceContext::root(1, 2, false);
        for position in 0..6 {
            let mut record = record(position);
            if position % 2 == 1 {
                record.trace = unsampled;
            }
            entrance.put(record, b"a=1").unwrap();
        }
        let stopping = Arc::new(AtomicBool::new(true));
        let drain = Drain {
            queues: vec![exit],
            access: Access::All,
            shapes: None,
            outbox: Some(Arc::clone(&outbox)),
            stopping,
        };
        drain.run();
        outbox.close(std::time::Instant::now() + Duration::from_hours(1));
        let spans = outbox.next(usize::MAX, Duration::ZERO).unwrap();
        let positions: Vec<_> = spans.iter().map(|it| it.record.finished.position).collect();
        assert_eq!(positions, [0, 2, 4]);
        assert!(spans.iter().all(|it| &*it.state == "a=1"));
    }
}
