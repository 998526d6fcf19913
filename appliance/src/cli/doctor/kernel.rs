//! The kernel's version and its clock.

use std::fs;

use super::finding::Finding;

/// The first kernel with every `io_uring` operation that the log uses.
const WANTED: (u32, u32) = (5, 8);
const CLOCK: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
/// Clocks that are read without entering the kernel.
const FAST_CLOCKS: &[&str] =
    &["tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "arch_sys_counter"];

pub(crate) fn version() -> Finding {
    let name = rustix::system::uname();
    let release = name.release().to_string_lossy().into_owned();
    match parse(&release) {
        Some(version) if version < WANTED => Finding::warn(
            "kernel",
            format!(
                "{release}: too old for the log's direct I/O; it writes through the page cache, more slowly"
            ),
            format!("use kernel {}.{} or later", WANTED.0, WANTED.1),
        ),
        Some(_) => Finding::ok("kernel", release),
        None => Finding::warn(
            "kernel",
            format!("{release}: not a version that is understood"),
            format!("make sure that it is {}.{} or later", WANTED.0, WANTED.1),
        ),
    }
}

fn parse(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|it: char| !it.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

pub(crate) fn clock() -> Finding {
    match fs::read_to_string(CLOCK) {
        Err(_) => Finding::ok("clock", "the kernel does not name its clock source"),
        Ok(name) if FAST_CLOCKS.contains(&name.trim()) => Finding::ok("clock", name.trim()),
        Ok(name) => Finding::warn(
            "clock",
            format!("{}: every look at the clock enters the kernel, at about 1 us", name.trim()),
            "boot with clocksource=tsc if the CPU's counter is stable, or ask the hypervisor for kvm-clock",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_every_kind_of_release() {
        for (release, version) in [
            ("6.18.44", Some((6, 18))),
            ("5.4.0-190-generic", Some((5, 4))),
            ("5.8-rc1", Some((5, 8))),
            ("4.19+", Some((4, 19))),
            ("", None),
        ] {
            assert_eq!(parse(release), version, "{release}");
        }
    }
}
