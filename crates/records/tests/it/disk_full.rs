//! A disk without space, and with space again. Needs a file system of its own: a small tmpfs, which root may mount, and anybody in a
//! namespace of their own where the system allows it.

use crate::house::{House, everything};
use records::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A mounted tmpfs, unmounted when dropped.
struct Disk(PathBuf);

impl Disk {
    fn mount(megabytes: u32) -> Option<Disk> {
        let folder = std::env::temp_dir().join(format!("medweave-small-disk-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"])
            .arg(&folder)
            .output()
            .is_ok_and(|output| output.status.success());
        mounted.then_some(Disk(folder))
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }

    fn fill(&self) {
        use std::io::Write;
        let mut file = std::fs::File::create(self.filler()).unwrap();
        for size in [1 << 16, 1 << 12, 1] {
            while file.write_all(&vec![1; size]).is_ok() {}
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
        let _ = std::fs::remove_dir(&self.0);
    }
}

fn patient(no: usize) -> String {
    // Content that does not pack well, so that the disk feels every write.
    let noise: String = (0..400).map(|at| char::from(b'a' + ((no * 7919 + at * at * 31 + at) % 26) as u8)).collect();
    format!(r#"{{"resourceType":"Patient","id":"p{no}","gender":"male","name":[{{"family":"{noise}"}}]}}"#)
}

fn written(house: &House, numbers: &[usize]) {
    for no in numbers {
        assert_eq!(house.records.read(&everything(), "Patient", &format!("p{no}")).unwrap().version, 1);
    }
    let counts = house.records.counts(&everything()).unwrap();
    assert_eq!(counts, [("Patient", numbers.len() as u64)]);
    let feed = house.records.feed(&everything(), records::Seq(0), 10_000).unwrap();
    assert!(feed.iter().zip(1..).all(|(entry, seq)| entry.seq == records::Seq(seq)));
    assert_eq!(feed.len(), numbers.len());
}

/// Set where the test runs itself again as root of a namespace.
const IN_NAMESPACE: &str = "MEDWEAVE_TEST_NAMESPACE";

/// The test once more, in a namespace where it may mount: whether it passed, or `None` where there can be none.
fn again_in_a_namespace(test: &str) -> Option<bool> {
    let unshare = |program: &std::ffi::OsStr, arguments: &[&str]| {
        let mut command = Command::new("unshare");
        command
            .args(["--user", "--map-root-user", "--mount", "--"])
            .arg(program)
            .args(arguments)
            .env(IN_NAMESPACE, "1");
        command.status().ok().map(|status| status.success())
    };
    if std::env::var_os(IN_NAMESPACE).is_some()
        || unshare("mount".as_ref(), &["-t", "tmpfs", "tmpfs", "/mnt"]) != Some(true)
    {
        return None;
    }
    unshare(std::env::current_exe().unwrap().as_os_str(), &["--exact", test, "--nocapture"])
}

#[test]
fn a_full_disk_refuses_writes_answers_reads_and_recovers_by_itself() {
    let Some(disk) = Disk::mount(24) else {
        let name = "disk_full::a_full_disk_refuses_writes_answers_reads_and_recovers_by_itself";
        match again_in_a_namespace(name) {
            Some(passed) => assert!(passed, "it failed in a namespace of its own"),
            None if std::env::var_os("CI").is_some() => {
                panic!("a tmpfs cannot be mounted here, neither as root nor in a namespace")
            }
            None => println!("skipped: a tmpfs cannot be mounted here (that needs root, or namespaces for everybody)"),
        }
        return;
    };
    let mut house = House::at(Path::new(&disk.0.join("data")));
    let mut stored: Vec<usize> = (0..50).filter(|no| house.put(&patient(*no)).is_ok()).collect();
    assert_eq!(stored.len(), 50);
    for round in 1..4 {
        disk.fill();
        // What SQLite had room for in its log is still written; then every write is refused, by its own name.
        let mut refused = 0;
        for no in round * 10_000.. {
            match house.put(&patient(no)) {
                Ok(_) => stored.push(no),
                Err(Error::DiskFull) => refused += 1,
                Err(other) => panic!("{other}"),
            }
            if refused == 5 {
                break;
            }
        }
        written(&house, &stored);
        std::fs::remove_file(disk.filler()).unwrap();
        for no in round * 10_000 + 9_000..round * 10_000 + 9_020 {
            house.put(&patient(no)).unwrap();
            stored.push(no);
        }
        written(&house, &stored);
    }
    house.reopen();
    written(&house, &stored);
}
