//! `kill -9` loops on the real binary; see `tests/`.
