//! What broke a connection, as far as somebody has said: a fact, which a message holds as a word. Sentences are for `report`.

use std::borrow::Cow;

/// See the module's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Plight {
    /// Nothing listens there.
    Refused,
    Reset,
    Aborted,
    Closed,
    /// The other side closed the connection amid something.
    ClosedTooEarly,
    /// Likewise, amid its answer.
    AnswerIncomplete,
    NoHttp,
    TimedOut,
    NetworkUnreachable,
    HostUnreachable,
    /// This machine has no address or port left to send from.
    NoAddressLeft,
    NotPermitted,
    /// The name of the host could not be looked up, in the system's words.
    NameLookup(String),
    CertificateExpired,
    CertificateNotYetValid,
    UnknownIssuer,
    CertificateRevoked,
    /// The certificate is for another name than the one that is expected; both where the library says so.
    OtherName {
        expected: Option<String>,
        presented: Vec<String>,
    },
    /// What else is wrong with it, in the library's words.
    Certificate(String),
    /// What else is wrong with the encryption, in the library's words.
    Tls(String),
    /// In the words of whoever says so.
    Told(String),
}

/// Those about which a word says all.
const PLAIN: [(&str, Plight); 16] = [
    ("connection_refused", Plight::Refused),
    ("connection_reset", Plight::Reset),
    ("connection_aborted", Plight::Aborted),
    ("connection_closed", Plight::Closed),
    ("closed_too_early", Plight::ClosedTooEarly),
    ("answer_incomplete", Plight::AnswerIncomplete),
    ("no_http", Plight::NoHttp),
    ("timed_out", Plight::TimedOut),
    ("network_unreachable", Plight::NetworkUnreachable),
    ("host_unreachable", Plight::HostUnreachable),
    ("no_address_left", Plight::NoAddressLeft),
    ("not_permitted", Plight::NotPermitted),
    ("certificate_expired", Plight::CertificateExpired),
    ("certificate_not_yet_valid", Plight::CertificateNotYetValid),
    ("unknown_issuer", Plight::UnknownIssuer),
    ("certificate_revoked", Plight::CertificateRevoked),
];
const NAME_LOOKUP: &str = "name_lookup";
const OTHER_NAME: &str = "certificate_of_other_name";
const CERTIFICATE: &str = "certificate";
const TLS: &str = "tls";

impl Plight {
    /// As a message holds it: a word, and after it what belongs to it; the words of others as they are.
    pub(crate) fn written(&self) -> Cow<'_, str> {
        match self {
            Self::NameLookup(words) => format!("{NAME_LOOKUP}: {words}").into(),
            Self::Certificate(words) => format!("{CERTIFICATE}: {words}").into(),
            Self::Tls(words) => format!("{TLS}: {words}").into(),
            Self::OtherName { expected: None, .. } => OTHER_NAME.into(),
            Self::OtherName { expected: Some(expected), presented } if presented.is_empty() => {
                format!("{OTHER_NAME}: {expected}").into()
            }
            Self::OtherName { expected: Some(expected), presented } => {
                format!("{OTHER_NAME}: {expected}: {}", presented.join(", ")).into()
            }
            Self::Told(words) => words.as_str().into(),
            plain => {
                let known = PLAIN.iter().find(|(_, known)| known == plain);
                known.map(|(word, _)| *word).unwrap_or_default().into()
            }
        }
    }

    /// What [`Self::written`] has made; any other text is somebody's words, as those of earlier versions are.
    pub(crate) fn read(text: &str) -> Self {
        if let Some((_, plain)) = PLAIN.into_iter().find(|(word, _)| *word == text) {
            return plain;
        }
        let (word, rest) = match text.split_once(": ") {
            Some((word, rest)) => (word, Some(rest)),
            None => (text, None),
        };
        match (word, rest) {
            (NAME_LOOKUP, Some(words)) => Self::NameLookup(words.to_owned()),
            (CERTIFICATE, Some(words)) => Self::Certificate(words.to_owned()),
            (TLS, Some(words)) => Self::Tls(words.to_owned()),
            (OTHER_NAME, None) => Self::OtherName { expected: None, presented: Vec::new() },
            (OTHER_NAME, Some(names)) => {
                let (expected, presented) = names.split_once(": ").unwrap_or((names, ""));
                let presented = presented.split(", ").filter(|name| !name.is_empty());
                Self::OtherName {
                    expected: Some(expected.to_owned()),
                    presented: presented.map(str::to_owned).collect(),
                }
            }
            _ => Self::Told(text.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_read_as_it_was_written() {
        let name = || "api.example.com".to_owned();
        let of_other = |presented: &[&str]| Plight::OtherName {
            expected: Some(name()),
            presented: presented.iter().map(|name| (*name).to_owned()).collect(),
        };
        let mut all: Vec<Plight> = PLAIN.into_iter().map(|(_, plight)| plight).collect();
        all.extend([
            Plight::NameLookup("Temporary failure: try again".into()),
            Plight::Certificate("BadEncoding".into()),
            Plight::Tls("peer is incompatible: NoCipherSuitesInCommon".into()),
            Plight::OtherName { expected: None, presented: Vec::new() },
            of_other(&[]),
            of_other(&["a.example", "b.example"]),
            Plight::Told("a cause: that nobody knows".into()),
        ]);
        for plight in all {
            assert!(!plight.written().is_empty(), "{plight:?}");
            assert_eq!(Plight::read(&plight.written()), plight);
        }
    }
}
