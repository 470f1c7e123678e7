//! How fast documents are mapped: `ccda_speed ROUNDS FILE...` maps them again and again on one thread, and prints documents, bytes and
//! resources a second.

#![allow(clippy::disallowed_macros, reason = "a tool that ends where nobody hears it")]

use hl7::ccda;
use hl7::map::Settings;
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(rounds) = arguments.next().and_then(|text| text.parse::<u32>().ok()) else {
        eprintln!("usage: ccda_speed ROUNDS FILE...");
        return ExitCode::from(2);
    };
    let files: Result<Vec<Vec<u8>>, _> = arguments.map(std::fs::read).collect();
    let files = match files {
        Ok(files) => files,
        Err(error) => {
            eprintln!("a file cannot be read: {error}");
            return ExitCode::FAILURE;
        }
    };
    let settings = Settings::new("speed");
    let (mut converted, mut failed, mut resources, mut bytes) = (0u32, 0u32, 0, 0);
    let start = Instant::now();
    for _ in 0..rounds {
        for file in &files {
            bytes += file.len();
            match ccda::convert(file, &settings) {
                Ok(mapped) => {
                    converted += 1;
                    resources += mapped.resources.len();
                }
                Err(_) => failed += 1,
            }
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let rate = |count: f64| count / seconds;
    println!(
        "{converted} documents, {failed} failed, {resources} resources in {seconds:.2} s: {:.0} documents/s, {:.0} resources/s, {:.1} MB/s",
        rate(f64::from(converted)),
        rate(resources as f64),
        rate(bytes as f64 / 1e6)
    );
    ExitCode::SUCCESS
}
