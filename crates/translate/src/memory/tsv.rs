use super::import::Entry;

/// The entries of a tab-separated text.
pub(super) fn entries(text: &str) -> impl Iterator<Item = Entry> {
    text.lines().zip(1..).filter_map(|(line, number)| {
        let mut columns = line.split('\t');
        let (kazakh, russian) = (columns.next().unwrap_or_default(), columns.next());
        let is_header = number == 1 && kazakh.trim() == "kk" && russian.map(str::trim) == Some("ru");
        if line.trim_matches([' ', '\r']).is_empty() || line.starts_with('#') || is_header {
            return None;
        }
        let pair = russian.map(|russian| (kazakh.to_owned(), russian.to_owned()));
        Some((number, pair.ok_or_else(|| "it has no tab between a Kazakh and a Russian text".to_owned())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_pair() {
        let check = |text, expect: &[(usize, Option<(&str, &str)>)]| {
            let found: Vec<_> = entries(text).collect();
            let found: Vec<_> = found.iter().map(|(n, e)| (*n, e.as_ref().ok().map(|(k, r)| (&**k, &**r)))).collect();
            assert_eq!(found, expect, "{text:?}");
        };
        check("", &[]);
        check("иә\tда", &[(1, Some(("иә", "да")))]);
        check("kk\tru\r\nиә\tда\tnote\r\n", &[(2, Some(("иә", "да")))]);
        check("# note\n\nиә\tда\n", &[(3, Some(("иә", "да")))]);
        check("иә да\nkk\tru\n", &[(1, None), (2, Some(("kk", "ru")))]);
    }
}
