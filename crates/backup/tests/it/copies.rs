//! What a copy holds, what the next one adds, and what is kept.

use backup::{Error, Folder, Key, Repository, Taken, restore, take, thin};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

pub const START_US: i64 = 1_767_225_600_000_000;
pub const MINUTE_US: i64 = 60_000_000;

/// A folder with a database, packs and what is not copied, and a repository beside it.
pub struct House {
    pub place: tempfile::TempDir,
    pub key: Key,
    pub repository: Repository,
}

impl House {
    pub fn new() -> House {
        let place = tempfile::tempdir().unwrap();
        let key = Key::generate();
        let repository = Repository::make(&place.path().join("copies"), vec![key.recipient()]).unwrap();
        let house = House { place, key, repository };
        for folder in ["records", "packs", "lake", "tables/coming"] {
            std::fs::create_dir_all(house.data().join(folder)).unwrap();
        }
        let database = house.database();
        database.execute_batch("CREATE TABLE t(id INTEGER PRIMARY KEY, bytes BLOB)").unwrap();
        for no in 0..40 {
            write(&database, no);
        }
        std::fs::write(house.data().join("packs/1"), noise(1, 900_000)).unwrap();
        std::fs::write(house.data().join("seals"), "seal 1\n").unwrap();
        std::fs::write(house.data().join("lake/derived"), "made again").unwrap();
        std::fs::write(house.data().join("tables/coming/half"), "passing").unwrap();
        std::fs::write(house.data().join("key"), "secret").unwrap();
        std::fs::set_permissions(house.data().join("key"), std::fs::Permissions::from_mode(0o400)).unwrap();
        house
    }

    pub fn data(&self) -> PathBuf {
        self.place.path().join("data")
    }

    pub fn database(&self) -> Connection {
        let database = Connection::open(self.data().join("records/records.db")).unwrap();
        database.execute_batch("PRAGMA journal_mode=WAL; PRAGMA page_size=8192;").unwrap();
        database
    }

    pub fn take(&self, now_us: i64) -> Result<Taken, Error> {
        let data = self.data();
        let memory = data.join("backup");
        let notes = |path: &str, database: &Connection| {
            let count: i64 = database.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap();
            Some(serde_json::json!({"of": path, "rows": count}))
        };
        let folder = Folder {
            path: &data,
            memory: &memory,
            first: &["seals"],
            last: "records/records.db",
            left_out: &["lake", "backup"],
            passing: &["coming"],
            notes: &notes,
        };
        take(folder, &self.repository, now_us, &mut |_, _| {})
    }

    pub fn restore(&self, at_us: Option<i64>, name: &str) -> Result<PathBuf, Error> {
        let into = self.place.path().join(name);
        let about = self.repository.copy_of(at_us)?;
        restore(&self.repository, &about, &self.key, &into, &mut |_, _| {}).map(|_| into)
    }
}

/// Writes a row whose bytes follow from its number.
pub fn write(database: &Connection, no: i64) {
    database.execute("INSERT OR REPLACE INTO t VALUES(?1, ?2)", rusqlite::params![no, noise(no, 60_000)]).unwrap();
}

/// Bytes that do not pack.
pub fn noise(seed: i64, count: usize) -> Vec<u8> {
    let mut state = (seed as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let next = || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        (state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 56) as u8
    };
    std::iter::repeat_with(next).take(count).collect()
}

/// All files below a folder with their contents and modes, but for databases, whose rows count.
pub fn contents(folder: &Path) -> BTreeMap<String, (u32, String)> {
    let mut out = BTreeMap::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(path) = waiting.pop() {
        for entry in std::fs::read_dir(&path).unwrap() {
            let path = entry.unwrap().path();
            let own = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
            let mode = path.metadata().unwrap().permissions().mode() & 0o777;
            if path.is_dir() {
                waiting.push(path);
            } else if own.starts_with("backup/") {
                // What is remembered of repositories is no content.
            } else if path.extension().is_some_and(|ending| ending == "db") {
                out.insert(own, (mode, rows(&path)));
            } else if !own.ends_with("-wal") && !own.ends_with("-shm") {
                out.insert(own, (mode, blake(&std::fs::read(path).unwrap())));
            }
        }
    }
    out
}

fn blake(bytes: &[u8]) -> String {
    format!("{} bytes, sum {}", bytes.len(), bytes.iter().map(|byte| u64::from(*byte)).sum::<u64>())
}

fn rows(path: &Path) -> String {
    let database = Connection::open(path).unwrap();
    let told: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    let sum: i64 = database.query_row("SELECT sum(id * 7 + length(bytes)) FROM t", [], |row| row.get(0)).unwrap();
    let all: Vec<u8> = database
        .prepare("SELECT bytes FROM t ORDER BY id")
        .unwrap()
        .query_map([], |row| row.get::<_, Vec<u8>>(0))
        .unwrap()
        .flat_map(Result::unwrap)
        .collect();
    format!("{told}, {sum}, {}", blake(&all))
}

#[test]
fn a_restored_copy_is_the_folder_without_what_is_left_out() {
    let house = House::new();
    let taken = house.take(START_US).unwrap();
    assert_eq!(taken.about.name, "2026-01-01T00-00-00.000000Z");
    let restored = house.restore(None, "restored").unwrap();
    let mut expected = contents(&house.data());
    expected.retain(|path, _| !path.starts_with("lake") && !path.starts_with("backup") && !path.contains("coming"));
    assert_eq!(contents(&restored), expected);
    // Nothing of it is to be read in the repository.
    for (path, (mode, _)) in contents(&house.place.path().join("copies")) {
        assert_eq!(mode, 0o600, "{path}");
        let bytes = std::fs::read(house.place.path().join("copies").join(&path)).unwrap();
        let holds = |text: &[u8]| bytes.windows(text.len()).any(|part| part == text);
        assert!(!holds(b"secret") && !holds(b"records.db") && !holds(b"SQLite"), "{path}");
    }
}

#[test]
fn another_copy_adds_what_is_new_and_either_is_restored() {
    let house = House::new();
    let first = house.take(START_US).unwrap();
    let before = contents(&house.data());
    let nothing = house.take(START_US + MINUTE_US).unwrap();
    assert_eq!(nothing.new_blocks, 0);
    assert!(nothing.about.added_bytes < 2_000, "{nothing:?}");
    let database = house.database();
    write(&database, 100);
    drop(database);
    std::fs::OpenOptions::new()
        .append(true)
        .open(house.data().join("packs/1"))
        .and_then(|mut file| std::io::Write::write_all(&mut file, b"more"))
        .unwrap();
    let second = house.take(START_US + 2 * MINUTE_US).unwrap();
    assert!(second.new_blocks > 0 && second.about.added_bytes * 2 < first.about.added_bytes, "{second:?}");
    let of = |at_us: i64, name: &str| contents(&house.restore(Some(at_us), name).unwrap());
    let kept = |all: &BTreeMap<String, (u32, String)>| all["records/records.db"].clone();
    assert_eq!(kept(&of(START_US, "old")), kept(&before));
    let now = contents(&house.data());
    assert_eq!(kept(&of(START_US + 9 * MINUTE_US, "new")), kept(&now));
    assert_ne!(kept(&before), kept(&now));
    assert!(matches!(house.repository.copy_of(Some(START_US - 1)), Err(Error::NoSnapshot(_))));
}

#[test]
fn what_is_remembered_of_a_repository_may_be_lost() {
    let house = House::new();
    house.take(START_US).unwrap();
    std::fs::remove_dir_all(house.data().join("backup")).unwrap();
    let again = house.take(START_US + MINUTE_US).unwrap();
    assert_eq!(again.new_blocks, again.blocks);
    let restored = house.restore(None, "restored").unwrap();
    assert_eq!(contents(&restored)["records/records.db"], contents(&house.data())["records/records.db"]);
}

#[test]
fn copies_that_are_not_kept_go_with_the_packs_that_only_they_need() {
    let house = House::new();
    let database = house.database();
    for minute in 0..6 {
        for no in 0..40 {
            write(&database, no + 1_000 * minute);
        }
        database.execute("DELETE FROM t WHERE id < ?1", [1_000 * minute]).unwrap();
        house.take(START_US + minute * MINUTE_US).unwrap();
    }
    drop(database);
    let size = || contents(&house.place.path().join("copies/packs")).len();
    assert_eq!((house.repository.copies().unwrap().len(), size()), (6, 6));
    // A day later one of that hour is left, and what it needs.
    let thinned = thin(&house.repository, START_US + 24 * 60 * MINUTE_US).unwrap();
    assert_eq!(thinned.copies, 5);
    assert!(thinned.packs > 0 && thinned.bytes > 0, "{thinned:?}");
    let restored = house.restore(None, "restored").unwrap();
    assert_eq!(contents(&restored)["records/records.db"], contents(&house.data())["records/records.db"]);
    // The next copy builds on what is still there.
    house.take(START_US + 25 * 60 * MINUTE_US).unwrap();
    let restored = house.restore(None, "again").unwrap();
    assert_eq!(contents(&restored)["records/records.db"], contents(&house.data())["records/records.db"]);
}

#[test]
fn a_key_and_a_folder_that_do_not_fit_are_told() {
    let house = House::new();
    house.take(START_US).unwrap();
    let about = house.repository.copy_of(None).unwrap();
    let into = house.place.path().join("restored");
    let other = restore(&house.repository, &about, &Key::generate(), &into, &mut |_, _| {}).unwrap_err();
    assert!(other.to_string().contains(&house.key.recipient().to_string()), "{other}");
    assert!(!into.exists(), "nothing was made");
    let full = restore(&house.repository, &about, &house.key, &house.data(), &mut |_, _| {}).unwrap_err();
    assert!(matches!(full, Error::NotEmpty(_)));
    assert!(matches!(Repository::open(&house.data()), Err(Error::NoRepository(_))));
    assert!(matches!(Repository::make(&house.data(), vec![house.key.recipient()]), Err(Error::NotEmpty(_))));
    let again = Repository::open(house.repository.path()).unwrap();
    assert_eq!(again.copies().unwrap(), [about]);
}
