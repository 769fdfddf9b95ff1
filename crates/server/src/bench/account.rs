//! What a process and its children have taken, as the system accounts for it. Linux alone tells it this way; elsewhere
//! there is no answer.

use std::fs;

/// The clock ticks of `/proc`, fixed at 100 a second for programs by the kernel's interface.
const TICKS_PER_SEC: f64 = 100.0;

/// What was taken up to now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Usage {
    /// Processor time of all threads, the kernel's work for them included, in seconds.
    pub(super) cpu_secs: f64,
    /// Memory in KB: what is shared with other processes counts by its share.
    pub(super) memory_kb: f64,
}

/// Of a process and its children; `None` where it cannot be known.
pub(super) fn usage(pid: u32) -> Option<Usage> {
    let mut whole = one(pid)?;
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    for child in children.split_whitespace().filter_map(|child| child.parse().ok()).filter_map(usage) {
        whole.cpu_secs += child.cpu_secs;
        whole.memory_kb += child.memory_kb;
    }
    Some(whole)
}

fn one(pid: u32) -> Option<Usage> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    Some(Usage { cpu_secs: cpu_ticks(&stat)? as f64 / TICKS_PER_SEC, memory_kb: kilobytes(&rollup, "Pss:")? })
}

/// User and system time, the 14th and 15th fields; the second one is the program's name, which may hold spaces.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11).map_while(|field| field.parse::<u64>().ok());
    Some(fields.next()? + fields.next()?)
}

fn kilobytes(rollup: &str, name: &str) -> Option<f64> {
    let line = rollup.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_files_are_read() {
        let stat = "42 (a ) name) S 1 42 42 0 -1 4194560 2039 0 3 0 120 34 7 8 20 0 4 0 1000 0 0";
        assert_eq!(cpu_ticks(stat), Some(154));
        assert_eq!(cpu_ticks("42 (short) S 1"), None);
        let rollup = "55 - ffff [rollup]\nRss:  900 kB\nPss:            812 kB\nPss_Dirty:  1 kB\n";
        assert_eq!(kilobytes(rollup, "Pss:"), Some(812.0));
        assert_eq!(kilobytes("Rss: 1 kB", "Pss:"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_has_memory() {
        assert!(usage(std::process::id()).expect("Linux tells").memory_kb > 100.0);
    }
}
