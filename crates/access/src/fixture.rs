//! What the tests of this crate share: a folder that goes away, a seeded generator, and an opened [`Access`].

use crate::{Access, AccountAudit, Door, Grant, NewAccount, Origin, Role, SignedIn, Types};
use std::net::{IpAddr, Ipv4Addr};
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

pub(crate) const SECOND_US: i64 = 1_000_000;
pub(crate) const MINUTE_US: i64 = 60 * SECOND_US;
pub(crate) const HOUR_US: i64 = 60 * MINUTE_US;

/// 2026-01-01T00:00:00Z.
pub(crate) const START_US: i64 = 1_767_225_600 * SECOND_US;

/// The few types the tests name, and the one filter.
pub(crate) const TYPES: Types = Types {
    is_resource: |name| matches!(name, "Patient" | "Observation" | "Encounter"),
    check_filter: |_, filter| if filter == "status=final" { Ok(()) } else { Err("there is no such thing".to_owned()) },
};

/// xorshift64*: the same bytes from the same seed.
pub(crate) fn random(seed: u64) -> impl FnMut(&mut [u8]) {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move |bytes: &mut [u8]| {
        for byte in bytes {
            state ^= state >> 12;
            state ^= state << 25;
            state ^= state >> 27;
            *byte = (state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 56) as u8;
        }
    }
}

/// A folder of its own, removed at the end.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Folder {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("medweave-access-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Folder(std::env::temp_dir().join(name))
    }

    pub(crate) fn open(&self) -> Access {
        Access::open(&self.0, TYPES).expect("a fresh folder opens")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// An opened `Access` and its folder.
pub(crate) struct Opened {
    access: Option<Access>,
    pub(crate) folder: Folder,
}

impl Opened {
    pub(crate) fn new() -> Opened {
        let folder = Folder::new();
        Opened { access: Some(folder.open()), folder }
    }

    /// Closes and opens again, as a restart of the program does.
    pub(crate) fn reopen(&mut self) {
        self.access = None;
        self.access = Some(self.folder.open());
    }

    pub(crate) fn operator(&self) -> Grant {
        self.local_operator(0, "root").expect("root is an operator")
    }
}

impl Deref for Opened {
    type Target = Access;

    fn deref(&self) -> &Access {
        self.access.as_ref().expect("open but during a restart")
    }
}

pub(crate) const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 1, 2, 3));
pub(crate) const FROM: Origin = Origin { door: Door::Http, address: Some(ADDRESS) };
pub(crate) const PASSWORD: &str = "three calm sparrows";

impl Opened {
    /// Makes an account with [`PASSWORD`].
    pub(crate) fn account(&self, name: &str, role: Role) -> i64 {
        let new =
            NewAccount { name: name.to_owned(), display: format!("Dr {name}"), role, password: PASSWORD.to_owned() };
        self.create_account(&self.operator(), &new, START_US, &mut random(7)).expect("the account is acceptable")
    }

    pub(crate) fn signs_in(&self, name: &str, now_us: i64) -> SignedIn {
        self.sign_in(name, PASSWORD, FROM, now_us, &mut random(now_us as u64)).expect("the password is right")
    }

    /// The account audit as lines: who, what, target, outcome.
    pub(crate) fn trail(&self) -> String {
        let rows = self.account_audit(&self.operator(), 0, 1_000, START_US).expect("the operator reads the audit");
        let line =
            |row: &AccountAudit| format!("{} | {} | {} | {}", row.who, row.what, row.target, row.outcome.as_str());
        rows.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}
