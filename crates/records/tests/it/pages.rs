//! Paging through a search while others write, and back again.

use crate::house::{House, everything};
use fhir::search::{Handling, ParseOptions, SearchQuery};
use records::{SearchPage, query_pairs};

const COUNT: usize = 23;

fn page(house: &House, query: &str) -> SearchPage {
    let options = ParseOptions { handling: Handling::Strict, ..ParseOptions::default() };
    let query = SearchQuery::parse("Patient", query_pairs(query), &options).unwrap();
    house.records.search(&everything(), &query).unwrap()
}

fn ids(page: &SearchPage) -> Vec<String> {
    page.matches.iter().map(|stored| stored.id.clone()).collect()
}

fn patient(no: usize, year: usize) -> String {
    format!(r#"{{"resourceType":"Patient","id":"p{no:02}","gender":"male","birthDate":"{year}"}}"#)
}

fn filled() -> House {
    let house = House::new();
    for no in 0..COUNT {
        house.put(&patient(no, 1950 + no)).unwrap();
    }
    house
}

/// Searches whose orders are keyed (rows) and frozen (anything else); `streamed` ones have no set behind them.
const SEARCHES: [&str; 6] = [
    "_count=5",
    "gender=male&_count=5",
    "gender=male&_total=accurate&_count=5",
    "_sort=birthdate&_count=5",
    "gender=male&_sort=-_lastUpdated&_count=5",
    "_sort=_id&_count=5",
];

#[test]
fn updates_between_pages_shift_and_repeat_nothing() {
    for search in SEARCHES {
        let house = filled();
        let mut seen = Vec::new();
        let mut current = page(&house, search);
        loop {
            seen.extend(ids(&current));
            // One that was seen and one that was not are updated, so that both would move in every order but that of rows.
            let unseen = (0..COUNT).find(|no| !seen.contains(&format!("p{no:02}")));
            let first: usize = seen[0][1..].parse().unwrap();
            for (no, year) in [(Some(first), 2020), (unseen, 1900)] {
                if let Some(no) = no {
                    house.put(&patient(no, year)).unwrap();
                }
            }
            let Some(next) = &current.next else { break };
            current = page(&house, &format!("{search}&_page={next}"));
        }
        seen.sort();
        let all: Vec<String> = (0..COUNT).map(|no| format!("p{no:02}")).collect();
        assert_eq!(seen, all, "{search}");
    }
}

#[test]
fn the_way_back_leads_over_the_same_pages() {
    for search in SEARCHES {
        let house = filled();
        let mut forwards = Vec::new();
        let mut current = page(&house, search);
        assert!(current.previous.is_none(), "{search}");
        loop {
            forwards.push(ids(&current));
            let Some(next) = &current.next else { break };
            current = page(&house, &format!("{search}&_page={next}"));
        }
        let mut backwards = vec![ids(&current)];
        while let Some(previous) = &current.previous {
            current = page(&house, &format!("{search}&_page={previous}"));
            backwards.insert(0, ids(&current));
        }
        assert_eq!(backwards, forwards, "{search}");
        // And forwards again from the first page reached so.
        let next = current.next.unwrap();
        assert_eq!(ids(&page(&house, &format!("{search}&_page={next}"))), forwards[1], "{search}");
    }
}

#[test]
fn a_page_that_begins_nowhere_full_still_has_its_neighbours() {
    let house = filled();
    let search = "gender=male&_count=4";
    let second = page(&house, &format!("{search}&_page={}", page(&house, search).next.unwrap()));
    // What was before it is deleted: the page before is empty, and leads on to what is left.
    for no in 0..4 {
        house.delete("Patient", &format!("p{no:02}")).unwrap();
    }
    let first = page(&house, &format!("{search}&_page={}", second.previous.clone().unwrap()));
    assert!(first.matches.is_empty() && first.previous.is_none());
    let again = page(&house, &format!("{search}&_page={}", first.next.unwrap()));
    assert_eq!(ids(&again), ids(&second));
}
