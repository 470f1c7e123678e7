//! The formats of answers.

use crate::house::{House, everything};
use datafusion::arrow::ipc::reader::StreamReader;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use lake::Limits;
use lake::output::{Format, POSITION, write};

const SQL: &str = "SELECT 1 AS one, 'a,\"b' AS text, '' AS empty, NULL AS nothing, 1.5 AS half, \
                   TIMESTAMP '2020-01-02T03:04:05.678' AS at, ['x', 'y'] AS list, true AS yes";

fn bytes(house: &House, format: Format, limits: &Limits) -> Vec<u8> {
    let mut answer = house.lake().query(&everything(), SQL, limits).unwrap();
    let mut out = Vec::new();
    let written = write(&mut answer, format, &mut out).unwrap();
    assert_eq!(written.rows, 1);
    out
}

#[test]
fn every_format_holds_the_same_row() {
    let house = House::new();
    house.put(r#"{"resourceType":"Patient","id":"p"}"#);
    let limits = Limits::default();
    let json: serde_json::Value = serde_json::from_slice(&bytes(&house, Format::Json, &limits)).unwrap();
    assert_eq!(
        json["rows"][0],
        serde_json::json!([1, "a,\"b", "", null, 1.5, "2020-01-02T03:04:05.678", ["x", "y"], true])
    );
    assert_eq!(json["columns"][0], serde_json::json!({"name": "one", "type": "bigint"}));
    assert_eq!((&json["seq"], &json["truncated"]), (&serde_json::json!(1), &serde_json::json!(false)));
    let csv = String::from_utf8(bytes(&house, Format::Csv, &limits)).unwrap();
    assert_eq!(
        csv,
        "one,text,empty,nothing,half,at,list,yes\r\n1,\"a,\"\"b\",\"\",,1.5,2020-01-02T03:04:05.678,\"[\"\"x\"\",\"\"y\"\"]\",true\r\n"
    );
    let stream = bytes(&house, Format::Arrow, &limits);
    let arrow = StreamReader::try_new(stream.as_slice(), None).unwrap();
    assert_eq!(arrow.schema().metadata()[POSITION], "1");
    let from_arrow: Vec<_> = arrow.map(Result::unwrap).collect();
    let file = house.folder.join("answer.parquet");
    std::fs::write(&file, bytes(&house, Format::Parquet, &limits)).unwrap();
    let parquet = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(file).unwrap()).unwrap();
    let from_parquet: Vec<_> = parquet.build().unwrap().map(Result::unwrap).collect();
    assert_eq!((from_arrow[0].num_rows(), from_parquet[0].num_rows()), (1, 1));
    assert_eq!(from_arrow[0].column(1), from_parquet[0].column(1));
}

#[test]
fn what_nobody_reads_is_not_laid_out_for_reading_and_comes_whole_in_other_formats() {
    let house = House::new();
    let sql = "SELECT repeat('x', 1000) AS x FROM generate_series(1, 100000)";
    let limits = Limits { rows: 1_000_000, ..Limits::default() };
    let mut answer = house.lake().query(&everything(), sql, &limits).unwrap();
    let result = write(&mut answer, Format::Table, &mut Vec::new());
    assert!(matches!(result, Err(lake::Error::Limit(_))), "{result:?}");
    let mut answer = house.lake().query(&everything(), sql, &limits).unwrap();
    let mut out = Vec::new();
    assert_eq!(write(&mut answer, Format::Parquet, &mut out).unwrap().rows, 100_000);
}

#[test]
fn more_rows_than_allowed_are_cut_and_the_answer_says_so() {
    let house = House::new();
    let limits = Limits { rows: 10, ..Limits::default() };
    let mut answer = house.lake().query(&everything(), "SELECT * FROM generate_series(1, 1000)", &limits).unwrap();
    let mut out = Vec::new();
    let written = write(&mut answer, Format::Json, &mut out).unwrap();
    assert!(written.cut);
    assert_eq!(written.rows, 10);
}
