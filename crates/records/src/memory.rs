//! Giving memory back when nothing is to be done.

/// Asks the allocator to give free pages back to the system. glibc keeps what many threads freed, after a large import some
/// hundred MB, for uses that may never come.
#[cfg(target_env = "gnu")]
#[allow(unsafe_code)]
pub fn give_back() {
    // SAFETY: malloc_trim may be called at any time from any thread; it touches free memory only.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Other allocators give pages back by themselves.
#[cfg(not(target_env = "gnu"))]
pub fn give_back() {}
