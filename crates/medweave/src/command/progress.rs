//! Progress with rate and time left, on a terminal only: one line, never wider than it.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;
use std::time::{Duration, Instant};

/// Cells of the bar.
const CELLS: u64 = 16;
/// Before so much time has gone nothing can be said of what is left.
const SOON: Duration = Duration::from_secs(1);

/// How far an import is.
pub(super) struct Progress {
    bar: ProgressBar,
    begun: Instant,
}

impl Progress {
    /// Nothing is drawn unless standard error is a terminal.
    pub(super) fn new() -> Progress {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        // What does not fit is cut off; the name of the file, which may be long, comes last.
        let style = ProgressStyle::with_template("{wide_msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Progress { bar, begun: Instant::now() }
    }

    /// Shows what the program says about itself: the whole line at once, so that it never flickers.
    pub(super) fn show(&self, now: &Value) {
        self.bar.set_message(line(now, self.begun.elapsed()));
    }

    /// Shows a line.
    pub(super) fn say(&self, line: String) {
        self.bar.set_message(line);
    }

    /// Takes the line away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// Bar, share, time left, files, resources, rate, how far SQL is behind, and the file that is read.
fn line(now: &Value, elapsed: Duration) -> String {
    let number = |name: &str| now[name].as_u64().unwrap_or(0);
    let (bytes, all_bytes) = (number("bytes"), number("all_bytes").max(1));
    let share = bytes.min(all_bytes) as f64 / all_bytes as f64;
    let full = (share * CELLS as f64) as u64;
    let bar: String = (0..CELLS).map(|cell| if cell < full { '█' } else { '░' }).collect();
    let left = if elapsed < SOON || share <= 0.0 {
        String::new()
    } else {
        format!("  {} left", in_words(elapsed.mul_f64((1.0 - share) / share)))
    };
    let lag = match now["lag_s"].as_f64() {
        Some(lag) if lag >= 5.0 => format!("  SQL {lag:.0} s behind"),
        _ => String::new(),
    };
    let rate = number("resources") as f64 / elapsed.as_secs_f64().max(0.001);
    // The end of a path tells more than its beginning.
    let name = now["name"].as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default();
    format!(
        "{bar} {:>3.0} %{left}  {}/{} files  {} resources  {rate:.0}/s{lag}  {name}",
        (share * 100.0).floor(),
        number("files"),
        number("all_files"),
        number("resources"),
    )
}

/// A time as one says it: the larger it is the rounder.
fn in_words(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..=90 => format!("{seconds} s"),
        seconds @ 91..=5_400 => format!("{} min", seconds.div_ceil(60)),
        seconds => format!("{} h {:02}", seconds / 3_600, seconds % 3_600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_line_says_how_far_it_is_and_how_long_it_takes() {
        let now = |bytes: u64, lag_s: f64| json!({"bytes": bytes, "all_bytes": 1_000, "files": 3, "all_files": 9, "resources": 5_000, "lag_s": lag_s, "name": "in/ward/a.ndjson"});
        assert_eq!(
            line(&now(250, 0.0), Duration::from_secs(10)),
            "████░░░░░░░░░░░░  25 %  30 s left  3/9 files  5000 resources  500/s  a.ndjson"
        );
        assert_eq!(
            line(&now(0, 0.0), Duration::from_millis(1)).replace("5000000/s", ""),
            "░░░░░░░░░░░░░░░░   0 %  3/9 files  5000 resources    a.ndjson"
        );
        assert!(
            line(&now(999, 7.2), Duration::from_secs(10))
                .contains(" 99 %  0 s left  3/9 files  5000 resources  500/s  SQL 7 s behind")
        );
        assert!(line(&json!({}), Duration::from_secs(10)).starts_with("░"));
        let words: Vec<String> = [0, 90, 91, 3_600, 5_401].map(|s| in_words(Duration::from_secs(s))).to_vec();
        assert_eq!(words, ["0 s", "90 s", "2 min", "60 min", "1 h 30"]);
    }
}
