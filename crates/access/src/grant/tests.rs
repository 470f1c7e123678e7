use super::*;
use crate::scope::Scope;
use crate::scope::tests::any_scope;
use expect_test::expect;
use proptest::prelude::*;

fn token(scopes: &str) -> Grant {
    Grant::for_test(Principal::new(PrincipalKind::Token, 1, "lab"), scopes)
}

#[test]
fn a_denial_says_what_was_needed_and_what_is_held() {
    let denied = token("system/Patient.rs").may(Permission::Read, "Observation").unwrap_err();
    expect!["needs system/Observation.r; this token holds system/Patient.rs"].assert_eq(&denied.to_string());
    let denied = token("system/Patient.rs system/Observation.c").may_all(Permission::Search).unwrap_err();
    expect!["needs system/*.s; this token holds system/Patient.rs system/Observation.c"].assert_eq(&denied.to_string());
    let denied = token("system/Patient.cruds").may_use_sql().unwrap_err();
    expect!["SQL and rows of sources need system/*.rs; this token holds system/Patient.cruds"]
        .assert_eq(&denied.to_string());
    let denied = token("system/*.cruds").may_administer().unwrap_err();
    expect!["needs the right to administer; this token holds system/*.cruds"].assert_eq(&denied.to_string());
    let person = Grant::for_test(Principal::new(PrincipalKind::Person, 1, "Ada"), "");
    let denied = person.may(Permission::Create, "Patient").unwrap_err();
    expect!["needs user/Patient.c; this account holds nothing"].assert_eq(&denied.to_string());
}

#[test]
fn sql_needs_reading_and_searching_all_types() {
    for (scopes, expected) in [
        ("system/*.rs", true),
        ("system/*.cruds", true),
        ("system/*.r system/*.s", true),
        ("system/*.r", false),
        ("system/*.s system/Patient.r", false),
        ("patient/*.rs", false),
        ("system/*.rs?a=b", false),
        ("", false),
    ] {
        assert_eq!(token(scopes).may_use_sql().is_ok(), expected, "{scopes}");
    }
}

#[test]
fn who_is_who_in_the_omop_tables_needs_a_scope_of_its_own() {
    for scopes in ["system/*.cruds", "user/*.cruds", "system/Person.r", "system/OmopPersonLink.s"] {
        assert!(token(scopes).may_link_persons().is_err(), "{scopes}");
    }
    assert!(token("system/OmopPersonLink.r").may_link_persons().is_ok());
    assert!(token("system/*.rs system/OmopPersonLink.rs").may_link_persons().is_ok());
}

#[test]
fn a_revoked_grant_denies_everything_in_every_copy() {
    let grant = Grant::for_test(Principal::new(PrincipalKind::Operator, 0, "root"), "system/*.cruds");
    let copy = grant.clone();
    grant.holder.revoke();
    let denied = copy.may(Permission::Read, "Patient").unwrap_err();
    expect!["this operator has been revoked or has expired"].assert_eq(&denied.to_string());
    assert!(copy.may_all(Permission::Read).is_err() && copy.may_use_sql().is_err() && copy.may_administer().is_err());
    assert!(copy.check_current(0).is_err() && !copy.sees_all_patients());
}

#[test]
fn grants_may_be_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Grant>();
    shared::<crate::Access>();
}

/// What a set of scopes allows, by asking each of them in turn.
fn naive(scopes: &[Scope], permission: Permission, resource_type: &str) -> bool {
    scopes.iter().any(|scope| {
        let text = scope.to_string();
        let Some((context, rest)) = text.split_once('/') else { return false };
        let Some((types, rights)) = rest.split_once('.') else { return false };
        context != "patient"
            && !rights.contains('?')
            && (types == "*" || types == resource_type)
            && rights.contains(permission.letter())
    })
}

proptest! {
    #[test]
    fn scopes_allow_what_a_naive_reading_of_their_text_allows(
        scopes in prop::collection::vec(any_scope(), 0..8),
        asked in "[A-E]",
    ) {
        let holder = Holder::new(
            Principal::new(PrincipalKind::Token, 1, "t"),
            scopes.iter().cloned().collect(),
            Duties::None,
            None,
        );
        let grant = Grant::new(holder, Origin::INTERNAL);
        for permission in Permission::ALL {
            prop_assert_eq!(grant.may(permission, &asked).is_ok(), naive(&scopes, permission, &asked));
            // No scope can name a type with a digit, so only '*' reaches it.
            prop_assert_eq!(grant.may_all(permission).is_ok(), naive(&scopes, permission, "0"));
        }
        let sql = naive(&scopes, Permission::Read, "0") && naive(&scopes, Permission::Search, "0");
        prop_assert_eq!(grant.may_use_sql().is_ok(), sql);
        prop_assert!(grant.may_administer().is_err());
    }
}
