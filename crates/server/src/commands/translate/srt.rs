use std::fmt::Write;
use std::str::FromStr;

/// Subtitles as they stand in a SubRip file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct File {
    pub(super) cues: Vec<Cue>,
    /// CR LF or LF, as the file had it.
    newline: &'static str,
}

/// One cue. Number and times are kept as they were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cue {
    number: String,
    times: String,
    pub(super) start_millis: u64,
    pub(super) end_millis: u64,
    pub(super) lines: Vec<String>,
}

/// Why a file is no SubRip file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// From 1.
    pub(super) line: usize,
    pub(super) reason: &'static str,
}

/// Reads a file, which must have a cue.
///
/// A missing empty line between cues is forgiven, and so are empty lines inside a text, a full stop for the comma of a
/// time and positions behind the times.
pub(super) fn parse(text: &str) -> Result<File, Fault> {
    let lines: Vec<&str> = text.trim_start_matches('\u{feff}').lines().map(str::trim_end).collect();
    let line = |at: usize| lines.get(at).copied().unwrap_or_default();
    let begins_cue = |at: usize| is_number(line(at)) && line(at + 1).contains("-->");
    let mut cues: Vec<Cue> = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let fault = |offset: usize, reason| Fault { line: at + offset + 1, reason };
        if begins_cue(at) {
            let (start_millis, end_millis) =
                times(line(at + 1)).ok_or(fault(1, "its times are not like 00:00:01,000 --> 00:00:02,500"))?;
            if end_millis < start_millis {
                return Err(fault(1, "the cue ends before it begins"));
            }
            let (number, times) = (line(at).trim().to_owned(), line(at + 1).to_owned());
            cues.push(Cue { number, times, start_millis, end_millis, lines: Vec::new() });
            at += 2;
            continue;
        }
        if times(line(at)).is_some() {
            return Err(fault(0, "a number is missing before the times"));
        }
        match cues.last_mut() {
            _ if line(at).is_empty() => {}
            None => return Err(fault(0, "it does not begin with the number of a cue")),
            Some(last) if line(at - 1).is_empty() && follows(line(at), &last.number) => {
                return Err(fault(0, "the cue has no times"));
            }
            Some(last) => last.lines.push(line(at).to_owned()),
        }
        at += 1;
    }
    if cues.is_empty() {
        return Err(Fault { line: 1, reason: "it has no cue" });
    }
    Ok(File { cues, newline: if text.contains("\r\n") { "\r\n" } else { "\n" } })
}

/// The file with other texts, lines for each cue.
pub(super) fn write(file: &File, texts: &[Vec<String>]) -> String {
    let newline = file.newline;
    let mut out = String::new();
    for (cue, lines) in file.cues.iter().zip(texts) {
        // Writing to a string cannot fail.
        let _ = write!(out, "{}{newline}{}{newline}", cue.number, cue.times);
        for line in lines {
            // A reader looks for the arrow to find the next cue.
            out.push_str(&line.replace("-->", "→"));
            out.push_str(newline);
        }
        out.push_str(newline);
    }
    out
}

fn is_number(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit())
}

fn follows(line: &str, number: &str) -> bool {
    let (line, number) = (u64::from_str(line.trim()), u64::from_str(number));
    line.is_ok_and(|line| number.is_ok_and(|number| line == number.saturating_add(1)))
}

fn times(line: &str) -> Option<(u64, u64)> {
    let (start, rest) = line.split_once("-->")?;
    let end = rest.split_whitespace().next()?;
    Some((millis(start.trim())?, millis(end)?))
}

fn millis(time: &str) -> Option<u64> {
    let (clock, fraction) = time.split_once([',', '.'])?;
    let parts: Vec<&str> = clock.split(':').collect();
    let [hours, minutes, seconds] = parts[..] else { return None };
    let number = |text: &str, digits: std::ops::RangeInclusive<usize>| {
        let is_plain = digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        is_plain.then(|| text.parse::<u64>().ok()).flatten()
    };
    let (hours, minutes, seconds) = (number(hours, 1..=4)?, number(minutes, 1..=2)?, number(seconds, 1..=2)?);
    let millis = number(fraction, 1..=3)? * 10u64.pow(3 - fraction.len() as u32);
    (minutes < 60 && seconds < 60).then_some(((hours * 60 + minutes) * 60 + seconds) * 1000 + millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: &str = "00:00:01,000 --> 00:00:02,500";

    #[test]
    fn cues_are_read_as_they_stand() {
        let check = |text: &str, expect: &[(&str, &[&str])]| {
            let text = text.replace('T', TIMES);
            let cues = parse(&text).expect(&text).cues;
            let cues: Vec<_> =
                cues.iter().map(|c| (&*c.number, c.lines.iter().map(|l| &**l).collect::<Vec<_>>())).collect();
            let expect: Vec<_> = expect.iter().map(|(number, lines)| (*number, lines.to_vec())).collect();
            assert_eq!(cues, expect, "{text:?}");
        };
        check("1\nT\nиә\n\n2\nT\nжоқ\nекі\n", &[("1", &["иә"]), ("2", &["жоқ", "екі"])]);
        check("\u{feff}\r\n007\r\nT\r\nиә", &[("007", &["иә"])]);
        check("1\nT\nиә\n2\nT\nжоқ", &[("1", &["иә"]), ("2", &["жоқ"])]);
        check("1\nT\nиә\n\nекі\n\n2\nT\n\n", &[("1", &["иә", "екі"]), ("2", &[])]);
        check("1\nT\n25\n\n2024\nT\nиә", &[("1", &["25"]), ("2024", &["иә"])]);
        check("1\nT\na --> b", &[("1", &["a --> b"])]);
        check("1\n0:00:01.5-->00:00:02.50 X1:1 Y1:2\nиә", &[("1", &["иә"])]);
    }

    #[test]
    fn a_broken_file_is_named_by_its_line() {
        let check = |text: &str, line, part: &str| {
            let fault = parse(&text.replace('T', TIMES)).expect_err(text);
            assert!(fault.line == line && fault.reason.contains(part), "{text:?}: {fault:?}");
        };
        check("", 1, "no cue");
        check("\n\n", 1, "no cue");
        check("сәлем", 1, "does not begin with the number");
        check("T\nиә", 1, "number is missing");
        check("1\nT\nиә\n\nT\nжоқ", 5, "number is missing");
        check("1\n00:00:01,000 --> 00:00\nиә", 2, "times are not like");
        check("1\n00:61:01,000 --> 00:62:00,000\nиә", 2, "times are not like");
        check("1\n00:00:03,000 --> 00:00:02,000\nиә", 2, "ends before");
        check("1\nT\nиә\n\n2\nжоқ", 5, "no times");
    }

    #[test]
    fn what_is_read_is_written() {
        for text in ["1\nT X1:1\nиә\n\n7\nT\nжоқ\nекі\n\n", "1\r\nT\r\nиә\r\n\r\n2\r\nT\r\n\r\n"] {
            let text = text.replace('T', TIMES);
            let file = parse(&text).expect("SubRip");
            let texts: Vec<_> = file.cues.iter().map(|cue| cue.lines.clone()).collect();
            assert_eq!(write(&file, &texts), text);
        }
        let file = parse(&format!("1\n{TIMES}\nиә\n")).expect("SubRip");
        assert!(write(&file, &[vec!["а --> б".into()]]).ends_with("а → б\n\n"));
    }
}
