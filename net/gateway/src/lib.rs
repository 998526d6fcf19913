//! One request's life between a door and the engine: everything that every door must do alike.
//!
//! A door parses bytes into a [`Demand`], [`Demand::call`] makes the engine's call of it, the core
//! answers, and a [`Rejection`] says in the door's own tongue what went wrong. The JSON doors also
//! find here, generated from the operations alone: the [`Routes`], the merging of path, query and
//! body into one request ([`Route::request_json`]), and the [`openapi`] document.
//!
//! [`rejection`](Rejection) is the only place that maps the engine's faults and the domains'
//! refusals to wire and HTTP statuses.
//!
//! HTTP requests of every door go through [`answer`]. [`bind`] is for doors without encryption and refuses
//! every address that strangers can reach.

mod answer;
mod authenticate;
mod caller;
mod condition;
mod cors;
mod demand;
mod demands;
mod gate;
mod head;
mod json;
mod limit;
mod listen;
mod load;
mod metrics;
mod openapi;
mod pack;
mod pages;
mod receive;
mod rejection;
mod response;
mod routes;
mod rpc;

pub use answer::answer;
pub use authenticate::{
    ACT_PERMISSION, Authenticated, Authenticator, Bootstrap, BootstrapError, Credential,
    NewSigningKey, Permissions, Shown, Step, TokenTerms, challenge,
};
pub use cors::Origins;
pub use demand::{Demand, Principal};
pub use gate::{DoorKind, Front, Gate, Peer, Terms};
pub use json::percent_decoded;
pub use listen::{BindError, Listeners, bind};
pub use metrics::{CoreMetrics, Metrics, QuicCounts};
pub use openapi::openapi;
pub use rejection::{Place, Rejection};
pub use routes::{Found, Route, Routes};
pub use rpc::{Admission, Due, Pass, Reception, Visit, Visitor};
