//! Load generator: open and closed loop, histograms, baselines.
//!
//! It is a client: it knows the wire protocol and HTTP, and nothing of the engine. One pinned
//! monoio thread drives all connections; request bytes are built once and patched, replies are read
//! in place, and nothing is allocated per request, so that the server is the bottleneck.
//!
//! - A closed loop keeps a fixed number of requests in flight and shows what the server can do.
//! - An open loop sends by a timetable and counts latency from the intended start, so that a server
//!   that stalls cannot hide the requests that it kept from being sent.
//! - A baseline, a bare echo, a bare hyper or the bare QUIC door on the same runtime, takes rounds in
//!   turn with the target, and so does any HTTP server as a peer. Absolute figures describe a machine; the ratio describes the server.

mod args;
mod baseline;
mod codec;
mod cpu;
mod error;
mod line;
mod link;
mod outside;
mod overload;
mod pace;
mod report;
mod round;
mod run;
mod slots;
mod swarm;
mod tally;
mod timer;
mod trust;
mod turns;
mod worker;
mod workload;

pub use args::{Args, Over, WorkloadName};
pub use error::LoadError;
pub use overload::{ClosedLoop, OverloadArgs, OverloadReport, Step, overload, overload_workload};
pub use report::{
    Asked, DeviceReport, Figures, Latency, OpenLoop, Ratio, Ratios, Report, Round, Series, Settings,
};
pub use run::{run, run_workload};
pub use workload::Workload;
