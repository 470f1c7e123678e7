//! What is told to whoever runs the program, on the error stream.

use std::fmt::Arguments;
use std::io::Write;

/// Tells the operator something, in lines of its own; the macro of the same name formats it. A log that cannot be written (its disk is
/// full, its reader has gone) stops nothing: unlike `eprintln!`, this never panics.
pub fn tell_operator(text: Arguments<'_>) {
    // One call, so that lines of threads do not mix.
    let _ = std::io::stderr().lock().write_all(format!("{text}\n").as_bytes());
}

/// [`tell_operator`](crate::tell_operator()) of what is written as for `format!`.
#[macro_export]
macro_rules! tell_operator {
    ($($text:tt)*) => { $crate::tell_operator(::core::format_args!($($text)*)) };
}
