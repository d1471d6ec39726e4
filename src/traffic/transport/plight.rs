//! What broke a connection, in words that an administrator knows. Not what follows from that, which is for `client`; and not the
//! layers of the HTTP library, which say nothing to whoever reads a message.

use std::error::Error;
use std::io;

use rustls::CertificateError;

/// What stands in texts of the library that name a layer of it and no cause.
const LAYERS: [&str; 5] = [
    "error sending request",
    "client error (",
    "error trying to connect",
    "request or response body error",
    "connection error",
];

/// What is wrong, by the deepest cause that says so; empty where nothing does.
pub(super) fn words(error: &(dyn Error + 'static)) -> String {
    let mut found = None;
    let mut root = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        found = of(error).or(found);
        root = error.to_string();
        next = below(error);
    }
    let is_a_layer = LAYERS.iter().any(|layer| root.starts_with(layer));
    found.unwrap_or_else(|| if is_a_layer { String::new() } else { root })
}

/// The next cause. An error of the system names as its source what is below the one that it holds.
pub(super) fn below<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    let held = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    held.map(|held| held as &(dyn Error + 'static)).or_else(|| error.source())
}

fn of(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(error) = error.downcast_ref::<io::Error>() {
        return of_system(error);
    }
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return Some(of_encryption(error));
    }
    let error = error.downcast_ref::<hyper::Error>()?;
    let words = if error.is_parse() {
        "what came back is no HTTP"
    } else if error.is_incomplete_message() {
        "the other side closed the connection before its answer was complete"
    } else if error.is_timeout() {
        "timed out"
    } else if error.is_canceled() || error.is_closed() {
        "the other side closed the connection"
    } else {
        return None;
    };
    Some(words.to_owned())
}

fn of_system(error: &io::Error) -> Option<String> {
    use io::ErrorKind;
    let words = match error.kind() {
        ErrorKind::ConnectionRefused => {
            "connection refused: nothing listens at this address and port"
        }
        ErrorKind::ConnectionReset => "the connection was reset by the other side",
        ErrorKind::ConnectionAborted => "the connection was aborted",
        ErrorKind::NotConnected | ErrorKind::BrokenPipe => "the other side closed the connection",
        ErrorKind::UnexpectedEof => "the other side closed the connection too early",
        ErrorKind::TimedOut => "timed out",
        ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => {
            "the network cannot be reached from this machine"
        }
        ErrorKind::HostUnreachable => "the host cannot be reached from this machine",
        ErrorKind::AddrNotAvailable => "this machine has no address or port left to send from",
        ErrorKind::PermissionDenied => "this machine does not permit the connection",
        _ => {
            let text = error.to_string();
            let found = text.strip_prefix("failed to lookup address information: ")?;
            return Some(format!("the name of the host could not be looked up ({found})"));
        }
    };
    Some(words.to_owned())
}

fn of_encryption(error: &rustls::Error) -> String {
    let rustls::Error::InvalidCertificate(wrong) = error else {
        return format!("TLS: {error}");
    };
    match wrong {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "it has expired, or this machine's clock is wrong".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet, or this machine's clock is wrong".to_owned()
        }
        CertificateError::UnknownIssuer => {
            "nobody whom this machine trusts has issued it".to_owned()
        }
        CertificateError::Revoked => "it was revoked".to_owned(),
        CertificateError::NotValidForName => "it is for another name".to_owned(),
        CertificateError::NotValidForNameContext { expected, presented } => match presented
            .is_empty()
        {
            true => format!("it is not for `{}`", expected.to_str()),
            false => {
                format!("it is for {}, and not for `{}`", presented.join(", "), expected.to_str())
            }
        },
        other => other.to_string(),
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
        words(&Layer("error sending request", Some(Box::new(inner))))
    }

    #[test]
    fn the_cause_is_told_in_words_and_no_layer_is() {
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
        connection refused: nothing listens at this address and port
        the connection was reset by the other side
        the other side closed the connection
        the other side closed the connection too early
        timed out
        the network cannot be reached from this machine
        the host cannot be reached from this machine
        the name of the host could not be looked up (Temporary failure in name resolution)
        it has expired, or this machine's clock is wrong
        nobody whom this machine trusts has issued it
        it is for another name
        a cause that nobody knows
        ");
    }
}
