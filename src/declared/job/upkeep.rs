//! The policies for rows that are done and have changed since, and for rows that are no longer in the source. What follows
//! from them is for `plan`; what changes or deletes what a row has made is said by the connector.

use crate::declared::connector::{Connector, Counterpart, Operation, Repeat};
use crate::text::pointer::Pointer;

use super::file::JobFile;
use super::resolve::Resolver;
use super::{MapEntry, MapValue, OperationChoice};

/// What becomes of a row that is done and has changed since.
#[derive(Debug, Clone, Default)]
pub enum OnChange {
    /// It is named, and a person decides.
    #[default]
    Hold,
    /// What it has made is changed by this operation.
    Update(Counterpart),
}

/// What becomes of what a row has made that is no longer in the source.
#[derive(Debug, Clone, Default)]
pub enum OnMissing {
    /// It stays.
    #[default]
    Keep,
    /// It is deleted by this operation; none of it, where more is missing than `at_most`.
    Delete {
        /// What deletes it.
        by: Counterpart,
        /// So much of what the job has there may be missing.
        at_most: Share,
    },
}

/// A part of a whole, in hundredths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u32);

impl Share {
    const WHOLE: u32 = 10_000;
    /// Where nothing is said.
    const USUAL: Self = Self(1_000);

    /// As it is written: `5%` or `2.5%`.
    fn parse(text: &str) -> Option<Self> {
        let (whole, part) = text.strip_suffix('%')?.split_once('.').map_or_else(
            || Some((text.strip_suffix('%')?, "")),
            |(whole, part)| Some((whole, part)),
        )?;
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty()
            || whole.len() > 3
            || part.len() > 2
            || !is_number(whole)
            || !is_number(part)
        {
            return None;
        }
        let hundredths: u32 = format!("{whole}{part:0<2}").parse().ok()?;
        (1..=Self::WHOLE).contains(&hundredths).then_some(Self(hundredths))
    }

    /// So many of `count`, rounded down; one at the least.
    pub(crate) fn of(self, count: u64) -> u64 {
        let share = u128::from(count) * u128::from(self.0) / u128::from(Self::WHOLE);
        u64::try_from(share).unwrap_or(u64::MAX).max(1)
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.0 / 100, self.0 % 100) {
            (whole, 0) => write!(formatter, "{whole}%"),
            (whole, part) if part % 10 == 0 => write!(formatter, "{whole}.{}%", part / 10),
            (whole, part) => write!(formatter, "{whole}.{part:02}%"),
        }
    }
}

/// What becomes of a changed row, as written.
#[derive(Debug, Clone, Copy, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OnChangeFile {
    Hold,
    Update,
}

/// What becomes of a row that is missing, as written.
#[derive(Debug, Clone, serde::Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
pub(crate) enum OnMissingFile {
    Word(OnMissingWord),
    Delete(DeleteFile),
}

#[derive(Debug, Clone, Copy, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OnMissingWord {
    Keep,
    Delete,
}

#[derive(Debug, Clone, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeleteFile {
    delete: AtMostFile,
}

#[derive(Debug, Clone, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AtMostFile {
    /// So much of what the job has there may be missing; where it is more, nothing is deleted. As in 5%.
    #[schemars(extend("examples" = ["5%"]))]
    at_most: String,
}

/// What the rest of a job says that both policies depend on.
pub(super) struct Rest<'a> {
    pub operation: Option<&'a OperationChoice>,
    pub connector: Option<&'a Connector>,
    pub map: Option<&'a [MapEntry]>,
}

impl<'a> Rest<'a> {
    pub(super) fn of(
        operation: Option<&'a OperationChoice>,
        connector: Option<&'a Connector>,
        map: Option<&'a [MapEntry]>,
    ) -> Self {
        Self { operation, connector, map }
    }
}

impl Resolver<'_> {
    /// What becomes of rows that are done and have changed since.
    pub(super) fn on_change(&mut self, file: &JobFile, rest: &Rest<'_>) -> OnChange {
        if !matches!(file.on_change, Some(OnChangeFile::Update)) {
            return OnChange::Hold;
        }
        let at = Pointer::of(["on_change"]);
        let Some((create, connector)) = self.keyed_create(&at, file, rest) else {
            return OnChange::Hold;
        };
        let update = connector.update_of(create).filter(|update| {
            let is_shown = |(field, _): &(_, _)| {
                let recover = create.recover.as_ref();
                recover
                    .is_some_and(|recover| recover.fields.iter().any(|(known, _)| known == field))
            };
            !update.carried.is_empty()
                && update.carried.iter().all(is_shown)
                && update.operation.repeat == Repeat::Harmless
        });
        match update {
            Some(update) => OnChange::Update(update),
            None => {
                let message = format!(
                    "the connector has no operation that changes what `{}` makes",
                    create.name
                );
                let hint = "one whose `look` says `made_by` this operation and whose `repeat` is harmless; it changes fields under `recover: match`";
                self.refuse_at(&at, &message, hint);
                OnChange::Hold
            }
        }
    }

    /// What becomes of rows that are no longer in the source.
    pub(super) fn on_missing(&mut self, file: &JobFile, rest: &Rest<'_>) -> OnMissing {
        let at = Pointer::of(["on_missing"]);
        let at_most = match &file.on_missing {
            None | Some(OnMissingFile::Word(OnMissingWord::Keep)) => return OnMissing::Keep,
            Some(OnMissingFile::Word(OnMissingWord::Delete)) => Some(Share::USUAL),
            Some(OnMissingFile::Delete(file)) => {
                let read = Share::parse(&file.delete.at_most);
                if read.is_none() {
                    let at = at.join("delete").join("at_most");
                    let message = format!("`{}` is no part of a whole", file.delete.at_most);
                    self.refuse_at(&at, &message, "write a percentage up to 100%, as in \"5%\"");
                }
                read
            }
        };
        let Some((create, connector)) = self.keyed_create(&at, file, rest) else {
            return OnMissing::Keep;
        };
        let delete = connector.delete_of(create).filter(|delete| {
            let field = create.lane.only_field();
            let is_told = |(_, from): &(_, _)| field == Some(*from);
            let recover = create.recover.as_ref();
            delete.operation.repeat == Repeat::Harmless
                && recover.is_some_and(|recover| recover.with.iter().all(is_told))
        });
        if delete.is_none() {
            let message =
                format!("the connector has no operation that deletes what `{}` makes", create.name);
            let hint = "one whose `look` says `made_by` this operation and whose `repeat` is harmless; the lane says by what the list is asked";
            self.refuse_at(&at, &message, hint);
        }
        match (delete, at_most) {
            (Some(by), Some(at_most)) => OnMissing::Delete { by, at_most },
            _ => OnMissing::Keep,
        }
    }

    /// The one operation of the job, which makes something of each row by its key; told where the job is another.
    fn keyed_create<'r>(
        &mut self,
        at: &Pointer,
        file: &JobFile,
        rest: &Rest<'r>,
    ) -> Option<(&'r Operation, &'r Connector)> {
        let connector = rest.connector?;
        let create = match rest.operation? {
            OperationChoice::Fixed(operation) => &**operation,
            OperationChoice::Expression(_) | OperationChoice::Column => {
                let hint = "name the operation in `operation:`, without an expression";
                self.refuse_at(at, "this needs a job of one operation", hint);
                return None;
            }
        };
        let is_split = rest.map.unwrap_or_default().iter();
        if is_split.clone().any(|entry| matches!(entry.value, MapValue::Split(_))) {
            let hint =
                "a text that has changed may come to other parts: leave `split_at` out, or this";
            self.refuse_at(at, "this does not go together with `split_at`", hint);
            return None;
        }
        if file.key.is_none() && !self.unsound.covers(&Pointer::of(["key"])) {
            let hint = "say what tells one row from another, as in key: \"{{ legacy_id }}\"";
            self.refuse_at(at, "this needs the job's `key`", hint);
            return None;
        }
        Some((create, connector))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_read_and_counted_as_it_is_written() {
        for (text, read, of_1000) in [
            ("5%", Some("5%"), 50),
            ("2.5%", Some("2.5%"), 25),
            ("0.25%", Some("0.25%"), 2),
            ("100%", Some("100%"), 1_000),
            ("0.01%", Some("0.01%"), 1),
            ("0%", None, 0),
            ("101%", None, 0),
            ("5", None, 0),
            ("-5%", None, 0),
            ("5.123%", None, 0),
            ("%", None, 0),
        ] {
            let share = Share::parse(text);
            assert_eq!(share.map(|share| share.to_string()).as_deref(), read, "{text}");
            assert_eq!(share.map_or(0, |share| share.of(1_000)), of_1000, "{text}");
        }
        assert_eq!(Share::USUAL.of(3), 1);
    }
}
