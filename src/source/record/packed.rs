//! Records as bytes, so that rows can wait in a file until it is their turn.
//!
//! Not a format of anything that lasts: whoever reads the bytes has written them in the same run.

use std::sync::Arc;

use serde_json::Value;

use super::{FaultyCell, Record, Slot};
use crate::source::returned::Origin;

/// Writes the parts of a record. A number takes a byte for each seven of its bits: most are small.
#[derive(Debug, Default)]
pub(in crate::source) struct Packing {
    pub(in crate::source) bytes: Vec<u8>,
}

impl Packing {
    pub(in crate::source) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.bytes.push(number.to_le_bytes()[0]);
    }

    pub(in crate::source) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    pub(in crate::source) fn maybe_text(&mut self, text: Option<&str>) {
        self.number(u64::from(text.is_some()));
        text.into_iter().for_each(|text| self.text(text));
    }
}

/// Reads what was written so. What was not reads as nothing at all, and never as a wrong row.
#[derive(Debug)]
pub(in crate::source) struct Packed<'a> {
    rest: &'a [u8],
}

impl<'a> Packed<'a> {
    pub(in crate::source) fn of(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(in crate::source) fn take_number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let (byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            let bits = u64::from(byte & 0x7F);
            if bits << shift >> shift != bits {
                return None;
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    pub(in crate::source) fn take_size(&mut self) -> Option<usize> {
        usize::try_from(self.take_number()?).ok()
    }

    pub(in crate::source) fn take_text(&mut self) -> Option<&'a str> {
        let length = self.take_size()?;
        let (text, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        std::str::from_utf8(text).ok()
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
        packing: &mut Packing,
        share: &mut dyn FnMut(&Arc<Value>) -> u64,
    ) {
        packing.number(self.place.row);
        packing.number(self.place.line);
        packing.maybe_text(self.place.within.as_deref());
        packing.maybe_text(self.origin().map(|origin| &*origin.reference));
        let stood = self.origin().and_then(|origin| origin.stood);
        packing.number(u64::from(stood.is_some()));
        stood.into_iter().for_each(|(row, line)| {
            packing.number(row);
            packing.number(line);
        });
        packing.text(&self.text);
        packing.number(self.rare.as_ref().map_or(0, |rare| rare.json_bytes as u64));
        packing.number(self.ends.len() as u64);
        self.ends.iter().for_each(|end| packing.number(u64::from(*end)));
        let nothing = self.rare.as_ref().map_or(&[][..], |rare| &rare.nothing);
        packing.number(nothing.len() as u64);
        nothing.iter().for_each(|column| packing.number(*column as u64));
        packing.number(self.slots.len() as u64);
        for slot in &self.slots {
            match slot {
                Slot::Absent => packing.number(0),
                Slot::Null => packing.number(1),
                Slot::Bool(value) => packing.number(2 + u64::from(*value)),
                Slot::Number(range) | Slot::Text(range) => {
                    packing.number(if matches!(slot, Slot::Number(_)) { 4 } else { 5 });
                    packing.number(range.start as u64);
                    packing.number(range.end as u64);
                }
                Slot::Json(value) => {
                    packing.number(6);
                    packing.text(&value.to_string());
                }
                Slot::Shared(value) => {
                    packing.number(7);
                    packing.number(share(value));
                }
            }
        }
        packing.number(self.strays().len() as u64);
        self.strays().iter().for_each(|name| packing.text(name));
        packing.number(self.faulty().len() as u64);
        for cell in self.faulty() {
            packing.number(cell.column as u64);
            packing.text(&cell.address);
            packing.text(&cell.message);
            packing.text(&cell.hint);
        }
    }

    /// Reads what `pack` has written; none where that is not what the bytes are.
    pub(in crate::source) fn unpack(
        &mut self,
        packed: &mut Packed<'_>,
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
        self.set_origin(reference.map(|reference| Origin { reference, stood }));
        self.text.push_str(packed.take_text()?);
        let json_bytes = packed.take_size()?;
        if json_bytes > 0 {
            self.rare().json_bytes = json_bytes;
        }
        for _ in 0..packed.take_size()? {
            self.ends.push(u32::try_from(packed.take_number()?).ok()?);
        }
        for _ in 0..packed.take_size()? {
            self.rare().nothing.push(packed.take_size()?);
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
            self.rare().strays.push(packed.take_text()?.into());
        }
        for _ in 0..packed.take_size()? {
            let column = packed.take_size()?;
            let address = packed.take_text()?.into();
            let message = packed.take_text()?.to_owned();
            let hint = packed.take_text()?.to_owned();
            self.rare().faulty.push(FaultyCell { column, address, message, hint });
        }
        Some(())
    }
}
