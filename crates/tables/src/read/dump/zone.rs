//! In which time zone a dump of MySQL writes moments: `SET TIME_ZONE`, also in a comment that servers run.

use crate::read::canonical::seconds_of_offset;
use std::collections::HashMap;

/// Variables that a dump may keep zones in.
const MOST_KEPT: usize = 64;

/// The zone that holds, as far as the dump says it.
#[derive(Debug, Default)]
pub(super) struct Zone {
    /// Seconds from UTC; none if it is that of a server, or the name of one.
    offset_s: Option<i32>,
    /// What variables keep: dumps change the zone for a while, and put it back.
    kept: HashMap<String, Option<i32>>,
}

impl Zone {
    /// Seconds from UTC, if they are said.
    pub(super) fn offset_s(&self) -> Option<i32> {
        self.offset_s
    }

    /// Hears what comments say that servers run: `/*!40103 SET TIME_ZONE='+00:00' */`.
    pub(super) fn hear_comments(&mut self, text: &str) {
        let mut rest = text;
        while let Some((_, after)) = rest.split_once("/*!") {
            let (inside, after) = after.split_once("*/").unwrap_or((after, ""));
            let statement = inside.trim_start_matches(|c: char| c.is_ascii_digit()).trim();
            if statement.get(..3).is_some_and(|word| word.eq_ignore_ascii_case("SET")) {
                self.hear(&statement[3..]);
            }
            rest = after;
        }
    }

    /// Hears what comes after `SET`.
    pub(super) fn hear(&mut self, assignments: &str) {
        for assignment in assignments.split(',') {
            let Some((name, value)) = assignment.split_once('=') else { continue };
            let name = name.trim().trim_end_matches(':').trim().to_ascii_lowercase();
            let value = value.trim().trim_end_matches(';').trim();
            if name.split(|c: char| !c.is_alphanumeric() && c != '_').next_back() == Some("time_zone")
                && !name.contains("global")
            {
                self.offset_s = match value.strip_prefix('@') {
                    Some(variable) => self.kept.get(&variable.to_ascii_lowercase()).copied().flatten(),
                    None => seconds_of(value.trim_matches(['\'', '"'])),
                };
            } else if let Some(variable) = name.strip_prefix('@')
                && value.to_ascii_lowercase().trim_start_matches("@@").trim_start_matches("session.") == "time_zone"
                && self.kept.len() < MOST_KEPT
            {
                self.kept.insert(variable.to_owned(), self.offset_s);
            }
        }
    }
}

fn seconds_of(zone: &str) -> Option<i32> {
    if zone.eq_ignore_ascii_case("UTC") { Some(0) } else { seconds_of_offset(zone) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zone_that_was_said_last_holds() {
        let mut zone = Zone::default();
        let mut after = |said: &str| {
            zone.hear_comments(said);
            zone.offset_s()
        };
        assert_eq!(after("/*!40101 SET NAMES utf8mb4 */"), None);
        assert_eq!(after("/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */;\n/*!40103 SET TIME_ZONE='+00:00' */"), Some(0));
        assert_eq!(after("/*!50003 SET @saved = @@session.time_zone, @@time_zone = 'SYSTEM' */"), None);
        assert_eq!(after("/*!50003 SET time_zone = @saved */"), Some(0));
        assert_eq!(after("/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */"), None);
        assert_eq!(after("/*!40103 SET SESSION time_zone := \"-03:30\" */"), Some(-12_600));
        assert_eq!(after("/*!40103 SET GLOBAL time_zone = '+01:00' */"), Some(-12_600));
        assert_eq!(after("/*!40103 SET TIME_ZONE='Asia/Shanghai' */"), None);
    }
}
