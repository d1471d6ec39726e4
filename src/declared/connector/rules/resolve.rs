//! From `rules` as written to what is meant; complains of names that are no fields.

use crate::text::pointer::Pointer;

use super::super::FieldSet;
use super::super::reader::Reader;
use super::written::{
    ConditionFile, ExplicitFile, IdleFile, OrderFile, RequiredFile, RuleFile, TimeFile, UnusualFile,
};
use super::{Condition, Remark, Rule, Term, TimeRule};

/// Resolves the rules of an operation.
pub(in super::super) fn resolve(
    rules: Vec<RuleFile>,
    fields: &FieldSet,
    reader: &mut Reader<'_>,
) -> Vec<Rule> {
    let rules = rules.into_iter().enumerate();
    let read = rules.map(|(number, rule)| {
        let at = Pointer::of(["rules"]).join(number);
        Resolver { fields, reader: &mut *reader }.rule(rule, &at)
    });
    read.collect()
}

/// Resolves one rule against the fields that there are.
struct Resolver<'a, 'r> {
    fields: &'a FieldSet,
    reader: &'a mut Reader<'r>,
}

impl Resolver<'_, '_> {
    fn rule(mut self, rule: RuleFile, at: &Pointer) -> Rule {
        match rule {
            RuleFile::Required(file) => self.required(file, &at.join("required")),
            RuleFile::Time(file) => self.time(file, &at.join("time")),
            RuleFile::Order(file) => self.order(file, &at.join("order")),
            RuleFile::Idle(file) => self.idle(file, &at.join("idle")),
            RuleFile::Unusual(file) => self.unusual(file, &at.join("unusual")),
            RuleFile::Explicit(file) => self.explicit(file, &at.join("explicit")),
        }
    }

    fn required(&mut self, file: RequiredFile, at: &Pointer) -> Rule {
        self.reader.fields(&at.join("fields"), &file.fields, self.fields);
        let when = self.condition(file.when, &at.join("when"));
        Rule::Required { fields: file.fields, when, hint: file.hint }
    }

    fn time(&mut self, file: TimeFile, at: &Pointer) -> Rule {
        self.reader.field(&at.join("field"), &file.field, self.fields);
        let when = self.condition(file.when, &at.join("when"));
        let ahead = file.not_before.is_some();
        Rule::Time(TimeRule { field: file.field, unit: file.unit, ahead, when })
    }

    fn order(&mut self, file: OrderFile, at: &Pointer) -> Rule {
        self.reader.field(&at.join("first"), &file.first, self.fields);
        self.reader.field(&at.join("then"), &file.then, self.fields);
        let when = self.condition(file.when, &at.join("when"));
        let remark = Remark { message: file.message, hint: file.hint };
        Rule::Order { first: file.first, then: file.then, when, remark }
    }

    fn idle(&mut self, file: IdleFile, at: &Pointer) -> Rule {
        self.reader.fields(&at.join("fields"), &file.fields, self.fields);
        let unless = self.condition(file.unless, &at.join("unless"));
        let remark = Remark { message: file.message, hint: file.hint };
        Rule::Idle { fields: file.fields, unless, remark }
    }

    fn unusual(&mut self, file: UnusualFile, at: &Pointer) -> Rule {
        self.reader.field(&at.join("field"), &file.field, self.fields);
        let remark = Remark { message: file.message, hint: file.hint };
        Rule::Unusual { field: file.field, expected: file.expected, remark }
    }

    fn explicit(&mut self, file: ExplicitFile, at: &Pointer) -> Rule {
        self.reader.field(&at.join("field"), &file.field, self.fields);
        let remark = Remark { message: file.message, hint: file.hint };
        Rule::Explicit { field: file.field, remark }
    }

    fn condition(&mut self, file: ConditionFile, at: &Pointer) -> Condition {
        let terms = file.into_iter().map(|(field, value)| {
            self.reader.field(&at.join(&field), &field, self.fields);
            let by_default = self.fields.default_of(&field) == Some(&value);
            Term { field, value, by_default }
        });
        Condition { terms: terms.collect() }
    }
}
