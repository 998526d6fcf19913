//! Traces and the access log of finished requests, off the data plane.
//!
//! A core makes a [`TraceContext`] of what the caller sent ([`Recorder::begin`]), and when the request
//! is answered puts one fixed-size record into a queue of its own ([`Recorder::finish`]): no lock, no
//! allocation, no system call. A full queue drops the record and counts it.
//!
//! Two side threads do the rest. `quoin-telemetry` empties the queues and writes the access log, as
//! `tracing` events with the target [`ACCESS_TARGET`], and a file of [`Shapes`]; `quoin-otlp` sends sampled spans to a
//! collector by OTLP over HTTP in JSON, in batches. A collector that is slow or away costs spans, the
//! oldest first, and nothing else; [`Recorder::write_metrics`] tells how many.
//!
//! Nothing configured means no thread and no queue: a [`Recorder::off`] is one branch per request.

mod collector;
mod context;
mod counters;
mod delivery;
mod drain;
mod ids;
mod otlp;
mod outbox;
mod queue;
mod record;
mod recorder;
mod shapes;
mod start;
mod state;

pub use collector::{CollectorError, Terms};
pub use context::{TRACEPARENT_BYTES, TraceContext};
pub use drain::ACCESS_TARGET;
pub use otlp::Resource;
pub use record::{Access, Finished};
pub use recorder::Recorder;
pub use shapes::{SHAPES_HEAD, Shape, ShapeReader, Shapes, ShapesError};
pub use start::{Export, Options, Pace, StartError, Telemetry};
pub use state::{TRACESTATE_BYTES_MAX, tracestate};
