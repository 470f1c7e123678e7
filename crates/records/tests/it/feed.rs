use crate::house::{House, everything};
use records::Seq;

#[test]
fn the_feed_has_no_gap_when_many_write_at_once() {
    let house = House::new();
    let threads: Vec<_> = (0..8)
        .map(|thread| {
            let records = std::sync::Arc::clone(&house.records);
            std::thread::spawn(move || {
                let borrowed = House { records, folder: std::path::PathBuf::from("/nonexistent") };
                for no in 0..25 {
                    // Every fifth write is refused: it must leave no hole.
                    let text = if no % 5 == 4 {
                        "{\"resourceType\":\"Patient\",\"id\":\"x\"".to_owned()
                    } else {
                        format!(r#"{{"resourceType":"Patient","id":"p{thread}-{no}","gender":"male"}}"#)
                    };
                    let _ = borrowed.put(&text);
                }
                std::mem::forget(borrowed);
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let entries = house.records.feed(&everything(), Seq(0), 10_000).unwrap();
    assert_eq!(entries.len(), 160);
    assert!(entries.iter().zip(1..).all(|(entry, seq)| entry.seq == Seq(seq)));
    assert_eq!(house.records.counts(&everything()).unwrap(), [("Patient", 160)]);
}
