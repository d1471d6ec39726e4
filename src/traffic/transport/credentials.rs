//! Ways to a token: one that the user has, a login, or one that is signed here.
//!
//! The connector declares them; the environment holds the secrets. The first way whose variables are all set
//! is taken.

use std::time::Duration;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Map, Value};

use crate::declared::connector::{
    self, Authentication, Choices, Filling, Method, Piece, SignedToken, TokenHeader, Way,
};
use crate::prepare::request::Request;
use crate::text::account;
use crate::text::pointer::Pointer;
use crate::text::secret::Secret;
use crate::traffic::reply::Granted;
use crate::traffic::reply::Reply;
use crate::traffic::reply::{Answer, NoSecret, NoToken, TokenFailure};
use crate::traffic::verdict::asks_for_later;

use super::client::{Client, Token};
use super::secret_file::{HeldSecret, SecretFile, Unread};

/// Looks up a variable of the environment.
pub(super) type Environment<'a> = dyn Fn(&str) -> Result<Option<HeldSecret>, CredentialError> + 'a;

/// How the run gets its tokens.
#[derive(Debug, Clone)]
pub(crate) enum Credentials {
    /// The connector needs none.
    None,
    Ready(Box<Ready>),
    Login(Box<Login>),
    Signed(Box<Signed>),
}

/// A token that the user has. Where it lies in a file it may be another one later.
#[derive(Debug, Clone)]
pub(crate) struct Ready {
    token: Secret,
    file: Option<SecretFile>,
    account: String,
    account_claims: Vec<Pointer>,
}

#[derive(Debug, Clone)]
pub(crate) struct Login {
    path: String,
    body: Secret,
    /// What the body holds that must not be seen.
    secrets: Vec<Secret>,
    /// Where the token stands in the answer, or in the chosen item.
    token: Pointer,
    /// How to choose among several tokens, and the name of the choice, if one is set.
    choices: Option<(Choices, Option<String>)>,
    account: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Signed {
    secret: Secret,
    header: TokenHeader,
    /// The claims with their variables filled in, but for the time.
    claims: Vec<(String, Filling)>,
    lifetime: Duration,
    account: String,
}

/// What kind of credentials a run has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CredentialKind {
    None,
    Token,
    Login,
    /// A key and its secret, with which tokens are signed here.
    Key,
}

/// Why there are no credentials.
#[derive(Debug)]
pub(crate) enum CredentialError {
    /// Each way and its variables.
    Missing(Vec<Vec<String>>),
    /// A way of which some variables are set, and those that it lacks.
    Partner { set: Vec<String>, lacking: Vec<String> },
    /// There is no secret in the file that a variable names.
    File { variable: String, why: NoSecret },
    /// The variable of this name is not UTF-8.
    NotText(String),
}

impl From<Unread> for CredentialError {
    fn from(Unread { variable, why }: Unread) -> Self {
        Self::File { variable, why }
    }
}

impl Credentials {
    /// Finds the first way whose variables are set.
    pub(crate) fn resolve(
        authentication: Option<&Authentication>,
        environment: &Environment<'_>,
    ) -> Result<Self, CredentialError> {
        let Some(authentication) = authentication else { return Ok(Self::None) };
        let (mut missing, mut partner) = (Vec::new(), None);
        for way in &authentication.ways {
            let (mut set, mut lacking) = (Vec::new(), Vec::new());
            for name in way.variables() {
                let found = environment(name)?.is_some();
                if found { &mut set } else { &mut lacking }.push(name.to_owned());
            }
            if lacking.is_empty() {
                return Self::by_way(way, environment);
            }
            missing.push(way.variables().into_iter().map(str::to_owned).collect());
            if !set.is_empty() && partner.is_none() {
                partner = Some(CredentialError::Partner { set, lacking });
            }
        }
        if let Some(partner) = partner {
            return Err(partner);
        }
        Err(CredentialError::Missing(missing))
    }

    /// Variables that name files with secrets, of the way that is taken, where the secret itself is set, too: each with the
    /// variable that is taken.
    pub(crate) fn passed_over(
        authentication: Option<&Authentication>,
        environment: &Environment<'_>,
    ) -> Vec<(String, String)> {
        let taken = taken(authentication, environment).into_iter();
        taken.filter_map(|(name, held)| Some((name, held.passed_over?))).collect()
    }

    /// The variables that the credentials come from.
    pub(crate) fn sources(
        authentication: Option<&Authentication>,
        environment: &Environment<'_>,
    ) -> Vec<String> {
        let taken = taken(authentication, environment).into_iter();
        taken.map(|(name, held)| held.file.map_or(name, |file| file.variable)).collect()
    }

    /// What is secret of them, beside the tokens that they give.
    pub(crate) fn secrets(&self) -> Vec<Secret> {
        match self {
            Self::None | Self::Ready(_) => Vec::new(),
            Self::Login(login) => login.secrets.clone(),
            Self::Signed(signed) => vec![signed.secret.clone()],
        }
    }

    /// Who the requests are sent for, as far as the credentials say; part of what tells ledger entries apart.
    pub(crate) fn account(&self) -> &str {
        match self {
            Self::None => "",
            Self::Ready(ready) => &ready.account,
            Self::Login(login) => &login.account,
            Self::Signed(signed) => &signed.account,
        }
    }

    pub(crate) fn kind(&self) -> CredentialKind {
        match self {
            Self::None => CredentialKind::None,
            Self::Ready(_) => CredentialKind::Token,
            Self::Login(_) => CredentialKind::Login,
            Self::Signed(_) => CredentialKind::Key,
        }
    }

    /// Gets a token. `clock` is the time, in unix milliseconds, that a token signed here is dated by.
    pub(crate) async fn token(
        &self,
        client: &Client,
        clock: i64,
    ) -> Result<(Token, Granted), TokenFailure> {
        match self {
            Self::None => Err(refusal(NoToken::NoWay)),
            Self::Ready(ready) => ready.token(client),
            Self::Login(login) => login.token(client).await,
            Self::Signed(signed) => signed.token(client, clock),
        }
    }

    fn by_way(way: &Way, environment: &Environment<'_>) -> Result<Self, CredentialError> {
        Ok(match way {
            Way::Token(token) => {
                let HeldSecret { secret, file, .. } = held(&token.variable, environment)?;
                let account_claims = token.account_claims.clone();
                let account = account_of(secret.expose(), &account_claims);
                let account = account.unwrap_or_else(|| account::of_token(&secret));
                Self::Ready(Box::new(Ready { token: secret, file, account, account_claims }))
            }
            Way::Login(login) => Self::Login(Box::new(Login::new(login, environment)?)),
            Way::SignedToken(signed) => Self::Signed(Box::new(Signed::new(signed, environment)?)),
        })
    }
}

impl Ready {
    /// The token as it stands in its file by now, if it has one: whoever keeps it fresh puts the next one there.
    fn token(&self, client: &Client) -> Result<(Token, Granted), TokenFailure> {
        let token = match &self.file {
            Some(file) => file.read().map_err(unread)?,
            None => self.token.clone(),
        };
        // Of one that names no account the user's word is taken: it came from the same file.
        if let Some(now) = account_of(token.expose(), &self.account_claims)
            && now != self.account
            && account::is_named(&self.account)
        {
            return Err(refusal(NoToken::OtherAccount { before: self.account.clone(), now }));
        }
        let granted = Granted { expires_at: expiry(token.expose()), date: None };
        finished(token, client, granted)
    }
}

/// What is held by the variables of the way that is taken; nothing where none can be.
fn taken(
    authentication: Option<&Authentication>,
    environment: &Environment<'_>,
) -> Vec<(String, HeldSecret)> {
    let ways = authentication.map(|file| file.ways.as_slice()).unwrap_or_default();
    let held = |way: &Way| -> Option<Vec<(String, HeldSecret)>> {
        let names = way.variables().into_iter();
        names.map(|name| Some((name.to_owned(), environment(name).ok()??))).collect()
    };
    ways.iter().find_map(held).unwrap_or_default()
}

/// A file that cannot be read at this moment may just be written.
fn unread(Unread { variable, why }: Unread) -> TokenFailure {
    TokenFailure { why: NoToken::File { variable, why }, transient: true }
}

impl Login {
    fn new(
        login: &connector::Login,
        environment: &Environment<'_>,
    ) -> Result<Self, CredentialError> {
        let mut body = Map::new();
        let mut secrets = Vec::new();
        for (name, value) in &login.body {
            body.insert(name.clone(), text_of(&filled(value, environment)?));
            for hidden in value.variables().filter(|name| *name != login.account) {
                secrets.push(value_of(hidden, environment)?);
            }
        }
        let mut account = value_of(&login.account, environment)?.expose().to_owned();
        let mut choices = None;
        if let Some(declared) = &login.choices {
            let name = environment(&declared.variable)?;
            let name = name.map(|name| name.secret.expose().to_owned());
            account.extend(name.iter().map(|name| format!(" ({name})")));
            choices = Some((declared.clone(), name));
        }
        let body = Secret::new(Value::Object(body).to_string());
        let (path, token) = (login.path.clone(), login.token.clone());
        Ok(Self { path, body, secrets, token, choices, account })
    }

    async fn token(&self, client: &Client) -> Result<(Token, Granted), TokenFailure> {
        let body = Some(self.body.expose().to_owned());
        let request = Request { method: Method::Post, path: self.path.clone(), body };
        match client.send(&request, None).await {
            Reply::NotSent(cause) | Reply::Lost(cause) => {
                Err(TokenFailure { why: NoToken::LoginFailed(cause), transient: true })
            }
            Reply::Answer(answer) => {
                let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
                match body.as_ref().and_then(|body| self.find_token(body)) {
                    Some(token) => {
                        let granted = Granted { expires_at: expiry(&token), date: answer.date };
                        finished(Secret::new(token), client, granted)
                    }
                    None => Err(self.explain(&answer, body.as_ref(), client)),
                }
            }
        }
    }

    fn find_token(&self, body: &Value) -> Option<String> {
        let token = |item: &Value| {
            self.token.find(item)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let Some((choices, name)) = &self.choices else { return token(body) };
        let mut items = choices.list.find(body)?.as_array()?.iter();
        match name {
            None => items.find_map(token),
            Some(name) => items
                .filter(|item| {
                    choices
                        .names
                        .iter()
                        .any(|pointer| pointer.find(item).is_some_and(|value| is_text(value, name)))
                })
                .find_map(token),
        }
    }

    fn explain(&self, answer: &Answer, body: Option<&Value>, client: &Client) -> TokenFailure {
        let status = answer.status;
        // A redirect, an unknown path or a page for people: no login was looked at, so none was refused.
        let is_elsewhere = matches!(status, 300..400 | 404 | 405 | 410)
            || (body.is_none() && !matches!(status, 401 | 403 | 408 | 429 | 500..));
        if is_elsewhere {
            let (address, usual) = client.told_address(&self.path);
            return refusal(NoToken::NoLoginThere { address, status, usual });
        }
        let messages = &client.answers().message;
        let usual = ["/msg", "/message", "/error"];
        let mut places = messages.iter().map(Pointer::as_str).chain(usual);
        let said = body.and_then(|body| places.find_map(|at| body.pointer(at)?.as_str()));
        let chosen = self.choices.as_ref().and_then(|(_, name)| name.as_deref());
        // A refusal may repeat what it refuses.
        let redacted = |text: &str| {
            let text = text.to_owned();
            self.secrets.iter().fold(text, |text, secret| secret.redact(&text).into_owned())
        };
        let why = match (said, chosen) {
            (Some(said), None) => NoToken::LoginRefused { said: redacted(said) },
            (Some(said), Some(name)) => {
                NoToken::NoneFor { name: redacted(name), said: redacted(said) }
            }
            (None, _) => NoToken::NoneInAnswer { status },
        };
        let transient = status >= 500 || asks_for_later(client.answers(), answer);
        TokenFailure { why, transient }
    }
}

impl Signed {
    fn new(signed: &SignedToken, environment: &Environment<'_>) -> Result<Self, CredentialError> {
        let mut claims = Vec::with_capacity(signed.claims.len());
        for (name, value) in &signed.claims {
            claims.push((name.clone(), filled(value, environment)?));
        }
        Ok(Self {
            secret: value_of(&signed.secret, environment)?,
            header: signed.header.clone(),
            claims,
            lifetime: signed.lifetime,
            account: value_of(&signed.account, environment)?.expose().to_owned(),
        })
    }

    fn token(&self, client: &Client, clock: i64) -> Result<(Token, Granted), TokenFailure> {
        let now = u64::try_from(clock / 1000).unwrap_or(0);
        let expires = now + self.lifetime.as_secs();
        let mut claims = Map::new();
        for (name, value) in &self.claims {
            claims.insert(name.clone(), text_at(value, &now.to_string()));
        }
        claims.insert("exp".to_owned(), expires.into());
        let mut header = Header::new(Algorithm::HS256);
        header.cty.clone_from(&self.header.content_type);
        header.kid.clone_from(&self.header.key_id);
        let key = EncodingKey::from_secret(self.secret.expose().as_bytes());
        let text = jsonwebtoken::encode(&header, &claims, &key)
            .map_err(|error| refusal(NoToken::Unsignable { error: error.to_string() }))?;
        let expires_at = i64::try_from(expires).ok().map(|seconds| seconds * 1000);
        finished(Secret::new(text), client, Granted { expires_at, date: None })
    }
}

fn finished(
    secret: Secret,
    client: &Client,
    granted: Granted,
) -> Result<(Token, Granted), TokenFailure> {
    client.token(secret).map(|token| (token, granted)).ok_or_else(|| refusal(NoToken::NotAHeader))
}

fn refusal(why: NoToken) -> TokenFailure {
    TokenFailure { why, transient: false }
}

/// What a variable is set to; nothing where it is not set.
fn value_of(name: &str, environment: &Environment<'_>) -> Result<Secret, CredentialError> {
    Ok(held(name, environment)?.secret)
}

fn held(name: &str, environment: &Environment<'_>) -> Result<HeldSecret, CredentialError> {
    Ok(environment(name)?.unwrap_or_else(|| Secret::new(String::new()).into()))
}

/// The same value with its variables filled in. The time stays open.
fn filled(value: &Filling, environment: &Environment<'_>) -> Result<Filling, CredentialError> {
    let Filling::Text(pieces) = value else { return Ok(value.clone()) };
    let filled = pieces.iter().map(|piece| match piece {
        Piece::Variable(name) => {
            Ok(Piece::Literal(value_of(name, environment)?.expose().to_owned()))
        }
        Piece::Literal(_) | Piece::Now => Ok(piece.clone()),
    });
    Ok(Filling::Text(filled.collect::<Result<_, CredentialError>>()?))
}

/// A value with its variables filled in, as JSON; the time, of which nobody speaks here, as it was written.
fn text_of(value: &Filling) -> Value {
    text_at(value, "${now}")
}

/// A value with its variables filled in, as JSON; `now` stands for the time.
fn text_at(value: &Filling, now: &str) -> Value {
    match value {
        Filling::Fixed(value) => value.clone(),
        Filling::Text(pieces) => Value::String(
            pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Literal(text) => text.as_str(),
                    Piece::Now => now,
                    Piece::Variable(_) => "",
                })
                .collect(),
        ),
    }
}

/// When a JSON web token ends, in unix milliseconds; none where it does not say.
fn expiry(token: &str) -> Option<i64> {
    claims(token)?.get("exp")?.as_f64().map(|seconds| (seconds * 1000.0) as i64)
}

/// Whose a token is, by its own words.
fn account_of(token: &str, pointers: &[Pointer]) -> Option<String> {
    let claims = Value::Object(claims(token)?);
    match pointers.iter().find_map(|pointer| pointer.find(&claims))? {
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
    .filter(|name| !name.is_empty())
}

/// The claims of a JSON web token, unverified: it is the user's own.
fn claims(token: &str) -> Option<Map<String, Value>> {
    jsonwebtoken::dangerous::insecure_decode::<Map<String, Value>>(token)
        .ok()
        .map(|data| data.claims)
}

fn is_text(value: &Value, text: &str) -> bool {
    match value {
        Value::String(value) => value == text,
        Value::Number(number) => number.to_string() == text,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::declared::connector::Catalogue;
    use crate::text::diagnostic::Place;

    fn resolve(variables: &[(&str, &str)]) -> Result<Credentials, CredentialError> {
        let connector = Catalogue::default().load("stringeex", Place::Nowhere).unwrap();
        let environment = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            Ok(found.map(|(_, value)| Secret::new((*value).to_owned()).into()))
        };
        Credentials::resolve(connector.authentication.as_ref(), &environment)
    }

    fn client() -> Client {
        let connector = Catalogue::default().load("stringeex", Place::Nowhere).unwrap();
        Client::new(
            &connector,
            "http://127.0.0.1:1/v1",
            &crate::traffic::transport::ClientOptions::default(),
        )
        .unwrap()
    }

    #[test]
    fn the_first_way_whose_variables_are_set_is_taken() {
        let key = [("STRINGEE_KEY_SID", "SK.1"), ("STRINGEE_KEY_SECRET", "shh")];
        assert_eq!(resolve(&key).unwrap().account(), "SK.1");
        let login =
            [("STRINGEEX_EMAIL", "a@example.com"), ("STRINGEEX_PASSWORD", "p"), key[0], key[1]];
        assert_eq!(resolve(&login).unwrap().account(), "a@example.com");
        let portal = [login[0], login[1], ("STRINGEEX_PORTAL", "acme")];
        assert_eq!(resolve(&portal).unwrap().account(), "a@example.com (acme)");
        let lacking = resolve(&[("STRINGEEX_EMAIL", "a@example.com")]).unwrap_err();
        let CredentialError::Partner { set, lacking } = lacking else { panic!("{lacking:?}") };
        assert_eq!(
            (set, lacking),
            (vec!["STRINGEEX_EMAIL".into()], vec!["STRINGEEX_PASSWORD".into()])
        );
        let lacking = resolve(&[]).unwrap_err();
        let CredentialError::Missing(ways) = lacking else { panic!("{lacking:?}") };
        let ways: Vec<String> = ways.iter().map(|variables| variables.join(" ")).collect();
        insta::assert_snapshot!(ways.join("\n"));
    }

    #[tokio::test]
    async fn a_signed_token_is_as_documented() {
        let credentials =
            resolve(&[("STRINGEE_KEY_SID", "SK.1"), ("STRINGEE_KEY_SECRET", "shh")]).unwrap();
        let Credentials::Signed(signed) = &credentials else { panic!() };
        let (_, granted) = signed.token(&client(), 1_800_000_000_000).unwrap();
        assert_eq!(granted.expires_at, Some(1_800_000_000_000 + 3_600_000));
        assert_eq!(signed.header.content_type.as_deref(), Some("stringee-api;v=1"));
        let (name, jti) = &signed.claims[0];
        assert_eq!((name.as_str(), text_at(jti, "7")), ("jti", "SK.1-7".into()));
    }

    #[test]
    fn the_portal_is_the_first_with_a_token_or_the_one_that_is_named() {
        let answer = serde_json::json!({"r": 0, "portals": [
            {"id": 1, "domain": "empty"}, {"id": 2, "domain": "acme", "auth_token": "A"}, {"id": 3, "domain": "beta", "auth_token": "B"},
        ]});
        let both = [("STRINGEEX_EMAIL", "a"), ("STRINGEEX_PASSWORD", "p")];
        for (portal, token) in [
            (None, Some("A")),
            (Some("beta"), Some("B")),
            (Some("3"), Some("B")),
            (Some("empty"), None),
        ] {
            let mut variables = both.to_vec();
            variables.extend(portal.map(|portal| ("STRINGEEX_PORTAL", portal)));
            let Credentials::Login(login) = resolve(&variables).unwrap() else { panic!() };
            assert_eq!(login.find_token(&answer).as_deref(), token, "{portal:?}");
        }
    }

    /// The unsigned token of an account.
    fn token_of(account: &str) -> String {
        let claims = serde_json::json!({ "sub": account, "exp": 4_000_000_000_u64 });
        let key = EncodingKey::from_secret(b"anything");
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap()
    }

    #[test]
    fn a_token_in_a_file_is_read_again_and_stays_that_of_the_account() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let write = |text: &str| std::fs::write(&path, text).unwrap();
        write(&token_of("acme"));
        let connector = Catalogue::default().load("stringeex", Place::Nowhere).unwrap();
        let file = SecretFile { variable: "STRINGEEX_TOKEN_FILE".into(), path: path.clone() };
        let environment = |name: &str| {
            let held = || {
                Ok(HeldSecret { secret: file.read()?, file: Some(file.clone()), passed_over: None })
            };
            (name == "STRINGEEX_TOKEN").then(held).transpose()
        };
        let credentials =
            Credentials::resolve(connector.authentication.as_ref(), &environment).unwrap();
        let Credentials::Ready(ready) = credentials else { panic!("ready") };
        let why = || ready.token(&client()).map(|_| ()).map_err(|failure| failure.why);
        assert_eq!(why(), Ok(()));
        write(&format!("\u{feff}{}\r\n", token_of("acme")));
        assert_eq!(why(), Ok(()));
        write(&token_of("another"));
        let (before, now) = ("acme".to_owned(), "another".to_owned());
        assert_eq!(why(), Err(NoToken::OtherAccount { before, now }));
        write("");
        let variable = "STRINGEEX_TOKEN_FILE".to_owned();
        assert_eq!(why(), Err(NoToken::File { variable, why: NoSecret::Empty }));
        std::fs::remove_file(&path).unwrap();
        assert!(ready.token(&client()).map(|_| ()).unwrap_err().transient, "it may be back soon");
    }

    #[test]
    fn credentials_do_not_show() {
        let login =
            resolve(&[("STRINGEEX_EMAIL", "a@example.com"), ("STRINGEEX_PASSWORD", "canary-1")])
                .unwrap();
        let signed =
            resolve(&[("STRINGEE_KEY_SID", "SK.1"), ("STRINGEE_KEY_SECRET", "canary-2")]).unwrap();
        let ready = resolve(&[("STRINGEEX_TOKEN", "canary-3")]).unwrap();
        let shown = format!("{login:?} {signed:?} {ready:?}");
        assert!(!shown.contains("canary"), "{shown}");
    }
}
