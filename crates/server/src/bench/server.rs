//! The server that is measured: the program's own pages and hub, with a log on a disk, and no speech.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use dostyq_hub::{Hub, HubOptions, RoomPublisher, WELCOME_EVENTS};
use dostyq_speech::{CaptionEvent, RoomId};

use super::captions::line;
use super::orders::{ServerAnswer, ServerOrder};
use super::{HubServer, child};
use crate::Stop;
use crate::access::Access;
use crate::config::{SelfSigned, Tls, Web as WebConfig};
use crate::operator_key::OperatorKey;
use crate::room::open_log;
use crate::tls::Encryption;
use crate::web::{self, Guards, Site};

pub(super) fn run(options: &HubServer) -> anyhow::Result<()> {
    let places = options.places;
    crate::open_files::allow(places)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no threads for the web")?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let listener = runtime.block_on(async { web::listen(address) })?;
    let address = listener.local_addr().context("the port is not known")?;
    let folder = tempfile::tempdir().context("there is no room for a log in the folder for temporary files")?;
    let log = open_log(folder.path())?;
    let operator_key = OperatorKey::open(folder.path())?;
    let hub = Hub::new(Arc::clone(&log), HubOptions { max_viewers: places, ..HubOptions::default() });
    let room: RoomId = "demo".parse()?;
    let mut publisher = hub.open_room(room, "Достық")?;
    // A room in mid-session: every welcome is as long as it gets.
    let mut published = 0;
    for _ in 0..WELCOME_EVENTS {
        publish(&mut publisher, &mut published)?;
    }
    let access = Access::open(folder.path(), &operator_key, BTreeMap::new())?;
    let tls = options.tls.then_some(Tls::Made(SelfSigned::SelfSigned));
    let names = vec![address.ip().to_string()];
    let encryption = tls.map(|tls| Encryption::open(&tls, folder.path(), names)).transpose()?;
    // A storm is more than any hall behind one address.
    let web = WebConfig {
        max_viewers: places,
        sockets_per_address: places,
        burst_per_address: places,
        new_sockets_per_second: places,
        ..WebConfig::default()
    };
    let guards = Guards::new(web, encryption);
    let site = Site { hub, log, halls: BTreeMap::new(), access, guards, base: format!("http://{address}") };
    let stop = Stop::default();
    let serving = runtime.spawn(web::serve(listener, site, stop.clone()));
    child::answer(&ServerAnswer::Listening(address))?;
    for order in child::orders() {
        let ServerOrder::Publish { rate, seconds } = order;
        paced(rate, seconds, || publish(&mut publisher, &mut published))?;
        child::answer(&ServerAnswer::Published { top: published })?;
    }
    serving.abort();
    stop.raise();
    runtime.shutdown_background();
    Ok(())
}

fn publish(publisher: &mut RoomPublisher, published: &mut u64) -> anyhow::Result<()> {
    publisher.publish(CaptionEvent::Final(line(*published)))?;
    *published += 1;
    Ok(())
}

/// Does something at a rate for a time: each at its own moment, however long the one before took.
pub(super) fn paced(rate: f64, seconds: u32, mut work: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<()> {
    let start = Instant::now();
    let count = (rate * f64::from(seconds)).round().max(1.0) as u32;
    for number in 0..count {
        let due = start + Duration::from_secs_f64(f64::from(number) / rate);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        work()?;
    }
    std::thread::sleep((start + Duration::from_secs(u64::from(seconds))).saturating_duration_since(Instant::now()));
    Ok(())
}
