use dostyq_speech::Lang;
use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::import::Entry;
use crate::error::one_line;

/// The translation units of a TMX document (Translation Memory eXchange, 1.1 to 1.4b).
///
/// What is no XML is one unit's fault alone: reading goes on with the next `<tu>`.
pub(super) fn entries(text: &str) -> impl Iterator<Item = Entry> {
    Units { text, reader: reader(text), base: 0, counted_to: 0, line: 1, number: 0 }
}

struct Units<'t> {
    text: &'t str,
    /// Reads the text from `base` on.
    reader: Reader<&'t [u8]>,
    base: usize,
    /// The place in the text whose line is known.
    counted_to: usize,
    line: usize,
    /// Of the units so far.
    number: usize,
}

fn reader(text: &str) -> Reader<&[u8]> {
    let mut reader = Reader::from_str(text);
    // Begun in the middle of a document, it meets the ends of elements whose starts it has not seen.
    reader.config_mut().allow_unmatched_ends = true;
    reader
}

impl Iterator for Units<'_> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        loop {
            let start = self.place();
            match self.reader.read_event() {
                Ok(Event::Eof) => return None,
                Ok(Event::Start(tag)) if tag.local_name().as_ref() == "tu" => {
                    let (line, unit) = (self.line_at(start), self.unit());
                    self.number += 1;
                    if unit.is_err() {
                        self.go_to_next_unit(start + 1);
                    }
                    return Some((line, unit.map_err(|reason| format!("unit {}: {reason}", self.number))));
                }
                Ok(Event::Empty(tag)) if tag.local_name().as_ref() == "tu" => {
                    self.number += 1;
                    return Some((self.line_at(start), Err(format!("unit {}: it is empty", self.number))));
                }
                Ok(_) => {}
                Err(error) => {
                    let line = self.line_at(start);
                    if self.go_to_next_unit(start + 1) {
                        return Some((line, Err(format!("it is no XML ({})", one_line(error)))));
                    }
                    // Nothing that could be taken in follows.
                    return None;
                }
            }
        }
    }
}

impl Units<'_> {
    /// Bytes of the text that were read.
    fn place(&self) -> usize {
        self.base + self.reader.buffer_position() as usize
    }

    /// The line of a place that is not before the last one asked for.
    fn line_at(&mut self, place: usize) -> usize {
        let between = &self.text.as_bytes()[self.counted_to.min(place)..place];
        self.line += between.iter().filter(|byte| **byte == b'\n').count();
        self.counted_to = self.counted_to.max(place);
        self.line
    }

    /// Goes on with the first `<tu>` that begins at `from` or later; to the end, if there is none.
    fn go_to_next_unit(&mut self, from: usize) -> bool {
        let is_unit =
            |at: usize| self.text[at + 3..].starts_with(|c: char| c.is_whitespace() || matches!(c, '>' | '/'));
        let from = (from..=self.text.len()).find(|at| self.text.is_char_boundary(*at)).unwrap_or(self.text.len());
        let next = self.text[from..].match_indices("<tu").map(|(at, _)| from + at).find(|at| is_unit(*at));
        self.base = next.unwrap_or(self.text.len());
        self.reader = reader(&self.text[self.base..]);
        next.is_some()
    }

    /// Reads a unit behind its start tag.
    fn unit(&mut self) -> Result<(String, String), String> {
        let mut texts = Texts::default();
        loop {
            match self.reader.read_event().map_err(|error| format!("it is no XML ({})", one_line(error)))? {
                Event::Start(tag) => texts.start(&tag)?,
                Event::End(tag) if tag.local_name().as_ref() == "tu" => return texts.pair(),
                Event::End(tag) => texts.end(tag.local_name().as_ref()),
                Event::Empty(tag) if tag.local_name().as_ref() == "tu" => return Err("it has no end".to_owned()),
                Event::Text(text) => texts.push(&text.xml10_content()),
                Event::CData(text) => texts.push(&text.xml10_content()),
                Event::GeneralRef(reference) => texts.push(&resolve(&reference)?),
                Event::Eof => return Err("the file ends in its middle".to_owned()),
                Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            }
        }
    }
}

/// What has been read of a unit.
#[derive(Default)]
struct Texts {
    kazakh: Option<String>,
    russian: Option<String>,
    /// Of the variant that is being read; none of a language of others.
    lang: Option<Lang>,
    /// The text of the segment that is being read.
    segment: Option<String>,
    /// Elements around the place that hold another program's formatting, not text.
    codes: usize,
}

impl Texts {
    fn start(&mut self, tag: &BytesStart<'_>) -> Result<(), String> {
        match tag.local_name().as_ref() {
            "tu" => return Err("it has no end".to_owned()),
            "tuv" => self.lang = language(tag)?,
            "seg" => self.segment = Some(String::new()),
            name if is_code(name) => self.codes += 1,
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, name: &str) {
        match name {
            "seg" => {
                let text = self.segment.take();
                match self.lang {
                    Some(Lang::Kazakh) => self.kazakh = self.kazakh.take().or(text),
                    Some(Lang::Russian) => self.russian = self.russian.take().or(text),
                    None => {}
                }
            }
            "tuv" => self.lang = None,
            name if is_code(name) => self.codes = self.codes.saturating_sub(1),
            _ => {}
        }
    }

    fn push(&mut self, text: &str) {
        if let Some(segment) = self.segment.as_mut().filter(|_| self.codes == 0) {
            segment.push_str(text);
        }
    }

    fn pair(self) -> Result<(String, String), String> {
        let lacks = |language, code| format!("it has no {language} text, <tuv xml:lang=\"{code}\">");
        Ok((self.kazakh.ok_or_else(|| lacks("Kazakh", "kk"))?, self.russian.ok_or_else(|| lacks("Russian", "ru"))?))
    }
}

/// Elements inside a segment whose content is no text; `<hi>` alone has text.
fn is_code(name: &str) -> bool {
    matches!(name, "bpt" | "ept" | "it" | "ph" | "ut" | "sub")
}

/// The language of a variant: `kk`, `kk-KZ`, `KAZ` and the like, and the same of Russian.
fn language(tag: &BytesStart<'_>) -> Result<Option<Lang>, String> {
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| format!("it is no XML ({})", one_line(error)))?;
        if attribute.key.local_name().as_ref() == "lang" {
            let code = attribute.value.to_lowercase();
            return Ok(match code.split(['-', '_']).next() {
                Some("kk" | "kaz") => Some(Lang::Kazakh),
                Some("ru" | "rus") => Some(Lang::Russian),
                _ => None,
            });
        }
    }
    Ok(None)
}

fn resolve(reference: &BytesRef<'_>) -> Result<String, String> {
    let unknown = || format!("it has the unknown character &{};", &**reference);
    match reference.resolve_char_ref() {
        Ok(Some(c)) => Ok(c.to_string()),
        Ok(None) => resolve_predefined_entity(reference).map(str::to_owned).ok_or_else(unknown),
        Err(_) => Err(unknown()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line, and the pair that it gives or a part of the reason why it gives none.
    type Expected<'a> = (usize, Result<(&'a str, &'a str), &'a str>);

    fn check(body: &str, expect: &[Expected<'_>]) {
        let text =
            format!("<?xml version=\"1.0\"?>\n<!DOCTYPE tmx SYSTEM \"tmx14.dtd\">\n<tmx><body>\n{body}\n</body></tmx>");
        let found: Vec<_> = entries(&text).collect();
        assert_eq!(found.len(), expect.len(), "{found:?}");
        for ((line, entry), (expect_line, expect)) in found.iter().zip(expect) {
            assert_eq!(line, expect_line, "{found:?}");
            match (entry, expect) {
                (Ok((kazakh, russian)), Ok(pair)) => assert_eq!((&**kazakh, &**russian), *pair),
                (Err(reason), Err(part)) => assert!(reason.contains(part), "{reason:?} has no {part:?}"),
                _ => panic!("{entry:?} is not {expect:?}"),
            }
        }
    }

    fn unit(kazakh: &str, russian: &str) -> String {
        let variant = |lang, text| format!("<tuv xml:lang=\"{lang}\"><seg>{text}</seg></tuv>");
        format!("<tu>{}{}</tu>", variant("ru-RU", russian), variant("kk-KZ", kazakh))
    }

    #[test]
    fn a_unit_is_a_pair() {
        check("", &[]);
        check(&unit("иә", "да"), &[(4, Ok(("иә", "да")))]);
        check(
            &format!("{}\n\n{}", unit("иә", "да"), unit("жоқ", "нет")),
            &[(4, Ok(("иә", "да"))), (6, Ok(("жоқ", "нет")))],
        );
        check(
            "<tu tuid=\"1\"><prop type=\"x\">да</prop><tuv lang=\"KAZ\"><note>n</note><seg>иә</seg></tuv>\n\
               <tuv xml:lang=\"en\"><seg>yes</seg></tuv><tuv lang='ru'><seg>да</seg></tuv><tuv lang='ru'><seg>ага</seg></tuv></tu>",
            &[(4, Ok(("иә", "да")))],
        );
    }

    #[test]
    fn formatting_is_no_text_and_entities_are() {
        check(
            &unit(
                "<bpt i=\"1\">&lt;b&gt;</bpt>иә<ept i=\"1\">x<sub>y</sub></ept>",
                "<hi>да</hi><ph/>, &#1076;&#x430; &amp; <![CDATA[<>]]>",
            ),
            &[(4, Ok(("иә", "да, да & <>")))],
        );
        check(&format!("<!-- {} -->", unit("иә", "да")), &[]);
    }

    #[test]
    fn a_broken_unit_is_named_and_the_rest_is_read() {
        let good = unit("иә", "да");
        let after =
            |broken: &str, reason| check(&format!("{broken}\n{good}"), &[(4, Err(reason)), (5, Ok(("иә", "да")))]);
        after("<tu><tuv xml:lang=\"kk\"><seg>иә</seg></tuv></tu>", "unit 1: it has no Russian text");
        after("<tu></tu>", "unit 1: it has no Kazakh text");
        after("<tu/>", "unit 1: it is empty");
        after("<tu><tuv xml:lang=\"kk\"><seg>иә</tuv></tu>", "unit 1: it is no XML");
        after("<tu><tuv xml:lang=\"kk\"><seg>иә & жоқ</seg></tuv></tu>", "unit 1: it is no XML");
        after("<tu><tuv xml:lang=\"kk\"><seg>иә &nope; жоқ</seg></tuv></tu>", "unknown character &nope;");
        after("<tu><tuv xml:lang=\"kk\"><seg>иә</seg></tuv>", "unit 1: it has no end");
        after("<tu><tuv xml:lang=kk><seg>иә</seg></tuv></tu>", "unit 1: it is no XML");
        after("</foo x", "no XML");
        check(&format!("{good}\n<tu><tuv"), &[(4, Ok(("иә", "да"))), (5, Err("unit 2"))]);
    }

    #[test]
    fn entities_of_its_own_are_never_expanded() {
        let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><tmx><body>";
        let text = format!("{bomb}{}</body></tmx>", unit("&b;", "да"));
        let found: Vec<_> = entries(&text).collect();
        assert!(matches!(&found[..], [(1, Err(reason))] if reason.contains("&b;")), "{found:?}");
    }
}
