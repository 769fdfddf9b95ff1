//! Many machines on real servers of NATS, each a process of its own: whatever is killed, viewers get every line once.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod common;
#[path = "../../log/tests/common/nats.rs"]
mod nats;

#[path = "../../log/tests/common/wire.rs"]
mod wire;

#[path = "cluster/machines.rs"]
mod machines;
#[path = "cluster/viewers.rs"]
mod viewers;

use std::time::Duration;

use common::{refusal, run};
use machines::{Cluster, until};
use viewers::Audience;
use wire::ScriptedWire;

/// How many watch. `DOSTYQ_TEST_VIEWERS` sets another number.
fn viewers() -> usize {
    std::env::var("DOSTYQ_TEST_VIEWERS").ok().and_then(|number| number.parse().ok()).unwrap_or(200)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: scripts/test runs it"]
async fn a_nats_server_an_edge_and_the_machine_that_writes_are_killed_in_turn() {
    let mut cluster = Cluster::of_three();
    let first = cluster.infer("a");
    let (left, right) = (cluster.edge("left"), cluster.edge("right"));
    let ports = [left.port, right.port];
    until("both edges know the room", || ports.iter().all(|port| machines::knows_the_room(*port))).await;
    let second = cluster.infer("b");
    let audience = Audience::come(viewers(), &ports).await;
    audience.sees(5).await;

    // One server of three: nobody is sent away.
    cluster.nats[0].kill();
    audience.sees(10).await;
    cluster.nats[0].start_again();
    audience.sees(10).await;
    assert_eq!(audience.closes(), 0, "{:?}", audience.causes());

    // An edge: its viewers go to the other one and go on there.
    drop(left);
    audience.sees(10).await;
    let _left = cluster.edge_at("left", ports[0]);
    let away = audience.closes();
    assert!(away >= viewers() / 2, "half of the viewers were at that edge: {away}");

    // The machine that writes: the one that stands by takes over, and nobody is sent away.
    drop(first);
    audience.sees(10).await;
    assert_eq!(audience.closes(), away, "{:?}", audience.causes());
    audience.end(ports[1]).await;
    drop(second);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: scripts/test runs it"]
async fn when_nats_goes_and_comes_back_viewers_stay_and_lines_go_on() {
    let mut cluster = Cluster::of_one();
    let infer = cluster.infer("a");
    let edge = cluster.edge("left");
    until("both know the room", || [&infer, &edge].iter().all(|it| machines::knows_the_room(it.port))).await;
    let at_edge = Audience::come(20, &[edge.port]).await;
    let at_infer = Audience::come(20, &[infer.port]).await;
    at_edge.sees(3).await;
    for _ in 0..2 {
        cluster.nats[0].kill();
        // Who watches at the machine that writes goes on seeing lines; at an edge nothing moves, and nobody goes.
        at_infer.sees(10).await;
        // A fresh edge turns viewers away for now, since it cannot know whether their room exists.
        let fresh = cluster.edge("fresh");
        assert_eq!(machines::status(fresh.port, "/api/v1/rooms"), 503);
        assert_eq!(machines::status(fresh.port, "/api/v1/rooms/demo/poll"), 503);
        cluster.nats[0].start_again();
        until("the fresh edge knows the room", || machines::knows_the_room(fresh.port)).await;
        at_edge.sees(10).await;
    }
    assert_eq!(at_edge.closes() + at_infer.closes(), 0, "{:?} {:?}", at_edge.causes(), at_infer.causes());
    at_infer.end(edge.port).await;
    at_edge.end(edge.port).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: scripts/test runs it"]
async fn a_machine_that_was_thought_dead_writes_nothing_when_it_wakes() {
    let mut cluster = Cluster::of_one();
    let sleeper = cluster.infer("a");
    let edge = cluster.edge("left");
    until("the edge knows the room", || machines::knows_the_room(edge.port)).await;
    let audience = Audience::come(10, &[edge.port]).await;
    audience.sees(3).await;
    let second = cluster.infer("b");
    // It hangs for longer than its lease, and wakes as if nothing had been.
    sleeper.signal("-STOP");
    tokio::time::sleep(Duration::from_secs(13)).await;
    audience.sees(3).await;
    sleeper.signal("-CONT");
    audience.sees(20).await;
    assert_eq!(audience.closes(), 0, "{:?}", audience.causes());
    // Stopped in order, the second one gives the room back, and the first, which stands by since, has it at once.
    second.stop();
    let began = std::time::Instant::now();
    audience.sees(5).await;
    assert!(began.elapsed() < Duration::from_secs(12), "it took {:?}", began.elapsed());
    audience.end(edge.port).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a while: scripts/test runs it"]
async fn who_watched_a_machine_that_was_cut_off_and_replaced_ends_up_with_the_log() {
    let mut cluster = Cluster::of_one();
    cluster.wire = Some(ScriptedWire::to(cluster.nats[0].port));
    let first = cluster.infer("a");
    let wire = cluster.wire.take().expect("it is there");
    let edge = cluster.edge("left");
    until("both know the room", || [&first, &edge].iter().all(|it| machines::knows_the_room(it.port))).await;
    let (at_first, at_edge) = (Audience::come(5, &[first.port]).await, Audience::come(5, &[edge.port]).await);
    at_edge.sees(3).await;
    let second = cluster.infer("b");
    wire.cut();
    // The first one goes on, on its disk; for everyone else it is gone, and the second one takes over.
    at_first.sees(8).await;
    at_edge.sees(8).await;
    at_first.may_start_afresh();
    wire.mend();
    at_first.comes_back().await;
    at_edge.sees(8).await;
    at_first.sees(8).await;
    assert_eq!(at_edge.closes(), 0, "{:?}", at_edge.causes());
    assert!(at_first.causes().keys().all(|cause| cause == "3008"), "{:?}", at_first.causes());
    at_first.end(edge.port).await;
    at_edge.end(edge.port).await;
    drop(second);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a while: scripts/test runs it"]
async fn the_rights_that_the_recipe_gives_are_enough() {
    let mut cluster = Cluster::as_deployed();
    let _infer = cluster.infer("a");
    let edge = cluster.edge("left");
    until("the edge knows the room", || machines::knows_the_room(edge.port)).await;
    let audience = Audience::come(2, &[edge.port]).await;
    audience.sees(6).await;
    let output = cluster.check();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    cluster.nats[0].kill();
    cluster.nats[0].start_again();
    audience.sees(10).await;
    audience.end(edge.port).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts servers: scripts/test runs it"]
async fn an_edge_asks_for_the_code_of_a_room() {
    let mut cluster = Cluster::of_one();
    let infer = cluster.infer_with("a", "code = \"4711\"\n");
    let edge = cluster.edge("left");
    until("both know the room", || [&infer, &edge].iter().all(|it| machines::knows_the_room(it.port))).await;
    for machine in [&infer, &edge] {
        for path in ["history", "poll", "export/kk.srt"] {
            assert_eq!(machines::status(machine.port, &format!("/api/v1/rooms/demo/{path}")), 401, "{path}");
        }
        let said = |code: &str| {
            let body = format!("{{\"code\":\"{code}\"}}");
            let url = format!("http://127.0.0.1:{}/api/v1/rooms/demo/code", machine.port);
            let output = std::process::Command::new("curl")
                .args(["--silent", "--output", "/dev/null", "--write-out", "%{http_code}", "--data", &body])
                .args(["--header", "content-type: application/json", &url])
                .output()
                .expect("curl runs");
            String::from_utf8_lossy(&output.stdout).into_owned()
        };
        assert_eq!(said("4712"), "401");
        assert!(said("4711").starts_with('2'), "{}", said("4711"));
    }
}

#[test]
fn a_role_and_its_configuration_must_fit() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("dostyq.toml");
    let path = config.to_str().expect("UTF-8");
    let check = |text: &str, role: &str, expect: &str| {
        std::fs::write(&config, text).expect("writable");
        let line = refusal(&run(&["serve", "--config", path, "--role", role]));
        assert!(line.contains(expect), "{role}: {line:?} should contain {expect:?}");
    };
    let room = "[[room]]\nname = \"a\"\ninput = { device = \"default\" }\n";
    let nats = "[cluster]\nnats = [\"nats://127.0.0.1:1\"]\n";
    check(room, "edge", "no [cluster]");
    check(room, "infer", "no [cluster]");
    check(&format!("{nats}{room}"), "all", "--role infer");
    check(nats, "infer", "there is no room");
    check("", "all", "there is no room");
    std::fs::write(&config, nats).expect("writable");
    let output = run(&["check", "--config", path]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("cluster: NATS at nats://127.0.0.1:1 does not answer"), "{text}");
}
