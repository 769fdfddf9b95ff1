//! How many connections a process may hold: each is an open file.

use anyhow::bail;
use rlimit::{Resource, increase_nofile_limit};

/// Open files of a process besides its connections.
const BESIDES: u64 = 64;

/// Lets this process hold so many connections, as far as the system permits.
pub(crate) fn allow(connections: u32) -> anyhow::Result<()> {
    let wanted = u64::from(connections) + BESIDES;
    let is_enough = increase_nofile_limit(wanted).is_ok_and(|limit| limit >= wanted)
        // Who administers the machine may go beyond the hard limit.
        || Resource::NOFILE.set(wanted, wanted).is_ok();
    if !is_enough {
        let limit = rlimit::getrlimit(Resource::NOFILE).map_or(0, |(_, hard)| hard);
        bail!(
            "{connections} connections want {wanted} open files, and a process may have {limit}: raise the limit with \
             `ulimit -Hn {wanted}` as root, or have fewer viewers"
        );
    }
    Ok(())
}

/// Lets a server hold so many viewers; says so when the system permits fewer.
pub(crate) fn allow_or_warn(viewers: u32) {
    if let Err(error) = allow(viewers) {
        tracing::warn!("{error:#}");
    }
}
