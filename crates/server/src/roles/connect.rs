use std::sync::Arc;

use anyhow::Context;
use dostyq_log::{JetStreamLog, LogError};

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

/// Whether NATS answers and JetStream is there: for `dostyq check`. What does not fit is one line.
pub(crate) fn reach(cluster: &Cluster) -> anyhow::Result<()> {
    let log = JetStreamLog::connect(&cluster.options()?)?;
    let account = log.wait(async { log.jetstream().query_account().await });
    account.map_err(|error| LogError::Refused { cause: error.to_string() })?;
    Ok(())
}
