//! The index against a plain set of keys: random batches, merges cut off anywhere, snapshots kept.

use super::{Key, Merges, Pending, RunCache, Runs};
use proptest::prelude::*;
use rusqlite::Connection;
use std::collections::BTreeSet;

fn key(no: u32) -> Key {
    // Values that come in no order, of several lengths.
    let mixed = no.wrapping_mul(2_654_435_761);
    Key::new((mixed % 3) as u8, (mixed >> 8) as u16 % 50).text(&"x".repeat(mixed as usize % 5)).number(i64::from(no))
}

/// A batch of keys that are put, one of removals, and how far merges go on after it.
#[derive(Clone, Debug)]
enum Step {
    Put { from: u32, count: u32 },
    Remove { from: u32, count: u32 },
    Merge { keys: usize },
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..40_000u32, 1..4_000u32).prop_map(|(from, count)| Step::Put { from, count }),
        2 => (0..40_000u32, 1..2_000u32).prop_map(|(from, count)| Step::Remove { from, count }),
        2 => (0..40_000u32, 1..40u32).prop_map(|(from, count)| Step::Put { from, count }),
        4 => prop::sample::select(vec![1, 700, 9_000]).prop_map(|keys| Step::Merge { keys }),
        1 => Just(Step::Reopen),
    ]
}

fn all(runs: &Runs, connection: &Connection, from: &[u8], to: &[u8]) -> BTreeSet<Vec<u8>> {
    let mut found = BTreeSet::new();
    runs.scan(connection, from, to, |key| {
        found.insert(key.to_vec());
        true
    })
    .unwrap();
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_index_holds_what_a_set_holds(steps in prop::collection::vec(step(), 1..40), ends in (0..45_000u32, 0..45_000u32)) {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(crate::layout::TABLES).unwrap();
        let mut cache = RunCache::default();
        let mut merges = Merges::open(&connection).unwrap();
        let mut model = BTreeSet::new();
        let mut pending = Pending::default();
        for step in steps {
            match step {
                Step::Put { from, count } => {
                    for no in from..from + count {
                        pending.push(&key(no), false);
                        model.insert(key(no).bytes().to_vec());
                    }
                    merges.add(&connection, &cache, &mut pending).unwrap();
                }
                Step::Remove { from, count } => {
                    for no in from..from + count {
                        // Removed, put again, removed: the last word counts.
                        pending.push(&key(no), true);
                        pending.push(&key(no), false);
                        pending.push(&key(no), true);
                        model.remove(key(no).bytes());
                    }
                    merges.add(&connection, &cache, &mut pending).unwrap();
                }
                Step::Merge { keys } => {
                    merges.work(&connection, &cache, keys).unwrap();
                }
                // A store that is opened again knows no runs: their numbers may come again.
                Step::Reopen => {
                    merges = Merges::open(&connection).unwrap();
                    cache = RunCache::default();
                }
            }
            let runs = Runs::open(&connection, &cache).unwrap();
            let (from, to) = (key(ends.0), key(ends.1));
            let (from, to) = if from.bytes() < to.bytes() { (from, to) } else { (to, from) };
            let expected: BTreeSet<Vec<u8>> = model.range(from.bytes().to_vec()..to.bytes().to_vec()).cloned().collect();
            prop_assert!(all(&runs, &connection, from.bytes(), to.bytes()) == expected);
            let mut ordered = runs.ordered(&connection, from.bytes(), Some(to.bytes())).unwrap();
            for key in &expected {
                prop_assert_eq!(ordered.next_held().unwrap(), Some(&key[..]));
            }
            prop_assert_eq!(ordered.next_held().unwrap(), None);
        }
        // Left alone it comes to rest: few runs, nothing of the dead, as many keys as there are.
        let mut rounds = 0;
        while merges.work(&connection, &cache, 5_000).unwrap() {
            rounds += 1;
            prop_assert!(rounds < 1_000, "merging does not end");
        }
        prop_assert!(!Merges::due(&connection).unwrap());
        let runs = Runs::open(&connection, &cache).unwrap();
        prop_assert!(all(&runs, &connection, &[], &[0xff]) == model);
        let number = |sql: &str| connection.query_row(sql, [], |r| r.get::<_, i64>(0)).unwrap();
        prop_assert!(number("SELECT count(*) FROM run") < 24);
        let named: usize = connection
            .prepare("SELECT fences FROM fence")
            .unwrap()
            .query_map([], |r| r.get::<_, Vec<u8>>(0))
            .unwrap()
            .map(|bytes| {
                let mut fences = super::run::Fences::default();
                fences.decode(&bytes.unwrap()).unwrap();
                fences.len()
            })
            .sum();
        prop_assert_eq!(number("SELECT count(*) FROM block"), named as i64);
    }
}
