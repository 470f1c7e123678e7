use super::*;
use expect_test::{Expect, expect};
use proptest::prelude::*;

fn check(text: &str, expected: Expect) {
    let shown = match text.parse::<Scopes>() {
        Ok(scopes) => scopes.to_string(),
        Err(error) => error.to_string(),
    };
    expected.assert_eq(&shown);
}

#[test]
fn scopes_of_version_2_print_as_written() {
    check("system/Observation.rs", expect!["system/Observation.rs"]);
    check("user/*.cruds", expect!["user/*.cruds"]);
    check("patient/Condition.s", expect!["patient/Condition.s"]);
    check(
        "patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory",
        expect![
            "patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory"
        ],
    );
}

#[test]
fn scopes_of_version_1_become_those_of_version_2() {
    check("system/Patient.read", expect!["system/Patient.rs"]);
    check("system/Patient.write", expect!["system/Patient.cud"]);
    check("system/Patient.*", expect!["system/Patient.cruds"]);
    check("user/*.*", expect!["user/*.cruds"]);
}

#[test]
fn several_scopes_keep_their_order_and_lose_repeats() {
    check(" system/B.r  system/A.c\nsystem/B.read system/B.r ", expect!["system/B.r system/A.c system/B.rs"]);
}

#[test]
fn a_text_that_is_no_scope_says_where_and_why() {
    check("", expect!["scope '', at character 1: no scope is given; write for example system/*.rs"]);
    check("openid", expect!["scope 'openid', at character 1: must begin with 'system/', 'user/' or 'patient/'"]);
    check(
        "launch/patient",
        expect!["scope 'launch/patient', at character 1: must begin with 'system/', 'user/' or 'patient/'"],
    );
    check("system/", expect!["scope 'system/', at character 8: a resource type or '*' must follow the '/'"]);
    check(
        "system/patient.r",
        expect!["scope 'system/patient.r', at character 8: a resource type or '*' must follow the '/'"],
    );
    check(
        "system/Patient",
        expect![
            "scope 'system/Patient', at character 15: '.' and rights must follow the type, as in 'system/Patient.rs'"
        ],
    );
    check(
        "system/**.r",
        expect!["scope 'system/**.r', at character 9: '.' and rights must follow the type, as in 'system/Patient.rs'"],
    );
    check(
        "system/Patient.",
        expect!["scope 'system/Patient.', at character 16: rights are letters of 'cruds', or 'read', 'write' or '*'"],
    );
    check(
        "system/Patient.rx",
        expect!["scope 'system/Patient.rx', at character 17: rights are letters of 'cruds', or 'read', 'write' or '*'"],
    );
    check(
        "system/Patient.sr",
        expect!["scope 'system/Patient.sr', at character 17: rights must be in the order 'cruds', each once"],
    );
    check(
        "system/Patient.rr",
        expect!["scope 'system/Patient.rr', at character 17: rights must be in the order 'cruds', each once"],
    );
    check(
        "system/Patient.r?",
        expect!["scope 'system/Patient.r?', at character 18: a filter is name=value, with '&' between several"],
    );
    check(
        "system/Patient.r?a=1&b",
        expect!["scope 'system/Patient.r?a=1&b', at character 22: a filter is name=value, with '&' between several"],
    );
    check(
        "system/Pätient.r",
        expect![
            "scope 'system/Pätient.r', at character 9: '.' and rights must follow the type, as in 'system/Patient.rs'"
        ],
    );
}

#[test]
fn what_nobody_can_honour_is_refused_by_name() {
    let check = |text: &str, expected: Expect| {
        let scopes: Scopes = text.parse().unwrap();
        expected.assert_eq(&scopes.check(crate::fixture::TYPES, None).unwrap_err().to_string());
    };
    check(
        "patient/*.rs",
        expect![
            "scope 'patient/*.rs', at character 1: a 'patient/' scope is about one patient: name the patient's id too"
        ],
    );
    check(
        "system/*.rs system/Observation.read?status=rotten",
        expect![
            "scope 'system/Observation.rs?status=rotten', at character 22: this filter cannot limit a scope: there is no such thing"
        ],
    );
    check(
        "system/Patinet.rs",
        expect!["scope 'system/Patinet.rs', at character 8: there is no resource type 'Patinet'"],
    );
}

#[test]
fn no_more_scopes_than_the_bound() {
    let name = |index: usize| format!("system/A{}.r", "b".repeat(index % 50) + &"c".repeat(index / 50));
    let text = |count: usize| (0..count).map(name).collect::<Vec<_>>().join(" ");
    assert!(text(MAX_SCOPES).parse::<Scopes>().is_ok());
    assert_eq!(text(MAX_SCOPES + 1).parse::<Scopes>().unwrap_err().problem, ScopeProblem::TooMany);
}

pub(crate) fn any_scope() -> impl Strategy<Value = Scope> {
    let context = prop::sample::select(Context::ALL.to_vec());
    let types = prop_oneof![
        Just(ScopeTypes::All),
        "[A-D]".prop_map(ScopeTypes::One),
        "[A-Z][A-Za-z]{0,40}".prop_map(ScopeTypes::One)
    ];
    let permissions = prop::sample::subsequence(Permission::ALL.to_vec(), 1..=5).prop_map(Permissions::from_iter);
    let filter = prop::option::weighted(0.2, "[a-z_:-]{1,9}=[!-%'-~é]{1,9}(&[a-z]{1,5}=[a-z|:/]{1,9}){0,2}");
    (context, types, permissions, filter).prop_map(|(context, types, permissions, filter)| Scope {
        context,
        types,
        permissions,
        filter,
    })
}

proptest! {
    #[test]
    fn a_printed_scope_reads_back_as_itself(scope in any_scope()) {
        prop_assert_eq!(scope.to_string().parse::<Scope>(), Ok(scope));
    }

    #[test]
    fn any_text_either_reads_or_names_a_place_within_it(text in "\\PC{0,30}|(system|user|patient)?/?[A-Z*]?[a-z]{0,3}[.]?[cruds?=&é]{0,6}") {
        match text.parse::<Scope>() {
            Ok(scope) => prop_assert_eq!(scope.to_string().parse::<Scope>(), Ok(scope)),
            Err(error) => prop_assert!(error.at <= text.len() && text.is_char_boundary(error.at)),
        }
    }
}
