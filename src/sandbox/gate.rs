//! Who may come in: logins and the tokens that every other call must carry.
//!
//! It keeps no token and no password; of a token it has let in it remembers a hash and when it expires.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use hyper::StatusCode;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::answer::{Answer, MediaType};
use super::{EMAIL, KEY_SECRET, KEY_SID, PASSWORD};

/// The content type that marks a self-signed token of an API key.
const KEY_CONTENT_TYPE: &str = "stringee-api;v=1";
/// What login tokens are signed with. Not a secret: a sandbox guards nothing.
const LOGIN_SECRET: &[u8] = b"sandbox-login-secret";
/// How many tokens are remembered before all are forgotten.
const REMEMBERED: usize = 4096;

/// Why a token does not let a call in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closed {
    Missing,
    Invalid,
    Expired,
    /// Signed by the API key, but not marked as such.
    Unmarked,
}

impl From<Closed> for Answer {
    fn from(closed: Closed) -> Self {
        let message = match closed {
            Closed::Missing => "Token is missing",
            Closed::Invalid => "Token is invalid",
            Closed::Expired => "Token has expired",
            // This one says `message`, as the real one does.
            Closed::Unmarked => {
                let body = r#"{"r":5,"message":"keySid invalid"}"#;
                let answer = Self::bare(StatusCode::FORBIDDEN, MediaType::Json, body);
                return Self { r: Some(5), ..answer };
            }
        };
        Self::envelope(StatusCode::UNAUTHORIZED, 401, message)
    }
}

#[derive(Serialize, Deserialize)]
struct LoginClaims {
    /// Counts up, so no two logins get the same token.
    jti: u64,
    /// In unix seconds.
    exp: i64,
}

#[derive(Deserialize)]
struct KeyClaims {
    jti: String,
    iss: String,
    exp: i64,
    rest_api: bool,
}

#[derive(Deserialize)]
struct AnyClaims {}

pub(super) struct Gate {
    signing: EncodingKey,
    login: DecodingKey,
    key: DecodingKey,
    validation: Validation,
    /// In milliseconds.
    lifetime: i64,
    logins: u64,
    /// Expiry, in unix milliseconds, by the hash of the token.
    remembered: HashMap<u64, i64>,
    hasher: RandomState,
}

impl Gate {
    pub(super) fn new(lifetime: Duration) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        // Expiry is compared here, with the sandbox's clock and without leeway.
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        Self {
            signing: EncodingKey::from_secret(LOGIN_SECRET),
            login: DecodingKey::from_secret(LOGIN_SECRET),
            key: DecodingKey::from_secret(KEY_SECRET.as_bytes()),
            validation,
            lifetime: i64::try_from(lifetime.as_millis()).unwrap_or(i64::MAX),
            logins: 0,
            remembered: HashMap::new(),
            hasher: RandomState::new(),
        }
    }

    /// How many logins succeeded.
    pub(super) fn logins(&self) -> u64 {
        self.logins
    }

    /// A token, good from `now` (unix milliseconds) for the lifetime; none for wrong credentials.
    pub(super) fn log_in(&mut self, email: &str, password: &str, now: i64) -> Option<String> {
        if email != EMAIL || password != PASSWORD {
            return None;
        }
        let exp = now.saturating_add(self.lifetime) / 1000;
        let claims = LoginClaims { jti: self.logins + 1, exp };
        let token = jsonwebtoken::encode(&Header::default(), &claims, &self.signing).ok()?;
        self.logins += 1;
        Some(token)
    }

    /// Lets a call in at `now` (unix milliseconds), or says why not.
    pub(super) fn check(&mut self, token: Option<&[u8]>, now: i64) -> Result<(), Closed> {
        let token = token.ok_or(Closed::Missing)?;
        let hash = self.hasher.hash_one(token);
        let expiry = match self.remembered.get(&hash) {
            Some(expiry) => *expiry,
            None => self.remember(hash, self.verify(token)?),
        };
        if now < expiry { Ok(()) } else { Err(Closed::Expired) }
    }

    fn remember(&mut self, hash: u64, expiry: i64) -> i64 {
        if self.remembered.len() >= REMEMBERED {
            self.remembered.clear();
        }
        self.remembered.insert(hash, expiry);
        expiry
    }

    /// When a well-made token expires, in unix milliseconds.
    fn verify(&self, token: &[u8]) -> Result<i64, Closed> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Closed::Invalid)?;
        if header.cty.as_deref() == Some(KEY_CONTENT_TYPE) {
            let claims: KeyClaims = self.claims(token, &self.key).ok_or(Closed::Invalid)?;
            let good = claims.iss == KEY_SID && !claims.jti.is_empty() && claims.rest_api;
            return if good { Ok(milliseconds(claims.exp)) } else { Err(Closed::Invalid) };
        }
        if let Some(claims) = self.claims::<LoginClaims>(token, &self.login) {
            return Ok(milliseconds(claims.exp));
        }
        let unmarked = self.claims::<AnyClaims>(token, &self.key).is_some();
        Err(if unmarked { Closed::Unmarked } else { Closed::Invalid })
    }

    /// The claims of a token signed with the key; none when it is not, or has other claims.
    fn claims<C: DeserializeOwned>(&self, token: &[u8], key: &DecodingKey) -> Option<C> {
        jsonwebtoken::decode(token, key, &self.validation).ok().map(|data| data.claims)
    }
}

fn milliseconds(seconds: i64) -> i64 {
    seconds.saturating_mul(1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const NOW: i64 = 1_700_000_000_500;

    fn gate() -> Gate {
        Gate::new(Duration::from_secs(60))
    }

    fn key_token(content_type: Option<&str>, claims: &Value, secret: &str) -> String {
        let header = Header { cty: content_type.map(str::to_owned), ..Header::default() };
        let key = EncodingKey::from_secret(secret.as_bytes());
        jsonwebtoken::encode(&header, claims, &key).unwrap()
    }

    fn claims() -> Value {
        json!({"jti": "SK-1", "iss": KEY_SID, "exp": 1_700_000_060, "rest_api": true})
    }

    fn claims_with(name: &str, value: Value) -> Value {
        let mut claims = claims();
        claims[name] = value;
        claims
    }

    fn claims_without(name: &str) -> Value {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        claims
    }

    #[test]
    fn a_login_token_is_good_until_its_second() {
        let mut gate = gate();
        let token = gate.log_in(EMAIL, PASSWORD, NOW).unwrap();
        let token = Some(token.as_bytes());
        assert_eq!(gate.check(token, NOW), Ok(()));
        assert_eq!(gate.check(token, 1_700_000_059_999), Ok(()));
        assert_eq!(gate.check(token, 1_700_000_060_000), Err(Closed::Expired));
        // The clock of a test may go back.
        assert_eq!(gate.check(token, NOW), Ok(()));
    }

    #[test]
    fn wrong_credentials_get_nothing_and_every_login_its_own_token() {
        let mut gate = gate();
        assert_eq!(gate.log_in(EMAIL, "guess", NOW), None);
        assert_eq!(gate.log_in("someone@else.example", PASSWORD, NOW), None);
        assert_eq!(gate.logins(), 0);
        let first = gate.log_in(EMAIL, PASSWORD, NOW);
        assert_ne!(first, gate.log_in(EMAIL, PASSWORD, NOW));
        assert_eq!(gate.logins(), 2);
    }

    #[test]
    fn key_tokens_must_be_made_exactly_as_documented() {
        let marked = Some(KEY_CONTENT_TYPE);
        for (content_type, claims, secret, expected) in [
            (marked, claims(), KEY_SECRET, Ok(())),
            (None, claims(), KEY_SECRET, Err(Closed::Unmarked)),
            (Some("stringee-api; v=1"), claims(), KEY_SECRET, Err(Closed::Unmarked)),
            (None, claims(), "other", Err(Closed::Invalid)),
            (marked, claims(), "other", Err(Closed::Invalid)),
            (marked, claims_with("iss", json!("SK.0.other")), KEY_SECRET, Err(Closed::Invalid)),
            (marked, claims_with("jti", json!("")), KEY_SECRET, Err(Closed::Invalid)),
            (marked, claims_with("jti", json!(1)), KEY_SECRET, Err(Closed::Invalid)),
            (marked, claims_with("rest_api", json!(false)), KEY_SECRET, Err(Closed::Invalid)),
            (marked, claims_with("rest_api", json!(1)), KEY_SECRET, Err(Closed::Invalid)),
            (marked, claims_with("exp", json!(1_700_000_000)), KEY_SECRET, Err(Closed::Expired)),
            (marked, claims_with("exp", json!("1700000060")), KEY_SECRET, Err(Closed::Invalid)),
            (marked, claims_without("jti"), KEY_SECRET, Err(Closed::Invalid)),
            (marked, claims_without("iss"), KEY_SECRET, Err(Closed::Invalid)),
            (marked, claims_without("exp"), KEY_SECRET, Err(Closed::Invalid)),
            (marked, claims_without("rest_api"), KEY_SECRET, Err(Closed::Invalid)),
        ] {
            let token = key_token(content_type, &claims, secret);
            let found = gate().check(Some(token.as_bytes()), NOW);
            assert_eq!(found, expected, "{content_type:?} {claims}");
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let mut gate = gate();
        assert_eq!(gate.check(None, NOW), Err(Closed::Missing));
        for token in ["", "x", "a.b.c", "e30.e30.", "\u{1F511}"] {
            assert_eq!(gate.check(Some(token.as_bytes()), NOW), Err(Closed::Invalid), "{token}");
        }
    }

    #[test]
    fn a_login_token_of_another_algorithm_is_refused() {
        let header = Header::new(Algorithm::HS384);
        let key = EncodingKey::from_secret(LOGIN_SECRET);
        let token = jsonwebtoken::encode(&header, &json!({"jti": 1, "exp": 1_700_000_060}), &key);
        assert_eq!(gate().check(Some(token.unwrap().as_bytes()), NOW), Err(Closed::Invalid));
    }
}
