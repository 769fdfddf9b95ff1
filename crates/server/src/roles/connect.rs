use std::sync::Arc;

use anyhow::Context;
use dostyq_log::{EventLog, JetStreamLog};

use crate::config::Cluster;

/// The connection to NATS, which may be made only later; what is wrong with the credentials is known at once.
pub(super) fn connect(cluster: &Cluster) -> anyhow::Result<Arc<JetStreamLog>> {
    let options = cluster.options()?;
    let log = JetStreamLog::connect_when_there(&options).context("cluster")?;
    if !log.is_connected() {
        tracing::warn!("NATS at {} does not answer yet: waiting for it", options.servers.join(", "));
    }
    Ok(Arc::new(log))
}

/// Whether NATS answers and JetStream is there: for `dostyq check`.
pub(crate) fn reach(cluster: &Cluster) -> anyhow::Result<()> {
    // Every machine may ask this, whatever its rights.
    JetStreamLog::connect(&cluster.options()?)?.rooms()?;
    Ok(())
}
