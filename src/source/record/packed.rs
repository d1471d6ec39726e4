//! Records as bytes, so that rows can wait in a file until it is their turn.
//!
//! Not a format of anything that lasts: whoever reads the bytes has written them in the same run.

use std::sync::Arc;

use serde_json::Value;

use super::{FaultyCell, Record, Slot};
use crate::source::returned::Origin;

/// Writes and reads the parts of a record. What was not written here reads as nothing at all, and never as a wrong row.
#[derive(Debug, Default)]
pub(in crate::source) struct Packed {
    pub(in crate::source) bytes: Vec<u8>,
    at: usize,
}

impl Packed {
    pub(in crate::source) fn of(bytes: Vec<u8>) -> Self {
        Self { bytes, at: 0 }
    }

    pub(in crate::source) fn number(&mut self, number: u64) {
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }

    pub(in crate::source) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    pub(in crate::source) fn maybe_text(&mut self, text: Option<&str>) {
        self.number(u64::from(text.is_some()));
        text.into_iter().for_each(|text| self.text(text));
    }

    pub(in crate::source) fn take_number(&mut self) -> Option<u64> {
        let bytes = self.bytes.get(self.at..self.at.checked_add(8)?)?;
        self.at += 8;
        Some(u64::from_le_bytes(bytes.try_into().ok()?))
    }

    pub(in crate::source) fn take_size(&mut self) -> Option<usize> {
        usize::try_from(self.take_number()?).ok()
    }

    pub(in crate::source) fn take_text(&mut self) -> Option<&str> {
        let (from, length) = (self.at + 8, self.take_size()?);
        self.at = from.checked_add(length)?;
        std::str::from_utf8(self.bytes.get(from..self.at)?).ok()
    }

    pub(in crate::source) fn take_maybe_text(&mut self) -> Option<Option<Arc<str>>> {
        match self.take_number()? {
            0 => Some(None),
            _ => self.take_text().map(|text| Some(Arc::from(text))),
        }
    }
}

impl Record {
    /// Writes all but the file's name and what is shared with other rows, for which `share` gives a number.
    pub(in crate::source) fn pack(
        &self,
        packed: &mut Packed,
        share: &mut dyn FnMut(&Arc<Value>) -> u64,
    ) {
        packed.number(self.place.row);
        packed.number(self.place.line);
        packed.maybe_text(self.place.within.as_deref());
        packed.maybe_text(self.origin.as_ref().map(|origin| &*origin.reference));
        let stood = self.origin.as_ref().and_then(|origin| origin.stood);
        packed.number(u64::from(stood.is_some()));
        stood.into_iter().for_each(|(row, line)| {
            packed.number(row);
            packed.number(line);
        });
        packed.text(&self.text);
        packed.number(self.json_bytes as u64);
        packed.number(self.ends.len() as u64);
        self.ends.iter().for_each(|end| packed.number(u64::from(*end)));
        packed.number(self.nothing.len() as u64);
        self.nothing.iter().for_each(|column| packed.number(*column as u64));
        packed.number(self.slots.len() as u64);
        for slot in &self.slots {
            match slot {
                Slot::Absent => packed.number(0),
                Slot::Null => packed.number(1),
                Slot::Bool(value) => packed.number(2 + u64::from(*value)),
                Slot::Number(range) | Slot::Text(range) => {
                    packed.number(if matches!(slot, Slot::Number(_)) { 4 } else { 5 });
                    packed.number(range.start as u64);
                    packed.number(range.end as u64);
                }
                Slot::Json(value) => {
                    packed.number(6);
                    packed.text(&value.to_string());
                }
                Slot::Shared(value) => {
                    packed.number(7);
                    packed.number(share(value));
                }
            }
        }
        packed.number(self.strays.len() as u64);
        self.strays.iter().for_each(|name| packed.text(name));
        packed.number(self.faulty.len() as u64);
        for cell in &self.faulty {
            packed.number(cell.column as u64);
            packed.text(&cell.address);
            packed.text(&cell.message);
            packed.text(&cell.hint);
        }
    }

    /// Reads what `pack` has written; none where that is not what the bytes are.
    pub(in crate::source) fn unpack(
        &mut self,
        packed: &mut Packed,
        shared: &mut dyn FnMut(u64) -> Option<Arc<Value>>,
    ) -> Option<()> {
        self.clear();
        self.place.row = packed.take_number()?;
        self.place.line = packed.take_number()?;
        self.place.within = packed.take_maybe_text()?;
        let reference = packed.take_maybe_text()?;
        let stood = match packed.take_number()? {
            0 => None,
            _ => Some((packed.take_number()?, packed.take_number()?)),
        };
        self.origin = reference.map(|reference| Origin { reference, stood });
        self.text.push_str(packed.take_text()?);
        self.json_bytes = packed.take_size()?;
        for _ in 0..packed.take_size()? {
            self.ends.push(u32::try_from(packed.take_number()?).ok()?);
        }
        for _ in 0..packed.take_size()? {
            self.nothing.push(packed.take_size()?);
        }
        for _ in 0..packed.take_size()? {
            let slot = match packed.take_number()? {
                0 => Slot::Absent,
                1 => Slot::Null,
                2 => Slot::Bool(false),
                3 => Slot::Bool(true),
                4 => Slot::Number(packed.take_size()?..packed.take_size()?),
                5 => Slot::Text(packed.take_size()?..packed.take_size()?),
                6 => Slot::Json(serde_json::from_str(packed.take_text()?).ok()?),
                7 => Slot::Shared(shared(packed.take_number()?)?),
                _ => return None,
            };
            self.slots.push(slot);
        }
        for _ in 0..packed.take_size()? {
            self.strays.push(packed.take_text()?.into());
        }
        for _ in 0..packed.take_size()? {
            let column = packed.take_size()?;
            let address = packed.take_text()?.into();
            let message = packed.take_text()?.to_owned();
            let hint = packed.take_text()?.to_owned();
            self.faulty.push(FaultyCell { column, address, message, hint });
        }
        Some(())
    }
}
