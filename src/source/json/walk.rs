//! The values that a path leads to in a JSON file, one at a time: what lies beside the path is passed over, however large.
//!
//! What is passed over is told apart by brackets and quotes alone, and not judged.

use crate::source::path::{DataPath, PathStep, escaped};
use crate::source::window::{Spot, Window};
use crate::source::{empty, fault::Fault};
use crate::text::code::Code;
use crate::text::diagnostic::closest;
use crate::text::lookalike::did_you_mean;

use super::scan::bracketed_length;
use super::{CUT_OFF_HINT, Element, Elements, Expected, at_hand, is_blank, unfinished};

const HINT: &str = "what the path leads to has to be objects, or lists of them";

/// So many keys are named where the path leads nowhere.
const MOST_NAMED: usize = 20;
/// A longer key is cut where it is named.
const LONGEST_NAMED: usize = 60;

pub(in crate::source) struct JsonWalk {
    window: Window,
    path: DataPath,
    /// The lists and objects around the reading.
    around: Vec<Around>,
    begun: bool,
    /// Whether the path has led to anything.
    arrived: bool,
    /// Where the path went on farthest: how far, and what keys there were instead.
    keys: (usize, Vec<String>),
}

/// A list or an object that the reading is in.
struct Around {
    is_list: bool,
    /// So many steps of the path lead to it.
    steps: usize,
    /// The number of its part that is next.
    next: u64,
    /// The key of the part that the reading is in.
    key: Option<String>,
    expected: Expected,
}

impl JsonWalk {
    pub(in crate::source) fn begin(mut window: Window, path: DataPath) -> Result<Self, Fault> {
        if window.first_not(is_blank).map_err(Fault::io)?.is_none() {
            return Err(empty("the file has to be one JSON value"));
        }
        let (around, keys) = (Vec::new(), (0, Vec::new()));
        Ok(Self { window, path, around, begun: false, arrived: false, keys })
    }

    /// What is to be done with the value at hand, to which so many steps lead. Some: it is a row.
    fn arrive(&mut self, steps: usize) -> Result<Option<Element>, Fault> {
        let byte = self.window.bytes().first().copied().unwrap_or_default();
        let is_end = steps == self.path.steps().len();
        self.arrived |= is_end;
        let is_list = byte == b'[';
        if is_list || (byte == b'{' && !is_end) {
            self.window.pass_counting(1);
            let expected = Expected::ElementOrEnd;
            self.around.push(Around { is_list, steps, next: 0, key: None, expected });
            return Ok(None);
        }
        if is_end {
            return at_hand(&mut self.window, value_length).map(Some);
        }
        self.skip().map(|()| None)
    }

    /// Goes into a part of the list or object around, or behind it. Some: it is a row.
    fn enter(&mut self) -> Result<Option<Element>, Fault> {
        let key = match self.around.last() {
            Some(Around { is_list: false, .. }) => Some(self.key()?),
            _ => None,
        };
        let Some(around) = self.around.last_mut() else { return Ok(None) };
        let (steps, number) = (around.steps, around.next);
        around.next += 1;
        around.key.clone_from(&key);
        let Some(step) = self.path.steps().get(steps) else {
            return at_hand(&mut self.window, value_length).map(Some);
        };
        let is_on_path = match (step, &key) {
            (PathStep::Any, _) => true,
            (PathStep::Key(wanted), Some(key)) => **wanted == **key,
            (PathStep::Key(wanted), None) => **wanted == *number.to_string(),
        };
        match is_on_path {
            true => self.arrive(steps + 1),
            false => {
                key.into_iter().for_each(|key| self.note(steps, key));
                self.skip().map(|()| None)
            }
        }
    }

    /// Notes a key that is not the one of the path.
    fn note(&mut self, steps: usize, mut key: String) {
        let (farthest, keys) = &mut self.keys;
        if *farthest < steps {
            (*farthest, *keys) = (steps, Vec::new());
        }
        key.truncate(key.floor_char_boundary(LONGEST_NAMED));
        if *farthest == steps && keys.len() < MOST_NAMED && !keys.contains(&key) {
            keys.push(key);
        }
    }

    /// Reads a key and goes to its value.
    fn key(&mut self) -> Result<String, Fault> {
        let whole = |bytes: &[u8], _| match bytes.first()? {
            b'"' => bracketed_length(bytes).map(Some),
            _ => Some(None),
        };
        let longest = self.window.longest();
        let length = match self.window.cut(whole).map_err(Fault::io)? {
            Some(Some(length)) => length,
            Some(None) => return Err(self.stray("where a key in double quotes should be")),
            None if self.window.bytes().len() >= longest.bytes() => {
                return Err(Fault::row_too_long(self.window.line(), longest).last());
            }
            None => return Err(unfinished()),
        };
        let written = self.window.bytes().get(..length).unwrap_or_default();
        let key = serde_json::from_slice(written);
        let key = key.map_err(|_| self.stray("where a good key should be"))?;
        self.window.pass_counting(length);
        match self.window.first_not(is_blank).map_err(Fault::io)? {
            Some(b':') => self.window.pass_counting(1),
            Some(_) => return Err(self.stray("where a colon should be, behind a key")),
            None => return Err(unfinished()),
        }
        match self.window.first_not(is_blank).map_err(Fault::io)? {
            Some(_) => Ok(key),
            None => Err(unfinished()),
        }
    }

    /// Passes over the value at hand, however long it is.
    fn skip(&mut self) -> Result<(), Fault> {
        let (mut depth, mut in_text, mut is_escaped, mut is_over) = (0_u64, false, false, false);
        let left = self.window.first_not(|byte| {
            if is_over {
                return false;
            }
            match (in_text, byte) {
                (true, _) if is_escaped => is_escaped = false,
                (true, b'\\') => is_escaped = true,
                (_, b'"') => {
                    in_text = !in_text;
                    is_over = !in_text && depth == 0;
                }
                (true, _) => {}
                (false, b'{' | b'[') => depth += 1,
                (false, b'}' | b']') if depth > 0 => {
                    depth -= 1;
                    is_over = depth == 0;
                }
                (false, b'}' | b']' | b',') if depth == 0 => return false,
                (false, blank) if depth == 0 && is_blank(blank) => return false,
                (false, _) => {}
            }
            true
        });
        match left.map_err(Fault::io)? {
            None if in_text || depth > 0 => Err(unfinished()),
            _ => Ok(()),
        }
    }

    /// Something that does not belong where it stands; what comes behind it cannot be told.
    fn stray(&self, what: &str) -> Fault {
        super::stray(&self.window, what).hint(CUT_OFF_HINT).last()
    }

    /// The file is over.
    fn finish(&self) -> Result<Option<Element>, Fault> {
        if self.arrived {
            return Ok(None);
        }
        let (steps, keys) = &self.keys;
        let message = format!("there is nothing at `{}` in the file", self.path);
        let fault = Fault::file(Code::UnknownColumn, message);
        Err(match keys.as_slice() {
            [] => fault.hint("`at` names the list of the rows, as in /tickets"),
            keys => {
                let there = match steps {
                    0 => "the file has".to_owned(),
                    steps => format!("`{}` has", self.path.begin(*steps)),
                };
                let all: Vec<&str> = keys.iter().map(String::as_str).collect();
                let near = match self.path.steps().get(*steps) {
                    Some(PathStep::Key(wanted)) => {
                        let near = closest(wanted, &all).filter(|_| wanted.len() > 2);
                        near.map(|near| did_you_mean(wanted, near))
                    }
                    _ => None,
                };
                let near = near.map(|near| format!("{near} – ")).unwrap_or_default();
                fault.hint(format!("{near}{there}: {}", keys.join(", ")))
            }
        })
    }
}

/// The length of the value that the bytes begin with, in a list or in an object.
fn value_length(bytes: &[u8], ended: bool) -> Option<usize> {
    match bytes.first()? {
        b'{' | b'[' | b'"' => bracketed_length(bytes),
        _ => {
            let stop = |byte: &u8| is_blank(*byte) || matches!(byte, b',' | b']' | b'}');
            bytes.iter().position(stop).or(ended.then_some(bytes.len()))
        }
    }
}

impl Elements for JsonWalk {
    fn find(&mut self) -> Result<Option<Element>, Fault> {
        loop {
            let next = self.window.first_not(is_blank).map_err(Fault::io)?;
            let Some(around) = self.around.last_mut() else {
                match (self.begun, next) {
                    (true, None) => return self.finish(),
                    (true, Some(_)) => return Err(self.stray("behind the end of the JSON value")),
                    (false, _) => {
                        self.begun = true;
                        match self.arrive(0)? {
                            None => continue,
                            element => return Ok(element),
                        }
                    }
                }
            };
            let end = if around.is_list { b']' } else { b'}' };
            match (around.expected, next) {
                (_, None) => return Err(unfinished()),
                (Expected::ElementOrEnd | Expected::CommaOrEnd, Some(byte)) if byte == end => {
                    self.window.pass_counting(1);
                    self.around.pop();
                }
                (Expected::CommaOrEnd, Some(b',')) => {
                    around.expected = Expected::Element;
                    self.window.pass_counting(1);
                }
                (Expected::CommaOrEnd | Expected::Nothing, Some(_)) => {
                    return Err(self.stray("where a comma should be"));
                }
                (_, Some(b',' | b']' | b'}')) => {
                    return Err(self.stray("where a value should be"));
                }
                (Expected::Element | Expected::ElementOrEnd, Some(_)) => {
                    around.expected = Expected::CommaOrEnd;
                    if let Some(element) = self.enter()? {
                        return Ok(Some(element));
                    }
                }
            }
        }
    }

    fn window(&self) -> &Window {
        &self.window
    }

    fn pass(&mut self, element: Element) {
        self.window.pass_counting(element.length);
    }

    fn hint(&self) -> &'static str {
        HINT
    }

    /// A place alone does not tell what is around it.
    fn spot(&self) -> Option<Spot> {
        None
    }

    fn go_to(&mut self, _: Spot) -> Result<(), Fault> {
        Ok(())
    }

    fn pointer(&self) -> Option<String> {
        let part = |around: &Around| match &around.key {
            Some(key) => format!("/{}", escaped(key)),
            None => format!("/{}", around.next.saturating_sub(1)),
        };
        Some(self.around.iter().map(part).collect())
    }
}
