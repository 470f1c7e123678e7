//! What is in a folder that is copied.

use crate::error::Error;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Files that belong to a database and are no content of their own.
const OF_DATABASES: [&str; 3] = ["-wal", "-shm", "-journal"];

/// A file or folder as it was when the folder was listed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Listed {
    Folder { mode: u32 },
    Database { mode: u32 },
    File { mode: u32, bytes: u64 },
}

/// Everything below a folder by its path with `/`, but for paths and names that are left out. What goes away while it is listed is not
/// there.
pub(crate) fn list(folder: &Path, left_out: &[&str], passing: &[&str]) -> Result<BTreeMap<String, Listed>, Error> {
    let mut out = BTreeMap::new();
    let mut waiting = vec![String::new()];
    while let Some(below) = waiting.pop() {
        let path = folder.join(&below);
        let entries = match std::fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !below.is_empty() => continue,
            Err(error) => return Err(Error::file("read", &path)(error)),
        };
        for entry in entries {
            let name = entry.map_err(Error::file("read", &path))?.file_name();
            // Names of this program are text; what is not was put there by somebody else.
            let Some(name) = name.to_str() else { continue };
            let own = if below.is_empty() { name.to_owned() } else { format!("{below}/{name}") };
            if left_out.contains(&own.as_str()) || passing.contains(&name) {
                continue;
            }
            let Ok(about) = std::fs::metadata(folder.join(&own)) else { continue };
            let mode = about.permissions().mode() & 0o7777;
            if about.is_dir() {
                waiting.push(own.clone());
                out.insert(own, Listed::Folder { mode });
            } else if about.is_file() {
                let is_of_database =
                    OF_DATABASES.iter().any(|ending| name.strip_suffix(ending).is_some_and(is_database));
                if is_database(name) {
                    out.insert(own, Listed::Database { mode });
                } else if !is_of_database {
                    out.insert(own, Listed::File { mode, bytes: about.len() });
                }
            }
        }
    }
    Ok(out)
}

fn is_database(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|ending| ending == "db")
}
