//! Whether the kernel lets this process use `io_uring`, and for what.

use std::fs;
use std::io;

use io_uring::{IoUring, Probe, opcode};
use rustix::io::Errno;

use super::finding::Finding;

const SUBJECT: &str = "io_uring";
const DISABLED: &str = "/proc/sys/kernel/io_uring_disabled";
const STATUS: &str = "/proc/self/status";
const CONSEQUENCE: &str =
    "the cores use epoll and the log writes through the page cache, more slowly";

/// Operations that the log and the cores submit.
const USED: &[(&str, u8)] = &[
    ("nop", opcode::Nop::CODE),
    ("read-fixed", opcode::ReadFixed::CODE),
    ("write-fixed", opcode::WriteFixed::CODE),
    ("read", opcode::Read::CODE),
    ("write", opcode::Write::CODE),
    ("fsync", opcode::Fsync::CODE),
    ("fallocate", opcode::Fallocate::CODE),
    ("openat", opcode::OpenAt::CODE),
    ("close", opcode::Close::CODE),
    ("statx", opcode::Statx::CODE),
    ("poll-add", opcode::PollAdd::CODE),
    ("timeout", opcode::Timeout::CODE),
    ("link-timeout", opcode::LinkTimeout::CODE),
    ("cancel", opcode::AsyncCancel::CODE),
    ("accept", opcode::Accept::CODE),
    ("connect", opcode::Connect::CODE),
    ("send", opcode::Send::CODE),
    ("recv", opcode::Recv::CODE),
];

pub(crate) fn look() -> Vec<Finding> {
    let ring = match IoUring::new(256) {
        Ok(ring) => ring,
        Err(error) => return vec![refused(&error)],
    };
    let mut probe = Probe::new();
    if let Err(error) = ring.submitter().register_probe(&mut probe) {
        return vec![Finding::warn(
            SUBJECT,
            format!("works, but the kernel does not say for what: {error}"),
            "use kernel 5.8 or later",
        )];
    }
    let missing: Vec<&str> =
        USED.iter().filter(|(_, code)| !probe.is_supported(*code)).map(|(name, _)| *name).collect();
    vec![if missing.is_empty() {
        Finding::ok(SUBJECT, format!("works, with all {} operations that are used", USED.len()))
    } else {
        Finding::warn(
            SUBJECT,
            format!("works without {}: {CONSEQUENCE}", missing.join(", ")),
            "use kernel 5.8 or later",
        )
    }]
}

/// The reasons for a refusal look alike; what the kernel says elsewhere tells them apart.
fn refused(error: &io::Error) -> Finding {
    let switch = fs::read_to_string(DISABLED).ok();
    let status = fs::read_to_string(STATUS).unwrap_or_default();
    let errno = error.raw_os_error().map(Errno::from_raw_os_error);
    let (why, advice) = reason(errno, switch.as_deref().map(str::trim), is_filtered(&status));
    Finding::warn(SUBJECT, format!("{why} ({error}): {CONSEQUENCE}"), advice)
}

/// Whether a seccomp filter is on this process, by /proc/self/status.
fn is_filtered(status: &str) -> bool {
    status.lines().any(|line| line.strip_prefix("Seccomp:").is_some_and(|mode| mode.trim() == "2"))
}

fn reason(
    errno: Option<Errno>,
    switch: Option<&str>,
    filtered: bool,
) -> (&'static str, &'static str) {
    match (errno, switch) {
        (Some(Errno::PERM), Some("2")) => (
            "switched off for everybody by kernel.io_uring_disabled = 2",
            "sysctl -w kernel.io_uring_disabled=0",
        ),
        (Some(Errno::PERM), Some("1")) => (
            "switched off for this user by kernel.io_uring_disabled = 1",
            "sysctl -w kernel.io_uring_disabled=0, or add the user to the group kernel.io_uring_group",
        ),
        (Some(Errno::PERM | Errno::ACCESS), _) => (
            "forbidden by a seccomp filter or a security module, as container engines do",
            "allow io_uring_setup, io_uring_enter and io_uring_register in the container's seccomp profile",
        ),
        (Some(Errno::NOSYS), _) if filtered => (
            "hidden by a seccomp filter",
            "allow io_uring_setup, io_uring_enter and io_uring_register in the seccomp profile",
        ),
        (Some(Errno::NOSYS), _) => {
            ("not in this kernel", "use kernel 5.8 or later, built with CONFIG_IO_URING")
        }
        (Some(Errno::NOMEM), _) => (
            "refused for lack of memory that may be locked",
            "raise the limit: ulimit -l 8192, or LimitMEMLOCK=8M in the systemd unit",
        ),
        _ => ("refused", "look into the kernel's log for the reason"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_apart() {
        for (errno, switch, filtered, word) in [
            (Errno::PERM, Some("2"), false, "everybody"),
            (Errno::PERM, Some("1"), false, "this user"),
            (Errno::PERM, Some("0"), true, "seccomp"),
            (Errno::PERM, None, false, "seccomp"),
            (Errno::NOSYS, None, true, "hidden"),
            (Errno::NOSYS, None, false, "not in this kernel"),
            (Errno::NOMEM, Some("0"), false, "locked"),
            (Errno::INVAL, Some("0"), false, "refused"),
        ] {
            let (why, advice) = reason(Some(errno), switch, filtered);
            assert!(why.contains(word), "{errno:?} {switch:?} {filtered}: {why}");
            assert!(!advice.is_empty());
        }
    }

    #[test]
    fn a_filter_is_seen_in_the_status() {
        assert!(is_filtered("Name:\tx\nSeccomp:\t2\nSeccomp_filters:\t1\n"));
        assert!(!is_filtered("Name:\tx\nSeccomp:\t0\nSeccomp_filters:\t0\n"));
        assert!(!is_filtered(""));
    }
}
