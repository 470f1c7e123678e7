//! Copies that are broken off, taken while files come and go, or damaged.

use crate::copies::{House, MINUTE_US, START_US, contents, noise, write};
use backup::{Error, restore};
use std::sync::atomic::{AtomicBool, Ordering};

/// What a program that was killed in the middle of a copy leaves is swept, and harms no copy.
#[test]
fn what_a_copy_that_was_broken_off_leaves_is_swept_by_the_next() {
    let house = House::new();
    house.take(START_US).unwrap();
    let copies = house.place.path().join("copies");
    std::fs::write(copies.join("packs/.2026-01-01T00-01-00.000000Z-2"), noise(5, 5_000)).unwrap();
    std::fs::write(copies.join("copies/.2026-01-01T00-01-00.000000Z"), "half").unwrap();
    // A whole pack whose list never came: the list alone makes a copy.
    std::fs::write(copies.join("packs/2026-01-01T00-02-00.000000Z-3"), noise(6, 5_000)).unwrap();
    house.take(START_US + 5 * MINUTE_US).unwrap();
    assert_eq!(house.repository.copies().unwrap().len(), 2);
    let restored = house.restore(None, "restored").unwrap();
    assert_eq!(contents(&restored)["records/records.db"], contents(&house.data())["records/records.db"]);
    backup::thin(&house.repository, START_US + 5 * MINUTE_US).unwrap();
    let left = contents(&copies);
    assert!(left.keys().all(|path| !path.contains("/.") && !path.ends_with("-3")), "{:?}", left.keys());
}

#[test]
fn a_pack_that_is_damaged_or_gone_is_named_and_nothing_is_called_restored() {
    let house = House::new();
    let taken = house.take(START_US).unwrap();
    let pack = house.place.path().join("copies/packs").join(&taken.about.packs[0]);
    let whole = std::fs::read(&pack).unwrap();
    for no in 0..12 {
        let mut bytes = whole.clone();
        let at = bytes.len() * no / 12;
        match no % 3 {
            0 => bytes[at] ^= 1,
            1 => bytes.truncate(at),
            _ => bytes.extend_from_slice(b"more"),
        }
        std::fs::write(&pack, &bytes).unwrap();
        let into = house.place.path().join(format!("restored-{no}"));
        let about = house.repository.copy_of(None).unwrap();
        let told = restore(&house.repository, &about, &house.key, &into, &mut |_, _| {});
        if no % 3 != 2 {
            let told = told.unwrap_err();
            assert!(matches!(&told, Error::Damaged { .. } | Error::WrongKey { .. }), "{no}: {told}");
        }
    }
    std::fs::remove_file(&pack).unwrap();
    assert!(house.restore(None, "without").is_err());
}

#[test]
fn two_copies_at_once_are_refused_and_the_folder_may_be_written_meanwhile() {
    let house = House::new();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let database = house.database();
            database.busy_timeout(std::time::Duration::from_secs(20)).unwrap();
            let mut no = 0;
            while !over.load(Ordering::Relaxed) {
                no += 1;
                // Files first, then the row that names them, as the program does; old ones go once no row names them.
                std::fs::write(house.data().join(format!("packs/named-{no}")), noise(no, 3_000)).unwrap();
                write(&database, no % 40);
                database.execute("INSERT INTO t VALUES(?1, x'00')", [1_000_000 + no]).unwrap();
                if no % 300 == 0 {
                    database.execute("DELETE FROM t WHERE id > 1000000 AND id < ?1", [1_000_000 + no - 100]).unwrap();
                    for old in (no - 400).max(1)..no - 100 {
                        let _ = std::fs::remove_file(house.data().join(format!("packs/named-{old}")));
                    }
                }
            }
            no
        });
        let (mut taken, mut changing) = (0, 0);
        for round in 0..4 {
            match house.take(START_US + round * MINUTE_US) {
                Ok(_) => taken += 1,
                Err(Error::Changing { .. }) => {
                    changing += 1;
                    continue;
                }
                Err(error) => panic!("{error}"),
            }
            let restored = house.restore(None, &format!("restored-{round}")).unwrap();
            let database = rusqlite::Connection::open(restored.join("records/records.db")).unwrap();
            let told: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
            assert_eq!(told, "ok");
            let mut named = database.prepare("SELECT id - 1000000 FROM t WHERE id > 1000000").unwrap();
            let named: Vec<i64> = named.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
            for no in named {
                let file = restored.join(format!("packs/named-{no}"));
                assert_eq!(std::fs::read(&file).unwrap(), noise(no, 3_000), "{}", file.display());
            }
        }
        over.store(true, Ordering::Relaxed);
        assert!(writer.join().unwrap() > 0);
        println!("{taken} copies taken, {changing} given up since files went");
        // What went away each time is told, not copied in part; mostly it does not come to that.
        assert!(taken + changing == 4 && taken > 0);
    });
    let held = std::fs::OpenOptions::new().write(true).open(house.data().join("backup/LOCK")).unwrap();
    rustix::fs::flock(&held, rustix::fs::FlockOperation::LockExclusive).unwrap();
    assert!(matches!(house.take(START_US + 99 * MINUTE_US), Err(Error::Busy(_))));
    drop(held);
    house.take(START_US + 99 * MINUTE_US).unwrap();
}
