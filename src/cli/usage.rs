//! What the process takes of the machine, as the system tells.

use std::fs;
use std::time::Duration;

use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage};
use nix::sys::time::TimeVal;
use time::OffsetDateTime;

use crate::ports::{Clock, ProcessUsage, Usage};

/// Of this process.
#[derive(Debug)]
pub(super) struct SystemUsage {
    started: OffsetDateTime,
}

impl SystemUsage {
    /// Takes the time of its call for that of the start: a few milliseconds are nothing to monitoring.
    pub(super) fn of_this_process(clock: &dyn Clock) -> Self {
        Self { started: clock.now() }
    }
}

impl Usage for SystemUsage {
    fn now(&self) -> ProcessUsage {
        let usage = getrusage(UsageWho::RUSAGE_SELF).ok();
        let cpu = usage.map(|usage| duration(usage.user_time()) + duration(usage.system_time()));
        let status = fs::read_to_string("/proc/self/status").ok();
        // The folder itself is open while it is read.
        let open_files = fs::read_dir("/proc/self/fd")
            .ok()
            .map(|files| files.count().saturating_sub(1));
        ProcessUsage {
            cpu,
            resident_bytes: status.as_deref().and_then(resident_bytes),
            open_files,
            most_open_files: getrlimit(Resource::RLIMIT_NOFILE).ok().map(|(soft, _)| soft),
            started: Some(self.started),
        }
    }
}

fn duration(time: TimeVal) -> Duration {
    let seconds = Duration::from_secs(time.tv_sec().try_into().unwrap_or_default());
    seconds + Duration::from_micros(time.tv_usec().try_into().unwrap_or_default())
}

/// What `/proc/PID/status` says of it, which is in KiB.
fn resident_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_knows_what_it_takes() {
        let usage = SystemUsage::of_this_process(&OffsetDateTime::UNIX_EPOCH).now();
        assert!(usage.cpu.is_some_and(|cpu| !cpu.is_zero()), "{usage:?}");
        assert!(
            usage.resident_bytes.is_some_and(|bytes| bytes > 1 << 20),
            "{usage:?}"
        );
        assert!(usage.open_files.is_some_and(|files| files >= 3), "{usage:?}");
        assert!(usage.most_open_files.is_some_and(|most| most > 3));
        assert_eq!(usage.started, Some(OffsetDateTime::UNIX_EPOCH));
    }

    #[test]
    fn what_the_system_writes_otherwise_is_not_taken_for_a_size() {
        assert_eq!(
            resident_bytes("VmPeak:\t9 kB\nVmRSS:\t    12 kB\n"),
            Some(12 * 1024)
        );
        for text in [
            "",
            "VmRSS:\t12\n",
            "VmRSS:\tmany kB\n",
            "VmRSS:\t18446744073709551615 kB",
        ] {
            assert_eq!(resident_bytes(text), None, "{text:?}");
        }
    }
}
