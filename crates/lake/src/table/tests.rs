use super::{Kind, Shape, tables};

#[test]
fn every_definition_compiles_without_a_warning_and_explains_each_column() {
    let tables = tables(&[]).unwrap();
    assert_eq!(tables.len(), 26);
    for table in &tables {
        assert!(!table.comment.is_empty(), "{}", table.name);
        for column in &table.columns {
            assert!(!column.comment.is_empty(), "{}.{}", table.name, column.name);
        }
        if let Kind::View { view, .. } = &table.kind {
            assert_eq!(view.warnings(), &[] as &[String], "{}", table.name);
            let first: Vec<_> = table.columns[..5].iter().map(|column| column.name.as_str()).collect();
            assert_eq!(first, ["_id", "_version", "_seq", "_row", "patient_id"], "{}", table.name);
        }
    }
}

#[test]
fn a_time_stands_beside_its_text_and_a_decimal_beside_its_digits() {
    let tables = tables(&[]).unwrap();
    let observation = tables.iter().find(|table| table.name == "observation").unwrap();
    let shape = |name: &str| observation.columns.iter().find(|column| column.name == name).unwrap().shape;
    assert_eq!(
        [shape("effective"), shape("effective_text"), shape("value"), shape("value_text")],
        [Shape::Time, Shape::Text, Shape::Decimal, Shape::Text]
    );
}

#[test]
fn a_definition_of_a_users_own_is_a_table_and_a_second_of_that_name_is_not() {
    let own = r#"{"resource": "Observation", "name": "weight", "description": "Weights.",
        "where": [{"path": "code.coding.exists(code = '29463-7')"}],
        "select": [{"column": [{"name": "kg", "path": "value.ofType(Quantity).value", "description": "Weight"}]}]}"#;
    let with = tables(&[own.to_owned()]).unwrap();
    assert!(with.iter().any(|table| table.name == "weight"));
    let error = tables(&[own.to_owned(), own.to_owned()]).unwrap_err();
    assert!(error.to_string().contains("already"), "{error}");
}
