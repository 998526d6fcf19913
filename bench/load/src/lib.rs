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
mod chance;
mod codec;
mod compare_results;
mod cpu;
mod error;
mod figure;
mod html;
mod knee;
mod line;
mod link;
mod machine;
mod mix;
mod model;
mod outside;
mod overload;
mod pace;
mod plan;
mod plot;
mod replay;
mod report;
mod round;
mod run;
mod scenario;
mod slots;
mod summary;
mod swarm;
mod tally;
mod timer;
mod trust;
mod turns;
mod worker;
mod workload;

pub use args::{Args, Over, PeerArgs, WorkloadName};
pub use compare_results::{
    Change, CompareError, Comparison, Difference, Named, Verdict, compare_results,
};
pub use error::LoadError;
pub use machine::{DiskSync, Machine, Ring};
pub use overload::{ClosedLoop, OverloadArgs, OverloadReport, Step, overload, overload_workload};
pub use plan::result::{
    Bucket, Cost, DoorFigures, FORMAT, Growth, Knee, LatencySummary, Objectives, OperationFigures,
    PlanResult, Purpose, ScenarioSummary, Second, Step as PlanStep, Target,
};
pub use plan::sheet::{DiskRow, ModelError, Sheet, SheetRow};
pub use plan::{PlanStop, PlanTarget, Planner};
pub use replay::{Replay, ReplayReport, ReplayTerms, ReplayedOperation};
pub use report::{
    Asked, DeviceReport, Figures, Latency, OpenLoop, Ratio, Ratios, Report, Round, Series, Settings,
};
pub use run::{run, run_workload};
pub use scenario::{
    Arrival, Distribution, Door, Keys as KeySpread, Operation, Policy, Population, Process,
    READY as READY_SCENARIOS, Ramp, Scenario, ScenarioError, Size, Wanted,
};
pub use workload::Workload;
