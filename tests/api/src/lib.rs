//! The real binary through its doors; see `tests/api`.
