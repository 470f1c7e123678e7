//! Reads every table of a path and prints what it holds and how fast that went:
//! `cargo run --release -p tables --example rows -- PATH [ENCODING [ROWS TO SHOW]]`

use std::path::Path;
use std::time::Instant;
use tables::read::{Charset, Delivery, ReadOptions, RowBatch, TableOptions};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("which path?")?;
    let encoding = arguments.next().map(|name| Charset::for_name(&name)).transpose()?;
    let shown: usize = arguments.next().map_or(Ok(0), |count| count.parse())?;
    let delivery = Delivery::open(Path::new(&path), &ReadOptions { encoding, ..ReadOptions::default() })?;
    for passed in delivery.passed_over() {
        println!("{}: {}", passed.file, passed.why);
    }
    for listed in delivery.tables() {
        let started = Instant::now();
        let mut table = match delivery.open_table(listed, TableOptions { encoding, ..TableOptions::default() }) {
            Ok(table) => table,
            Err(error) => {
                println!("{error}");
                continue;
            }
        };
        let mut batch = RowBatch::new(table.columns().len());
        let (mut rows, mut bad, mut text) = (0, 0, 0);
        let ended = loop {
            match table.next(&mut batch) {
                Ok(true) => {
                    for row in 0..batch.len().min(shown.saturating_sub(rows)) {
                        let cells: Vec<_> = (0..batch.columns()).map(|column| batch.cell(row, column)).collect();
                        println!("  {cells:?}");
                    }
                    (rows, bad, text) = (rows + batch.len(), bad + batch.bad.len(), text + batch.text_bytes());
                }
                Ok(false) => break None,
                Err(error) => break Some(error),
            }
            for bad in batch.bad.iter().take(3) {
                println!("  row {}: {}: {}", bad.place.number, bad.reason, bad.message);
            }
        };
        let seconds = started.elapsed().as_secs_f64();
        println!(
            "{} ({}): {} columns, {rows} rows, {bad} bad, {:?}; {:.2} M rows/s, {:.0} MB/s of cells",
            listed.shown(),
            listed.kind,
            table.columns().len(),
            table.passed(),
            rows as f64 / seconds / 1e6,
            text as f64 / seconds / 1e6,
        );
        for note in table.notes() {
            println!("  {note}");
        }
        if let Some(error) = ended {
            println!("  {error}");
        }
    }
    Ok(())
}
