//! Files under names that others can foresee, for this user alone: what is made is closed to others, a link is not followed,
//! and what is no regular file is refused without waiting for whoever is at its other end.
//!
//! Not what is in them.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::Path;

/// Opens a file that may be anything by now.
///
/// # Errors
/// The system's, or what is in the place of the file.
pub(crate) fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let refusal = |words| io::Error::new(io::ErrorKind::AlreadyExists, words);
    let options = for_one(options);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, libc::O_NOFOLLOW | libc::O_NONBLOCK);
    let opened = options.open(path);
    let is_link = || path.symlink_metadata().is_ok_and(|found| found.is_symlink());
    let is_other = || path.metadata().is_ok_and(|found| !found.is_file());
    match opened {
        Ok(file) if file.metadata()?.is_file() => Ok(file),
        Err(_) if cfg!(unix) && is_link() => Err(refusal("a symbolic link is in its place")),
        Err(error) if error.kind() == io::ErrorKind::IsADirectory || !is_other() => Err(error),
        Ok(_) | Err(_) => Err(refusal("what is in its place is no regular file")),
    }
}

/// Makes folders and those above them.
pub(crate) fn folders() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// What is made by these options is for this user alone.
pub(crate) fn for_one(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}
