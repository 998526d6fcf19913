//! Clients that nobody here wrote, against the real binary: curl, aioquic, and what else is found.
//!
//! A client that is not installed is skipped with a message. `CONFORMANCE_PYTHON` names a Python that has
//! `aioquic` (`python3 -m venv venv && venv/bin/pip install aioquic`).
