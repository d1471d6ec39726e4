//! The HTTP client.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use reqwest::Url;
use reqwest::header::{
    ACCEPT, AGE, AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, DATE, HOST, HeaderMap,
    HeaderName, HeaderValue, LOCATION, RETRY_AFTER, USER_AGENT,
};
use reqwest::redirect::Policy;
use tokio::sync::Semaphore;

use crate::declared::connector::{Answers, Connector, Method};
use crate::prepare::request::Request;
use crate::row::{Cause, Reason};
use crate::text::address::{AddressError, BaseUrl};
use crate::text::secret::Secret;
use crate::traffic::reply::Answer;
use crate::traffic::reply::Reply;

use super::certificates::trusting;
use super::plight::{below, plight};

/// The longest answer that is read; a longer one counts as lost.
const LONGEST_ANSWER: usize = 16 << 20;
/// A longer answer is large, and only a few of those are read at once: so many, however many requests are under way.
const LARGE_ANSWER: usize = 256 << 10;
const LARGE_AT_ONCE: usize = 4;
const AGENT: &str = concat!("noteferry/", env!("CARGO_PKG_VERSION"));
/// How long an unused connection is kept.
const IDLE: Duration = Duration::from_secs(60);

/// Sends requests to one base URL. Clones share their connections.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base_url: BaseUrl,
    /// The connector's own, whichever is used.
    usual_url: String,
    token_header: HeaderName,
    token_scheme: Option<String>,
    /// What a request without a token carries, as it is sent.
    headers: HeaderMap,
    last_address: Arc<Mutex<Option<(String, Url)>>>,
    answers: Answers,
    /// A turn for each large answer that is read at once.
    large: Arc<Semaphore>,
}

/// What a client needs beside the connector.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClientOptions {
    /// PEM certificates to trust beside the system's.
    pub ca_pem: Option<Vec<u8>>,
    /// Requests under way at once.
    pub concurrency: usize,
}

/// Why a client cannot be made.
#[derive(Debug)]
pub(crate) enum ClientError {
    /// No request can go to this address.
    Address(AddressError),
    /// The connector's header of this name is none.
    Header(String),
    /// The certificates to trust cannot be used, in the words of the system or of who reads them.
    Certificates(String),
    /// The file of certificates to trust holds none.
    NoCertificate,
    /// In the words of the HTTP client.
    SetUp(String),
}

/// A token, and the headers of a request that carries it.
#[derive(Clone)]
pub(crate) struct Token {
    headers: HeaderMap,
    pub(super) secret: Secret,
}

impl Client {
    /// A client for a connector, at its own base URL or another.
    pub(crate) fn new(
        connector: &Connector,
        base_url: &str,
        options: &ClientOptions,
    ) -> Result<Self, ClientError> {
        let base_url = BaseUrl::parse(base_url).map_err(ClientError::Address)?;
        let mut builder = reqwest::Client::builder()
            .user_agent(AGENT)
            // `never` alone would still keep a copy of each request.
            .retry(reqwest::retry::never().max_retries_per_request(0))
            .redirect(Policy::none())
            .connect_timeout(connector.connect_timeout)
            .timeout(connector.request_timeout)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(options.concurrency.max(1))
            .tcp_nodelay(true);
        if base_url.is_loopback() {
            builder = builder.no_proxy();
        }
        if base_url.is_plain() {
            // Nothing is encrypted, so the certificates of the system need not be loaded.
            builder = builder.tls_certs_only([]);
        } else if let Some(pem) = &options.ca_pem {
            builder = builder.tls_backend_preconfigured(trusting(pem)?);
        }
        let http = builder.build().map_err(|error| ClientError::SetUp(chain(&error)))?;
        let authentication = connector.authentication.as_ref();
        let token_header = authentication.map(|known| header_name(&known.header)).transpose()?;
        Ok(Self {
            http,
            token_header: token_header.unwrap_or(AUTHORIZATION),
            token_scheme: authentication.and_then(|authentication| authentication.scheme.clone()),
            headers: headers(connector, base_url.url())?,
            base_url,
            last_address: Arc::default(),
            answers: connector.answers.clone(),
            usual_url: connector.base_url.clone(),
            large: Arc::new(Semaphore::new(LARGE_AT_ONCE)),
        })
    }

    /// The address of a path, and where the connector says that the API is.
    pub(crate) fn told_address(&self, path: &str) -> (String, String) {
        (format!("{}{path}", self.base_url.as_str()), self.usual_url.clone())
    }

    /// How answers are read.
    pub(crate) fn answers(&self) -> &Answers {
        &self.answers
    }

    /// A token for requests of this client; none where its text cannot stand in a header.
    pub(crate) fn token(&self, secret: Secret) -> Option<Token> {
        let text = match &self.token_scheme {
            Some(scheme) => format!("{scheme} {}", secret.expose()),
            None => secret.expose().to_owned(),
        };
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        let mut headers = self.headers.clone();
        headers.insert(self.token_header.clone(), value);
        Some(Token { headers, secret })
    }

    /// Sends a request and reads its answer to the end.
    pub(crate) fn send(
        &self,
        request: &Request,
        token: Option<&Token>,
    ) -> impl Future<Output = Reply> + 'static + use<> {
        let built = self.build(request, token);
        let (http, large) = (self.http.clone(), Arc::clone(&self.large));
        async move {
            match built {
                Some(request) => exchange(&http, request, &large).await,
                None => Reply::NotSent(Cause::of(Reason::Unsendable)),
            }
        }
    }

    /// The address of a path. Creates all go to one, so the last one is kept.
    /// None where it would be elsewhere than behind the base URL.
    fn address(&self, path: &str) -> Option<Url> {
        let mut last = self.last_address.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, address)) = last.as_ref().filter(|(known, _)| known == path) {
            return Some(address.clone());
        }
        let address = self.base_url.join(path)?;
        *last = Some((path.to_owned(), address.clone()));
        Some(address)
    }

    fn build(&self, request: &Request, token: Option<&Token>) -> Option<reqwest::Request> {
        let address = self.address(&request.path)?;
        let mut built = reqwest::Request::new(http_method(request.method), address);
        *built.headers_mut() = token.map_or(&self.headers, |token| &token.headers).clone();
        match &request.body {
            Some(body) => {
                built.headers_mut().insert(CONTENT_LENGTH, body.len().into());
                *built.body_mut() = Some(body.clone().into());
            }
            None => drop(built.headers_mut().remove(CONTENT_LENGTH)),
        }
        if request.method == Method::Get {
            // What is there now is asked for, not what was there when somebody asked before.
            built.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        }
        Some(built)
    }
}

async fn exchange(http: &reqwest::Client, request: reqwest::Request, large: &Semaphore) -> Reply {
    let mut response = match http.execute(request).await {
        Ok(response) => response,
        Err(error) => return failure(error),
    };
    let date = response.headers().get(DATE).and_then(date);
    let mut answer = Answer {
        status: response.status().as_u16(),
        retry_after: retry_after_of(response.headers(), date),
        location: response.headers().get(LOCATION).map(text_of),
        date: date.and_then(unix_milliseconds),
        age: response.headers().get(AGE).and_then(seconds),
        body: Vec::new(),
    };
    // Held to the end of the reading; whoever waits for it too long has got no answer.
    let mut turn = None;
    loop {
        if answer.body.len() > LARGE_ANSWER && turn.is_none() {
            turn = large.acquire().await.ok();
        }
        match response.chunk().await {
            Ok(Some(chunk)) if answer.body.len() + chunk.len() > LONGEST_ANSWER => {
                return Reply::Lost(Cause::of(Reason::AnswerTooLong));
            }
            Ok(Some(chunk)) => answer.body.extend_from_slice(&chunk),
            Ok(None) => return Reply::Answer(answer),
            Err(error) => {
                let cause = Cause::of(Reason::AnswerBroken);
                return Reply::Lost(cause.by(plight(&error.without_url()).as_ref()));
            }
        }
    }
}

/// A connection that was never made carried nothing; after that, nobody knows.
fn failure(error: reqwest::Error) -> Reply {
    let not_sent = error.is_connect() || error.is_builder();
    let timeout = error.is_timeout();
    let error = error.without_url();
    let found = plight(&error);
    if let Some(reason) = lasting(&error).filter(|_| not_sent) {
        let cause = Cause::of(reason);
        // The others say it all.
        return Reply::NotSent(if reason == Reason::Untrusted {
            cause.by(found.as_ref())
        } else {
            cause
        });
    }
    match (not_sent, timeout) {
        (true, true) => Reply::NotSent(Cause::of(Reason::ConnectionTimeout)),
        (true, false) => Reply::NotSent(Cause::of(Reason::NoConnection).by(found.as_ref())),
        (false, true) => Reply::Lost(Cause::of(Reason::AnswerTimeout)),
        (false, false) => Reply::Lost(Cause::of(Reason::ConnectionBroken).by(found.as_ref())),
    }
}

/// Why there will be no connection, however long one waits.
fn lasting(error: &(dyn std::error::Error + 'static)) -> Option<Reason> {
    // The system has no code for this that the library hands on.
    const NO_SUCH_HOST: [&str; 5] = [
        "Name or service not known",
        "Name does not resolve",
        "No address associated with hostname",
        "nodename nor servname provided",
        "No such host is known",
    ];
    let mut next = Some(error);
    while let Some(error) = next {
        match error.downcast_ref::<rustls::Error>() {
            Some(rustls::Error::InvalidCertificate(_)) => return Some(Reason::Untrusted),
            Some(rustls::Error::InvalidMessage(_)) => return Some(Reason::NoTls),
            _ => {}
        }
        let text = error.to_string();
        if NO_SUCH_HOST.iter().any(|words| text.contains(words)) {
            return Some(Reason::NoSuchHost);
        }
        next = below(error);
    }
    None
}

/// How long to wait. A date is measured by the clock of whoever gave it, where the answer tells that.
fn retry_after_of(headers: &HeaderMap, date: Option<SystemTime>) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?;
    retry_after(value, date.unwrap_or_else(SystemTime::now))
}

/// Seconds, or a date; a date that has passed is no wait.
fn retry_after(value: &HeaderValue, now: SystemTime) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    match text.parse::<u64>() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => {
            let moment = httpdate::parse_http_date(text).ok()?;
            Some(moment.duration_since(now).unwrap_or_default())
        }
    }
}

/// A header's text; bytes that are none are shown as such.
fn text_of(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

fn seconds(value: &HeaderValue) -> Option<Duration> {
    value.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

fn date(value: &HeaderValue) -> Option<SystemTime> {
    httpdate::parse_http_date(value.to_str().ok()?).ok()
}

fn unix_milliseconds(moment: SystemTime) -> Option<i64> {
    let since = moment.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok()
}

/// An error and what caused it, to the root: that is where the reason stands.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut texts = vec![error.to_string()];
    let mut source = error.source();
    while let Some(error) = source {
        let text = error.to_string();
        if texts.last() != Some(&text) {
            texts.push(text);
        }
        source = error.source();
    }
    texts.join(": ")
}

/// All that requests carry beside a token. The client's own headers stand among them, so that no copy has to grow.
fn headers(connector: &Connector, address: &Url) -> Result<HeaderMap, ClientError> {
    let mut headers = HeaderMap::new();
    if address.scheme() == "http" {
        // HTTP/1 would write the host anew for every request; HTTP/2, which needs TLS here, has no such header.
        headers.extend(host(address).map(|host| (HOST, host)));
    }
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    for (name, value) in &connector.headers {
        let text = HeaderValue::from_str(value).map_err(|_| ClientError::Header(name.clone()))?;
        headers.insert(header_name(name)?, text);
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // Its place is taken by the length of each body.
    headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    Ok(headers)
}

/// What the header `Host` says of an address: the port only where it is not the usual one.
fn host(address: &Url) -> Option<HeaderValue> {
    let name = address.host_str()?;
    let port = address.port().map(|port| format!(":{port}")).unwrap_or_default();
    HeaderValue::from_str(&format!("{name}{port}")).ok()
}

fn header_name(name: &str) -> Result<HeaderName, ClientError> {
    HeaderName::from_bytes(name.as_bytes()).map_err(|_| ClientError::Header(name.to_owned()))
}

fn http_method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::declared::connector::Catalogue;
    use crate::text::diagnostic::Place;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = httpdate::parse_http_date("Sun, 22 Nov 2026 12:00:00 GMT").unwrap();
        for (text, expected) in [
            ("7", Some(7)),
            (" 7 ", Some(7)),
            ("Sun, 22 Nov 2026 12:00:30 GMT", Some(30)),
            ("Sun, 22 Nov 2026 11:00:00 GMT", Some(0)),
            ("soon", None),
            ("-3", None),
            ("", None),
        ] {
            let value = HeaderValue::from_str(text).unwrap();
            assert_eq!(retry_after(&value, now), expected.map(Duration::from_secs), "{text}");
        }
    }

    #[test]
    fn a_date_to_wait_for_is_measured_by_the_other_side_s_clock() {
        let value = |text: &'static str| HeaderValue::from_static(text);
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, value("Tue, 05 Jan 1999 10:00:30 GMT"));
        assert_eq!(retry_after_of(&headers, None), Some(Duration::ZERO));
        let now = date(&value("Tue, 05 Jan 1999 10:00:00 GMT"));
        assert_eq!(retry_after_of(&headers, now), Some(Duration::from_secs(30)));
    }

    #[test]
    fn a_token_does_not_show() {
        let connector = Catalogue::default().load("stringeex", Place::Nowhere).unwrap();
        let client =
            Client::new(&connector, "http://127.0.0.1:1", &ClientOptions::default()).unwrap();
        let token = client.token(Secret::new("eyJhbGciOi.secret".into())).unwrap();
        let shown = format!("{:?}", token.headers);
        assert!(shown.contains("Sensitive") && !shown.contains("eyJhbGciOi"), "{shown}");
        assert!(client.token(Secret::new("line\nbreak".into())).is_none());
    }

    #[test]
    fn the_host_is_named_with_a_port_that_is_not_the_usual_one() {
        for (address, expected) in [
            ("http://api.example.com/v1", "api.example.com"),
            ("http://api.example.com:80", "api.example.com"),
            ("http://127.0.0.1:8091/v1", "127.0.0.1:8091"),
            ("http://[::1]:8091", "[::1]:8091"),
        ] {
            let host = host(&Url::parse(address).unwrap()).unwrap();
            assert_eq!(host, expected, "{address}");
        }
    }
}
