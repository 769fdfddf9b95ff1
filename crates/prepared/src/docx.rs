//! The text of a Word document (ECMA-376, part 1, WordprocessingML), formatting left aside.

use std::io::{Cursor, Read};

use roxmltree::{Document, Node};
use zip::ZipArchive;

/// Bytes of the largest document that is unpacked (64 MiB), so that a small file cannot fill the memory.
const MOST_BYTES: u64 = 64 << 20;
const DOCUMENT: &str = "word/document.xml";

/// The paragraphs of a document, those in tables and text boxes included, in their order, empty ones left out.
/// Text that a tracked change has deleted or moved away is left out; text that it has put in is there.
pub(crate) fn paragraphs(bytes: &[u8]) -> Result<Vec<String>, String> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
    let member = archive.by_name(DOCUMENT).map_err(|_| format!("{DOCUMENT} is missing"))?;
    let mut xml = String::new();
    member.take(MOST_BYTES + 1).read_to_string(&mut xml).map_err(|error| format!("{DOCUMENT}: {error}"))?;
    if xml.len() as u64 > MOST_BYTES {
        return Err(format!("{DOCUMENT} is larger than {} MiB", MOST_BYTES >> 20));
    }
    let document = Document::parse(&xml).map_err(|error| format!("{DOCUMENT}: {error}"))?;
    let mut paragraphs = vec![String::new()];
    walk(document.root_element(), &mut paragraphs);
    let tidy = |paragraph: String| paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    Ok(paragraphs.into_iter().map(tidy).filter(|paragraph| !paragraph.is_empty()).collect())
}

fn walk(node: Node<'_, '_>, paragraphs: &mut Vec<String>) {
    let mut say = |text: &str| {
        if let Some(last) = paragraphs.last_mut() {
            last.push_str(text);
        }
    };
    match node.tag_name().name() {
        // What a deletion or a move has taken away, and the second copy of a text box for older programs.
        "del" | "moveFrom" | "Fallback" | "instrText" => return,
        "t" => say(node.text().unwrap_or_default()),
        "tab" | "br" | "cr" => say(" "),
        "noBreakHyphen" => say("-"),
        "p" => paragraphs.push(String::new()),
        _ => {}
    }
    for child in node.children() {
        walk(child, paragraphs);
    }
    // A text box stands inside a paragraph: what follows it is no part of its last one.
    if node.tag_name().name() == "p" {
        paragraphs.push(String::new());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    fn document(body: &str) -> Vec<u8> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        archive.start_file(DOCUMENT, SimpleFileOptions::default()).expect("in memory");
        let space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
        write!(archive, "<w:document xmlns:w=\"{space}\"><w:body>{body}</w:body></w:document>").expect("in memory");
        archive.finish().expect("in memory").into_inner()
    }

    fn check(body: &str, expect: &[&str]) {
        assert_eq!(paragraphs(&document(body)).expect("a document"), expect, "{body}");
    }

    #[test]
    fn paragraphs_are_read_without_their_formatting() {
        check(
            "<w:p><w:r><w:t>Құрмет</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>ті достар!</w:t></w:r></w:p>",
            &["Құрметті достар!"],
        );
        check("<w:p><w:r><w:t>А</w:t><w:br/><w:t>Б &amp; В</w:t></w:r></w:p><w:p/>", &["А Б & В"]);
        check("<w:tbl><w:tr><w:tc><w:p><w:r><w:t>А</w:t></w:r></w:p></w:tc></w:tr></w:tbl>", &["А"]);
        check("", &[]);
    }

    #[test]
    fn tracked_changes_count_as_accepted() {
        let body = "<w:p><w:ins><w:r><w:t>жаңа</w:t></w:r></w:ins><w:del><w:r><w:delText>ескі</w:delText></w:r></w:del>\
                    <w:moveFrom><w:r><w:t>көшкен</w:t></w:r></w:moveFrom></w:p>";
        check(body, &["жаңа"]);
    }

    #[test]
    fn what_is_no_document_is_refused() {
        assert!(paragraphs(b"plain text").is_err());
        assert!(paragraphs(&document("<w:p>")).expect_err("broken").contains(DOCUMENT));
    }
}
