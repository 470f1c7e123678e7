//! The places where limits are put, so that tests can take each of them away.

/// Where a limit is put; tests take one away to see that it is missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitPlace {
    /// What is searched for.
    Search,
    /// What a chain leads to.
    Chain,
    /// What `_has` is asked of.
    Has,
    /// What else is looked at for a search: lists, wholes and parts, sets of codes.
    Related,
    /// A page of an order that was frozen before.
    Page,
    /// What `_include` brings.
    Include,
    /// What `_revinclude` brings.
    Revinclude,
    /// What is of a patient.
    Everything,
    /// A resource by its id.
    Read,
    /// A version of it.
    Version,
    /// What a plan of a write looks at.
    Plan,
    /// What is there before a write.
    Before,
    /// What is there after it.
    After,
}

/// A limit taken away on purpose.
#[cfg(feature = "testing")]
pub mod planted {
    use super::LimitPlace;
    use std::sync::Mutex;

    static LEAK: Mutex<Option<LimitPlace>> = Mutex::new(None);

    /// From now on there is no limit at this place.
    ///
    /// # Panics
    /// If a test panicked while it called this.
    pub fn leak(place: Option<LimitPlace>) {
        *LEAK.lock().expect("whoever plants a leak does nothing else meanwhile") = place;
    }

    pub(in crate::search) fn is_at(place: LimitPlace) -> bool {
        LEAK.lock().is_ok_and(|leak| *leak == Some(place))
    }
}

#[cfg(not(feature = "testing"))]
pub(super) mod planted {
    pub(in crate::search) fn is_at(_: super::LimitPlace) -> bool {
        false
    }
}
