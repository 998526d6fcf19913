//! One caller through every door of the real binary at once: limits that hold exactly, keys that are
//! refused on every door from the answer to their revoke on, and frames that HTTP/2 forbids.
