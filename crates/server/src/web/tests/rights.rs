//! Who may do what: every route of the table, for everyone.

use super::super::routes::table;
use super::*;

/// Whom each route lets in. A route that is missing here fails the test.
const EVERYONE: &str = "everyone";
const WATCHERS: &str = "watchers";
const TAKERS: &str = "takers";
const DIRECTORS: &str = "directors";
const EXPECT: [(&str, &str, &str); 23] = [
    ("GET", "/", EVERYONE),
    ("GET", "/operator", EVERYONE),
    ("GET", "/r/{room}", EVERYONE),
    ("GET", "/r/{room}/screen", EVERYONE),
    ("GET", "/r/{room}/qr.svg", EVERYONE),
    ("GET", "/assets/{*path}", EVERYONE),
    ("GET", "/api/v1/session", EVERYONE),
    ("POST", "/api/v1/login", EVERYONE),
    ("POST", "/api/v1/logout", EVERYONE),
    ("GET", "/api/v1/rooms", EVERYONE),
    ("POST", "/api/v1/rooms/{room}/code", EVERYONE),
    ("GET", "/api/v1/rooms/{room}/ws", WATCHERS),
    ("GET", "/api/v1/rooms/{room}/sse", WATCHERS),
    ("GET", "/api/v1/rooms/{room}/poll", WATCHERS),
    ("GET", "/api/v1/rooms/{room}/history", WATCHERS),
    ("GET", "/api/v1/rooms/{room}/status", WATCHERS),
    ("GET", "/api/v1/rooms/{room}/export/{file}", TAKERS),
    ("PUT", "/api/v1/rooms/{room}/language", DIRECTORS),
    ("GET", "/api/v1/rooms/{room}/prepared", DIRECTORS),
    ("PUT", "/api/v1/rooms/{room}/prepared", DIRECTORS),
    ("DELETE", "/api/v1/rooms/{room}/prepared", DIRECTORS),
    ("POST", "/api/v1/rooms/{room}/prepared/read", DIRECTORS),
    ("PUT", "/api/v1/rooms/{room}/prepared/choice", DIRECTORS),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_lets_in_whom_it_should_and_nobody_else() {
    let house = House::open().await;
    let people: Vec<(&str, Option<Role>, bool, String)> = [
        ("nobody", None, false, String::new()),
        ("a wrong token", None, false, "dostyq-00".to_owned()),
        ("a viewer", Some(Role::Viewer), true, house.token(Role::Viewer, &[])),
        ("an integrator", Some(Role::Integrator), true, house.token(Role::Integrator, &["demo", "closed"])),
        ("an archivist", Some(Role::Archivist), true, house.token(Role::Archivist, &[])),
        ("an operator", Some(Role::Operator), true, house.token(Role::Operator, &[])),
        ("the operator's link", Some(Role::Operator), true, house.key.text().to_owned()),
        ("an operator of another room", Some(Role::Operator), false, house.token(Role::Operator, &["other"])),
        ("an archivist of another room", Some(Role::Archivist), false, house.token(Role::Archivist, &["other"])),
    ]
    .into();
    for row in table() {
        let expect = EXPECT.iter().find(|(method, path, _)| *method == row.method && *path == row.path);
        let (method, path, lets_in) = expect.unwrap_or_else(|| panic!("{} {} is not expected", row.method, row.path));
        // The answer of a stream does not end.
        let query = if path.ends_with("/sse") { "?v=2" } else { "" };
        for (room, is_open) in [("demo", true), ("closed", false)] {
            if !is_open && !path.contains("{room}") {
                continue;
            }
            let address = path.replace("{room}", room).replace("{file}", "no.srt").replace("{*path}", "css/base.css");
            for (who, role, is_for_room, token) in &people {
                let header =
                    if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
                let status = house.ask(method, &format!("{address}{query}"), &header, "").await.status();
                let role = role.filter(|_| *is_for_room);
                let may = match *lets_in {
                    EVERYONE => true,
                    WATCHERS => is_open || role.is_some(),
                    TAKERS => is_open || matches!(role, Some(Role::Archivist | Role::Operator)),
                    _ => role == Some(Role::Operator),
                };
                let is_refused = [401, 403].contains(&status);
                assert_eq!(is_refused, !may, "{method} {address} for {who}: {status}");
                let is_known = !token.is_empty() && *who != "a wrong token";
                assert!(!is_refused || (status == 403) == is_known, "{method} {address} for {who}: {status}");
            }
        }
    }
    assert_eq!(table().len(), EXPECT.len(), "every expected route is there");
    assert!(house.site.guards.refusals.access.get() > 0, "refusals are counted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_room_is_opened_by_its_code_alone() {
    let house = House::open().await;
    let path = "/api/v1/rooms/closed/code";
    assert_eq!(house.visit("closed", &[]).await, Err(4504));
    assert_eq!(house.ask("POST", path, "Content-Type: application/json\r\n", r#"{"code":"4712"}"#).await.status(), 401);
    let reply = house.ask("POST", path, "Content-Type: application/json\r\n", r#"{"code":" 4711 "}"#).await;
    assert_eq!(reply.status(), 204, "{}", reply.0);
    let given = reply.header("set-cookie").expect("a cookie");
    assert!(given.contains("HttpOnly; SameSite=Strict") && !given.contains("4711"), "{given}");
    let cookie = reply.cookie();
    let value = cookie.trim_start_matches("Cookie: ").trim();
    assert_eq!(house.visit("closed", &[("cookie", value)]).await.as_deref(), Ok("welcome"));
    assert_eq!(house.ask("GET", "/api/v1/rooms/closed/history", &cookie, "").await.status(), 200);
    let page = house.ask("GET", "/api/v1/rooms/closed/export/ru.srt", &cookie, "").await;
    assert_eq!(page.status(), 401, "a viewer takes nothing away");
    // The cookie of one room, under the name of another, or spoilt.
    let forged = value.replace("dostyq-room-closed", "dostyq-room-demo");
    assert_eq!(house.visit("closed", &[("cookie", &forged)]).await, Err(4504));
    assert_eq!(house.visit("closed", &[("cookie", &value[..value.len() - 2])]).await, Err(4504));
    // The token of another room.
    let other = format!("Bearer {}", house.token(Role::Viewer, &["demo"]));
    assert_eq!(house.visit("closed", &[("authorization", &other)]).await, Err(4504));
    let own = format!("Bearer {}", house.token(Role::Viewer, &["closed"]));
    assert_eq!(house.visit("closed", &[("authorization", &own)]).await.as_deref(), Ok("welcome"));
    assert_eq!(house.visit("nowhere", &[]).await, Err(4502));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_captions_of_a_closed_room_stay_out_of_shared_caches() {
    let mut house = House::open().await;
    let mark = |publisher: &mut RoomPublisher| {
        block_in_place(|| publisher.mark(dostyq_speech::SampleTime::ZERO, dostyq_speech::Marker::Started))
            .expect("marked");
    };
    mark(&mut house.publisher);
    mark(&mut house.closed);
    let token = format!("Authorization: Bearer {}\r\n", house.token(Role::Viewer, &[]));
    for (room, expect) in [("demo", "public"), ("closed", "private")] {
        let newest = house.ask("GET", &format!("/api/v1/rooms/{room}/history"), &token, "").await;
        let epoch = newest.0.split(r#""e":""#).nth(1).and_then(|rest| rest.split('"').next()).expect("an epoch");
        let page = house.ask("GET", &format!("/api/v1/rooms/{room}/history?before=2&e={epoch}"), &token, "").await;
        let caching = page.header("cache-control").expect("caching");
        assert!(caching.starts_with(expect) && caching.contains("immutable"), "{room}: {caching}");
    }
}
