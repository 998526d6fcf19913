//! The real binary through its doors.
