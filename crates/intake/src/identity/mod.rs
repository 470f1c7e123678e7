//! Who is who: records of patients that may be of one person.
//!
//! [`Identity`] follows the feed. Each patient that comes or changes is compared with those that share a number, a telephone or a birth date
//! and the letters of a name (crate `identity`). A pair that agrees enough becomes a `Linkage` that waits: nothing is changed in either record. A person
//! then says that they are one ([`decide`], [`Asked::Same`]: both stay and know of each other), that one goes on in the place of the other
//! ([`Asked::Merge`], as ADT^A40 does), or that they are two; and takes any of it back, in any order. Histories stay where they are.
//!
//! What was decided stands in the `Linkage` (`linkage.rs`), version by version. Keys of people and a list of the links are in `identity/index.db`
//! (`index.rs`), which is made again from the records whenever it does not fit them.

mod decide;
mod follow;
mod index;
mod linkage;
mod matching;
mod pair;

pub use decide::{Asked, By, Decision, How, Named, decide, merge};
pub use index::Page;
pub use linkage::{Link, State};
pub use matching::{Grade, Matched};

use crate::fhir_door::refusal::bad_request;
use access::{Grant, Permission};
use fhir::json::{Document, Tree};
use identity::{Comparison, Facts, compare};
use index::Index;
use records::{Error, Records, Seq, Stored};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The folder of the index in a data directory.
pub const FOLDER: &str = "identity";
/// How often one looks whether the index has come far enough.
const LOOK: Duration = Duration::from_millis(10);
/// The door and source of what is written here.
const DOOR: &str = "identity";

/// A pair of records, as they are now.
#[derive(Clone, Debug)]
pub struct Shown {
    /// What is known of the pair.
    pub link: Link,
    /// Both patients, in the order of [`Link::patients`].
    pub patients: [Stored; 2],
    /// How they agree now.
    pub compared: Comparison,
}

/// The index, and the thread that follows the feed.
pub struct Identity {
    records: Arc<Records>,
    index: Mutex<Index>,
    following: Mutex<Option<JoinHandle<()>>>,
    stopping: Arc<AtomicBool>,
    folder: std::path::PathBuf,
}

impl Identity {
    /// Opens the index in `folder` and begins to follow the feed with `grant`, which reads everything and writes links.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::Database`].
    pub fn open(folder: &Path, records: Arc<Records>, grant: Grant) -> Result<Identity, Error> {
        let writing = Index::open(folder, records.head())?;
        let index = Index::open(folder, records.head())?;
        let stopping = Arc::new(AtomicBool::new(false));
        let follower = follow::Follower { records: Arc::clone(&records), grant, index: writing };
        let stop = Arc::clone(&stopping);
        let thread = std::thread::Builder::new()
            .name("identity".into())
            .spawn(move || follower.run(&stop))
            .map_err(|error| Error::File { what: "the thread that looks for duplicates".into(), error })?;
        Ok(Identity {
            records,
            index: Mutex::new(index),
            following: Mutex::new(Some(thread)),
            stopping,
            folder: folder.to_owned(),
        })
    }

    /// The position of the feed up to which pairs have been looked for.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn position(&self) -> Result<Seq, Error> {
        self.index().position()
    }

    /// How many pairs wait for somebody.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn waiting(&self) -> Result<u64, Error> {
        self.index().waiting()
    }

    /// Waits until what came up to now has been looked at, no longer than `patience`; gives how many changes are still to come.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn catch_up(&self, patience: Duration) -> Result<u64, Error> {
        let (head, until) = (self.records.head(), Instant::now() + patience);
        loop {
            let behind = head.0 - self.position()?.0;
            if behind <= 0 || Instant::now() >= until {
                return Ok(behind.max(0).unsigned_abs());
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Links in one state, or in any: the likeliest of those that wait first, of the others the newest; and how many wait.
    ///
    /// # Errors
    /// [`Error::Denied`] unless all patients and links may be read and searched; [`Error::Invalid`] for a `before` that is none.
    pub fn list(
        &self,
        grant: &Grant,
        state: Option<State>,
        before: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Shown>, Page), Error> {
        may_look(grant)?;
        let page = self.index().list(state, before, limit)?;
        let mut shown = Vec::with_capacity(page.ids.len());
        for (id, patients) in &page.ids {
            // Whoever was deleted or erased since is not shown; the index hears of it in a moment.
            match self.shown(grant, id, patients) {
                Ok(one) => shown.push(one),
                Err(Error::NotFound { .. } | Error::Gone { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok((shown, page))
    }

    /// One link.
    ///
    /// # Errors
    /// As [`Identity::list`]; [`Error::NotFound`], [`Error::Gone`].
    pub fn one(&self, grant: &Grant, id: &str) -> Result<Shown, Error> {
        may_look(grant)?;
        let patients = self.index().patients_of(id)?;
        match patients {
            Some(patients) => self.shown(grant, id, &patients),
            // The index may not have heard of it yet.
            None => {
                let link = stored_link(&self.records, grant, id)?
                    .ok_or_else(|| Error::NotFound { resource_type: "Linkage".into(), id: id.to_owned() })?;
                self.shown(grant, id, &link.patients)
            }
        }
    }

    /// The links of a patient that are not said to be of two, with their states.
    ///
    /// # Errors
    /// [`Error::Denied`] unless all patients and links may be read and searched.
    pub fn of_patient(&self, grant: &Grant, patient: &str) -> Result<Vec<(String, State, String)>, Error> {
        may_look(grant)?;
        self.index().of_patient(patient)
    }

    /// The patients that `described` may be, likeliest first.
    ///
    /// # Errors
    /// [`Error::Denied`] unless all patients may be read and searched.
    pub fn matching(&self, grant: &Grant, described: &Tree, most: usize) -> Result<Vec<Matched>, Error> {
        matching::matching(self, grant, described, most)
    }

    fn shown(&self, grant: &Grant, id: &str, patients: &[String; 2]) -> Result<Shown, Error> {
        let [one, other] = patients;
        let stored = [self.records.read(grant, "Patient", one)?, self.records.read(grant, "Patient", other)?];
        let trees = [tree_of(&stored[0])?, tree_of(&stored[1])?];
        let compared = compare(&Facts::of(&trees[0]), &Facts::of(&trees[1]));
        let link = match stored_link(&self.records, grant, id)? {
            Some(link) => Link { state: pair::state_now(link.state, patients, &trees).0, ..link },
            None => Link::of_records(patients, &trees, &compared)
                .ok_or_else(|| Error::NotFound { resource_type: "Linkage".into(), id: id.to_owned() })?,
        };
        Ok(Shown { link, patients: stored, compared })
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the index is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Identity {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::Release);
        if let Some(thread) = self.following.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = thread.join();
        }
    }
}

fn may_look(grant: &Grant) -> Result<(), Error> {
    for name in ["Patient", "Linkage"] {
        grant.may(Permission::Read, name)?;
        grant.may(Permission::Search, name)?;
    }
    Ok(())
}

fn tree_of(stored: &Stored) -> Result<Tree, Error> {
    tree(&stored.json)
}

fn tree(json: &str) -> Result<Tree, Error> {
    let document = Document::parse(json.as_bytes()).map_err(|error| Error::Damaged(error.to_string()))?;
    Ok(Tree::from(document.root()))
}

/// The link that is stored under `id`, if one is, and it is one of ours.
fn stored_link(records: &Records, grant: &Grant, id: &str) -> Result<Option<Link>, Error> {
    match records.read(grant, "Linkage", id) {
        Ok(stored) => Ok(Link::read(&tree_of(&stored)?)),
        Err(Error::NotFound { .. } | Error::Gone { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn no_page(before: &str) -> Error {
    bad_request(format!("before={before}: not what an earlier page gave as next_before"))
}
