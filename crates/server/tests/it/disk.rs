//! A small disk of memory, which tests fill.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A small disk, until it is dropped.
pub struct Disk(PathBuf);

impl Disk {
    /// Needs root; `None`, with a word about it, where the tests run as somebody else.
    pub fn mount(at: &Path, mib: u64) -> Option<Disk> {
        if !rustix::process::geteuid().is_root() {
            assert!(std::env::var_os("CI").is_none(), "this test mounts a small disk and must run as root");
            println!("skipped: mounting a small disk needs root");
            return None;
        }
        std::fs::create_dir_all(at).unwrap();
        let size = format!("size={mib}m,mode=0700");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).status().unwrap();
        assert!(mounted.success(), "a disk of memory can be mounted");
        Some(Disk(at.to_owned()))
    }

    /// Bytes that are free.
    pub fn free(&self) -> u64 {
        rustix::fs::statvfs(&self.0).map(|disk| disk.f_bavail * disk.f_frsize).unwrap()
    }

    /// Fills it but for so many bytes; removing the file that it gives makes room again.
    pub fn fill(&self, left: u64) -> PathBuf {
        let ballast = self.0.join("ballast");
        let mut file = std::fs::File::create(&ballast).unwrap();
        // Others may write meanwhile.
        while self.free() > left && file.write_all(&[b'.'; 4_096]).is_ok() {}
        ballast
    }

    /// Fills it to the last byte; removing the file that it gives makes room again.
    pub fn fill_up(&self) -> PathBuf {
        let crumbs = self.0.join("crumbs");
        let mut file = std::fs::File::create(&crumbs).unwrap();
        while file.write_all(&[b'.'; 16_384]).is_ok() {}
        while file.write_all(&[b'.'; 512]).is_ok() {}
        assert_eq!(self.free(), 0);
        crumbs
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
