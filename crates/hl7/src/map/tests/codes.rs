//! The codes that the maps read are in the tables that lint judges by.

use super::super::tables;
use crate::lint::codes::stranger;

#[test]
fn no_code_that_a_map_reads_is_called_unknown() {
    let letters = || ('A'..='Z').chain('0'..='9').map(String::from);
    let two = || letters().flat_map(|first| letters().map(move |second| format!("{first}{second}")));
    let three = || two().flat_map(|first| letters().map(move |second| format!("{first}{second}")));
    let all: Vec<String> = letters().chain(two()).chain(three()).collect();
    type Read = fn(&str) -> bool;
    let read: [(u16, Read); 16] = [
        (2, |code| tables::marital_status(code).is_some()),
        (4, |code| tables::patient_class(code).is_some() || tables::patient_class_text(code).is_some()),
        (38, |code| tables::order_status(code).is_some()),
        (63, |code| tables::relationship(code).is_some()),
        (85, |code| tables::observation_status(code).is_some()),
        (119, |code| tables::order_control_status(code).is_some() || tables::is_change(code)),
        (123, |code| tables::report_status(code).is_some()),
        (127, |code| tables::allergy_category(code).is_some() || tables::allergy_type(code).is_some()),
        (128, |code| tables::allergy_criticality(code).is_some() || tables::reaction_severity(code).is_some()),
        (190, |code| tables::address_use(code).is_some() || tables::address_type(code).is_some()),
        (200, |code| tables::name_use(code).is_some()),
        (201, |code| tables::telecom_use(code).is_some()),
        (202, |code| tables::telecom_system(code).is_some()),
        (270, |code| tables::document_type(code).is_some()),
        (271, |code| tables::document_status(code).is_some()),
        (322, |code| tables::completion_status(code).is_some()),
    ];
    for (number, is_read) in read {
        for code in all.iter().filter(|code| is_read(code)) {
            assert_eq!(stranger(number, code), None, "table {number:04}: {code}");
        }
    }
}
