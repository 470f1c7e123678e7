//! The questions in the documentation run.

use crate::house::House;

#[test]
fn every_sample_question_runs() {
    let house = House::new();
    house.put(r#"{"resourceType":"Patient","id":"p","gender":"female","birthDate":"1950-01-01"}"#);
    house.put(r#"{"resourceType":"Observation","id":"o","status":"final","code":{"coding":[{"code":"4548-4"}]},"subject":{"reference":"Patient/p"},"effectiveDateTime":"2020-01-02","valueQuantity":{"value":7.1}}"#);
    let text = include_str!("../../../../docs/sql.md");
    let (_, rest) = text.split_once("```sql").unwrap();
    let (samples, _) = rest.split_once("```").unwrap();
    let questions: Vec<&str> = samples.split(';').map(str::trim).filter(|question| !question.is_empty()).collect();
    assert_eq!(questions.len(), 10);
    for question in questions {
        house.ask(question);
    }
}
