//! Files that are written beside their places, and what is left of them where a process was killed meanwhile.
//!
//! Such a file bears the name of the place, and whoever writes it holds a lock on it, of which the system lets go when the
//! process ends, however it ends. So what bears that name and that nobody holds is nobody's, and is taken away when the next
//! file is made for the same place. Where the system has no such locks nothing is taken away.

use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use crate::text::private_file::{self, for_one};

const ENDING: &str = ".noteferry-tmp";
/// A longer name leaves no room for more in a file's name.
const LONGEST: usize = 200;

/// What the names of files begin and end with that are written for a place; none where its name leaves no room for that.
pub(super) fn names(path: &Path) -> Option<(OsString, &'static OsStr)> {
    let name = path.file_name().filter(|name| name.len() <= LONGEST)?;
    let mut begins = OsString::from(".");
    begins.push(name);
    begins.push(".");
    Some((begins, OsStr::new(ENDING)))
}

/// Makes a file, held by this process. That another has taken it away before it was held is told as a name that is taken.
pub(super) fn make(path: &Path) -> io::Result<File> {
    let file = for_one(OpenOptions::new().read(true).write(true).create_new(true)).open(path)?;
    match hold(&file) && !is_at(&file, path) {
        true => Err(io::ErrorKind::AlreadyExists.into()),
        false => Ok(file),
    }
}

/// Takes away what processes that are gone have left for a place. What cannot be taken away does no harm.
pub(super) fn sweep(folder: &Path, (begins, ends): (&OsStr, &OsStr)) {
    let (begins, ends) = (begins.as_encoded_bytes(), ends.as_encoded_bytes());
    for entry in folder.read_dir().into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        let is_such = name.len() > begins.len() + ends.len()
            && name.starts_with(begins)
            && name.ends_with(ends);
        let path = entry.path();
        if !is_such || !path.symlink_metadata().is_ok_and(|about| about.is_file()) {
            continue;
        }
        let Ok(file) = private_file::open(&path, OpenOptions::new().read(true)) else { continue };
        if hold(&file) && is_at(&file, &path) {
            let _ = std::fs::remove_file(&path);
        }
    }
}

/// Whether the file is this process's own now. Elsewhere a lock would keep out those who read what is put in its place.
#[cfg(unix)]
fn hold(file: &File) -> bool {
    file.try_lock().is_ok()
}

#[cfg(not(unix))]
fn hold(_: &File) -> bool {
    false
}

/// Whether a file still has its name.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let identity = |about: std::fs::Metadata| (about.dev(), about.ino());
    let here = file.metadata().map(identity).ok();
    here.is_some() && here == path.symlink_metadata().map(identity).ok()
}

#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    false
}
