//! Filters that the language brings itself, done for texts without it.
//!
//! Each gives what the language gives, or nothing where it is not surely the same.

use std::borrow::Cow;

use super::super::shortcut::Scalar;
use super::Setting;

pub(super) fn trim<'a>(
    value: Scalar<'a>,
    arguments: &'a [Scalar<'static>],
    _: &Setting,
) -> Option<Scalar<'a>> {
    match (value, arguments) {
        (Scalar::Text(Cow::Borrowed(text)), []) => Some(Scalar::Text(text.trim().into())),
        (Scalar::Text(Cow::Owned(text)), []) => Some(Scalar::Text(text.trim().to_owned().into())),
        _ => None,
    }
}

pub(super) fn lower<'a>(
    value: Scalar<'a>,
    arguments: &'a [Scalar<'static>],
    _: &Setting,
) -> Option<Scalar<'a>> {
    match (value, arguments) {
        (Scalar::Text(text), []) => Some(Scalar::Text(text.to_lowercase().into())),
        _ => None,
    }
}

pub(super) fn upper<'a>(
    value: Scalar<'a>,
    arguments: &'a [Scalar<'static>],
    _: &Setting,
) -> Option<Scalar<'a>> {
    match (value, arguments) {
        (Scalar::Text(text), []) => Some(Scalar::Text(text.to_uppercase().into())),
        _ => None,
    }
}

/// A cell is never undefined, so that only the second argument, `true`, makes a difference.
pub(super) fn default<'a>(
    value: Scalar<'a>,
    arguments: &'a [Scalar<'static>],
    _: &Setting,
) -> Option<Scalar<'a>> {
    match arguments {
        [] | [_] => Some(value),
        [other, lax] if lax.is_true() && !value.is_true() => Some(other.borrowed()),
        [_, _] => Some(value),
        _ => None,
    }
}
