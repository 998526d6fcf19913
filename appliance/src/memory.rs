//! How memory comes from the kernel, and when it goes back.

use std::ffi::{c_int, c_long};

use libmimalloc_sys::mi_option_set;
use rustix::thread::disable_transparent_huge_pages;

/// `mi_option_purge_delay` in the allocator's header, a name that its crate lacks.
const PURGE_DELAY: c_int = 15;

/// Freed memory goes back to the kernel after ten minutes: the allocator waits ten times this. A
/// checkpoint frees what the changes of the minute before took, and the changes of the next minute
/// take it again; given back in between, every page of it would have to be cleared once more, a third
/// of the time of a core that accepts commands as fast as it can.
const KEPT_MS: c_long = 60_000;

/// Tells the allocator how long to keep what is free. Once, before any other thread.
#[expect(unsafe_code, reason = "the allocator has no other way to set this")]
pub(crate) fn keep_freed_memory() {
    // SAFETY: the call stores one number in the allocator's table of options. The option is one that
    // it has, any number is allowed for it, and no other thread runs that could read it meanwhile.
    unsafe { mi_option_set(PURGE_DELAY, KEPT_MS) };
}

/// Takes memory in pages of 4 KiB. The allocator asks for pages of 2 MiB, and of a box at rest most of each
/// stays empty: 91 MiB instead of 45 with two cores. Under load they cost more to clear than they save: with
/// durable commands as fast as they come, 3.1 us of CPU for each instead of 2.2, and a fifth fewer of them.
pub(crate) fn use_small_pages() {
    // A kernel without huge pages refuses, and has small ones anyway.
    let _ = disable_transparent_huge_pages(true);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Another release of the allocator may number its options anew.
    #[test]
    #[expect(unsafe_code, reason = "the allocator's own reading")]
    fn the_option_is_the_one_that_is_a_second_unless_set() {
        // SAFETY: the call reads one number of the allocator's table of options.
        assert_eq!(unsafe { libmimalloc_sys::mi_option_get(PURGE_DELAY) }, 1000);
    }
}
