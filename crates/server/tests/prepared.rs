//! A prepared speech is loaded by the operator and shown while it is spoken, with the real models.

mod common;

use common::server::{Server, View, watch};
use serde_json::{Value, json};

/// What is said in Russian in the demo recording, with an official Kazakh text.
const PAIRS: [(&str, &str); 8] = [
    ("Сіз конференцияға кіріп жатырсыз.", "Вы заходите в конференцию."),
    ("Конференцияда дыбыс өшірулі.", "Звук в конференции выключен."),
    (
        "Құрметті жетекшіміз қосылған кезде конференция басталады.",
        "Конференция начнётся, когда подключится наш славный руководитель.",
    ),
    (
        "Желіде күтіңіз, абонентпен байланыс орнатылып жатыр.",
        "Оставайтесь на линии, происходит соединение с абонентом.",
    ),
    (
        "Қазіргі уақытта конференция бұғатталған, оған кіру мүмкін емес.",
        "Конференция в данный момент заблокирована, и в неё невозможно зайти.",
    ),
    (
        "«Дигиум» компаниясындағы «Астериск» көрсетілім серверіне қосылу іске аспады, қатені жою үшін пайдалы мәліметті \
         «Астериск» консолінен таба аласыз.",
        "Подключение к демонстрационному серверу «Астериск», расположенному в «Дигиум», не осуществилось, вы можете найти \
         полезную информацию для устранения ошибки в консоли «Астериск».",
    ),
    ("Өтінеміз, нөмірді тексеріп, қайта теріңіз.", "Пожалуйста, проверьте номер и наберите ещё раз."),
    ("Оператордың тіркелуі жойылды.", "Регистрация оператора удалена."),
];

#[tokio::test]
#[ignore = "needs the models: scripts/test runs it"]
async fn the_official_text_is_shown_in_both_languages() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path(), &[]);
    let key = std::fs::read_to_string(folder.path().join("data/operator.key")).expect("made at the first start");
    let operator = format!("authorization: Bearer {key}");
    let (kk, ru): (Vec<_>, Vec<_>) = PAIRS.into_iter().unzip();
    let file = |name: &str, text: &[&str]| {
        let path = folder.path().join(name);
        std::fs::write(&path, text.join("\n")).expect("writable");
        path.display().to_string()
    };
    let (kk_file, ru_file) = (file("kk.txt", &kk), file("ru.txt", &ru));
    let api = "/api/v1/rooms/demo/prepared";

    // Nobody but the operator.
    assert!(server.curl(api, &[]).ends_with("401"));
    assert!(server.curl(api, &["--header", &operator]).ends_with("204"), "none is loaded");
    // The wrong way round, and of the wrong kind: the reason says what to do.
    let swapped = [&format!("kk=@{ru_file}"), &format!("ru=@{kk_file}")];
    let answer = server.curl(&format!("{api}/read"), &["--header", &operator, "-F", swapped[0], "-F", swapped[1]]);
    assert!(answer.ends_with("422") && answer.contains("perhaps the two files are swapped"), "{answer}");
    let answer = server.curl(&format!("{api}/read"), &["--header", &operator, "-F", "kk=@/dev/null;filename=kk.pdf"]);
    assert!(answer.ends_with("422") && answer.contains("kk.pdf is neither .txt nor .docx"), "{answer}");

    let files = [&format!("kk=@{kk_file}"), &format!("ru=@{ru_file}")];
    let answer = server.curl(&format!("{api}/read"), &["--header", &operator, "-F", files[0], "-F", files[1]]);
    let view = answer.strip_suffix("\n200").expect("the pairs");
    let checked: Value = serde_json::from_str(view).expect("JSON");
    assert_eq!(checked["pairs"].as_array().map(Vec::len), Some(kk.len()), "{checked}");
    assert!(server.curl(api, &["--header", &operator]).ends_with("204"), "reading puts nothing to use");
    let json = ["--header", "content-type: application/json", "--header", &operator, "--request", "PUT", "--data"];
    assert!(server.curl(api, &[&json[..], &[view]].concat()).ends_with("204"));
    assert!(folder.path().join("data/prepared/demo.json").exists(), "it outlives the server");
    assert!(
        server.curl(&format!("{api}/choice"), &[&json[..], &["{\"choice\":\"nobody\"}"]].concat()).ends_with("400")
    );

    let mut view = View::default();
    let hello = json!({"t": "hello", "v": 1, "l": ["kk", "ru"]});
    let official = |view: &View| {
        let is_pair = |(kk, ru): &(&str, &str)| {
            let has = |text: &str, lang: &str| {
                view.finals.iter().any(|f| f["text"] == text && f["lang"] == lang && f["by"] == "script")
            };
            has(kk, "kk") && has(ru, "ru")
        };
        PAIRS.iter().filter(|pair| is_pair(pair)).count()
    };
    watch(server.port, hello, &mut view, |view| official(view) >= 2).await;
    let status = server.curl("/api/v1/rooms/demo/status", &[]);
    assert!(status.contains("\"on_air\":{\"choice\":\"auto\""), "{status}");

    assert!(server.curl(api, &["--header", &operator, "--request", "DELETE"]).ends_with("204"));
    assert!(server.curl(api, &["--header", &operator]).ends_with("204"), "it is gone");
    server.stop();
}
