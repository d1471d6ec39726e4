//! A row for each of the values that lie within a JSON object, as the comments of a ticket do.
//!
//! One object is in memory, with the places of its parts; parts are read as rows are, so that numbers keep their digits.

use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::source::columns::{Keys, Lines};
use crate::source::fault::Fault;
use crate::source::made::Why;
use crate::source::path::{DataPath, PathStep, escaped};
use crate::source::record::Record;
use crate::source::window::{Spot, line_feeds};
use crate::source::{INDEX, PARENT, VALUE};
use crate::text::code::Code;

use super::scan::{key_of, parts};
use super::{Element, Elements, Object, exact, set};

pub(in crate::source) struct JsonEach {
    elements: Box<dyn Elements + Send>,
    each: DataPath,
    held: Option<Held>,
    /// Objects that lack what rows are made of.
    lacking: Lines,
    /// Whether an object has it.
    has_any: bool,
    /// The key that the first of them lacks, and those that it has.
    slip: Option<Slip>,
}

/// A key that is not there, and the keys beside it.
type Slip = (Arc<str>, Vec<Arc<str>>);

/// So many keys are kept to be named.
const MOST_NAMED: usize = 20;
/// A longer key is cut where it is named.
const LONGEST_NAMED: usize = 60;

/// An object that rows come of.
struct Held {
    element: Element,
    items: std::vec::IntoIter<Item>,
    /// The object as a value, where somebody asks for it.
    parent: Option<(usize, Arc<Value>)>,
    /// The column of the item's number, where somebody asks for it.
    index: Option<usize>,
    /// The line on which the byte at `passed` stands.
    line: u64,
    /// The character of its line that it is, from 1.
    column: u64,
    passed: usize,
    pointer: Option<String>,
    /// How long the object is written, until a row has been taken for that.
    weight: usize,
}

/// A value that is a row.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Item {
    /// In the text of the object.
    value: Range<usize>,
    /// From the object to it.
    pointer: Box<str>,
    /// Its number in its list.
    index: u64,
}

impl JsonEach {
    pub(in crate::source) fn new(elements: Box<dyn Elements + Send>, each: DataPath) -> Self {
        let (lacking, has_any, slip) = (Lines::default(), false, None);
        Self { elements, each, held: None, lacking, has_any, slip }
    }

    /// The objects so far that lack what rows are made of, if there are any.
    pub(in crate::source) fn lacking(&self) -> Option<(&Lines, Why)> {
        let slip = self.slip.clone()?;
        let (path, do_all) = (self.each.to_string().into(), !self.has_any);
        Some((&self.lacking, Why::Lacking { path, do_all, slip }))
    }

    /// None within an object: a place alone does not tell which of its parts is next.
    pub(in crate::source) fn spot(&self) -> Option<Spot> {
        if self.held.is_some() { None } else { self.elements.spot() }
    }

    pub(in crate::source) fn go_to(&mut self, spot: Spot) -> Result<(), Fault> {
        self.held = None;
        self.elements.go_to(spot)
    }

    /// Reads the next row. False: there is none.
    pub(in crate::source) fn read(
        &mut self,
        record: &mut Record,
        keys: &mut Keys,
    ) -> Result<bool, Fault> {
        loop {
            let mut held = match self.held.take() {
                Some(held) => held,
                None => match self.elements.find()? {
                    None => return Ok(false),
                    Some(element) => self.hold(element, keys)?,
                },
            };
            let Some(item) = held.items.next() else {
                self.elements.pass(held.element);
                continue;
            };
            let read = self.row(&mut held, &item, record, keys);
            self.held = Some(held);
            return read.map(|()| true);
        }
    }

    /// Counts the object where it lacks what rows are made of.
    fn note(&mut self, slip: Option<Slip>, line: u64) {
        match slip {
            None => self.has_any = true,
            Some(slip) => {
                self.lacking.add(line);
                self.slip.get_or_insert(slip);
            }
        }
    }

    fn hold(&mut self, element: Element, keys: &Keys) -> Result<Held, Fault> {
        let object = Object::at_hand(self.elements.window(), element.length);
        let (line, column) = (object.line, object.column);
        let asked = |name| keys.columns().index(name).filter(|column| keys.is_asked(*column));
        let held = object.items(&self.each).and_then(|(items, slip)| {
            let parent = match asked(PARENT) {
                Some(column) => Some((column, Arc::new(object.value()?))),
                None => None,
            };
            Ok((items, parent, slip))
        });
        let pointer = self.elements.pointer();
        match held {
            Ok((items, parent, slip)) => {
                self.note(slip.filter(|_| items.is_empty()), line);
                let (items, index) = (items.into_iter(), asked(INDEX));
                let weight = if parent.is_some() { element.length } else { 0 };
                Ok(Held { element, items, parent, index, line, column, passed: 0, pointer, weight })
            }
            Err(fault) => {
                self.elements.pass(element);
                Err(self.elements.explain(fault, element).within(pointer))
            }
        }
    }

    fn row(
        &self,
        held: &mut Held,
        item: &Item,
        record: &mut Record,
        keys: &mut Keys,
    ) -> Result<(), Fault> {
        let whole = Object::at_hand(self.elements.window(), held.element.length);
        let between = whole.text.get(held.passed..item.value.start).unwrap_or_default();
        held.line += line_feeds(between);
        // Counted on from the item before: a file may be one line.
        held.column = match memchr::memrchr(b'\n', between) {
            None => held.column + super::characters(between),
            Some(at) => 1 + super::characters(&between[at + 1..]),
        };
        held.passed = item.value.start;
        let text = whole.text.get(item.value.clone()).unwrap_or_default();
        let (line, column) = (held.line, held.column);
        let object = Object { text, line, column, encoding: whole.encoding };
        let read = object.read_any(record, keys);
        let within = format!("{}{}", held.pointer.as_deref().unwrap_or_default(), item.pointer);
        let within: Arc<str> = within.into();
        record.place.within = Some(Arc::clone(&within));
        read.map_err(|fault| fault.within(Some(within)))?;
        // An item in which nothing is written is no row, whatever lies around it.
        if !record.is_blank() {
            if let Some((column, parent)) = &held.parent {
                record.set_shared(*column, Arc::clone(parent));
                record.weigh(std::mem::take(&mut held.weight));
                keys.met(*column, held.line);
            }
            if let Some(column) = held.index {
                record.set_number(column, &item.index.to_string());
                keys.met(column, held.line);
            }
        }
        Ok(())
    }
}

impl Object<'_> {
    /// The values that a path leads to; of a list its items.
    fn items(&self, path: &DataPath) -> Result<(Vec<Item>, Option<Slip>), Fault> {
        let text = self.utf8()?;
        serde_json::from_str::<&RawValue>(text).map_err(|error| self.syntax(&error, None))?;
        if !text.starts_with(['{', '[']) {
            return Err(self.not_an_object(text));
        }
        let mut items = Vec::new();
        let mut finder = Finder { text, path, items: &mut items, slip: None };
        let start = text.len() - text.trim_start().len();
        let at = Item { value: start..text.len(), pointer: "".into(), index: 0 };
        finder.follow(at, 0).map_err(|stop| self.no_list(path, &stop))?;
        let slip = finder.slip;
        Ok((items, slip))
    }

    /// The object as a value.
    fn value(&self) -> Result<Value, Fault> {
        let text = self.utf8()?;
        exact::value(text).map_err(|error| self.syntax(&error, None))
    }

    fn no_list(&self, path: &DataPath, stop: &str) -> Fault {
        let message = format!("at `{stop}` there is neither a list nor an object");
        Fault::row(self.line, Code::NotAnObject, message)
            .hint(format!("`each` makes a row of every value at `{path}`"))
    }

    /// Reads an object, or any other value as the one cell of a row.
    fn read_any(&self, record: &mut Record, keys: &mut Keys) -> Result<(), Fault> {
        if self.text.first() == Some(&b'{') {
            return self.read(record, keys);
        }
        record.clear();
        record.place.line = self.line;
        let text = self.utf8()?;
        if let Some(column) = keys.found(VALUE, self.line) {
            if keys.is_stray(column) {
                record.add_stray(keys.columns().names().get(column));
            }
            set(record, column, text).map_err(|error| self.syntax(&error, None))?;
        }
        Ok(())
    }
}

/// Follows a path in a good text. An error is where it cannot be followed.
struct Finder<'a> {
    text: &'a str,
    path: &'a DataPath,
    items: &'a mut Vec<Item>,
    /// The first object on the path that lacks its next key.
    slip: Option<Slip>,
}

impl Finder<'_> {
    fn follow(&mut self, at: Item, steps: usize) -> Result<(), String> {
        let kind = self.text.as_bytes().get(at.value.start).copied().unwrap_or_default();
        let Some(step) = self.path.steps().get(steps) else { return self.arrive(at, kind) };
        match kind {
            b'{' | b'[' => {}
            // What is not there has no items, and of all values of an object some may be of no use.
            b'n' => return Ok(()),
            _ if steps > 0 && self.path.steps().get(steps - 1) == Some(&PathStep::Any) => {
                return Ok(());
            }
            _ => return Err(at.pointer.into()),
        }
        let (mut is_there, mut others) = (false, Vec::new());
        for (index, part) in parts(self.text, at.value.clone()).into_iter().enumerate() {
            let key = part.key.as_ref().and_then(|key| key_of(self.text, key));
            let is_on_path = match (step, &key) {
                (PathStep::Any, _) => true,
                (PathStep::Key(wanted), Some(key)) => **wanted == **key,
                (PathStep::Key(wanted), None) => **wanted == *index.to_string(),
            };
            is_there |= is_on_path;
            if let Some(key) = key.as_ref().filter(|_| !is_on_path && others.len() < MOST_NAMED) {
                others.push(key[..key.floor_char_boundary(LONGEST_NAMED)].into());
            }
            if is_on_path {
                self.follow(at.below(key.as_deref(), index, part.value), steps + 1)?;
            }
        }
        if let PathStep::Key(wanted) = step
            && !is_there
            && self.slip.is_none()
        {
            self.slip = Some((wanted.as_ref().into(), others));
        }
        Ok(())
    }

    fn arrive(&mut self, at: Item, kind: u8) -> Result<(), String> {
        match kind {
            b'[' => {
                let parts = parts(self.text, at.value.clone()).into_iter().enumerate();
                self.items.extend(parts.map(|(index, part)| at.below(None, index, part.value)));
            }
            b'n' => {}
            b'{' => self.items.push(at),
            _ if matches!(self.path.steps().last(), Some(PathStep::Any)) => self.items.push(at),
            _ => return Err(at.pointer.into()),
        }
        Ok(())
    }
}

impl Item {
    fn below(&self, key: Option<&str>, index: usize, value: Range<usize>) -> Self {
        let pointer = match key {
            Some(key) => format!("{}/{}", self.pointer, escaped(key)),
            None => format!("{}/{index}", self.pointer),
        };
        Self { value, pointer: pointer.into(), index: index as u64 }
    }
}
