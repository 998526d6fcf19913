//! The limiter and the shedder from outside: models, bounds and a simulated server.

mod bounded;
mod changed;
mod concurrent;
mod exact;
mod model;
mod overload;
