//! From `authentication` as written to what is meant.

use std::time::Duration;

use indexmap::IndexMap;

use crate::text::address::Query;
use crate::text::code::Code;
use crate::text::pointer::Pointer;

use super::super::reader::Reader;
use super::variables::OwnVariables;
use super::written::{
    AuthenticationFile, ChoicesFile, LoginFile, MethodFile, SignedTokenFile, TokenFile,
};
use super::{
    Authentication, Choices, Filling, Login, SignedToken, TokenHeader, TokenVariable, Way,
};

const LIFETIME: Duration = Duration::from_secs(3600);

/// Resolves `authentication` of the connector of a name, where that is known; none where a way to a token is told to the reader as broken.
pub(in super::super) fn resolve(
    file: AuthenticationFile,
    connector: Option<&str>,
    reader: &mut Reader<'_>,
) -> Option<Authentication> {
    let at = Pointer::of(["authentication"]);
    reader.header(&at.join("header"), &file.header);
    let methods = at.join("methods");
    if let Some(connector) = connector {
        let own = OwnVariables::of(connector, file.variables, &at.join("variables"), reader);
        for (number, method) in file.methods.iter().enumerate() {
            own.check(method, &methods.join(number), reader);
        }
    }
    let at = methods;
    let methods = file.methods.into_iter().enumerate();
    // All of them are read before the first that is broken counts, so that each is complained of.
    let ways: Vec<Option<Way>> =
        methods.map(|(number, method)| way(method, &at.join(number), reader)).collect();
    let ways = ways.into_iter().collect::<Option<_>>()?;
    Some(Authentication { header: file.header, scheme: file.scheme, ways })
}

fn way(method: MethodFile, at: &Pointer, reader: &mut Reader<'_>) -> Option<Way> {
    match method {
        MethodFile::Token(file) => {
            Some(Way::Token(token_variable(file, &at.join("token"), reader)))
        }
        MethodFile::Login(file) => login(file, &at.join("login"), reader).map(Way::Login),
        MethodFile::SignedToken(file) => {
            Some(Way::SignedToken(signed_token(file, &at.join("signed_token"), reader)))
        }
    }
}

fn token_variable(file: TokenFile, at: &Pointer, reader: &mut Reader<'_>) -> TokenVariable {
    let account_claims = reader.pointers(&at.join("account_claims"), &file.account_claims);
    TokenVariable { variable: file.variable, account_claims }
}

fn login(file: LoginFile, at: &Pointer, reader: &mut Reader<'_>) -> Option<Login> {
    reader.path(&at.join("path"), &file.path, Query::Allowed);
    let token = reader.pointer(&at.join("token"), &file.token);
    let choices = match file.choices {
        Some(file) => Some(choices(file, &at.join("choices"), reader)?),
        None => None,
    };
    Some(Login {
        path: file.path,
        body: fillings(file.body),
        account: file.account,
        token: token?,
        choices,
    })
}

fn choices(file: ChoicesFile, at: &Pointer, reader: &mut Reader<'_>) -> Option<Choices> {
    let names = reader.pointers(&at.join("match"), &file.names);
    let list = reader.pointer(&at.join("list"), &file.list)?;
    Some(Choices { list, variable: file.variable, names })
}

fn signed_token(file: SignedTokenFile, at: &Pointer, reader: &mut Reader<'_>) -> SignedToken {
    SignedToken {
        secret: file.secret,
        header: token_header(file.header, &at.join("header"), reader),
        claims: fillings(file.claims),
        account: file.account,
        lifetime: reader
            .duration(&at.join("lifetime"), file.lifetime.as_deref())
            .unwrap_or(LIFETIME),
    }
}

fn token_header(
    file: IndexMap<String, String>,
    at: &Pointer,
    reader: &mut Reader<'_>,
) -> TokenHeader {
    let mut header = TokenHeader::default();
    for (name, value) in file {
        match name.as_str() {
            "cty" => header.content_type = Some(value),
            "kid" => header.key_id = Some(value),
            _ => {
                let message = format!("a token's header cannot have `{name}`");
                let hint = "cty and kid are understood";
                reader.refuse(&at.join(&name), Code::InvalidValue, message, hint);
            }
        }
    }
    header
}

fn fillings(values: IndexMap<String, serde_json::Value>) -> Vec<(String, Filling)> {
    values.into_iter().map(|(name, value)| (name, Filling::of(value))).collect()
}
