//! How often right translations are doubted, and wrong ones not: `looked_over PAIRS.tsv [--list]`.
//!
//! The second column is taken as the translation of the first and the other way round: as people wrote them, so that each
//! doubt is wrong (or the pair is), and with one number or name dropped or made another, so that each must be doubted.
#![allow(clippy::print_stdout, reason = "the figures are the result")]

use std::error::Error;
use std::fs;

use dostyq_speech::Lang;
use dostyq_translate::{Direction, NumberVerdict, names, numbers};

/// Kazakh and Russian words for numbers that take one another's place without changing those around them.
const OTHERS: [&[(&str, &str)]; 2] = [
    &[
        ("екі", "үш"),
        ("бес", "алты"),
        ("он", "жиырма"),
        ("отыз", "қырық"),
        ("елу", "алпыс"),
        ("бесінші", "алтыншы"),
        ("мың", "миллион"),
        ("екінші", "үшінші"),
    ],
    &[
        ("два", "три"),
        ("двух", "трёх"),
        ("пять", "шесть"),
        ("десять", "двадцать"),
        ("тридцать", "сорок"),
        ("второй", "третий"),
        ("двадцать", "тридцать"),
        ("пятьдесят", "шестьдесят"),
    ],
];

/// Names that no pair has, to put in the place of others.
const STRANGERS: [&str; 3] = ["Фёклович", "Зюганшиндер", "Мырзагүлсін"];

#[derive(Default)]
struct Count {
    pairs: usize,
    doubted: usize,
    wanted: usize,
    missed: usize,
    inserted: usize,
    changed: usize,
    caught: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let path = arguments.first().ok_or("usage: looked_over PAIRS.tsv [--list]")?;
    let is_listed = arguments.iter().any(|argument| argument == "--list");
    let text = fs::read_to_string(path)?;
    let pairs: Vec<(&str, &str)> = text.lines().filter_map(|line| line.split_once('\t')).collect();
    for direction in Lang::ALL.map(|from| Direction { from, to: from.other() }) {
        let (mut of_numbers, mut of_names) = (Count::default(), Count::default());
        for (at, (kazakh, russian)) in pairs.iter().enumerate() {
            let russian = russian.split('\t').next().unwrap_or_default();
            let (source, target) = if direction.from == Lang::Kazakh { (*kazakh, russian) } else { (russian, *kazakh) };
            let doubts = [
                look_at_numbers(&mut of_numbers, source, target, direction),
                look_at_names(&mut of_names, source, target, direction),
            ];
            for doubt in doubts.into_iter().flatten().filter(|_| is_listed) {
                println!("{}: {doubt}\n  {source}\n  {target}", at + 1);
            }
        }
        print(direction, "numbers", &of_numbers);
        print(direction, "names", &of_names);
    }
    Ok(())
}

fn print(direction: Direction, what: &str, count: &Count) {
    let Count { pairs, doubted, wanted, missed, inserted, changed, caught } = count;
    let share = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
    println!(
        "{direction} {what}: {doubted} of {pairs} right pairs with any doubted ({:.1} %), {missed} of {wanted} missed \
         ({:.1} %), {inserted} added; {caught} of {changed} changes caught ({:.1} %)",
        share(*doubted, *pairs),
        share(*missed, *wanted),
        share(*caught, *changed)
    );
}

fn look_at_numbers(count: &mut Count, source: &str, target: &str, direction: Direction) -> Option<String> {
    let found = numbers::accuracy(source, target, direction);
    if found.wanted + found.inserted == 0 {
        return None;
    }
    count.pairs += 1;
    count.wanted += found.wanted;
    count.missed += found.wanted - found.right;
    count.inserted += found.inserted;
    let (_, verdict) = numbers::check(source, target, direction, 0);
    if verdict != NumberVerdict::Preserved {
        count.doubted += 1;
        return Some(format!("{verdict:?}"));
    }
    let mut uncaught = None;
    for changed in with_another_number(target, direction.to) {
        count.changed += 1;
        let is_caught = numbers::check(source, &changed, direction, 0).1 != NumberVerdict::Preserved;
        count.caught += usize::from(is_caught);
        if !is_caught {
            uncaught = Some(format!("uncaught: {changed}"));
        }
    }
    uncaught
}

/// The text with each of its numbers, one at a time, made another.
fn with_another_number(text: &str, lang: Lang) -> Vec<String> {
    let mut changed = Vec::new();
    let mut at = 0;
    for run in text.split_inclusive(|c: char| !c.is_alphanumeric()) {
        let word = run.trim_end_matches(|c: char| !c.is_alphanumeric());
        let other = OTHERS[usize::from(lang == Lang::Russian)]
            .iter()
            .find(|(known, _)| *known == word)
            .map(|(_, other)| (*other).to_owned());
        let other = other.or_else(|| word.parse::<u64>().ok().map(|value| (value + 1).to_string()));
        if let Some(other) = other {
            changed.push([&text[..at], &other, &text[at + word.len()..]].concat());
        }
        at += run.len();
    }
    changed
}

fn look_at_names(count: &mut Count, source: &str, target: &str, direction: Direction) -> Option<String> {
    let found = names::check(source, target, direction);
    if found.wanted == 0 {
        return None;
    }
    count.pairs += 1;
    count.wanted += found.wanted;
    count.missed += found.lost.len();
    if !found.lost.is_empty() {
        count.doubted += 1;
        return Some(format!("{:?}", found.lost));
    }
    // Each word of the translation in which a name is found, dropped or made another.
    let all = names::check(source, "", direction).lost;
    for word in target.split_whitespace().collect::<std::collections::BTreeSet<_>>() {
        let held = names::check(source, word, direction).lost;
        if held.len() < all.len() {
            for other in ["", STRANGERS[word.len() % STRANGERS.len()]] {
                count.changed += 1;
                let changed: Vec<&str> =
                    target.split_whitespace().map(|one| if one == word { other } else { one }).collect();
                count.caught += usize::from(!names::check(source, &changed.join(" "), direction).lost.is_empty());
            }
        }
    }
    None
}
