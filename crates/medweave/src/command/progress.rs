//! Progress with rate and time left, on a terminal only.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;
use std::time::Instant;

/// How far an import is.
pub(super) struct Progress {
    bar: ProgressBar,
    begun: Instant,
}

impl Progress {
    /// Nothing is drawn unless standard error is a terminal.
    pub(super) fn new() -> Progress {
        let bar = ProgressBar::with_draw_target(Some(1), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{bar:24} {percent:>3} %  {msg}  {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Progress { bar, begun: Instant::now() }
    }

    /// Shows what the program says about itself.
    pub(super) fn show(&self, now: &Value) {
        let number = |name: &str| now[name].as_u64().unwrap_or(0);
        self.bar.set_length(number("all_bytes"));
        self.bar.set_position(number("bytes"));
        let rate = number("resources") as f64 / self.begun.elapsed().as_secs_f64().max(0.001);
        let name = now["name"].as_str().unwrap_or_default();
        let name: String = name.chars().take(40).collect();
        let lag = match now["lag_s"].as_f64() {
            Some(lag) if lag >= 5.0 => format!(", SQL {lag:.0} s behind"),
            _ => String::new(),
        };
        self.bar.set_message(format!(
            "{}/{} files, {} resources, {rate:.0}/s{lag}  {name}",
            number("files"),
            number("all_files"),
            number("resources")
        ));
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
