//! Both faces of the client against a scripted server that is built on `wire` alone.

#[path = "faces/blocking.rs"]
mod blocking;
#[path = "faces/broken.rs"]
mod broken;
#[path = "faces/local.rs"]
mod local;
#[path = "faces/server.rs"]
mod server;
