use super::*;
use crate::account::Role;
use crate::fixture::{FROM, Folder, Opened, PASSWORD, START_US, TYPES, random};
use crate::permission::Permission;
use crate::source::NewSource;
use crate::token::NewToken;
use std::os::unix::fs::PermissionsExt;

#[test]
fn only_the_owner_may_look_into_the_folder_even_where_it_was_made_open() {
    let folder = Folder::new();
    std::fs::create_dir_all(&folder.0).unwrap();
    std::fs::set_permissions(&folder.0, std::fs::Permissions::from_mode(0o755)).unwrap();
    let access = folder.open();
    access.setup_code(START_US, &mut random(1)).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.0), 0o700);
    let files: Vec<_> = std::fs::read_dir(&folder.0).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(files.len() > 1, "the write-ahead log is there too: {files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[test]
fn a_database_of_a_newer_program_is_refused_and_left_alone() {
    let folder = Folder::new();
    drop(folder.open());
    let connection = Connection::open(folder.0.join("access.db")).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    let error = Access::open(&folder.0, TYPES).err().unwrap();
    assert!(matches!(error, Error::Newer { found: 99, .. }), "{error}");
}

#[test]
fn a_database_of_an_older_program_is_copied_and_brought_up_to_date() {
    let folder = Folder::new();
    let opened = folder.open();
    opened.setup_code(START_US, &mut random(1)).unwrap();
    drop(opened);
    let connection = Connection::open(folder.0.join("access.db")).unwrap();
    connection
        .execute_batch(
            "DROP TABLE sign_in_link; DROP TABLE choice; ALTER TABLE session DROP COLUMN locked_us; ALTER TABLE token DROP COLUMN patient; PRAGMA user_version = 1",
        )
        .unwrap();
    drop(connection);
    for _ in 0..2 {
        let opened = folder.open();
        assert_eq!(opened.verify_audit().unwrap().seq, 1);
        assert!(opened.choices(&opened.local_operator(0, "root").unwrap()).unwrap().is_empty());
    }
    let copy = folder.0.join("access-format-1.db");
    assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    let copied: i64 =
        Connection::open(copy).unwrap().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(copied, 1);
}

#[test]
fn the_operator_is_the_owner_of_the_folder_or_root() {
    let opened = Opened::new();
    let owner_uid = opened.owner_uid;
    for uid in [owner_uid, 0] {
        let grant = opened.local_operator(uid, "ada").unwrap();
        assert_eq!(grant.principal().key(), format!("operator/{uid}"));
        assert!(grant.may_administer().is_ok() && grant.may_use_sql().is_ok());
        assert!(grant.may(Permission::Delete, "Patient").is_ok());
    }
    let refused = opened.local_operator(owner_uid + 1, "eve").unwrap_err();
    assert_eq!(refused, Refused::NotOwner { uid: owner_uid + 1, owner_uid });
}

#[test]
fn the_lake_reads_everything_and_writes_nothing() {
    let grant = Opened::new().component(Component::Lake);
    assert!(grant.may_all(Permission::Read).is_ok() && grant.sees_all_patients());
    assert!(grant.may_all(Permission::Create).is_err() && grant.may_administer().is_err());
}

#[test]
fn requests_find_their_grants_while_the_database_is_busy() {
    let opened = Opened::new();
    let operator = opened.operator();
    let token = NewToken { name: "t".to_owned(), scopes: fixed("system/*.rs"), patient: None, expires_us: None };
    let token = opened.create_token(&operator, &token, START_US, &mut random(1)).unwrap();
    opened.account("ada", Role::Clinician);
    let signed_in = opened.signs_in("ada", START_US);
    let source = NewSource {
        name: "lab".to_owned(),
        network: "10.0.0.0/8".parse().unwrap(),
        time_zone: "UTC".to_owned(),
        character_set: "UNICODE UTF-8".to_owned(),
    };
    opened.allow_source(&operator, &source, START_US).unwrap();
    // Were one of these to ask the database, the test would not come to its end.
    let _busy = opened.database();
    opened.authenticate_token(token.secret.reveal(), FROM, START_US).unwrap();
    opened.authenticate_token(&format!("mw_{}", "0".repeat(64)), FROM, START_US).unwrap_err();
    opened.session(signed_in.cookie.reveal(), FROM, START_US).unwrap();
    opened.session(&"0".repeat(64), FROM, START_US).unwrap_err();
    opened.source_by_address("10.1.2.3".parse().unwrap()).unwrap();
}

#[test]
fn audit_rows_cannot_be_changed_or_removed_and_a_forged_one_is_found() {
    let opened = Opened::new();
    opened.account("ada", Role::Clinician);
    opened.account("bob", Role::Clinician);
    let head = opened.verify_audit().unwrap();
    assert_eq!(head, opened.audit_head().unwrap());
    assert_eq!(head.seq, 2);
    for statement in ["UPDATE account_audit SET who = 'eve'", "DELETE FROM account_audit"] {
        let error = opened.database().execute(statement, []).unwrap_err();
        assert_eq!(error.to_string(), "audit rows stay");
    }
    opened
        .database()
        .execute_batch("DROP TRIGGER account_audit_keeps_text; UPDATE account_audit SET who = 'eve' WHERE seq = 1")
        .unwrap();
    let error = opened.verify_audit().unwrap_err().to_string();
    assert_eq!(error, "the database of accounts is damaged: row 1 of the account audit was altered or is missing");
}

#[test]
fn the_audit_is_read_in_pages_and_its_reading_is_a_row_of_it() {
    let opened = Opened::new();
    for name in ["ada", "bob", "cai"] {
        opened.account(name, Role::Clinician);
    }
    let page = |after_seq| opened.account_audit(&opened.operator(), after_seq, 2, START_US).unwrap();
    let seqs = |rows: Vec<AccountAudit>| rows.iter().map(|row| row.seq).collect::<Vec<_>>();
    assert_eq!(seqs(page(0)), [1, 2]);
    assert_eq!(seqs(page(2)), [3, 4]);
    assert_eq!(page(4).last().unwrap().target, "rows after 2");
}

#[test]
fn a_session_that_is_over_changes_nothing_with_a_grant_that_was_kept() {
    let opened = Opened::new();
    opened.account("ada", Role::Admin);
    let signed_in = opened.signs_in("ada", START_US);
    let ada = opened.session(signed_in.cookie.reveal(), FROM, START_US).unwrap();
    let session = opened.list_sessions(&ada, START_US).unwrap()[0].id;
    let last_us = START_US + crate::session::SESSION_US - 1;
    let new = crate::NewAccount {
        name: "bob".to_owned(),
        display: "Dr Bob".to_owned(),
        role: Role::Clinician,
        password: PASSWORD.to_owned(),
    };
    let make = |now_us| opened.create_account(&ada, &new, now_us, &mut random(3)).map(drop);
    let choose = |now_us| opened.choose(&ada, &crate::Choices::new(), now_us);
    let change = |now_us| opened.change_password(&ada, PASSWORD, "four loud magpies", now_us, &mut random(4));
    let end = |now_us| opened.end_session(&ada, session, now_us);
    for act in [&make as &dyn Fn(i64) -> Result<(), Error>, &choose, &change, &end] {
        let refused = act(last_us + 1).unwrap_err();
        assert!(matches!(refused, Error::Denied(_)), "{refused}");
    }
    assert_eq!(opened.list_accounts(&opened.operator()).unwrap().len(), 1);
    // A moment earlier each of them is done.
    for act in [&make as &dyn Fn(i64) -> Result<(), Error>, &choose, &change, &end] {
        act(last_us).unwrap();
    }
}
