//! Which of several files is what: the notes, more of them, the map of tickets, people, and what leads from one to another.
//!
//! Told by what the columns are called, and by whether the values of one file are found in another.

use std::collections::HashSet;

use super::compose::pick::{Pick, Picked};
use super::names::{Role, fits, is_of_new_system, plain};
use super::seen::{ColumnSeen, FileSeen};
use super::{chain, shape, system};

/// A table that values of the main file are found in.
#[derive(Debug, Clone)]
pub(super) struct Table<'a> {
    pub seen: &'a FileSeen,
    pub key: String,
    pub value: String,
    /// How many of the values are found, of how many.
    pub matched: (usize, usize),
}

/// What each file is, but for the main one.
#[derive(Debug, Default)]
pub(super) struct Parts<'a> {
    pub further: Vec<&'a FileSeen>,
    pub map: Option<Table<'a>>,
    /// What leads from the notes' tickets to those of the map, one after the other.
    pub bridges: Vec<Table<'a>>,
    pub people: Vec<Table<'a>>,
    pub unused: Vec<&'a FileSeen>,
}

/// The file that looks most like notes.
pub(super) fn main_of(files: &[FileSeen]) -> Option<usize> {
    let rated = files.iter().enumerate().rev().map(|(at, seen)| (rate(seen), at));
    rated.max_by_key(|(rated, _)| *rated).map(|(_, at)| at)
}

fn rate(seen: &FileSeen) -> usize {
    if system::recognise(seen).is_some() {
        return 1_000;
    }
    let has = |role: Role| seen.columns.iter().any(|column| fits(role, &column.name) >= 100);
    let roles = [Role::Ticket, Role::Internal, Role::Visible, Role::Time, Role::Author];
    let named = roles.into_iter().filter(|role| has(*role)).count();
    let longest = seen.columns.iter().map(ColumnSeen::average).max().unwrap_or(0);
    let has_new = seen.columns.iter().any(|column| is_of_new_system(&column.name));
    let is_map = has_new && seen.columns.len() <= 3;
    4 * usize::from(has(Role::Text)) + named + usize::from(longest >= 15)
        - usize::from(is_map).min(named)
}

/// What the other files are, seen from the main one.
pub(super) fn others<'a>(files: &'a [FileSeen], main: &FileSeen, picked: &Picked) -> Parts<'a> {
    let mut parts = Parts::default();
    let tickets = picked.ticket.as_ref().map(|pick| pick.column.clone());
    let mut left: Vec<&FileSeen> = Vec::new();
    for seen in files.iter().filter(|seen| seen.path != main.path) {
        match is_further(seen, main) {
            true => parts.further.push(seen),
            false => left.push(seen),
        }
    }
    // The map first, since it says what a bridge leads to.
    let maps =
        left.iter().filter_map(|seen| map_of(seen, tickets.as_ref(), picked.author.as_ref()));
    parts.map =
        maps.max_by_key(|(surety, table)| (*surety, table.matched.0)).map(|(_, table)| table);
    left.retain(|seen| parts.map.as_ref().is_none_or(|map| map.seen.path != seen.path));
    let map_keys = parts.map.as_ref().and_then(|map| map.seen.column(&map.key));
    let leads_itself = parts.map.as_ref().is_some_and(|map| map.matched.0 > 0);
    if let (Some(map), Some(keys), Some(tickets), false) =
        (&mut parts.map, map_keys, &tickets, leads_itself)
        && left.iter().all(|seen| direct_bridge(seen, tickets, keys).is_none())
        && let Some((tables, matched)) = chain::of(&left, tickets, keys)
    {
        map.matched = matched;
        left.retain(|seen| tables.iter().all(|table| table.seen.path != seen.path));
        parts.bridges = tables.into();
    }
    for seen in left {
        let bridge = || bridge_of(seen, tickets.as_ref()?, map_keys);
        if let Some(table) = people_of(seen, picked.author.as_ref()) {
            parts.people.push(table);
        } else if let Some(table) = bridge().filter(|_| !leads_itself && parts.bridges.is_empty()) {
            let leads_to = seen.column(&table.value);
            if let (Some(map), Some(keys), Some(leads_to)) = (&mut parts.map, map_keys, leads_to) {
                map.matched = (overlap(leads_to, keys), leads_to.values.len());
            }
            parts.bridges.push(table);
        } else {
            parts.unused.push(seen);
        }
    }
    parts
}

/// Whether a file is one more of the same kind.
fn is_further(seen: &FileSeen, main: &FileSeen) -> bool {
    let same_format = std::mem::discriminant(&seen.format) == std::mem::discriminant(&main.format);
    let names: HashSet<&str> = main.columns.iter().map(|column| column.name.as_str()).collect();
    let shared = seen.columns.iter().filter(|column| names.contains(column.name.as_str())).count();
    let most = names.len().max(seen.columns.len());
    same_format && most > 0 && shared * 5 >= most * 4
}

/// How many values of a column are found in another. Ids of Salesforce are the same in either length.
pub(super) fn overlap(of: &ColumnSeen, within: &ColumnSeen) -> usize {
    let same = |text: &str| match shape::is_salesforce_id(text) {
        true => text.get(..15).unwrap_or(text).to_owned(),
        false => text.to_owned(),
    };
    let known: HashSet<String> = within.texts().map(same).collect();
    of.texts().filter(|text| known.contains(&same(text))).count()
}

/// The column in which most values of another are found.
fn best_key<'a>(of: &ColumnSeen, seen: &'a FileSeen) -> Option<(&'a ColumnSeen, usize)> {
    let columns = seen.columns.iter().rev().map(|column| (column, overlap(of, column)));
    columns.max_by_key(|(_, found)| *found).filter(|(_, found)| *found > 0)
}

/// A table from old tickets to new ones, and how sure it is one.
fn map_of<'a>(
    seen: &'a FileSeen,
    tickets: Option<&ColumnSeen>,
    author: Option<&Pick>,
) -> Option<(usize, Table<'a>)> {
    let of = tickets.map_or(0, |tickets| tickets.values.len());
    let new = seen.columns.iter().find(|column| is_of_new_system(&column.name));
    let key = tickets.and_then(|tickets| best_key(tickets, seen));
    let table = |key: &ColumnSeen, value: &ColumnSeen, found: usize| Table {
        seen,
        key: key.name.clone(),
        value: value.name.clone(),
        matched: (found, of),
    };
    let other = |than: &str| seen.columns.iter().find(|column| column.name != than);
    match (new, key) {
        (Some(new), Some((key, found))) if key.name != new.name => {
            Some((3, table(key, new, found)))
        }
        (Some(new), _) => Some((2, table(other(&new.name)?, new, 0))),
        (None, Some((key, found))) if seen.columns.len() == 2 => {
            let value = other(&key.name)?;
            let is_of_people = author.is_some_and(|author| overlap(&author.column, key) > 0);
            let is_name = fits(Role::Name, &value.name) >= 100;
            (!is_of_people && !is_name && fits(Role::Ticket, &value.name) < 100)
                .then(|| (1, table(key, value, found)))
        }
        _ => None,
    }
}

fn people_of<'a>(seen: &'a FileSeen, author: Option<&Pick>) -> Option<Table<'a>> {
    let named = seen.columns.iter().rev().map(|column| (fits(Role::Name, &column.name), column));
    let (_, name) = named
        .filter(|(rated, column)| *rated > 0 && column.texts > 0)
        .max_by_key(|(rated, _)| *rated)?;
    let author = author.map(|pick| &pick.column);
    let of = author.map_or(0, |author| author.values.len());
    let found =
        author.and_then(|author| best_key(author, seen)).filter(|(key, _)| key.name != name.name);
    let stem = seen.path.file_stem().map(|stem| plain(&stem.to_string_lossy())).unwrap_or_default();
    let is_called_so = ["user", "agent", "people", "nhanvien", "staff", "author", "nguoidung"]
        .iter()
        .any(|word| stem.contains(word));
    let (key, matched) = match found {
        Some((key, found)) => (key, found),
        None if is_called_so => {
            let is_key = |column: &&ColumnSeen| {
                column.name != name.name
                    && (fits(Role::Key, &column.name) > 0
                        || fits(Role::Author, &column.name) > 0
                        || plain(&column.name) == "accountid")
            };
            (seen.columns.iter().find(is_key)?, 0)
        }
        None => return None,
    };
    Some(Table { seen, key: key.name.clone(), value: name.name.clone(), matched: (matched, of) })
}

/// A table with a column of the notes' tickets, and one of those of the map.
fn direct_bridge<'a>(
    seen: &'a FileSeen,
    tickets: &ColumnSeen,
    map_keys: &ColumnSeen,
) -> Option<&'a ColumnSeen> {
    let (key, _) = best_key(tickets, seen)?;
    let others = seen.columns.iter().filter(|column| column.name != key.name);
    let rated = others.map(|column| (overlap(column, map_keys), column));
    let best = rated.filter(|(found, _)| *found > 0).max_by_key(|(found, _)| *found);
    best.map(|(_, column)| column)
}

/// A table that leads from what the notes call a ticket to what people call it.
fn bridge_of<'a>(
    seen: &'a FileSeen,
    tickets: &ColumnSeen,
    map_keys: Option<&ColumnSeen>,
) -> Option<Table<'a>> {
    let (key, found) = best_key(tickets, seen)?;
    let others = || seen.columns.iter().filter(|column| column.name != key.name);
    let by_values = map_keys.and_then(|keys| direct_bridge(seen, tickets, keys));
    let by_name = || {
        let rated = others().map(|column| (fits(Role::Ticket, &column.name), column));
        let best = rated.filter(|(rated, _)| *rated > 0).max_by_key(|(rated, _)| *rated);
        best.map(|(_, column)| column)
    };
    let value = by_values.or_else(by_name)?;
    let matched = (found, tickets.values.len());
    Some(Table { seen, key: key.name.clone(), value: value.name.clone(), matched })
}
