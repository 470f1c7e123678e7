use super::*;

fn parse(files: &[(&str, &str)]) -> Mapping {
    Mapping::parse(files).unwrap_or_else(|problems| panic!("{problems:?}"))
}

#[test]
fn the_version_is_that_of_what_the_files_say() {
    let (toml, sql) = ("name = \"a\"\n", "-- @target Basic @key b.id\nSELECT b.x AS \"code.text\"\nFROM b\n");
    let one = parse(&[("mapping.toml", toml), ("a.sql", sql)]);
    let dos = sql.replace('\n', "\r\n");
    let same = parse(&[("a.sql", &format!("\u{feff}{dos}")), ("mapping.toml", toml)]);
    assert_eq!(one.version, same.version, "the order of files, line ends and a mark at the beginning say nothing");
    let described = parse(&[("mapping.toml", toml), ("a.sql", sql), ("README.md", "For people.")]);
    assert_eq!(one.version, described.version, "what is for people changes nothing");
    let other = parse(&[("mapping.toml", toml), ("a.sql", &sql.replace("b.x", "b.y"))]);
    let renamed = parse(&[("mapping.toml", toml), ("b.sql", sql)]);
    assert!(other.version != one.version && renamed.version != one.version);
}

#[test]
fn settings_have_defaults_and_are_read() {
    let toml = r#"
name = "his-zh"
version = "2"
zone = "Asia/Shanghai"
nulls = ["", "NULL"]
encoding = "gb18030"
decimal = ","
order = "dmy"
pivot = 2030
shifted = true
[tables."病人"]
file = "病人*.csv"
key = ["病人ID"]
uses = ["病人ID", "姓名"]
optional_columns = ["电话"]
missing = "entered-in-error"
separator = "\t"
[tables]
stays.optional = true
"#;
    let settings = parse(&[("mapping.toml", toml)]).settings;
    assert_eq!((settings.name.as_str(), settings.version.as_str(), settings.pivot), ("his-zh", "2", Some(2030)));
    assert_eq!((settings.numbers.decimal, settings.shifted), (',', true));
    let patients = &settings.tables["病人"];
    assert_eq!(
        (patients.separator, patients.missing, patients.optional),
        (Some('\t'), Some(Gone::EnteredInError), false)
    );
    assert_eq!(
        (patients.key.as_slice(), patients.optional_columns.as_slice()),
        (&["病人ID".to_owned()][..], &["电话".to_owned()][..])
    );
    assert!(settings.tables["stays"].optional);
    let plain = parse(&[("mapping.toml", "name = \"a\"")]).settings;
    assert_eq!((plain.zone.as_str(), plain.nulls, plain.encoding), ("UTC", vec![String::new()], None));
}

#[test]
fn directives_share_lines_and_keep_their_places() {
    let sql = "-- Blood pressure of stays.\n-- @target Observation as Pressure  @group by v.stay, v.\"at @x\"\n--   @else reject value.Quantity, component[].code @required subject\n\n--@order v.n DESC\nSELECT 1 AS x FROM v";
    let mapping = parse(&[("mapping.toml", "name = \"a\""), ("a.sql", sql)]);
    let header = &mapping.files[0].header;
    let target = header.target.as_ref().unwrap();
    assert_eq!((target.resource_type.as_str(), target.name.as_str()), ("Observation", "Pressure"));
    assert_eq!(header.group.iter().map(ToString::to_string).collect::<Vec<_>>(), ["v.stay", "v.\"at @x\""]);
    let paths: Vec<_> =
        header.otherwise.iter().map(|(_, path)| (path.text.as_str(), path.place.line, path.place.column)).collect();
    assert_eq!(paths, [("value.Quantity", 3, 19), ("component[].code", 3, 35)]);
    assert_eq!((header.required[0].place.column, header.order[0].options.asc), (62, Some(false)));
}
