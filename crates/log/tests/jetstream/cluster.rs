use dostyq_log::{EventLog, JetStreamLog};
use dostyq_speech::Entry;

use crate::common::{line, offsets, room};
use crate::nats::Nats;
use crate::{insist, options};

#[test]
fn three_servers_lose_nothing_when_one_is_killed() {
    let mut servers = Nats::cluster();
    let urls: Vec<String> = servers.iter().map(Nats::url).collect();
    let (log, hall) = (JetStreamLog::connect(&options(&urls, 3)).unwrap(), room("hall"));
    // A cluster that has just started elects its leaders first.
    let before = insist(|| log.open(&hall));
    let mut number = 0;
    let mut speak = |count| {
        for _ in 0..count {
            number += 1;
            assert_eq!(insist(|| log.append(&hall, &line(number))).offset.0, number);
        }
    };
    speak(20);
    for killed in 0..3 {
        servers[killed].kill();
        speak(10);
        servers[killed].start_again();
        // It must have what it missed before the next one may go.
        let healed = JetStreamLog::connect(&options(&urls[killed..=killed], 3));
        insist(|| healed.as_ref().map_err(ToString::to_string)?.open(&hall).map_err(|error| error.to_string()));
        wait_for_replicas(&log);
    }
    let events = insist(|| log.read(&hall, dostyq_speech::Offset(0), 100));
    assert_eq!(offsets(&events), (1..=50).collect::<Vec<_>>());
    assert_eq!(
        events.into_iter().map(|event| event.entry).collect::<Vec<Entry>>(),
        (1..=50).map(line).collect::<Vec<_>>()
    );
    assert_eq!(insist(|| log.open(&hall)).epoch, before.epoch);
}

/// Until every replica of the stream is current.
fn wait_for_replicas(log: &JetStreamLog) {
    crate::until("the replicas catch up", || {
        let stream = log.jetstream();
        let info = log.wait(async { stream.get_stream("CAP-log+test+hall").await.ok()?.get_info().await.ok() });
        info.and_then(|info| info.cluster).is_some_and(|cluster| {
            cluster.leader.is_some() && cluster.replicas.len() == 2 && cluster.replicas.iter().all(|peer| peer.current)
        })
    });
}
