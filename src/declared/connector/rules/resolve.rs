//! From `rules` as written to what is meant; complains of names that are no fields.

use crate::text::pointer::Pointer;

use super::super::FieldSet;
use super::super::reader::Reader;
use super::written::{
    ConditionFile, ExplicitFile, IdleFile, OrderFile, RequiredFile, RuleFile, TimeFile, UnusualFile,
};
use super::{Condition, Remark, Rule, Term, TimeRule};

/// Resolves the rules of an operation; one that names no field is told to the reader and left out.
pub(in super::super) fn resolve(
    rules: Vec<RuleFile>,
    fields: &FieldSet,
    reader: &mut Reader<'_>,
) -> Vec<Rule> {
    let rules = rules.into_iter().enumerate();
    let read = rules.filter_map(|(number, rule)| {
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
    fn rule(mut self, rule: RuleFile, at: &Pointer) -> Option<Rule> {
        match rule {
            RuleFile::Required(file) => Some(self.required(file, &at.join("required"))),
            RuleFile::Time(file) => self.time(file, &at.join("time")),
            RuleFile::Order(file) => self.order(file, &at.join("order")),
            RuleFile::Idle(file) => Some(self.idle(file, &at.join("idle"))),
            RuleFile::Unusual(file) => self.unusual(file, &at.join("unusual")),
            RuleFile::Explicit(file) => self.explicit(file, &at.join("explicit")),
        }
    }

    fn required(&mut self, file: RequiredFile, at: &Pointer) -> Rule {
        let fields = self.reader.fields(&at.join("fields"), &file.fields, self.fields);
        let when = self.condition(file.when, &at.join("when"));
        Rule::Required { fields, when, hint: file.hint }
    }

    fn time(&mut self, file: TimeFile, at: &Pointer) -> Option<Rule> {
        let field = self.reader.field(&at.join("field"), &file.field, self.fields);
        let when = self.condition(file.when, &at.join("when"));
        let ahead = file.not_before.is_some();
        let without = self.reader.fields(&at.join("without"), &file.without, self.fields);
        Some(Rule::Time(TimeRule { field: field?, unit: file.unit, ahead, when, without }))
    }

    fn order(&mut self, file: OrderFile, at: &Pointer) -> Option<Rule> {
        let first = self.reader.field(&at.join("first"), &file.first, self.fields);
        let then = self.reader.field(&at.join("then"), &file.then, self.fields);
        let when = self.condition(file.when, &at.join("when"));
        let remark = Remark { message: file.message, hint: file.hint };
        Some(Rule::Order { first: first?, then: then?, when, remark })
    }

    fn idle(&mut self, file: IdleFile, at: &Pointer) -> Rule {
        let fields = self.reader.fields(&at.join("fields"), &file.fields, self.fields);
        let unless = self.condition(file.unless, &at.join("unless"));
        let remark = Remark { message: file.message, hint: file.hint };
        Rule::Idle { fields, unless, remark }
    }

    fn unusual(&mut self, file: UnusualFile, at: &Pointer) -> Option<Rule> {
        let field = self.reader.field(&at.join("field"), &file.field, self.fields);
        let remark = Remark { message: file.message, hint: file.hint };
        Some(Rule::Unusual { field: field?, expected: file.expected, remark })
    }

    fn explicit(&mut self, file: ExplicitFile, at: &Pointer) -> Option<Rule> {
        let field = self.reader.field(&at.join("field"), &file.field, self.fields);
        let remark = Remark { message: file.message, hint: file.hint };
        Some(Rule::Explicit { field: field?, remark })
    }

    fn condition(&mut self, file: ConditionFile, at: &Pointer) -> Condition {
        let terms = file.into_iter().filter_map(|(name, value)| {
            let field = self.reader.field(&at.join(&name), &name, self.fields)?;
            let by_default = self.fields.default_of(&name) == Some(&value);
            Some(Term { field, value, by_default })
        });
        Condition { terms: terms.collect() }
    }
}
