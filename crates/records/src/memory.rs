//! What the program asks of glibc's allocator. Others need neither.

/// Blocks of this size and more are mapped one by one, and given back to the system when they are freed.
#[cfg(target_env = "gnu")]
const OWN_MAPPING_BYTES: libc::c_int = 256 << 10;
/// Heaps that threads share, for each processor.
#[cfg(target_env = "gnu")]
const HEAPS_OF_A_PROCESSOR: usize = 2;

/// Keeps large blocks out of the heaps of threads, for the whole life of the program; called once when it starts. Pieces of
/// files, batches and pages come and go on many threads; in heaps they leave gaps that an import never fills again, by default
/// all below 32 MB once one such block was freed. For the same reason there are few heaps: by default there may be eight for each
/// processor, each with gaps of its own.
#[cfg(target_env = "gnu")]
#[allow(unsafe_code)]
pub fn keep_heaps_small() {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let heaps = libc::c_int::try_from(processors.saturating_mul(HEAPS_OF_A_PROCESSOR)).unwrap_or(libc::c_int::MAX);
    // SAFETY: mallopt may be called at any time; it is called before there are other threads.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, OWN_MAPPING_BYTES);
        libc::mallopt(libc::M_ARENA_MAX, heaps);
    }
}

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

/// Other allocators map large blocks by themselves.
#[cfg(not(target_env = "gnu"))]
pub fn keep_heaps_small() {}

/// Other allocators give pages back by themselves.
#[cfg(not(target_env = "gnu"))]
pub fn give_back() {}
