//! Values with `${NAME}` in them, which the environment fills in.

use serde_json::Value;

/// The pseudo-variable for the unix time in seconds.
const NOW: &str = "now";

/// A value of a login's body or of a token's claims.
#[derive(Debug, Clone, PartialEq)]
pub enum Filling {
    /// No text: it stays as it is.
    Fixed(Value),
    Text(Vec<Piece>),
}

/// A part of a text that is filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Literal(String),
    /// An environment variable's value.
    Variable(String),
    /// The unix time in seconds.
    Now,
}

impl Filling {
    /// Reads a value as it was written: `${NAME}` in a text stands for something. What is in lists and mappings stays.
    pub(super) fn of(value: Value) -> Self {
        match value {
            Value::String(text) => Self::Text(pieces(&text)),
            other => Self::Fixed(other),
        }
    }

    /// The environment variables that are filled in, in order.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        let pieces = match self {
            Self::Fixed(_) => &[],
            Self::Text(pieces) => pieces.as_slice(),
        };
        pieces.iter().filter_map(|piece| match piece {
            Piece::Variable(name) => Some(name.as_str()),
            Piece::Literal(_) | Piece::Now => None,
        })
    }
}

/// Cuts a text at its `${NAME}`; one that is never closed is text.
fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, (name, after))) =
        rest.split_once("${").and_then(|(before, inside)| Some((before, inside.split_once('}')?)))
    {
        if !before.is_empty() {
            pieces.push(Piece::Literal(before.to_owned()));
        }
        pieces.push(match name {
            NOW => Piece::Now,
            name => Piece::Variable(name.to_owned()),
        });
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Literal(rest.to_owned()));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_at_its_variables() {
        let literal = |text: &str| Piece::Literal(text.to_owned());
        let variable = |name: &str| Piece::Variable(name.to_owned());
        for (text, expected) in [
            ("", vec![]),
            ("plain", vec![literal("plain")]),
            ("${A}", vec![variable("A")]),
            ("${SID}-${now}", vec![variable("SID"), literal("-"), Piece::Now]),
            ("a ${A} b ${B", vec![literal("a "), variable("A"), literal(" b ${B")]),
            ("$A {B}", vec![literal("$A {B}")]),
        ] {
            assert_eq!(pieces(text), expected, "{text}");
        }
    }
}
