//! The house rules that a machine can see to: the order of rooms, where test code stands, snapshots that nobody takes.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A file of the project, and its text.
struct File {
    path: PathBuf,
    text: String,
}

fn files(folder: &str, extension: &str) -> Vec<File> {
    fn collect(folder: &Path, extension: &str, found: &mut Vec<File>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, extension, found);
            } else if path.extension().is_some_and(|found| found == extension) {
                let text = fs::read_to_string(&path).unwrap();
                found.push(File { path, text });
            }
        }
    }
    let mut found = Vec::new();
    collect(&project().join(folder), extension, &mut found);
    found.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(!found.is_empty());
    found
}

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The rooms in the order of the map in `src/lib.rs`.
fn rooms() -> Vec<String> {
    let map = fs::read_to_string(project().join("src/lib.rs")).unwrap();
    let lines = map.lines().filter_map(|line| line.strip_prefix("//! | ["));
    let names = lines.filter_map(|line| line.strip_prefix('`')?.split('`').next());
    names.map(str::to_owned).collect()
}

/// The room of a file below `src`; none for `lib.rs` and `main.rs`.
fn room_of(path: &Path) -> Option<String> {
    let mut parts = path.strip_prefix(project().join("src")).unwrap().components();
    let first = parts.next().unwrap().as_os_str().to_str().unwrap().to_owned();
    parts.next().map(|_| first)
}

/// The names that follow `crate::` in a text, also within braces.
fn imported(text: &str) -> BTreeSet<String> {
    let name = |text: &str| -> String {
        text.chars().take_while(|letter| letter.is_ascii_lowercase() || *letter == '_').collect()
    };
    let mut names = BTreeSet::new();
    for rest in text.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            Some(list) => {
                let list = list.split("};").next().unwrap();
                names.extend(list.split(',').map(|part| name(part.trim_start())));
            }
            None => drop(names.insert(name(rest))),
        }
    }
    names
}

#[test]
fn the_map_names_every_room_and_each_imports_only_rooms_before_it() {
    let rooms = rooms();
    let folders: BTreeSet<String> =
        files("src", "rs").iter().filter_map(|file| room_of(&file.path)).collect();
    assert_eq!(rooms.iter().cloned().collect::<BTreeSet<_>>(), folders, "the map of src/lib.rs");
    let floor = |room: &str| rooms.iter().position(|other| other == room);
    let mut wrong = Vec::new();
    for file in files("src", "rs") {
        let Some(here) = room_of(&file.path) else { continue };
        for there in imported(&file.text) {
            if floor(&there).is_some_and(|there| Some(there) > floor(&here)) {
                wrong.push(format!(
                    "{} imports `{there}`, which stands after `{here}`",
                    file.path.display()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_says_what_it_is_for() {
    let silent: Vec<_> = files("src", "rs")
        .into_iter()
        .filter(|file| !file.text.starts_with("//!") && !is_test_code(&file.path))
        .map(|file| file.path)
        .collect();
    assert!(silent.is_empty(), "{silent:?}");
}

#[test]
fn test_code_stands_in_the_tests_of_its_room() {
    let mut wrong = Vec::new();
    for file in files("src", "rs").iter().filter(|file| !is_test_code(&file.path)) {
        let mut lines = file.text.lines().peekable();
        while let Some(line) = lines.next() {
            if line.trim() != "#[cfg(test)]" {
                continue;
            }
            let module =
                lines.peek().and_then(|next| next.trim().strip_suffix(';')?.split("mod ").nth(1));
            if module.is_some_and(|module| module != "tests") {
                wrong.push(format!("{}: {}", file.path.display(), module.unwrap()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether a file stands in `tests.rs` or below `tests/`.
fn is_test_code(path: &Path) -> bool {
    path.iter().any(|part| part == "tests" || part == "tests.rs")
}

#[test]
fn every_snapshot_is_taken_by_a_test() {
    let mut orphans = Vec::new();
    for snapshot in files("src", "snap").into_iter().chain(files("tests", "snap")) {
        let source =
            snapshot.text.lines().find_map(|line| line.strip_prefix("source: ")).unwrap_or("");
        let name = snapshot.path.file_stem().unwrap().to_str().unwrap();
        let (module, name) = name.rsplit_once("__").unwrap_or(("", name));
        let folder = snapshot.path.parent().and_then(Path::parent).unwrap();
        let stands_there = project().join(source).parent() == Some(folder);
        if !stands_there || !module_is_of(module, source) || !is_taken(name, folder, source) {
            orphans.push(snapshot.path);
        }
    }
    assert!(orphans.is_empty(), "{orphans:#?}");
}

/// Whether `noteferry__plan__decide__tests` is a module of `src/plan/decide.rs`, or of a file below `src/plan/decide`.
fn module_is_of(module: &str, source: &str) -> bool {
    let Some(path) = source.strip_prefix("src/") else { return module.is_empty() };
    let of_file = path.trim_end_matches(".rs").trim_end_matches("/mod").replace('/', "__");
    module.strip_prefix("noteferry__").is_some_and(|module| {
        module.strip_prefix(&*of_file).is_some_and(|rest| rest.is_empty() || rest.starts_with("__"))
    })
}

/// Whether a test bears the snapshot's name, names it, or names the beginning of it.
fn is_taken(name: &str, folder: &Path, source: &str) -> bool {
    let texts: Vec<String> = match source.starts_with("src/") {
        true => vec![fs::read_to_string(project().join(source)).unwrap_or_default()],
        false => files(folder.strip_prefix(project()).unwrap().to_str().unwrap(), "rs")
            .into_iter()
            .map(|file| file.text)
            .collect(),
    };
    // The second snapshot of a test is `name-2`.
    let of_test = name.rsplit_once('-').filter(|(_, count)| count.parse::<u32>().is_ok());
    let test = of_test.map_or(name, |(test, _)| test);
    let begins = |(at, _): (usize, char)| format!("\"{}{{", &name[..at]);
    texts.iter().any(|text| {
        text.contains(&format!("fn {test}("))
            || text.contains(&format!("\"{name}\""))
            || name.char_indices().skip(1).map(begins).any(|prefix| text.contains(&prefix))
    })
}
