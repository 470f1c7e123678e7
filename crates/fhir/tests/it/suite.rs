//! Holding a suite's results against the list of known failures.

use std::collections::BTreeSet;
use std::fmt::Write;

/// Tests that failed, with why, of so many.
#[derive(Default)]
pub struct Tally {
    pub total: usize,
    pub failed: Vec<(String, String)>,
}

impl Tally {
    /// Compares with a checked-in list of names (`#` starts a comment): both a failure that is not in it and a name in it
    /// that no longer fails are errors, so that the list stays true.
    pub fn check(&self, suite: &str, listed: &str) {
        println!("{suite}: {} of {} pass", self.total - self.failed.len(), self.total);
        let names = listed.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
        let listed: BTreeSet<&str> = names.filter(|name| !name.is_empty()).collect();
        let failed: BTreeSet<&str> = self.failed.iter().map(|(name, _)| name.as_str()).collect();
        let mut wrong = String::new();
        for (name, why) in self.failed.iter().filter(|(name, _)| !listed.contains(name.as_str())) {
            let _ = writeln!(wrong, "fails: {name}: {why}");
        }
        for name in listed.difference(&failed) {
            let _ = writeln!(wrong, "listed as failing, but passes or is not there: {name}");
        }
        assert!(wrong.is_empty(), "{suite}\n{wrong}");
    }
}
