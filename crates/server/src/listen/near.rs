//! A socket's path as the system takes it: at most 108 bytes long, whatever the folder is called.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

/// Bytes of a path that every Unix takes.
const PATH_BYTES: usize = 100;

/// A path that leads to the same socket and is short.
#[derive(Debug)]
pub struct Near {
    path: PathBuf,
    /// The folder that a short path goes through, open as long as the path is used.
    _folder: Option<File>,
}

impl Near {
    /// The path itself, or a short one through its open folder.
    ///
    /// # Errors
    /// The folder cannot be opened.
    pub fn of(path: &Path) -> io::Result<Near> {
        if path.as_os_str().len() <= PATH_BYTES {
            return Ok(Near { path: path.to_owned(), _folder: None });
        }
        let name = path.file_name().unwrap_or_default();
        let folder =
            File::open(path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")))?;
        let path = Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(name);
        Ok(Near { path, _folder: Some(folder) })
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::Near;
    use std::os::unix::net::{UnixListener, UnixStream};

    #[test]
    fn a_socket_far_below_can_be_served_and_reached() {
        let folder = tempfile::tempdir().unwrap();
        let far = folder.path().join("a".repeat(90)).join("b".repeat(90));
        std::fs::create_dir_all(&far).unwrap();
        let socket = far.join("control.sock");
        assert!(UnixListener::bind(&socket).is_err());
        let _listener = UnixListener::bind(Near::of(&socket).unwrap().path()).unwrap();
        assert!(socket.exists());
        UnixStream::connect(Near::of(&socket).unwrap().path()).unwrap();
    }
}
