//! The parts of a workbook of Excel that say where its sheets are, what their numbers mean, and the texts that they share.
//!
//! Not for the cells of a sheet.

use std::collections::HashMap;
use std::io::Read;

use crate::source::fault::Fault;

use super::merged::Merged;
use super::open::{Listed, locked, no_workbook};
use super::strings::Strings;
use super::styles::Styles;
use super::xml::{self, Node, Xml, fault};
use super::zip::{Archive, LARGEST_PART, broken};

/// A part that is kept in memory may have so many bytes, …
const LARGEST_KEPT: u64 = 32 << 20;
/// … and that of shared texts, which is not.
const LARGEST_TEXTS: u64 = 4 << 30;
/// A workbook may have so many sheets and other parts.
const MOST_PARTS: usize = 1 << 16;

const CANNOT_BE_READ: &str = "the workbook cannot be read";

/// What is known of a workbook before a sheet of it is read.
pub(super) struct Book {
    archive: Archive,
    sheets: Vec<Listed>,
    /// The part of each sheet.
    parts: Vec<String>,
    /// Of the kind that a part is for, the name of that part.
    others: HashMap<&'static str, String>,
    counts_from_1904: bool,
}

/// What the cells of a sheet are read with.
#[derive(Default)]
pub(super) struct Meanings {
    pub strings: Strings,
    pub styles: Styles,
    pub merged: Merged,
    pub counts_from_1904: bool,
}

/// A relation of one part to another.
struct Relation {
    id: String,
    kind: String,
    target: String,
}

impl Book {
    pub(super) fn open(mut archive: Archive) -> Result<Self, Fault> {
        let no_book =
            || no_workbook("the file is a ZIP archive and no workbook", "unpack it first");
        if archive.has("EncryptedPackage") {
            return Err(locked());
        }
        let of_all = relations(&mut archive, "_rels/.rels", "")?;
        let main = of_all.iter().find(|relation| relation.kind == "officeDocument");
        let main = main.map_or("xl/workbook.xml", |main| main.target.as_str());
        let (folder, name) = main.rsplit_once('/').unwrap_or(("", main));
        let relations = relations(&mut archive, &format!("{folder}/_rels/{name}.rels"), folder)?;
        let part = archive.small_part(main, LARGEST_KEPT)?.ok_or_else(no_book)?;
        let mut xml = Xml::new(part);
        let (listed, counts_from_1904) =
            sheets(&mut xml).map_err(|error| fault(&error, CANNOT_BE_READ))?;
        let (mut sheets, mut parts) = (Vec::new(), Vec::new());
        for (mut sheet, id) in listed {
            let relation = relations.iter().find(|relation| relation.id == id);
            sheet.has_cells = relation.is_some_and(|relation| relation.kind == "worksheet");
            parts.push(relation.map(|relation| relation.target.clone()).unwrap_or_default());
            sheets.push(sheet);
        }
        let target_of = |kind: &'static str| {
            let found = relations.iter().find(|relation| relation.kind == kind)?;
            Some((kind, found.target.clone()))
        };
        let others = ["sharedStrings", "styles"].into_iter().filter_map(target_of).collect();
        Ok(Self { archive, sheets, parts, others, counts_from_1904 })
    }

    pub(super) fn sheets(&self) -> &[Listed] {
        &self.sheets
    }

    /// The sheets alone.
    pub(super) fn into_list(self) -> Vec<Listed> {
        self.sheets
    }

    /// The elements of a sheet, and what its cells are read with. A text may have so many bytes.
    pub(super) fn into_sheet(
        mut self,
        at: usize,
        most: usize,
    ) -> Result<(Xml<impl Read + Send + use<>>, Meanings), Fault> {
        let told = |error: &quick_xml::Error| fault(error, CANNOT_BE_READ);
        let mut meanings =
            Meanings { counts_from_1904: self.counts_from_1904, ..Meanings::default() };
        if let Some(name) = self.others.get("styles")
            && let Some(part) = self.archive.small_part(name, LARGEST_KEPT)?
        {
            meanings.styles = Styles::read(&mut Xml::new(part)).map_err(|error| told(&error))?;
        }
        if let Some(name) = self.others.get("sharedStrings")
            && let Some(part) = self.archive.small_part(name, LARGEST_TEXTS)?
        {
            meanings.strings =
                Strings::read(&mut Xml::new(part), most).map_err(|error| told(&error))?;
        }
        let name = self.parts.get(at).map(String::as_str).unwrap_or_default();
        if let Some(part) = self.archive.small_part(name, LARGEST_PART)? {
            meanings.merged = Merged::find(part).map_err(|error| told(&error.into()))?;
        }
        let part = self.archive.into_part(name)?.ok_or_else(|| {
            no_workbook(&format!("the workbook lacks its part {name}"), super::open::SAVE_ANEW)
        })?;
        Ok((Xml::new(part), meanings))
    }
}

/// The sheets as the workbook lists them, each with the name of its relation, and whether days are counted from 1904.
fn sheets<R: Read>(xml: &mut Xml<R>) -> Result<(Vec<(Listed, String)>, bool), quick_xml::Error> {
    let mut sheets = Vec::new();
    let mut counts_from_1904 = false;
    loop {
        match xml.next()? {
            Node::Start(tag) => match tag.name().local() {
                "sheet" => {
                    let name = tag.attribute("name").unwrap_or_default().into_owned();
                    let is_hidden = tag.attribute("state").is_some_and(|state| state != "visible");
                    let id = tag.local_attribute("id").unwrap_or_default().into_owned();
                    sheets.push((Listed { name, is_hidden, has_cells: true }, id));
                }
                "workbookPr" => {
                    let value = tag.attribute("date1904");
                    // Extensions of other versions have one of their own, which says nothing of days.
                    counts_from_1904 |= value.is_some_and(|value| value == "1" || value == "true");
                }
                _ => {}
            },
            Node::Over => return Ok((sheets, counts_from_1904)),
            _ => {}
        }
        if sheets.len() > MOST_PARTS {
            return Err(broken(format!("it has more than {MOST_PARTS} sheets")).into());
        }
    }
}

/// What one part says of its relations to others; none where it says nothing.
fn relations(archive: &mut Archive, name: &str, folder: &str) -> Result<Vec<Relation>, Fault> {
    let Some(part) = archive.small_part(name, LARGEST_KEPT)? else { return Ok(Vec::new()) };
    let mut xml = Xml::new(part);
    let told = |error: quick_xml::Error| xml::fault(&error, CANNOT_BE_READ);
    let mut relations = Vec::new();
    loop {
        match xml.next().map_err(told)? {
            Node::Start(tag) if tag.name().local() == "Relationship" => {
                let of = |name| tag.attribute(name).unwrap_or_default().into_owned();
                let kind = of("Type").rsplit('/').next().unwrap_or_default().to_owned();
                let target = resolved(folder, &of("Target"));
                relations.push(Relation { id: of("Id"), kind, target });
            }
            Node::Over => return Ok(relations),
            _ => {}
        }
        if relations.len() > MOST_PARTS {
            let error = broken(format!("it has more than {MOST_PARTS} relations of its parts"));
            return Err(told(error.into()));
        }
    }
}

/// Where a target lies, seen from a folder.
fn resolved(folder: &str, target: &str) -> String {
    if let Some(target) = target.strip_prefix('/') {
        return target.to_owned();
    }
    let mut steps: Vec<&str> = folder.split('/').filter(|step| !step.is_empty()).collect();
    for step in target.split('/') {
        match step {
            "" | "." => {}
            ".." => drop(steps.pop()),
            step => steps.push(step),
        }
    }
    steps.join("/")
}
