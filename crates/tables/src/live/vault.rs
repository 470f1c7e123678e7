//! Where passwords of databases lie sealed: the folder `keys` of the data directory.
//!
//! Each is a file, sealed by ChaCha20-Poly1305 (RFC 8439) with the source's number and name as what it is bound to, by a key that is made when
//! it is first needed and lies in a file of its own. So a password stands nowhere in a copy of the other folders, nor of a sealed file alone;
//! whoever may read the whole folder may read the passwords, as the program does.

use super::secret::Secret;
use crate::error::Error;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// The folder in the data directory.
const FOLDER: &str = "keys";
/// The file of the key.
const KEY_FILE: &str = "sources.key";
const KEY_BYTES: usize = 32;
/// The longest file that is read.
const FILE_BYTES: u64 = 64 << 10;

/// The passwords of sources.
#[derive(Clone, Debug)]
pub struct Vault {
    folder: PathBuf,
}

impl Vault {
    /// The vault of a data directory; nothing is made before something is kept.
    pub fn of(data: &Path) -> Vault {
        Vault { folder: data.join(FOLDER) }
    }

    /// Keeps the password of a source in place of the one before.
    ///
    /// # Errors
    /// [`Error::File`]: the folder cannot be written, or its key not be read.
    pub fn keep(&self, source: i64, name: &str, secret: &Secret) -> Result<(), Error> {
        let key = self.key(true)?;
        let path = self.sealed(source);
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| no_randomness(&path))?;
        let mut sealed = secret.reveal().as_bytes().to_vec();
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), bound_to(source, name), &mut sealed)
            .map_err(|_| Error::file("seal", &path, ErrorKind::InvalidData.into()))?;
        sealed.splice(0..0, nonce);
        self.write(&path, &sealed)
    }

    /// The password of a source; `None` if none was kept.
    ///
    /// # Errors
    /// [`Error::File`]: it cannot be read, or is another's.
    pub fn secret(&self, source: i64, name: &str) -> Result<Option<Secret>, Error> {
        let path = self.sealed(source);
        let Some(sealed) = read(&path)? else { return Ok(None) };
        let key = self.key(false)?;
        let damaged = || {
            let why =
                "it is damaged, or sealed with another key: give the password anew with `medweave source password`";
            Error::file("open", &path, std::io::Error::new(ErrorKind::InvalidData, why))
        };
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>().ok_or_else(damaged)?;
        let mut sealed = sealed.to_vec();
        let opened = key.open_in_place(Nonce::assume_unique_for_key(*nonce), bound_to(source, name), &mut sealed);
        let text = std::str::from_utf8(opened.map_err(|_| damaged())?).map_err(|_| damaged())?;
        Ok(Some(Secret::new(text)))
    }

    /// Forgets the password of a source, if there is one.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn forget(&self, source: i64) -> Result<(), Error> {
        let path = self.sealed(source);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::file("remove", &path, error)),
            _ => Ok(()),
        }
    }

    fn sealed(&self, source: i64) -> PathBuf {
        self.folder.join(format!("source-{source}.sealed"))
    }

    /// The key; made if it is not there and something is to be sealed.
    fn key(&self, make: bool) -> Result<LessSafeKey, Error> {
        let path = self.folder.join(KEY_FILE);
        let bytes = match read(&path)? {
            Some(bytes) => bytes,
            None if make => {
                let mut bytes = vec![0; KEY_BYTES];
                SystemRandom::new().fill(&mut bytes).map_err(|_| no_randomness(&path))?;
                self.make_key(&path, &bytes)?
            }
            None => {
                let why = "the passwords of sources are sealed with it: bring it back from where the data directory was copied from";
                return Err(Error::file("read", &path, std::io::Error::new(ErrorKind::NotFound, why)));
            }
        };
        let key = UnboundKey::new(&CHACHA20_POLY1305, &bytes);
        key.map(LessSafeKey::new).map_err(|_| Error::file("use", &path, ErrorKind::InvalidData.into()))
    }

    /// Makes the key, and says which it is: whoever makes one at the same time and is later takes the first one's.
    fn make_key(&self, path: &Path, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let failed = |error| Error::file("write", path, error);
        let beside = self.write_beside(path, bytes)?;
        let linked = std::fs::hard_link(&beside, path);
        std::fs::remove_file(&beside).map_err(failed)?;
        match linked {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(failed(error)),
            _ => {
                File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
                read(path)?.ok_or_else(|| failed(ErrorKind::NotFound.into()))
            }
        }
    }

    /// Writes a file that nobody else may read, whole or not at all.
    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), Error> {
        let failed = |error| Error::file("write", path, error);
        let beside = self.write_beside(path, bytes)?;
        std::fs::rename(&beside, path).map_err(failed)?;
        File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(failed)
    }

    /// Writes a file of another name beside it, which nobody else has.
    fn write_beside(&self, path: &Path, bytes: &[u8]) -> Result<PathBuf, Error> {
        static WRITTEN: AtomicU64 = AtomicU64::new(0);
        let failed = |error| Error::file("write", path, error);
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder).map_err(failed)?;
        let no = WRITTEN.fetch_add(1, Ordering::Relaxed);
        let beside = path.with_extension(format!("{}-{no}.new", std::process::id()));
        let mut options = OpenOptions::new();
        let file = options.create(true).truncate(true).write(true).mode(0o600).open(&beside);
        let mut file = file.map_err(failed)?;
        file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)?;
        Ok(beside)
    }
}

/// A file of the vault; `None` if it is not there. One that others may read is refused: what it holds is no secret.
fn read(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    let failed = |error| Error::file("read", path, error);
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    if file.metadata().map_err(failed)?.permissions().mode() & 0o077 != 0 {
        let why = "others may read it: take that right away (chmod 600), and change the passwords it protects";
        return Err(failed(std::io::Error::new(ErrorKind::PermissionDenied, why)));
    }
    let mut bytes = Vec::new();
    (&mut file).take(FILE_BYTES).read_to_end(&mut bytes).map_err(failed)?;
    Ok(Some(bytes))
}

fn bound_to(source: i64, name: &str) -> Aad<Vec<u8>> {
    Aad::from(format!("medweave source {source} {name}").into_bytes())
}

fn no_randomness(path: &Path) -> Error {
    Error::file("seal", path, std::io::Error::other("the system gives no random bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_comes_back_for_its_source_only() {
        let data = tempfile::tempdir().unwrap();
        let vault = Vault::of(data.path());
        assert_eq!(vault.secret(1, "his").unwrap(), None);
        vault.keep(1, "his", &Secret::new("hunter2")).unwrap();
        vault.keep(2, "lis", &Secret::new("other")).unwrap();
        assert_eq!(vault.secret(1, "his").unwrap(), Some(Secret::new("hunter2")));
        vault.keep(1, "his", &Secret::new("changed")).unwrap();
        assert_eq!(vault.secret(1, "his").unwrap(), Some(Secret::new("changed")));
        // Another's file in its place is refused, and so is a damaged one.
        let path = |no: i64| data.path().join(format!("keys/source-{no}.sealed"));
        std::fs::copy(path(2), path(1)).unwrap();
        assert!(vault.secret(1, "his").is_err());
        vault.forget(1).unwrap();
        vault.forget(1).unwrap();
        assert_eq!(vault.secret(1, "his").unwrap(), None);
    }

    #[test]
    fn passwords_that_are_first_kept_at_the_same_time_are_sealed_with_one_key() {
        let data = tempfile::tempdir().unwrap();
        let vault = Vault::of(data.path());
        std::thread::scope(|all| {
            for no in 0..8 {
                let vault = vault.clone();
                all.spawn(move || vault.keep(no, "his", &Secret::new("hunter2")).unwrap());
            }
        });
        assert!((0..8).all(|no| vault.secret(no, "his").unwrap() == Some(Secret::new("hunter2"))));
        assert_eq!(std::fs::read_dir(data.path().join(FOLDER)).unwrap().count(), 9);
    }

    #[test]
    fn the_files_are_for_the_owner_alone_and_hold_no_password() {
        let data = tempfile::tempdir().unwrap();
        let vault = Vault::of(data.path());
        vault.keep(1, "his", &Secret::new("hunter2")).unwrap();
        for entry in std::fs::read_dir(data.path().join(FOLDER)).unwrap() {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            assert!(memchr::memmem::find(&bytes, b"hunter2").is_none());
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        std::fs::set_permissions(data.path().join("keys/sources.key"), PermissionsExt::from_mode(0o640)).unwrap();
        let error = vault.secret(1, "his").unwrap_err().to_string();
        assert!(error.contains("chmod 600"), "{error}");
    }
}
