//! What the kernel tells of the machine.

use std::fs;
use std::path::Path;
use std::thread;

use io_uring::IoUring;
use rustix::io::Errno;

use super::{Machine, Ring};

const CPU: &str = "/proc/cpuinfo";
const MEMORY: &str = "/proc/meminfo";
const ONLINE: &str = "/sys/devices/system/cpu/online";
const GOVERNOR: &str = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor";
const CLOCK: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
const CACHES: &str = "/sys/devices/system/cpu/cpu0/cache";
const DISABLED: &str = "/proc/sys/kernel/io_uring_disabled";
/// The machine's maker and model: a hypervisor writes its own there.
const MAKER: [&str; 2] = ["/sys/class/dmi/id/sys_vendor", "/sys/class/dmi/id/product_name"];
/// Where each engine leaves a mark inside its containers.
const CONTAINERS: [(&str, &str); 2] = [("/.dockerenv", "Docker"), ("/run/.containerenv", "Podman")];
const RING_ENTRIES: u32 = 8;

/// All but the disk.
pub(super) fn machine() -> Machine {
    let cpuinfo = fs::read_to_string(CPU).unwrap_or_default();
    let name = rustix::system::uname();
    let text = |name: &std::ffi::CStr| name.to_string_lossy().into_owned();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let cores = u32::try_from(cores).unwrap_or(u32::MAX);
    Machine {
        cpu: cpu(&cpuinfo).unwrap_or_else(|| "not told".to_owned()),
        architecture: text(name.machine()),
        cores,
        cores_online: line(ONLINE).and_then(|it| count(&it)).unwrap_or(cores).max(cores),
        cache: cache(Path::new(CACHES)),
        memory_bytes: memory_bytes(&fs::read_to_string(MEMORY).unwrap_or_default()).unwrap_or(0),
        kernel: text(name.release()),
        governor: line(GOVERNOR),
        clock: line(CLOCK),
        virtualisation: virtualisation(&cpuinfo),
        io_uring: ring(),
        disk: None,
    }
}

fn line(file: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    Some(text.trim()).filter(|it| !it.is_empty()).map(str::to_owned)
}

/// The value of the first line with this name.
fn value<'t>(cpuinfo: &'t str, name: &str) -> Option<&'t str> {
    let mut lines = cpuinfo.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(found, _)| found.trim() == name).map(|(_, value)| value.trim())
}

/// The model as the processor names itself; on Arm, which gives numbers, those.
fn cpu(cpuinfo: &str) -> Option<String> {
    if let Some(name) = value(cpuinfo, "model name").or_else(|| value(cpuinfo, "Model")) {
        return Some(name.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    let (maker, part) = (value(cpuinfo, "CPU implementer")?, value(cpuinfo, "CPU part")?);
    Some(format!("implementer {maker}, part {part}"))
}

/// How many are in a list like `0-3,8-11`.
fn count(list: &str) -> Option<u32> {
    let mut all = 0;
    for range in list.split(',') {
        let (from, to) = range.split_once('-').unwrap_or((range, range));
        let (from, to): (u32, u32) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
        all += to.checked_sub(from)? + 1;
    }
    Some(all)
}

fn cache(folder: &Path) -> Option<String> {
    let entries = fs::read_dir(folder).ok()?;
    let levels = entries.flatten().filter_map(|entry| {
        let read = |name| fs::read_to_string(entry.path().join(name)).ok();
        let level: u32 = read("level")?.trim().parse().ok()?;
        Some((level, read("size")?.trim().to_owned()))
    });
    levels.max_by_key(|it| it.0).map(|it| it.1)
}

fn memory_bytes(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

fn virtualisation(cpuinfo: &str) -> Option<String> {
    let flags = value(cpuinfo, "flags").unwrap_or_default();
    let maker: Vec<String> = MAKER.into_iter().filter_map(line).collect();
    let kind = line("/sys/hypervisor/type");
    let machine = if flags.split(' ').any(|it| it == "hypervisor") || kind.is_some() {
        let made = [kind.unwrap_or_default(), maker.join(" ")].join(" ");
        let made = made.trim();
        let on = if made.is_empty() { String::new() } else { format!(" on {made}") };
        Some(format!("virtual machine{on}"))
    } else {
        None
    };
    let container = CONTAINERS.into_iter().find(|(mark, _)| Path::new(mark).exists());
    let container = container.map(|(_, engine)| format!("container ({engine})"));
    let all: Vec<String> = [machine, container].into_iter().flatten().collect();
    Some(all.join(", ")).filter(|it| !it.is_empty())
}

fn ring() -> Ring {
    match IoUring::new(RING_ENTRIES) {
        Ok(_) => Ring::Usable,
        Err(error) => {
            let errno = error.raw_os_error().map(Errno::from_raw_os_error);
            Ring::Refused(reason(errno, line(DISABLED).as_deref(), &error.to_string()))
        }
    }
}

fn reason(errno: Option<Errno>, switch: Option<&str>, error: &str) -> String {
    match (errno, switch) {
        (Some(Errno::PERM), Some("1" | "2")) => {
            "switched off by kernel.io_uring_disabled".to_owned()
        }
        (Some(Errno::PERM | Errno::ACCESS), _) => {
            "forbidden by a seccomp filter or a security module".to_owned()
        }
        (Some(Errno::NOSYS), _) => "not in this kernel, or hidden by a seccomp filter".to_owned(),
        _ => error.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_are_named_whatever_the_architecture() {
        for (cpuinfo, name) in [
            ("processor\t: 0\nmodel name\t: AMD  EPYC 9B14\nflags\t: fpu\n", "AMD EPYC 9B14"),
            ("Model\t: Raspberry Pi 5\n", "Raspberry Pi 5"),
            ("CPU implementer\t: 0x41\nCPU part\t: 0xd40\n", "implementer 0x41, part 0xd40"),
        ] {
            assert_eq!(cpu(cpuinfo).as_deref(), Some(name));
        }
        assert_eq!(cpu(""), None);
    }

    #[test]
    fn lists_of_processors_are_counted() {
        for (list, expected) in [
            ("0", Some(1)),
            ("0-1", Some(2)),
            ("0-3,8-11,15", Some(9)),
            ("3-1", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(count(list), expected, "{list}");
        }
    }

    #[test]
    fn all_memory_is_read_or_unknown() {
        assert_eq!(memory_bytes("MemTotal:  8 kB\nMemAvailable: 4 kB\n"), Some(8192));
        assert_eq!(memory_bytes("MemFree: 8 kB\n"), None);
        assert_eq!(memory_bytes("MemTotal: much\n"), None);
    }

    #[test]
    fn refusals_of_a_ring_are_told_apart() {
        for (errno, switch, words) in [
            (Some(Errno::PERM), Some("2"), "io_uring_disabled"),
            (Some(Errno::PERM), Some("0"), "seccomp filter or"),
            (Some(Errno::PERM), None, "seccomp filter or"),
            (Some(Errno::NOSYS), Some("0"), "not in this kernel"),
            (Some(Errno::NOMEM), None, "out of memory"),
            (None, None, "out of memory"),
        ] {
            let found = reason(errno, switch, "out of memory");
            assert!(found.contains(words), "{errno:?} {switch:?}: {found}");
        }
    }
}
