//! Reads an expression as a plain one, or not at all: whatever is in doubt is no plain expression.
//!
//! ```text
//! expression = operand [ "if" test "else" expression ]
//! test       = [ "not" ] operand [ ( "==" | "!=" ) operand ]
//! operand    = ( column | literal ) { "|" filter [ "(" literal { "," literal } ")" ] }
//! column     = name | "row." name | "row[" text "]"
//! literal    = text | digits | "true" | "false" | "none"
//! ```

use super::super::named::Slot;
use super::super::{ROW, filter};
use super::{Scalar, Step, Test};

/// Finds what a name means.
type Find<'f> = dyn Fn(&str) -> Option<Slot> + 'f;

/// A plain expression; none where it is another, or may be.
pub(super) fn expression(text: &str, column: &Find<'_>, in_row: &Find<'_>) -> Option<Step> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, column, in_row };
    let step = parser.expression()?;
    parser.tokens.is_empty().then_some(step)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'t> {
    Word(&'t str),
    /// What stands between quotes.
    Text(&'t str),
    Integer(i64),
    Sign(&'static str),
}

const SIGNS: [&str; 9] = ["==", "!=", "|", "(", ")", ",", ".", "[", "]"];
/// Words that are no names, or may be more than that.
const RESERVED: [&str; 12] =
    ["and", "or", "not", "in", "is", "if", "else", "loop", "self", "super", "caller", "import"];

/// Cuts an expression into tokens; none where something in it is not known here.
fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = if first.is_ascii_alphabetic() || first == '_' {
            let length = length_of(rest, |letter| letter.is_ascii_alphanumeric() || letter == '_');
            (Token::Word(&rest[..length]), length)
        } else if first.is_ascii_digit() {
            integer(rest)?
        } else if first == '\'' || first == '"' {
            let inside = rest[1..].split_once(first)?.0;
            (Token::Text(inside).filter_plain()?, inside.len() + 2)
        } else {
            let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign))?;
            (Token::Sign(sign), sign.len())
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    Some(tokens)
}

impl Token<'_> {
    /// Texts with escapes in them are not known here.
    fn filter_plain(self) -> Option<Self> {
        match self {
            Self::Text(text) if text.contains('\\') => None,
            other => Some(other),
        }
    }
}

/// Digits that are one whole number; not the beginning of `1.5`, `0x1f` or `1_000`.
fn integer(rest: &str) -> Option<(Token<'_>, usize)> {
    let length = length_of(rest, |letter| letter.is_ascii_digit());
    let goes_on = rest[length..]
        .starts_with(|letter: char| letter.is_alphanumeric() || letter == '_' || letter == '.');
    let is_plain = length == 1 || !rest.starts_with('0');
    let number = rest[..length].parse().ok().filter(|_| is_plain && !goes_on)?;
    Some((Token::Integer(number), length))
}

fn length_of(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|letter| !belongs(letter)).unwrap_or(text.len())
}

struct Parser<'p> {
    tokens: &'p [Token<'p>],
    column: &'p Find<'p>,
    in_row: &'p Find<'p>,
}

impl<'p> Parser<'p> {
    fn next(&mut self) -> Option<Token<'p>> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(*first)
    }

    fn take(&mut self, token: Token<'_>) -> bool {
        let found = self.tokens.first() == Some(&token);
        if found {
            self.tokens = &self.tokens[1..];
        }
        found
    }

    fn take_sign(&mut self, sign: &'static str) -> bool {
        self.take(Token::Sign(sign))
    }

    fn expression(&mut self) -> Option<Step> {
        let then = self.operand()?;
        if !self.take(Token::Word("if")) {
            return Some(then);
        }
        let test = self.test()?;
        let otherwise = self.take(Token::Word("else")).then(|| self.expression())??;
        Some(Step::Choice {
            test: Box::new(test),
            then: Box::new(then),
            otherwise: Box::new(otherwise),
        })
    }

    fn test(&mut self) -> Option<Test> {
        let negated = self.take(Token::Word("not"));
        let left = self.operand()?;
        let right = if self.take_sign("==") {
            Some((self.operand()?, true))
        } else if self.take_sign("!=") {
            Some((self.operand()?, false))
        } else {
            None
        };
        Some(Test { left, right, negated })
    }

    fn operand(&mut self) -> Option<Step> {
        let mut step = match self.next()? {
            Token::Word(ROW) => Step::Of(self.column_of_row()?),
            Token::Word(word) => match literal_word(word) {
                Some(value) => Step::Literal(value),
                None if RESERVED.contains(&word) => return None,
                None => Step::Of((self.column)(word)?),
            },
            token => Step::Literal(literal(token)?),
        };
        while self.take_sign("|") {
            let Token::Word(name) = self.next()? else { return None };
            let short = filter::find(name)?.short?;
            step = Step::Filter { of: Box::new(step), short, arguments: self.arguments()? };
        }
        Some(step)
    }

    /// What follows `row`: a column's name.
    fn column_of_row(&mut self) -> Option<Slot> {
        match (self.next()?, self.next()?) {
            (Token::Sign("."), Token::Word(name)) => (self.in_row)(name),
            (Token::Sign("["), Token::Text(name)) => {
                self.take_sign("]").then(|| (self.in_row)(name))?
            }
            _ => None,
        }
    }

    fn arguments(&mut self) -> Option<Vec<Scalar<'static>>> {
        let mut arguments = Vec::new();
        if !self.take_sign("(") || self.take_sign(")") {
            return Some(arguments);
        }
        loop {
            arguments.push(literal(self.next()?)?);
            if self.take_sign(")") {
                return Some(arguments);
            }
            if !self.take_sign(",") {
                return None;
            }
        }
    }
}

fn literal(token: Token<'_>) -> Option<Scalar<'static>> {
    match token {
        Token::Text(text) => Some(Scalar::Text(text.to_owned().into())),
        Token::Integer(number) => Some(Scalar::Integer(number)),
        Token::Word(word) => literal_word(word),
        Token::Sign(_) => None,
    }
}

fn literal_word(word: &str) -> Option<Scalar<'static>> {
    match word {
        "true" | "True" => Some(Scalar::Bool(true)),
        "false" | "False" => Some(Scalar::Bool(false)),
        "none" | "None" => Some(Scalar::Nothing),
        _ => None,
    }
}
