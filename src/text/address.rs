//! Where requests go: a base URL in its one spelling, and the paths that are put behind it.
//!
//! Whatever is put behind a base URL stays behind it: another host, another port or another path before it is none of
//! its addresses. Which paths there are, and who asks for them, is for `declared`, `prepare` and `traffic`.

use url::{Host, Url};

use super::code::Code;

/// A base URL as it is compared, kept and shown: scheme and host in small letters, no port that is the usual one, no
/// `.` and `..` in the path, no slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BaseUrl {
    text: String,
    url: Url,
}

/// Why a text is no base URL. Its words are for the person who wrote the text, and repeat no credentials.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AddressError {
    #[error("the base URL `{0}` has no scheme")]
    NoScheme(String),
    #[error("the base URL must start with https:// or http://, not with `{0}:`")]
    Scheme(String),
    #[error("the base URL has a name or a password in it")]
    Credentials,
    #[error("the base URL has {} in it", sign_in_words(*.0))]
    Sign(char),
    #[error("`{0}` is no address that requests can go to")]
    Unreadable(String),
}

/// Why a text is no path behind a base URL. Its words are for the person who wrote the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PathError {
    #[error("the path does not begin with one `/`")]
    Beginning,
    #[error("the path has {} in it", sign_in_words(*.0))]
    Sign(char),
    #[error("the path leads out of the base URL")]
    LeadsOut,
}

/// What a path may look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Query {
    /// It may have one of its own.
    Allowed,
    /// Its parameters stand elsewhere.
    Apart,
}

impl BaseUrl {
    pub(crate) fn parse(written: &str) -> Result<Self, AddressError> {
        let (scheme, rest) = match written.split_once("://") {
            Some((scheme, rest)) if scheme.chars().all(is_of_scheme) => (Some(scheme), rest),
            _ => (None, written),
        };
        let authority = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(AddressError::Credentials);
        }
        if let Some(sign) = written.chars().find(|sign| is_out_of_place(*sign) || *sign == '?') {
            return Err(AddressError::Sign(sign));
        }
        // What cannot be read may have a password at a place where nobody expects one.
        let unreadable = || match written.contains('@') {
            true => AddressError::Credentials,
            false => AddressError::Unreadable(written.to_owned()),
        };
        match scheme.map(str::to_ascii_lowercase).as_deref() {
            None if written.contains('@') => return Err(AddressError::Credentials),
            None => return Err(AddressError::NoScheme(written.to_owned())),
            Some("https" | "http") => {}
            Some(scheme) => return Err(AddressError::Scheme(scheme.to_owned())),
        }
        // An authority that is empty would be looked for behind further slashes.
        let url = Some(written).filter(|_| !authority.is_empty());
        let url = url.and_then(|text| Url::parse(text).ok()).ok_or_else(unreadable)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressError::Credentials);
        }
        Ok(Self { text: url.as_str().trim_end_matches('/').to_owned(), url })
    }

    /// The one spelling.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    pub(crate) fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Whether what goes there can be read on the way.
    pub(crate) fn is_plain(&self) -> bool {
        self.url.scheme() == "http"
    }

    /// Whether it is on this machine, which no proxy leads to.
    pub(crate) fn is_loopback(&self) -> bool {
        match self.url.host() {
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        }
    }

    /// The address of a path behind it; none where that would be elsewhere.
    pub(crate) fn join(&self, path: &str) -> Option<Url> {
        let url = Url::parse(&format!("{}{path}", self.text)).ok()?;
        let behind = url.as_str().strip_prefix(&self.text)?;
        (path.starts_with('/') && behind.starts_with('/')).then_some(url)
    }
}

/// The one spelling of a base URL, or the text as it is where it is none: for texts that were written down long ago.
pub(crate) fn normal(written: &str) -> String {
    BaseUrl::parse(written).map_or_else(|_| written.to_owned(), |url| url.text)
}

impl AddressError {
    /// What to write instead.
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::NoScheme(written) => {
                format!("write https://{}", written.trim_start_matches(['/', ':']))
            }
            Self::Scheme(_) | Self::Unreadable(_) => {
                "write it as in https://api.example.com/v1".to_owned()
            }
            Self::Credentials => {
                "credentials come from the environment; leave the part before the @ out".to_owned()
            }
            Self::Sign('?' | '#') => {
                "it ends with a path, as in https://api.example.com/v1; leave out what follows"
                    .to_owned()
            }
            Self::Sign('\\') => "write / for it".to_owned(),
            Self::Sign(_) => "leave it out".to_owned(),
        }
    }

    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Credentials => Code::SecretInAddress,
            _ => Code::Address,
        }
    }
}

impl PathError {
    /// What to write instead.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Beginning => "it is put behind the base URL: write it as in /tickets/{ticket}",
            Self::Sign('?') => "write the parameters under query",
            Self::Sign(_) => "write it as it is sent: another sign for it, or its % and two digits",
            Self::LeadsOut => "leave out the parts that are `.` or `..`",
        }
    }
}

/// Looks whether a path stays behind any base URL. Its fields are filled in with something harmless.
pub(crate) fn check_path(path: &str, query: Query) -> Result<(), PathError> {
    if !path.starts_with('/') || path.starts_with("//") {
        return Err(PathError::Beginning);
    }
    let is_wrong = |sign: &char| is_out_of_place(*sign) || (*sign == '?' && query == Query::Apart);
    if let Some(sign) = path.chars().find(is_wrong) {
        return Err(PathError::Sign(sign));
    }
    let probe = BaseUrl::parse("https://host.invalid/behind").ok();
    let is_behind = probe.is_some_and(|probe| probe.join(path).is_some());
    let way = path.split('?').next().unwrap_or_default();
    match is_behind && !way.split('/').any(is_dots) {
        true => Ok(()),
        false => Err(PathError::LeadsOut),
    }
}

/// Whether a segment of a path is none, but the way to another: `.` or `..`, in any of their spellings.
pub(crate) fn is_dots(segment: &str) -> bool {
    let plain = segment.to_ascii_lowercase().replace("%2e", ".");
    matches!(plain.as_str(), "." | "..")
}

fn is_of_scheme(sign: char) -> bool {
    sign.is_ascii_alphanumeric() || matches!(sign, '+' | '-' | '.')
}

/// Whether a sign has no place in an address, or another meaning there than it seems.
fn is_out_of_place(sign: char) -> bool {
    matches!(sign, '#' | '\\') || sign.is_whitespace() || sign.is_control()
}

fn sign_in_words(sign: char) -> String {
    match sign.is_whitespace() || sign.is_control() {
        true => format!("a blank or a control character (U+{:04X})", u32::from(sign)),
        false => format!("a `{sign}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_has_one_spelling() {
        for (written, expected) in [
            ("https://api.example.com/v1", "https://api.example.com/v1"),
            ("HTTPS://API.Example.COM/v1", "https://api.example.com/v1"),
            ("https://api.example.com:443/v1/", "https://api.example.com/v1"),
            ("http://api.example.com:80", "http://api.example.com"),
            ("http://api.example.com:443", "http://api.example.com:443"),
            ("https://api.example.com/./v1//", "https://api.example.com/v1"),
            ("https://api.example.com/a/../v1", "https://api.example.com/v1"),
            ("https://api.example.com/a/%2e%2E/v1", "https://api.example.com/v1"),
            ("https://api.example.com/V1", "https://api.example.com/V1"),
            ("https://api.example.com/@me", "https://api.example.com/@me"),
            ("https://bücher.example/v1", "https://xn--bcher-kva.example/v1"),
            ("http://[0:0::1]:8091/", "http://[::1]:8091"),
            ("http://127.1:8091", "http://127.0.0.1:8091"),
        ] {
            let url = BaseUrl::parse(written).unwrap();
            assert_eq!(url.as_str(), expected, "{written}");
            assert_eq!(BaseUrl::parse(expected).unwrap().as_str(), expected);
        }
    }

    #[test]
    fn what_is_no_base_url_is_refused_with_a_hint() {
        let long = |text: &str| AddressError::Unreadable(text.to_owned());
        for (written, expected) in [
            ("api.example.com/v1", AddressError::NoScheme("api.example.com/v1".into())),
            ("localhost:8091/v1", AddressError::NoScheme("localhost:8091/v1".into())),
            ("//api.example.com", AddressError::NoScheme("//api.example.com".into())),
            ("https:api.example.com", AddressError::NoScheme("https:api.example.com".into())),
            ("", AddressError::NoScheme(String::new())),
            ("ftp://api.example.com", AddressError::Scheme("ftp".into())),
            ("htps://api.example.com", AddressError::Scheme("htps".into())),
            ("https://ann:pw@api.example.com", AddressError::Credentials),
            ("https://ann@api.example.com", AddressError::Credentials),
            ("https://@api.example.com", AddressError::Credentials),
            ("ann:pw@api.example.com", AddressError::Credentials),
            ("https://ann:p/w@api.example.com", AddressError::Credentials),
            ("https://api.example.com/v1#x", AddressError::Sign('#')),
            ("https://api.example.com/v1?x=1", AddressError::Sign('?')),
            ("https://api.example.com\\v1", AddressError::Sign('\\')),
            ("https://api.example.com/v1\r\nHost: x", AddressError::Sign('\r')),
            (" https://api.example.com", AddressError::Sign(' ')),
            ("https://api.example.com/\u{1b}[2J", AddressError::Sign('\u{1b}')),
            ("https:///v1", long("https:///v1")),
            ("https://", long("https://")),
            ("https://api.example.com:99999", long("https://api.example.com:99999")),
        ] {
            let error = BaseUrl::parse(written).unwrap_err();
            assert_eq!(error, expected, "{written}");
            assert!(!format!("{error} {}", error.hint()).contains("pw"), "{written}");
        }
        assert_eq!(
            BaseUrl::parse("api.example.com/v1").unwrap_err().hint(),
            "write https://api.example.com/v1"
        );
    }

    #[test]
    fn what_is_put_behind_a_base_url_stays_there() {
        let deep = BaseUrl::parse("https://api.example.com/v1").unwrap();
        let bare = BaseUrl::parse("https://api.example.com").unwrap();
        for (base, path, expected) in [
            (&deep, "/notes/5?a=b", Some("https://api.example.com/v1/notes/5?a=b")),
            (&bare, "/notes", Some("https://api.example.com/notes")),
            (&bare, "//evil.example/x", Some("https://api.example.com//evil.example/x")),
            (&deep, "/notes/%2E%2E%2F", Some("https://api.example.com/v1/notes/%2E%2E%2F")),
            (&bare, "@evil.example/x", None),
            (&bare, ".evil.example/x", None),
            (&bare, ":9702/x", None),
            (&deep, "2/x", None),
            (&deep, "/../x", None),
            (&deep, "/..", None),
            (&deep, "/%2e%2e/x", None),
            (&deep, "\\..\\x", None),
            (&deep, "", None),
        ] {
            assert_eq!(base.join(path).as_ref().map(Url::as_str), expected, "{path}");
        }
    }

    #[test]
    fn a_path_begins_with_one_slash_and_leads_nowhere_else() {
        use PathError::{Beginning, LeadsOut, Sign};
        for (path, expected) in [
            ("/notes/x", Ok(())),
            ("/notes//x", Ok(())),
            ("/@me", Ok(())),
            ("/notes/a..b/...", Ok(())),
            ("notes", Err(Beginning)),
            ("", Err(Beginning)),
            ("@127.0.0.1:9702/x", Err(Beginning)),
            ("//evil.example/x", Err(Beginning)),
            ("x/notes", Err(Beginning)),
            ("/\\evil.example", Err(Sign('\\'))),
            ("/notes#x", Err(Sign('#'))),
            ("/notes?x", Err(Sign('?'))),
            ("/notes\r\nHost: x", Err(Sign('\r'))),
            ("/no tes", Err(Sign(' '))),
            ("/notes/../../x", Err(LeadsOut)),
            ("/notes/..", Err(LeadsOut)),
            ("/./notes", Err(LeadsOut)),
            ("/%2E./x", Err(LeadsOut)),
        ] {
            assert_eq!(check_path(path, Query::Apart), expected, "{path}");
        }
        assert_eq!(check_path("/login?kind=api", Query::Allowed), Ok(()));
    }

    #[test]
    fn this_machine_is_known() {
        for (written, expected) in [
            ("http://127.0.0.1:1", true),
            ("http://127.9.9.9", true),
            ("http://[::1]", true),
            ("http://LOCALHOST/v1", true),
            ("http://localhost.example.com", false),
            ("http://192.168.0.1", false),
            ("http://0.0.0.0", false),
        ] {
            assert_eq!(BaseUrl::parse(written).unwrap().is_loopback(), expected, "{written}");
        }
    }
}
