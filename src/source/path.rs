//! A way into a JSON value: a JSON Pointer in which `*` stands for every item of a list and every value of an object.
//!
//! Not a query language: what a row is worth is for the job's expressions.

use std::fmt;

/// More steps than any export is deep.
const MOST_STEPS: usize = 32;

/// See the module's text; at least one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataPath {
    steps: Vec<PathStep>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PathStep {
    /// Every item or value.
    Any,
    /// The value of a key; of a list, the item with this number.
    Key(Box<str>),
}

impl DataPath {
    /// Reads a path as people write it, as in `/tickets` or `/*/ticket/notes`.
    ///
    /// # Errors
    /// Why it is none, in words.
    pub fn parse(written: &str) -> Result<Self, &'static str> {
        let Some(rest) = written.strip_prefix('/') else {
            return Err("a path begins with `/`");
        };
        if rest.is_empty() {
            return Err("the path names nothing");
        }
        let steps: Vec<PathStep> = rest.split('/').map(step).collect::<Result<_, _>>()?;
        if steps.len() > MOST_STEPS {
            return Err("the path has more than 32 steps");
        }
        Ok(Self { steps })
    }

    /// To the items of a list.
    pub(super) fn of_items() -> Self {
        Self { steps: vec![PathStep::Any] }
    }

    pub(super) fn steps(&self) -> &[PathStep] {
        &self.steps
    }

    /// The path as far as its first `count` steps, as people write it.
    pub(super) fn begin(&self, count: usize) -> String {
        let steps = self.steps.iter().take(count);
        steps.map(|step| format!("/{step}")).collect()
    }
}

fn step(written: &str) -> Result<PathStep, &'static str> {
    match written {
        "" => Err("there is nothing between two `/` of the path, or behind the last"),
        "*" => Ok(PathStep::Any),
        _ => Ok(PathStep::Key(written.replace("~1", "/").replace("~0", "~").into())),
    }
}

impl fmt::Display for PathStep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => formatter.write_str("*"),
            Self::Key(key) => formatter.write_str(&escaped(key)),
        }
    }
}

impl fmt::Display for DataPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.begin(self.steps.len()))
    }
}

/// A key as it stands in a path.
pub(super) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
