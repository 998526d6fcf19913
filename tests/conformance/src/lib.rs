//! Clients and judges that nobody here wrote, against the real binary: curl, aioquic, Chromium,
//! `h2spec`, `promtool`.
//!
//! What is not installed is skipped with a message. `tests/README.md` says how each is had, and which
//! variable names it.
