//! A register with made duplicates, and the pairs that are found in one.
//!
//! `register make SEED PEOPLE` prints lines `{"person": NUMBER, "patient": {…}}`; `register match FILE` reads such lines and prints how many pairs
//! of one person are proposed, how many of others, and how long that took.

use fhir::json::{Document, Tree};
use identity::{Facts, compare, keys};
use std::collections::HashMap;
use std::time::Instant;
use synth::{Slips, registry};

/// Keys that more records share tell nothing, as in the store.
const SHARED_MOST: usize = 100;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["make", seed, people] => make(seed.parse().expect("a seed"), people.parse().expect("a number of people")),
        ["match", file] => matched(file),
        _ => println!("register make SEED PEOPLE | register match FILE"),
    }
}

fn make(seed: u64, people: u32) {
    for record in registry(seed, people, &Slips::default()) {
        println!("{{\"person\":{},\"patient\":{}}}", record.person, record.json);
    }
}

fn matched(file: &str) {
    let text = std::fs::read_to_string(file).expect("the register can be read");
    let began = Instant::now();
    let mut people = Vec::new();
    let mut facts = Vec::new();
    for line in text.lines() {
        let line = Tree::from(Document::parse(line.as_bytes()).expect("a line of JSON").root());
        people.push(line.get("person").expect("a line names the person").to_string());
        facts.push(Facts::of(line.get("patient").expect("a line has a patient")));
    }
    let mut by_key: HashMap<u64, Vec<u32>> = HashMap::new();
    let mut pairs: Vec<(u32, u32)> = Vec::new();
    for (at, facts) in (0..).zip(&facts) {
        let mut others: Vec<u32> = Vec::new();
        for key in keys(facts) {
            let sharing = by_key.entry(key).or_default();
            if sharing.len() <= SHARED_MOST {
                others.extend(sharing.iter());
            }
            sharing.push(at);
        }
        others.sort_unstable();
        others.dedup();
        pairs.extend(others.into_iter().map(|other| (other, at)));
    }
    let proposed: Vec<&(u32, u32)> =
        pairs.iter().filter(|(a, b)| compare(&facts[*a as usize], &facts[*b as usize]).is_candidate).collect();
    let seconds = began.elapsed().as_secs_f64();
    let right = proposed.iter().filter(|(a, b)| people[*a as usize] == people[*b as usize]).count();
    let mut of_person: HashMap<&str, usize> = HashMap::new();
    for person in &people {
        *of_person.entry(person).or_default() += 1;
    }
    let all: usize = of_person.values().map(|count| count * (count - 1) / 2).sum();
    println!(
        "{{\"records\":{},\"pairs\":{all},\"compared\":{},\"proposed\":{},\"right\":{right},\"seconds\":{seconds:.2}}}",
        people.len(),
        pairs.len(),
        proposed.len()
    );
}
