//! The leading process: it starts the others, has lines published, and puts together what each tells.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::bail;
use serde::Serialize;

use super::account::{Usage, usage};
use super::child::Helper;
use super::orders::{Quantiles, Report, ServerAnswer, ServerOrder, ViewerAnswer, ViewerOrder};
use super::server::paced;
use super::{BenchHub, captions, nchan};
use crate::say;

/// How long a process may take to start.
const START: Duration = Duration::from_secs(60);
/// How long a hall may take to fill, and a little more.
const FILLING: Duration = Duration::from_secs(330);
/// How long the viewers may wait for the last line, and a little more.
const REPORTING: Duration = Duration::from_secs(60);
/// Memory is looked at this long after the last viewer came.
const SETTLING: Duration = Duration::from_secs(2);

/// What is printed.
#[derive(Debug, Serialize)]
struct Figures {
    viewers: u32,
    slow_viewers: u32,
    delivered: u64,
    lost_finals: u64,
    doubled_finals: u64,
    latency_ms: Quantiles,
    /// Growth of the server's memory until all were there and nothing was sent, over the viewers.
    kb_per_viewer: Option<f64>,
    /// Growth of the server's memory from then until all was sent.
    growth_kb: Option<f64>,
    /// Processor time of the server while the hall filled, over the viewers: handshake and welcome.
    cpu_us_per_arrival: Option<f64>,
    /// Processor time of the server over `delivered`.
    cpu_us_per_frame: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    storm: Option<Storm>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    endings: BTreeMap<String, u64>,
}

#[derive(Debug, Serialize)]
struct Storm {
    viewers: u32,
    /// Until the last one had come back and had everything; absent when some had not.
    caught_up_secs: Option<f64>,
    /// Of those who stayed.
    others_latency_ms: Quantiles,
}

/// Who is measured.
enum Subject {
    Ours(Helper<ServerAnswer>),
    Peer(nchan::Publisher, u32),
}

impl Subject {
    fn usage(&self) -> Option<Usage> {
        usage(match self {
            Subject::Ours(server) => server.pid(),
            Subject::Peer(_, pid) => *pid,
        })
    }
}

pub(super) fn run(options: &BenchHub) -> anyhow::Result<()> {
    let slow = options.viewers * options.slow / 100;
    if options.storm > options.viewers - slow {
        bail!("--storm {} is more than the {} viewers that read", options.storm, options.viewers - slow);
    }
    let (mut subject, address) = match (options.peer, options.peer_pid) {
        (Some(address), Some(pid)) => {
            let publisher = nchan::Publisher::connect(options.peer_publish.unwrap_or(address))?;
            (Subject::Peer(publisher, pid), address)
        }
        _ => {
            // Who was dropped in a storm is noticed a moment later than it comes back.
            let places = options.viewers + options.storm;
            let mut arguments = vec!["--places".to_owned(), places.to_string()];
            arguments.extend(options.tls.then(|| "--tls".to_owned()));
            let mut server = Helper::start("hub-server", &arguments)?;
            match server.answer(START)? {
                ServerAnswer::Listening(address) => (Subject::Ours(server), address),
                other => bail!("the server did not listen but said {other:?}"),
            }
        }
    };
    let empty = subject.usage();
    let mut audience = come(options, address, slow, matches!(subject, Subject::Peer(..)))?;
    std::thread::sleep(SETTLING);
    let full = subject.usage();
    audience.order(&ViewerOrder::Begin)?;
    let top = show(options, &mut subject, &mut audience)?;
    audience.order(&ViewerOrder::Report { top })?;
    let ViewerAnswer::Report(report) = audience.answer(REPORTING)? else { bail!("the viewers did not report") };
    let figures = figures(options, slow, *report, [empty, full, subject.usage()]);
    say(&if options.json { serde_json::to_string(&figures)? } else { table(&figures) });
    Ok(())
}

/// Fills the hall.
fn come(options: &BenchHub, address: SocketAddr, slow: u32, is_peer: bool) -> anyhow::Result<Helper<ViewerAnswer>> {
    let mut arguments = Vec::new();
    for (name, value) in [("address", address.to_string()), ("viewers", options.viewers.to_string())] {
        arguments.extend([format!("--{name}"), value]);
    }
    arguments.extend(["--slow".to_owned(), slow.to_string()]);
    if is_peer {
        arguments.push("--plain".to_owned());
    }
    arguments.extend(options.tls.then(|| "--tls".to_owned()));
    let mut audience = Helper::start("hub-viewers", &arguments)?;
    match audience.answer(FILLING)? {
        ViewerAnswer::Present { failed: 0, .. } => Ok(audience),
        ViewerAnswer::Present { failed, why } => {
            let why = why.unwrap_or_else(|| "no answer".to_owned());
            bail!("{failed} of {} viewers could not come ({why}): ask for fewer", options.viewers)
        }
        ViewerAnswer::Report(_) => bail!("the viewers reported before they came"),
    }
}

/// Has the lines published; the offset of the last one.
fn show(options: &BenchHub, subject: &mut Subject, audience: &mut Helper<ViewerAnswer>) -> anyhow::Result<u64> {
    let (rate, seconds) = (options.rate, options.seconds);
    let server = match subject {
        Subject::Ours(server) => server,
        Subject::Peer(publisher, _) => {
            let mut offset = 0;
            paced(rate, seconds, || {
                offset += 1;
                publisher.publish(&captions::message(offset, captions::line(offset)))
            })?;
            return Ok(offset);
        }
    };
    server.order(&ServerOrder::Publish { rate, seconds })?;
    let length = Duration::from_secs(u64::from(seconds));
    if options.storm > 0 {
        std::thread::sleep(length / 3);
        audience.order(&ViewerOrder::Storm { viewers: options.storm })?;
    }
    match server.answer(length + START)? {
        ServerAnswer::Published { top } => Ok(top),
        ServerAnswer::Listening(_) => bail!("the server started again"),
    }
}

fn figures(options: &BenchHub, slow: u32, report: Report, [empty, full, after]: [Option<Usage>; 3]) -> Figures {
    let growth = |from: Option<Usage>, to: Option<Usage>| Some(to?.memory_kb - from?.memory_kb);
    let cpu = |from: Option<Usage>, to: Option<Usage>| Some(to?.cpu_secs - from?.cpu_secs);
    let storm = report.storm_latency_ms.map(|others_latency_ms| Storm {
        viewers: options.storm,
        caught_up_secs: report.caught_up_secs.filter(|_| report.still_away == 0),
        others_latency_ms,
    });
    Figures {
        viewers: options.viewers,
        slow_viewers: slow,
        delivered: report.delivered,
        lost_finals: report.lost_finals,
        doubled_finals: report.doubled_finals,
        latency_ms: report.latency_ms,
        kb_per_viewer: growth(empty, full).map(|kb| rounded(kb / f64::from(options.viewers))),
        growth_kb: growth(full, after).map(rounded),
        cpu_us_per_arrival: cpu(empty, full).map(|secs| rounded(secs * 1e6 / f64::from(options.viewers))),
        cpu_us_per_frame: cpu(full, after).map(|secs| rounded(secs * 1e6 / report.delivered.max(1) as f64)),
        storm,
        endings: report.endings,
    }
}

fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

fn table(figures: &Figures) -> String {
    let known = |value: Option<f64>, unit: &str| value.map_or("not known here".to_owned(), |v| format!("{v} {unit}"));
    let spread = |q: &Quantiles| format!("{} / {} / {} ms", q.p50, q.p99, q.max);
    let mut rows = vec![
        ("viewers", figures.viewers.to_string()),
        ("of these, that never read", figures.slow_viewers.to_string()),
        ("delivered", figures.delivered.to_string()),
        ("lost finals", figures.lost_finals.to_string()),
        ("doubled finals", figures.doubled_finals.to_string()),
        ("latency p50 / p99 / max", spread(&figures.latency_ms)),
        ("memory of an idle viewer", known(figures.kb_per_viewer, "KB")),
        ("growth of memory while showing", known(figures.growth_kb, "KB")),
        ("processor time of an arrival", known(figures.cpu_us_per_arrival, "µs")),
        ("processor time a frame", known(figures.cpu_us_per_frame, "µs")),
    ];
    if let Some(storm) = &figures.storm {
        rows.push(("storm: all caught up after", known(storm.caught_up_secs, "s")));
        rows.push(("storm: latency of the others", spread(&storm.others_latency_ms)));
    }
    rows.extend(figures.endings.iter().map(|(cause, count)| (cause.as_str(), format!("{count} connections"))));
    let lines: Vec<String> = rows.into_iter().map(|(name, value)| format!("| {name} | {value} |")).collect();
    format!("| | |\n|---|---|\n{}", lines.join("\n"))
}
