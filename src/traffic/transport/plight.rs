//! What broke a connection, found among the layers of the HTTP library, which say nothing to whoever reads a message. Not what
//! follows from that, which is for `client`; nor its words, which are for `report`.

use std::error::Error;
use std::io;

use rustls::CertificateError;

use crate::row::Plight;

/// What stands in texts of the library that name a layer of it and no cause.
const LAYERS: [&str; 5] = [
    "error sending request",
    "client error (",
    "error trying to connect",
    "request or response body error",
    "connection error",
];

/// What is wrong, by the deepest cause that says so; none where nothing does.
pub(super) fn plight(error: &(dyn Error + 'static)) -> Option<Plight> {
    let mut found = None;
    let mut root = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        found = of(error).or(found);
        root = error.to_string();
        next = below(error);
    }
    let is_a_layer = root.is_empty() || LAYERS.iter().any(|layer| root.starts_with(layer));
    found.or_else(|| (!is_a_layer).then_some(Plight::Told(root)))
}

/// The next cause. An error of the system names as its source what is below the one that it holds.
pub(super) fn below<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    let held = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    held.map(|held| held as &(dyn Error + 'static)).or_else(|| error.source())
}

fn of(error: &(dyn Error + 'static)) -> Option<Plight> {
    if let Some(error) = error.downcast_ref::<io::Error>() {
        return of_system(error);
    }
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return Some(of_encryption(error));
    }
    let error = error.downcast_ref::<hyper::Error>()?;
    if error.is_parse() {
        Some(Plight::NoHttp)
    } else if error.is_incomplete_message() {
        Some(Plight::AnswerIncomplete)
    } else if error.is_timeout() {
        Some(Plight::TimedOut)
    } else if error.is_canceled() || error.is_closed() {
        Some(Plight::Closed)
    } else {
        None
    }
}

fn of_system(error: &io::Error) -> Option<Plight> {
    use io::ErrorKind;
    Some(match error.kind() {
        ErrorKind::ConnectionRefused => Plight::Refused,
        ErrorKind::ConnectionReset => Plight::Reset,
        ErrorKind::ConnectionAborted => Plight::Aborted,
        ErrorKind::NotConnected | ErrorKind::BrokenPipe => Plight::Closed,
        ErrorKind::UnexpectedEof => Plight::ClosedTooEarly,
        ErrorKind::TimedOut => Plight::TimedOut,
        ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => Plight::NetworkUnreachable,
        ErrorKind::HostUnreachable => Plight::HostUnreachable,
        ErrorKind::AddrNotAvailable => Plight::NoAddressLeft,
        ErrorKind::PermissionDenied => Plight::NotPermitted,
        _ => {
            let text = error.to_string();
            let found = text.strip_prefix("failed to lookup address information: ")?;
            Plight::NameLookup(found.to_owned())
        }
    })
}

fn of_encryption(error: &rustls::Error) -> Plight {
    let rustls::Error::InvalidCertificate(wrong) = error else {
        return Plight::Tls(error.to_string());
    };
    match wrong {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            Plight::CertificateExpired
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            Plight::CertificateNotYetValid
        }
        CertificateError::UnknownIssuer => Plight::UnknownIssuer,
        CertificateError::Revoked => Plight::CertificateRevoked,
        CertificateError::NotValidForName => {
            Plight::OtherName { expected: None, presented: Vec::new() }
        }
        CertificateError::NotValidForNameContext { expected, presented } => Plight::OtherName {
            expected: Some(expected.to_str().into_owned()),
            presented: presented.clone(),
        },
        other => Plight::Certificate(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A layer as the library has them: a text that names it, and a cause.
    #[derive(Debug)]
    struct Layer(&'static str, Option<Box<dyn Error>>);

    impl std::fmt::Display for Layer {
        fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str(self.0)
        }
    }

    impl Error for Layer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref()
        }
    }

    fn told(root: Option<Box<dyn Error>>) -> String {
        let inner = Layer("client error (SendRequest)", root);
        let found = plight(&Layer("error sending request", Some(Box::new(inner))));
        found.map(|plight| plight.written().into_owned()).unwrap_or_default()
    }

    #[test]
    fn the_cause_is_found_and_no_layer_is() {
        use io::ErrorKind;
        let kinds = [
            ErrorKind::ConnectionRefused,
            ErrorKind::ConnectionReset,
            ErrorKind::BrokenPipe,
            ErrorKind::UnexpectedEof,
            ErrorKind::TimedOut,
            ErrorKind::NetworkUnreachable,
            ErrorKind::HostUnreachable,
        ];
        let mut all: Vec<String> =
            kinds.iter().map(|kind| told(Some(Box::new(io::Error::from(*kind))))).collect();
        let lookup = "failed to lookup address information: Temporary failure in name resolution";
        all.push(told(Some(Box::new(io::Error::other(lookup)))));
        for wrong in [
            CertificateError::Expired,
            CertificateError::UnknownIssuer,
            CertificateError::NotValidForName,
        ] {
            let error = io::Error::other(rustls::Error::InvalidCertificate(wrong));
            all.push(told(Some(Box::new(error))));
        }
        all.push(told(Some(Box::new(Layer("a cause that nobody knows", None)))));
        assert_eq!(told(None), "");
        insta::assert_snapshot!(all.join("\n"), @r"
        connection_refused
        connection_reset
        connection_closed
        closed_too_early
        timed_out
        network_unreachable
        host_unreachable
        name_lookup: Temporary failure in name resolution
        certificate_expired
        unknown_issuer
        certificate_of_other_name
        a cause that nobody knows
        ");
    }
}
