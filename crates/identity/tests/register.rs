//! A register with made duplicates: how many of the pairs that are proposed are of one person, and how many of those of one person are proposed.

use fhir::json::{Document, Tree};
use identity::{Facts, compare, keys};
use std::collections::HashMap;
use synth::{Slips, registry};

/// Pairs by what was said and what is true.
#[derive(Default)]
struct Counts {
    right: u64,
    wrong: u64,
    missed: u64,
}

fn counted(seed: u64, people: u32) -> Counts {
    let records = registry(seed, people, &Slips::default());
    let facts: Vec<Facts> = records
        .iter()
        .map(|record| Facts::of(&Tree::from(Document::parse(record.json.as_bytes()).expect("is JSON").root())))
        .collect();
    let mut by_key: HashMap<u64, Vec<usize>> = HashMap::new();
    for (at, facts) in facts.iter().enumerate() {
        for key in keys(facts) {
            by_key.entry(key).or_default().push(at);
        }
    }
    let mut pairs: Vec<(usize, usize)> = by_key
        .values()
        .flat_map(|at| at.iter().enumerate().flat_map(|(no, one)| at[no + 1..].iter().map(move |other| (*one, *other))))
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    let mut counts = Counts::default();
    for (one, other) in pairs {
        if compare(&facts[one], &facts[other]).is_candidate {
            if records[one].person == records[other].person {
                counts.right += 1;
            } else {
                counts.wrong += 1;
                if std::env::var_os("MEDWEAVE_SHOW").is_some() {
                    println!("wrong:\n  {}\n  {}", records[one].json, records[other].json);
                }
            }
        }
    }
    let mut of_person: HashMap<u32, u64> = HashMap::new();
    for record in &records {
        *of_person.entry(record.person).or_default() += 1;
    }
    let all: u64 = of_person.values().map(|count| count * (count - 1) / 2).sum();
    counts.missed = all - counts.right;
    counts
}

#[test]
fn nearly_all_pairs_of_one_person_are_proposed_and_nearly_no_others() {
    // Seed 1 is the one to look at when a rule is written; the figures are those of others.
    let seed = std::env::var("MEDWEAVE_SEED").map_or(2, |seed| seed.parse().expect("a number"));
    let counts = counted(seed, 20_000);
    let precision = counts.right as f64 / (counts.right + counts.wrong) as f64;
    let recall = counts.right as f64 / (counts.right + counts.missed) as f64;
    println!(
        "{} right, {} wrong, {} missed: precision {precision:.5}, recall {recall:.5}",
        counts.right, counts.wrong, counts.missed
    );
    assert!(precision >= 0.999 && recall >= 0.95, "precision {precision}, recall {recall}");
}
