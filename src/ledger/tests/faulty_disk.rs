//! A disk that fails when it is told to, for tests: a file system for SQLite around the system's own.
//!
//! It counts what is done to files (writes, cuts, syncs, openings, removals) and lets the n-th go wrong, once or from
//! then on. Or the power goes: nothing works any more, and what was not synced is gone afterwards, or some of it.

#![allow(unsafe_code)] // SQLite takes a file system as a table of C functions

use std::collections::HashMap;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rusqlite::{Connection, OpenFlags, ffi};

use crate::ledger::{Ledger, LedgerError};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Writes find no room. Nothing else goes wrong.
    Full,
    /// Writes are not allowed. Nothing else goes wrong.
    Closed,
    /// Whatever is done to a file.
    Broken,
    /// Nothing works any more. Of what was not synced then, every so-many-th write has reached the disk; 0 for none.
    PowerCut { kept: usize },
}

#[derive(Debug, Clone, Copy)]
struct Plan {
    trouble: Trouble,
    at: u64,
    forever: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Write,
    Cut,
    Sync,
    Open,
    Remove,
}

/// A file since it was last synced.
struct Unsynced {
    synced: Vec<u8>,
    changes: Vec<Change>,
}

enum Change {
    Written(usize, Vec<u8>),
    CutTo(usize),
}

#[derive(Default)]
struct State {
    plan: Option<Plan>,
    counted: u64,
    off: bool,
    files: HashMap<PathBuf, Unsynced>,
}

pub(crate) struct Disk {
    name: CString,
    real: *mut ffi::sqlite3_vfs,
    state: Mutex<State>,
}

// SAFETY: `real` is SQLite's default file system, which lives as long as the process and serves any thread.
unsafe impl Send for Disk {}
// SAFETY: as above; everything else is behind a mutex.
unsafe impl Sync for Disk {}

impl Disk {
    /// A disk of its own name. It is never given back: SQLite may hold on to it.
    pub(crate) fn new(name: &str) -> &'static Self {
        // SAFETY: without a name this gives the default, if SQLite has one at all.
        let real = unsafe { ffi::sqlite3_vfs_find(std::ptr::null()) };
        assert!(!real.is_null());
        let name = CString::new(name).unwrap();
        let disk: &'static Self =
            Box::leak(Box::new(Self { name, real, state: Mutex::new(State::default()) }));
        // SAFETY: `real` points to a file system, whose plain fields and functions may be copied.
        let mut vfs = unsafe { *real };
        vfs.szOsFile += c_int::try_from(size_of::<File>()).unwrap();
        vfs.pNext = std::ptr::null_mut();
        vfs.zName = disk.name.as_ptr();
        vfs.pAppData = std::ptr::from_ref(disk).cast_mut().cast();
        vfs.xOpen = Some(open);
        vfs.xDelete = Some(remove);
        // SAFETY: the file system is leaked, so it lives as long as SQLite may use it.
        let code = unsafe { ffi::sqlite3_vfs_register(Box::leak(Box::new(vfs)), 0) };
        assert_eq!(code, ffi::SQLITE_OK);
        disk
    }

    /// Lets what is done as the `at`-th from now on go wrong, counted from 1.
    pub(crate) fn fail(&self, trouble: Trouble, at: u64, forever: bool) {
        let plan = Some(Plan { trouble, at, forever });
        *self.state.lock().unwrap() = State { plan, ..State::default() };
    }

    /// Whether the n-th has come to pass.
    pub(crate) fn has_failed(&self) -> bool {
        let state = self.state.lock().unwrap();
        state.plan.is_some_and(|plan| state.counted >= plan.at)
    }

    /// Whether the power has gone.
    pub(crate) fn is_off(&self) -> bool {
        self.state.lock().unwrap().off
    }

    /// Mends the disk. Nothing of it may be open. After a power cut files hold what had reached the disk.
    pub(crate) fn mend(&self) {
        let state = std::mem::take(&mut *self.state.lock().unwrap());
        let Some(Plan { trouble: Trouble::PowerCut { kept }, .. }) = state.plan else { return };
        for (path, file) in state.files.into_iter().filter(|_| state.off) {
            let mut bytes = file.synced;
            for (at, change) in file.changes.into_iter().enumerate() {
                if kept > 0 && at % kept == 0 {
                    change.apply(&mut bytes);
                }
            }
            std::fs::write(path, bytes).unwrap();
        }
    }

    /// Opens a ledger on this disk.
    pub(crate) fn ledger(&self, path: &Path) -> Result<Ledger, LedgerError> {
        let flags = OpenFlags::default();
        Ledger::open_with(path, |path| {
            Connection::open_with_flags_and_vfs(path, flags, self.name.as_c_str())
        })
    }

    /// SQLite's code for something that is about to be done to a file.
    fn strike(&self, deed: Deed) -> c_int {
        let mut state = self.state.lock().unwrap();
        let Some(plan) = state.plan else { return ffi::SQLITE_OK };
        if matches!(plan.trouble, Trouble::Full | Trouble::Closed) && deed != Deed::Write {
            return ffi::SQLITE_OK;
        }
        state.counted += 1;
        let strikes = state.counted == plan.at || (state.counted > plan.at && plan.forever);
        state.off |= strikes && matches!(plan.trouble, Trouble::PowerCut { .. });
        if !strikes && !state.off {
            return ffi::SQLITE_OK;
        }
        match deed {
            Deed::Write if plan.trouble == Trouble::Full => ffi::SQLITE_FULL,
            Deed::Write if plan.trouble == Trouble::Closed => ffi::SQLITE_READONLY,
            Deed::Write => ffi::SQLITE_IOERR_WRITE,
            Deed::Cut => ffi::SQLITE_IOERR_TRUNCATE,
            Deed::Sync => ffi::SQLITE_IOERR_FSYNC,
            Deed::Open => ffi::SQLITE_CANTOPEN,
            Deed::Remove => ffi::SQLITE_IOERR_DELETE,
        }
    }

    /// Remembers a change that is about to be made to a file that holds `bytes`.
    fn note(&self, path: &Path, bytes: impl FnOnce() -> Vec<u8>, change: Change) {
        let mut state = self.state.lock().unwrap();
        let cut = |plan: Plan| matches!(plan.trouble, Trouble::PowerCut { .. });
        if state.plan.is_some_and(cut) {
            let file = state
                .files
                .entry(path.to_owned())
                .or_insert_with(|| Unsynced { synced: bytes(), changes: Vec::new() });
            file.changes.push(change);
        }
    }

    fn forget(&self, path: &Path) {
        self.state.lock().unwrap().files.remove(path);
    }
}

impl Change {
    fn apply(self, bytes: &mut Vec<u8>) {
        match self {
            Self::Written(at, new) => {
                bytes.resize(bytes.len().max(at + new.len()), 0);
                bytes[at..at + new.len()].copy_from_slice(&new);
            }
            Self::CutTo(length) => bytes.truncate(length),
        }
    }
}

/// An open file. The system's own follows it in memory.
#[repr(C)]
struct File {
    base: ffi::sqlite3_file,
    disk: &'static Disk,
    /// None for a nameless one, which is nobody's ledger.
    path: Option<Box<PathBuf>>,
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// The system's own file.
fn real(file: *mut ffi::sqlite3_file) -> *mut ffi::sqlite3_file {
    // SAFETY: SQLite gives as much memory as `szOsFile` says: room for a `File` and then for the system's own.
    unsafe { file.cast::<File>().add(1).cast() }
}

/// Does with the system's own file what was asked for.
macro_rules! really {
    ($file:expr, $method:ident $(, $argument:expr)*) => {{
        let real = real($file);
        // SAFETY: the file is open, so it has its methods; the arguments are SQLite's own.
        unsafe { (*(*real).pMethods).$method.unwrap()(real $(, $argument)*) }
    }};
}

unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: `pAppData` is the disk that was registered; the memory of the file is ours to fill.
    unsafe {
        let disk: &'static Disk = &*(*vfs).pAppData.cast::<Disk>();
        (*file).pMethods = std::ptr::null();
        let path = (!name.is_null())
            .then(|| Box::new(PathBuf::from(CStr::from_ptr(name).to_str().unwrap())));
        if path.is_some() {
            let code = disk.strike(Deed::Open);
            if code != ffi::SQLITE_OK {
                return code;
            }
        }
        let own = real(file);
        let code = (*disk.real).xOpen.unwrap()(disk.real, name, own, flags, out);
        if code == ffi::SQLITE_OK {
            let base = ffi::sqlite3_file { pMethods: &METHODS };
            file.cast::<File>().write(File { base, disk, path });
        }
        code
    }
}

unsafe extern "C" fn remove(vfs: *mut ffi::sqlite3_vfs, name: *const c_char, sync: c_int) -> c_int {
    // SAFETY: as in `open`.
    unsafe {
        let disk: &'static Disk = &*(*vfs).pAppData.cast::<Disk>();
        let code = disk.strike(Deed::Remove);
        if code != ffi::SQLITE_OK {
            return code;
        }
        disk.forget(Path::new(CStr::from_ptr(name).to_str().unwrap()));
        (*disk.real).xDelete.unwrap()(disk.real, name, sync)
    }
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    let code = really!(file, xClose);
    // SAFETY: the file was written by `open`, and is not used after this.
    unsafe { std::ptr::drop_in_place(file.cast::<File>()) };
    code
}

unsafe extern "C" fn read(
    file: *mut ffi::sqlite3_file,
    into: *mut c_void,
    amount: c_int,
    at: ffi::sqlite3_int64,
) -> c_int {
    really!(file, xRead, into, amount, at)
}

/// The bytes of a file.
fn content(file: *mut ffi::sqlite3_file) -> Vec<u8> {
    let mut size = 0;
    assert_eq!(really!(file, xFileSize, &mut size), ffi::SQLITE_OK);
    let mut bytes = vec![0; usize::try_from(size).unwrap()];
    if !bytes.is_empty() {
        let amount = c_int::try_from(bytes.len()).unwrap();
        assert_eq!(really!(file, xRead, bytes.as_mut_ptr().cast(), amount, 0), ffi::SQLITE_OK);
    }
    bytes
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    from: *const c_void,
    amount: c_int,
    at: ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: the file was written by `open`; SQLite gives so many bytes.
    let (own, bytes) = unsafe {
        let amount = usize::try_from(amount).unwrap();
        (&*file.cast::<File>(), std::slice::from_raw_parts(from.cast::<u8>(), amount))
    };
    let Some(path) = &own.path else { return really!(file, xWrite, from, amount, at) };
    let code = own.disk.strike(Deed::Write);
    // What fails may have been done by half.
    let amount = if code == ffi::SQLITE_OK { amount } else { amount / 2 };
    let written = bytes[..usize::try_from(amount).unwrap()].to_vec();
    let change = Change::Written(usize::try_from(at).unwrap(), written);
    own.disk.note(path, || content(file), change);
    let written = really!(file, xWrite, from, amount, at);
    if code == ffi::SQLITE_OK { written } else { code }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: ffi::sqlite3_int64) -> c_int {
    // SAFETY: the file was written by `open`.
    let own = unsafe { &*file.cast::<File>() };
    if let Some(path) = &own.path {
        let code = own.disk.strike(Deed::Cut);
        if code != ffi::SQLITE_OK {
            return code;
        }
        let change = Change::CutTo(usize::try_from(size).unwrap());
        own.disk.note(path, || content(file), change);
    }
    really!(file, xTruncate, size)
}

/// Nothing is really synced: the machine that runs the test is not the one whose power goes.
unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _: c_int) -> c_int {
    // SAFETY: the file was written by `open`.
    let own = unsafe { &*file.cast::<File>() };
    let Some(path) = &own.path else { return ffi::SQLITE_OK };
    let code = own.disk.strike(Deed::Sync);
    if code == ffi::SQLITE_OK {
        own.disk.forget(path);
    }
    code
}

unsafe extern "C" fn file_size(
    file: *mut ffi::sqlite3_file,
    size: *mut ffi::sqlite3_int64,
) -> c_int {
    really!(file, xFileSize, size)
}

unsafe extern "C" fn lock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    really!(file, xLock, level)
}

unsafe extern "C" fn unlock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    really!(file, xUnlock, level)
}

unsafe extern "C" fn check_reserved_lock(file: *mut ffi::sqlite3_file, held: *mut c_int) -> c_int {
    really!(file, xCheckReservedLock, held)
}

unsafe extern "C" fn file_control(
    file: *mut ffi::sqlite3_file,
    what: c_int,
    with: *mut c_void,
) -> c_int {
    really!(file, xFileControl, what, with)
}

unsafe extern "C" fn sector_size(file: *mut ffi::sqlite3_file) -> c_int {
    really!(file, xSectorSize)
}

unsafe extern "C" fn device_characteristics(file: *mut ffi::sqlite3_file) -> c_int {
    really!(file, xDeviceCharacteristics)
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    page: c_int,
    size: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    really!(file, xShmMap, page, size, extend, out)
}

unsafe extern "C" fn shm_lock(
    file: *mut ffi::sqlite3_file,
    at: c_int,
    count: c_int,
    flags: c_int,
) -> c_int {
    really!(file, xShmLock, at, count, flags)
}

unsafe extern "C" fn shm_barrier(file: *mut ffi::sqlite3_file) {
    really!(file, xShmBarrier);
}

unsafe extern "C" fn shm_unmap(file: *mut ffi::sqlite3_file, remove: c_int) -> c_int {
    really!(file, xShmUnmap, remove)
}
