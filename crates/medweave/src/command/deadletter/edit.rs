//! A dead letter in the editor of whoever corrects it.

use crate::ending::{Asked, Ending};
use crate::failure::Failure;
use std::io::Write;
use std::process::Command;

/// What came out of the editor. Segments that end with a carriage return alone are lines in the editor, and end so again.
pub(super) async fn edited(bytes: &[u8]) -> Result<Vec<u8>, Failure> {
    let editor =
        ["VISUAL", "EDITOR"].iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    let Some(editor) = editor else {
        return Err(Failure::usage("no editor is set: set EDITOR, or give the corrected content with --with FILE"));
    };
    let has_returns = bytes.contains(&b'\r') && !bytes.contains(&b'\n');
    let exchanged = |bytes: &[u8], from: u8, to: u8| -> Vec<u8> {
        bytes.iter().map(|byte| if *byte == from { to } else { *byte }).collect()
    };
    let before = if has_returns { exchanged(bytes, b'\r', b'\n') } else { bytes.to_vec() };
    // Readable by nobody else, and gone when this ends.
    let mut file = tempfile::Builder::new().prefix("deadletter-").suffix(".txt").tempfile()?;
    file.write_all(&before)?;
    file.flush()?;
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{editor} \"$1\"")).arg("sh").arg(file.path());
    let mut ending = Ending::new()?;
    let mut editing = tokio::task::spawn_blocking(move || command.status());
    let status = loop {
        tokio::select! {
            status = &mut editing => break status.map_err(|error| Failure::failed(error.to_string()))??,
            // Ctrl-C is meant for the editor. Who ends us leaves no record lying in the folder for temporary files.
            asked = ending.asked() => if asked == Asked::Terminated {
                return Err(Failure::interrupted("interrupted; nothing was kept"));
            }
        }
    };
    if !status.success() {
        return Err(Failure::failed(format!("{editor} ended with {status}; nothing was kept")));
    }
    // By name: editors write a new file in the place of the old one.
    let mut after = std::fs::read(file.path())?;
    if after.ends_with(b"\n") && !before.ends_with(b"\n") {
        after.pop();
    }
    if after == before {
        return Err(Failure::failed("nothing was changed, and nothing was kept"));
    }
    Ok(if has_returns { exchanged(&after, b'\n', b'\r') } else { after })
}
