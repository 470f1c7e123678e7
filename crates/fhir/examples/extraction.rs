//! How long extraction takes: `cargo run --release -p fhir --example extraction -- FOLDER` over the unpacked bundles
//! (`*.json`) of a folder. Prints microseconds a resource by type, parsing apart.

use fhir::json::{Document, Node};
use fhir::search::Extractor;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

fn main() {
    let folder = std::env::args().nth(1).expect("usage: extraction FOLDER");
    let extractor = Extractor::new();
    let mut types: BTreeMap<String, (usize, usize, usize, Duration)> = BTreeMap::new();
    let mut parsing = Duration::ZERO;
    for file in std::fs::read_dir(folder).expect("a folder that can be read") {
        let path = file.expect("a folder that can be read").path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let text = std::fs::read(&path).expect("a file that can be read");
        let start = Instant::now();
        let document = Document::parse(&text).expect("JSON");
        parsing += start.elapsed();
        for entry in document.root().get("entry").into_iter().flat_map(Node::items) {
            let Some(resource) = entry.get("resource") else { continue };
            let name = resource.get("resourceType").and_then(Node::as_str).unwrap_or_default().into_owned();
            let start = Instant::now();
            let mut values = 0;
            let issues = extractor.extract(resource, &mut |_, value| {
                std::hint::black_box(value);
                values += 1;
            });
            let row = types.entry(name).or_default();
            row.3 += start.elapsed();
            row.0 += 1;
            row.1 += values;
            row.2 += resource.span().len();
            for issue in issues {
                println!("{issue}");
            }
        }
    }
    println!("{:<24} {:>8} {:>8} {:>8} {:>8}", "type", "count", "bytes", "values", "us");
    let mut all = (0, 0, 0, Duration::ZERO);
    for (name, row) in &types {
        print(name, row);
        all = (all.0 + row.0, all.1 + row.1, all.2 + row.2, all.3 + row.3);
    }
    print("all", &all);
    println!("parsing: {:.2} us a resource", parsing.as_secs_f64() * 1e6 / all.0 as f64);
}

fn print(name: &str, (count, values, bytes, time): &(usize, usize, usize, Duration)) {
    let each = |sum: f64| sum / *count as f64;
    println!(
        "{name:<24} {count:>8} {:>8.0} {:>8.1} {:>8.2}",
        each(*bytes as f64),
        each(*values as f64),
        each(time.as_secs_f64() * 1e6)
    );
}
