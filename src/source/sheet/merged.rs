//! The merged areas of a sheet of Excel: which cells others cover.
//!
//! A sheet names them behind its cells, and its cells are read once: so its bytes are looked through for them before, and
//! what was found is held to what the sheet says at its end. Not for ODS, where a covered cell says so itself.

use std::io::Read;

use quick_xml::XmlVersion;
use quick_xml::events::BytesStart;

use super::cells::{MOST_COLUMNS, MOST_ROWS, place_of};
use super::zip::broken;

/// A sheet may have so many merged areas.
pub(super) const MOST: usize = 1 << 18;
/// What the element of one is called, and how many bytes one may have.
const NAME: &[u8] = b"mergeCell";
const LONGEST: usize = 512;
/// What is read of a sheet at once.
const PAGE: usize = 64 * 1024;

/// Cells from one to another, both among them: rows and columns from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Area {
    top: u32,
    left: u32,
    bottom: u32,
    right: u32,
}

impl Area {
    /// As people call it, as in `A1:B2`; none where it is no area of a sheet.
    pub(super) fn parse(written: &str) -> Option<Self> {
        let (first, last) = written.split_once(':').unwrap_or((written, written));
        let ((top, left), (bottom, right)) = (place_of(first).ok()?, place_of(last).ok()?);
        (top <= bottom && left <= right).then_some(Self { top, left, bottom, right })
    }
}

/// The areas of a sheet, in the order of their rows, and those of them that the row being read is in.
#[derive(Debug, Default)]
pub(super) struct Merged {
    areas: Vec<Area>,
    /// So many of them begin above the row being read, or in it.
    begun: usize,
    /// Of these, those that have not ended, by their columns.
    current: Vec<Area>,
    /// The first row below one of them.
    next_end: u32,
}

impl Merged {
    /// Looks through the bytes of a sheet for them.
    pub(super) fn find(mut sheet: impl Read) -> std::io::Result<Self> {
        let finder = memchr::memmem::Finder::new(NAME);
        let (mut areas, mut page, mut held) = (Vec::new(), vec![0; PAGE + LONGEST], 0);
        loop {
            let count = sheet.read(&mut page[held..])?;
            held += count;
            let is_over = count == 0;
            // Whatever begins behind this is looked at with what comes next.
            let whole = if is_over { held } else { held.saturating_sub(LONGEST) };
            let mut from = 0;
            while let Some(found) = finder.find(&page[from..held]).map(|found| from + found) {
                if found >= whole {
                    break;
                }
                from = found + NAME.len();
                areas.extend(area_at(&page[from..held.min(from + LONGEST)]));
                if areas.len() > MOST {
                    return Err(too_many());
                }
            }
            if is_over {
                break;
            }
            // The name may have begun before what is kept.
            let kept = from.max(whole).min(held);
            page.copy_within(kept..held, 0);
            held -= kept;
        }
        Ok(Self::new(areas))
    }

    fn new(mut areas: Vec<Area>) -> Self {
        areas.sort_unstable();
        areas.dedup();
        Self { areas, begun: 0, current: Vec::new(), next_end: u32::MAX }
    }

    /// Whether these are the areas that were found, in whatever order.
    pub(super) fn are(&self, areas: Vec<Area>) -> bool {
        Self::new(areas).areas == self.areas
    }

    /// Whether a cell is covered: it is in an area and not the first cell of it. Rows come in their order.
    pub(super) fn covers(&mut self, row: u32, column: u32) -> bool {
        if self.areas.is_empty() {
            return false;
        }
        self.go_to(row);
        let at = self.current.partition_point(|area| area.left <= column);
        let area = at.checked_sub(1).and_then(|at| self.current.get(at));
        area.is_some_and(|area| column <= area.right && (row, column) != (area.top, area.left))
    }

    fn go_to(&mut self, row: u32) {
        if row >= self.next_end {
            self.current.retain(|area| area.bottom >= row);
            self.find_end();
        }
        let before = self.begun;
        while let Some(area) = self.areas.get(self.begun).filter(|area| area.top <= row) {
            self.begun += 1;
            // Areas that lie in each other are none of Excel's; there are no more than columns of those that do not.
            if area.bottom >= row && self.current.len() <= MOST_COLUMNS as usize {
                self.current.push(*area);
            }
        }
        if self.begun > before {
            self.current.sort_unstable_by_key(|area| (area.left, area.top));
            self.find_end();
        }
    }

    fn find_end(&mut self) {
        let last = self.current.iter().map(|area| area.bottom).min();
        self.next_end = last.map_or(u32::MAX, |last| last.min(MOST_ROWS) + 1);
    }
}

/// The area of an element whose name has just been read.
fn area_at(rest: &[u8]) -> Option<Area> {
    let end = memchr::memchr(b'>', rest)?;
    let tag = std::str::from_utf8(&rest[..end]).ok()?.trim_end_matches('/');
    // What begins otherwise has a longer name.
    if !tag.starts_with([' ', '\t', '\r', '\n']) {
        return None;
    }
    let tag = BytesStart::from_content(tag, 0);
    let mut attributes = tag.attributes();
    let mut found = attributes.with_checks(false).flatten();
    let found = found.find(|attribute| attribute.key.0 == "ref")?;
    Area::parse(&found.normalized_value(XmlVersion::Explicit1_0).ok()?)
}

pub(super) fn too_many() -> std::io::Error {
    broken(format!("it has more than {MOST} merged areas"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_are_found_wherever_a_page_ends() {
        for before in (PAGE - 600..PAGE + 600).step_by(7).chain([0, 1]) {
            let sheet = format!(
                "{}<mergeCells count=\"2\"><mergeCell ref=\"A1:B2\"/><x:mergeCell a=\"\" ref=\"D4:D9\" ></x:mergeCell></mergeCells>mergeCell",
                " ".repeat(before)
            );
            let found = Merged::find(sheet.as_bytes()).unwrap();
            let expected = ["A1:B2", "D4:D9"].map(|area| Area::parse(area).unwrap());
            assert_eq!(found.areas, expected, "{before}");
        }
    }

    #[test]
    fn what_is_no_area_covers_nothing() {
        for written in ["", "A1:", ":", "B2:A1", "A0:A1", "A1:ZZZ9", "A:A", "A1:B2:C3"] {
            assert_eq!(Area::parse(written), None, "{written}");
        }
        assert!(Merged::find(&b"<mergeCell ref=\"A1"[..]).unwrap().areas.is_empty());
    }

    #[test]
    fn cells_but_the_first_of_an_area_are_covered() {
        let areas = ["B2:C3", "E2:E5", "A4:D4", "C6:C6"].map(|area| Area::parse(area).unwrap());
        let mut merged = Merged::new(areas.to_vec());
        let mut drawn = String::new();
        for row in 0..7 {
            for column in 0..6 {
                drawn.push(if merged.covers(row, column) { 'x' } else { '.' });
            }
            drawn.push('\n');
        }
        assert_eq!(drawn, "......\n..x...\n.xx.x.\n.xxxx.\n....x.\n......\n......\n");
        assert!(merged.are(areas.iter().rev().chain(&areas).copied().collect()));
        assert!(!merged.are(areas[1..].to_vec()));
    }
}
