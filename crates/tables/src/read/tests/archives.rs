use super::*;
use crate::read::Bounds;
use std::fmt::Write as _;
use std::io::{Cursor, Write};

const CSV: &[u8] = b"id,name\n1,a\n2,b\n";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    std::io::copy(&mut liblzma::read::XzEncoder::new(bytes, 6), &mut packed).unwrap();
    packed
}

fn zip_of(files: &[(&str, &[u8])], method: zip::CompressionMethod) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, zip::write::SimpleFileOptions::default().compression_method(method)).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn tar_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

fn rows_of(delivery: &Delivery, name: &str) -> usize {
    let mut table = delivery.table(name, None, TableOptions::default()).unwrap();
    let whole = read(table.as_mut()).unwrap();
    assert_eq!(whole.content.unwrap().hash, *blake3::hash(CSV).as_bytes(), "{name}");
    whole.rows.len()
}

#[test]
fn every_wrapper_gives_the_same_table() {
    let files = [("lab.csv", CSV), ("ward/stay.csv", CSV)];
    let deep = zip_of(&[("inner.tar.gz", &gzip(&tar_of(&files)))], zip::CompressionMethod::Stored);
    let folder = folder(&[
        ("a/lab.csv.gz", &gzip(CSV)),
        ("b/lab.csv.zst", &zstd::encode_all(CSV, 3).unwrap()),
        ("c/lab.csv.xz", &xz(CSV)),
        ("d/deflated.zip", &zip_of(&files, zip::CompressionMethod::Deflated)),
        ("e/zstd.zip", &zip_of(&files, zip::CompressionMethod::Zstd)),
        ("f/plain.tar", &tar_of(&files)),
        ("g/packed.tgz", &gzip(&tar_of(&files))),
        ("h/packed.tar.xz", &xz(&tar_of(&files))),
        ("i/deep.zip", &deep),
        ("j/named-wrongly.csv", &gzip(CSV)),
    ]);
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let delivery = open(&path);
        let name = if path.ends_with("j") { "named-wrongly" } else { "lab" };
        assert_eq!(rows_of(&delivery, name), 2, "{}", path.display());
        assert!(delivery.passed_over().is_empty(), "{:?}", delivery.passed_over());
        if delivery.tables().len() > 1 {
            assert_eq!(rows_of(&delivery, "stay"), 2, "{}", path.display());
            assert!(delivery.find("x", Some("ward/stay.csv")).is_ok(), "{}", path.display());
            assert!(delivery.find("x", Some("LAB.csv")).is_ok());
            assert!(delivery.find("x", Some("*a*.csv")).is_err_and(|error| error.message.contains("is 2 tables")));
        }
    }
    let all = open(folder.path());
    assert_eq!(all.tables().len(), 16);
    assert_eq!(all.find("x", Some("i/*/inner.tar.gz/lab.csv")).unwrap().file, "i/deep.zip/inner.tar.gz/lab.csv");
    assert!(all.find("lab", None).is_err_and(|error| error.message.contains("Name one by `file")));
}

#[test]
fn names_in_zip_archives_of_chinese_windows_are_read() {
    let name = charset("gbk").encoding().encode("检验结果.csv").0.into_owned();
    let mut bytes = zip_of(&[("xxxxxxxx.csv", CSV)], zip::CompressionMethod::Deflated);
    for at in memchr::memmem::find_iter(&bytes.clone(), b"xxxxxxxx.csv") {
        bytes[at..at + 12].copy_from_slice(&name);
    }
    let folder = folder(&[("all.zip", &bytes)]);
    let options = ReadOptions { names: Some(charset("gb18030")), ..ReadOptions::default() };
    let delivery = Delivery::open(&folder.path().join("all.zip"), &options).unwrap();
    assert_eq!(delivery.tables()[0].file, "all.zip/检验结果.csv");
    assert_eq!(open(folder.path()).notes().len(), 1);
}

#[test]
fn bombs_are_refused() {
    let zeros = vec![b'0'; 48 << 20];
    let bomb = [b"a\n".as_slice(), &zeros].concat();
    let small = gzip(&gzip(&bomb));
    let folder = folder(&[
        ("a.csv.gz", &gzip(&bomb)),
        ("b.csv.gz", &small),
        ("c.zip", &zip_of(&[("c.csv", &bomb)], zip::CompressionMethod::Deflated)),
    ]);
    let delivery = open(folder.path());
    for name in ["a", "b", "c"] {
        let mut table = delivery.table(name, None, TableOptions::default()).unwrap();
        let error = read(table.as_mut()).unwrap_err().to_string();
        assert!(error.contains("it looks like an archive made to exhaust the reader"), "{error}");
    }
    let bounds = Bounds { unpacked_bytes: 10, ..Bounds::default() };
    let delivery =
        Delivery::open(&folder.path().join("a.csv.gz"), &ReadOptions { bounds, ..ReadOptions::default() }).unwrap();
    let error = delivery.passed_over()[0].why.clone();
    assert!(error.contains("unpacks to more than 10 bytes"), "{error}");
}

#[test]
fn too_many_files_and_too_deep_archives_are_refused() {
    let nested = (0..4).fold(CSV.to_vec(), |bytes, _| gzip(&bytes));
    let folder = folder(&[("a.csv.gz", &nested), ("b.csv", CSV), ("c.csv", CSV)]);
    assert_eq!(open(folder.path()).passed_over()[0].why, "packed more than 3 times: unpack it");
    let bounds = Bounds { files: 2, ..Bounds::default() };
    let error = Delivery::open(folder.path(), &ReadOptions { bounds, ..ReadOptions::default() }).err().unwrap();
    assert_eq!(error.to_string(), "c.csv: more than 2 files: bring fewer at a time");
}

#[test]
fn what_is_cut_off_or_damaged_is_an_error_not_an_end() {
    let mut csv = "id,name\n".to_owned();
    (0..100_000).for_each(|no| writeln!(csv, "{no},{}", no * 7919 % 1_000_003).unwrap());
    for (name, bytes) in [
        ("t.csv.gz", gzip(csv.as_bytes())),
        ("t.csv.xz", xz(csv.as_bytes())),
        ("t.csv.zst", zstd::encode_all(csv.as_bytes(), 3).unwrap()),
    ] {
        let folder = folder(&[(name, &bytes[..bytes.len() / 2])]);
        let delivery = open(folder.path());
        let mut table = delivery.table("t", None, TableOptions::default()).unwrap();
        assert!(read(table.as_mut()).is_err(), "{name}");
        assert_eq!(table.content(), None);
    }
    let mut zip = zip_of(&[("t.csv", csv.as_bytes())], zip::CompressionMethod::Stored);
    zip[5000] ^= 1;
    let folder = folder(&[("t.zip", &zip)]);
    let delivery = open(folder.path());
    let mut table = delivery.table("t", None, TableOptions::default()).unwrap();
    let error = read(table.as_mut()).unwrap_err().to_string();
    assert!(error.contains("check sum is wrong"), "{error}");
    std::fs::write(folder.path().join("t.zip"), &zip[..zip.len() / 2]).unwrap();
    assert!(open(folder.path()).passed_over()[0].why.starts_with("the archive cannot be read on"));
}

#[test]
fn patterns_of_files() {
    use crate::read::pattern::matches;
    for (pattern, path, expected) in [
        ("lab.csv", "lab.csv", true),
        ("LAB.csv", "2024/lab.CSV.gz", true),
        ("lab.*", "x/lab.csv.zst", true),
        ("2024/lab.csv", "2024/lab.csv", true),
        ("2024/lab.csv", "2023/lab.csv", false),
        ("*/lab.csv", "a/b/lab.csv", false),
        ("**/lab.csv", "a/b/lab.csv", true),
        ("**/lab.csv", "lab.csv", true),
        ("**/a*.csv", "x/ab/a1.csv", true),
        ("lab_20[0-9][0-9].csv", "lab_2024.csv", true),
        ("lab_[!0-9].csv", "lab_2.csv", false),
        ("检验*.txt", "检验结果.txt", true),
        ("csv/patients.csv", "all.tar.xz/csv/patients.csv", true),
        ("l?b.csv", "lab.csv", true),
        ("lab", "lab.csv", false),
    ] {
        assert_eq!(matches(pattern, path), expected, "{pattern} {path}");
    }
}
