//! Speeches from files: both formats, every fault with its remedy.

use std::io::{Cursor, Write};
use std::path::PathBuf;

use dostyq_prepared::{CheckView, Doubt, PreparedSpeech};
use dostyq_speech::Lang;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const KK: &str = "Құрметті достар, қадірлі қонақтар! Бүгін біз бірге жиналдық.\n\nБіздің ортақ үйіміз — осы қала.";
const RU: &str = "Дорогие друзья, уважаемые гости! Сегодня мы собрались вместе.\n\nНаш общий дом — этот город.";

fn docx(text: &str) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("word/document.xml", SimpleFileOptions::default()).expect("in memory");
    let space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
    let paragraphs: String = text.lines().map(|line| format!("<w:p><w:r><w:t>{line}</w:t></w:r></w:p>")).collect();
    write!(archive, "<w:document xmlns:w=\"{space}\"><w:body>{paragraphs}</w:body></w:document>").expect("in memory");
    archive.finish().expect("in memory").into_inner()
}

fn utf16(text: &str) -> Vec<u8> {
    [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

/// Loads two files of these names and contents.
fn load(kk: (&str, &[u8]), ru: (&str, &[u8])) -> Result<PreparedSpeech, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |(name, bytes): (&str, &[u8])| -> PathBuf {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        path
    };
    let shorten = |text: String| text.replace(&format!("{}/", folder.path().display()), "");
    PreparedSpeech::load(&write(kk), &write(ru)).map_err(|error| shorten(error.to_string()))
}

#[test]
fn both_formats_and_all_encodings_give_the_same_speech() {
    let expect = PreparedSpeech::of_texts(("kk", KK), ("ru", RU)).expect("a sound speech");
    let check = expect.check();
    assert_eq!((check.kk_sentences, check.ru_sentences, check.without_partner, check.doubtful), (3, 3, 0, 0));
    let bom = format!("\u{feff}{KK}");
    for (kk, ru) in [
        (("a.txt", KK.as_bytes()), ("b.txt", RU.as_bytes())),
        (("a.txt", bom.as_bytes()), ("b.TXT", RU.as_bytes())),
        (("a.txt", &utf16(KK)), ("b.docx", &docx(RU))),
    ] {
        assert_eq!(load(kk, ru).expect("a sound speech"), expect);
    }
}

#[test]
fn faults_name_the_file_and_the_remedy() {
    let check = |kk: (&str, &[u8]), expect: &str| {
        let error = load(kk, ("ru.txt", RU.as_bytes())).expect_err(expect);
        assert!(error.contains(expect) && error.contains(kk.0), "{error}");
    };
    check(("kk.txt", b""), "holds no words");
    check(("kk.txt", "—\n***\n".as_bytes()), "holds no words");
    check(("kk.pdf", b"%PDF"), "neither .txt nor .docx");
    check(("kk.docx", b"not a zip"), "is no Word document");
    check(("kk.docx", &docx("")), "holds no words");
    check(("kk.txt", b"\xca\xe0\xe7\n"), "line 1: the text is not in UTF-8");
    check(("kk.txt", RU.as_bytes()), "should be in kk and looks like ru");
    check(
        ("kk.txt", "Ladies and gentlemen, we have gathered here today in this beautiful hall.".as_bytes()),
        "neither language",
    );
    check(("kk.txt", "Иә. ".repeat(4_000).as_bytes()), "3000 sentences");
    let swapped = load(("kk.txt", RU.as_bytes()), ("ru.txt", KK.as_bytes())).expect_err("swapped");
    assert!(swapped.contains("perhaps the two files are swapped"), "{swapped}");
    let missing = PreparedSpeech::load("no-such.txt".as_ref(), "b.txt".as_ref()).expect_err("missing");
    assert!(missing.to_string().starts_with("no-such.txt cannot be read"), "{missing}");
}

#[test]
fn sentences_without_a_partner_are_shown_to_the_crew() {
    let longer = format!("{KK} Сөз соңында барлық ұйымдастырушыларға үлкен алғысымды білдіремін.");
    let check = load(("kk.txt", longer.as_bytes()), ("ru.txt", RU.as_bytes())).expect("no error").check();
    assert_eq!((check.kk_sentences, check.ru_sentences, check.without_partner), (4, 3, 1));
    let lonely: Vec<_> = check.pairs.iter().filter(|pair| pair.doubt == Some(Doubt::NoPartner)).collect();
    assert!(lonely[0].kk[0].starts_with("Сөз соңында") && lonely[0].text(Lang::Russian).is_empty());
}

#[test]
fn a_check_view_comes_back_corrected() {
    let check = PreparedSpeech::of_texts(("kk", KK), ("ru", RU)).expect("a sound speech").check();
    let json = serde_json::to_string(&check).expect("plain data");
    assert!(json.starts_with(
        "{\"kk_sentences\":3,\"ru_sentences\":3,\"without_partner\":0,\"doubtful\":0,\"pairs\":[{\"kk\":["
    ));
    let mut view: CheckView = serde_json::from_str(&json).expect("as it was written");
    view.pairs[2].ru.clear();
    let speech = PreparedSpeech::of_check(view.clone()).expect("still a speech");
    assert_eq!((speech.check().without_partner, speech.check().ru_sentences), (1, 2));
    view.pairs[2].kk.clear();
    let error = PreparedSpeech::of_check(view).expect_err("nothing is left of the pair");
    assert!(error.to_string().starts_with("pair 3 of the check view holds no words"), "{error}");
}
