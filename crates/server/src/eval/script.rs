use anyhow::Context;
use dostyq_prepared::PreparedSpeech;
use dostyq_speech::Lang;

use super::score::Reference;

/// The speech of `--script`: the text of a file, or what the reference says was said in the language.
pub(super) fn speech(script: &str, reference: &Reference) -> anyhow::Result<PreparedSpeech> {
    let (lang, file) = script.split_once('=').map_or((script, None), |(lang, file)| (lang, Some(file)));
    let lang: Lang = lang.parse().with_context(|| format!("--script {script}: write kk, ru, or kk=FILE.txt"))?;
    let text = match file {
        Some(file) => std::fs::read_to_string(file).with_context(|| format!("--script: {file} cannot be read"))?,
        None => {
            let said = reference.segments.iter().filter(|segment| segment.lang == lang);
            said.map(|segment| segment.text.as_str()).collect::<Vec<_>>().join("\n")
        }
    };
    Ok(PreparedSpeech::in_one_language(lang, (file.unwrap_or("the reference"), &text))?)
}

/// When the speech went on air and off, in words.
pub(super) fn told(switches: &[(f64, bool)]) -> Vec<String> {
    switches.iter().map(|(at, is_on)| format!("{at:.1} {}", if *is_on { "on" } else { "off" })).collect()
}
