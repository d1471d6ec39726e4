//! Which servers are believed to be who they say they are, where certificates were given beside the system's.
//!
//! What was given counts as an authority, as reqwest has it; and a server may show exactly a certificate that was given,
//! for a host that it names and while it is valid, though nobody has signed it but itself. Nothing else is made easier.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use rustls_platform_verifier::Verifier;

use super::client::{ClientError, chain};

/// The settings of TLS with certificates (PEM) to trust beside the system's.
pub(super) fn trusting(pem: &[u8]) -> Result<ClientConfig, ClientError> {
    let given: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| ClientError::Certificates(chain(&error)))?;
    if given.is_empty() {
        return Err(ClientError::NoCertificate);
    }
    let refused = |error: Error| ClientError::Certificates(chain(&error));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let usual = usual(&given, &provider).map_err(refused)?;
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(refused)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Trust { usual, given }))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// The system's way. A certificate that is no authority may be none that it can take: then it counts only by itself.
fn usual(
    given: &[CertificateDer<'static>],
    provider: &Arc<CryptoProvider>,
) -> Result<Verifier, Error> {
    Verifier::new_with_extra_roots(given.iter().cloned(), Arc::clone(provider))
}

#[derive(Debug)]
struct Trust {
    usual: Verifier,
    given: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let usual = self.usual.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        match usual {
            Err(_) if is_given(&self.given, end_entity, server_name, now) => {
                Ok(ServerCertVerified::assertion())
            }
            usual => usual,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.usual.supported_verify_schemes()
    }
}

/// Whether a certificate is byte for byte one of those that were given, names the host, and is valid now.
fn is_given(
    given: &[CertificateDer<'_>],
    shown: &CertificateDer<'_>,
    host: &ServerName<'_>,
    now: UnixTime,
) -> bool {
    let names_host = || {
        let parsed = ParsedCertificate::try_from(shown);
        parsed.is_ok_and(|parsed| rustls::client::verify_server_name(&parsed, host).is_ok())
    };
    let is_valid = || {
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        validity(shown).is_some_and(|(first, last)| (first..=last).contains(&now))
    };
    given.contains(shown) && is_valid() && names_host()
}

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// From when until when a certificate is valid, in unix seconds: RFC 5280, 4.1.
fn validity(certificate: &[u8]) -> Option<(i64, i64)> {
    let rest = &mut &*certificate;
    let certificate = &mut of(SEQUENCE, rest)?;
    let fields = &mut of(SEQUENCE, certificate)?;
    if fields.first() == Some(&VERSION) {
        element(fields)?;
    }
    // Serial number, algorithm, issuer.
    (0..3).try_for_each(|_| element(fields).map(drop))?;
    let times = &mut of(SEQUENCE, fields)?;
    Some((time(times)?, time(times)?))
}

fn of<'a>(tag: u8, rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    element(rest).and_then(|(found, content)| (found == tag).then_some(content))
}

/// The next element: its tag and its content.
fn element<'a>(rest: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let (tag, after) = rest.split_first()?;
    let (first, mut after) = after.split_first()?;
    let length = match *first {
        short @ 0..=0x7f => usize::from(short),
        long => {
            let digits = after.split_off(..usize::from(long & 0x7f))?;
            let small = digits.len() <= 4;
            let digits = digits.iter().filter(|_| small);
            digits.fold(usize::from(!small) * usize::MAX, |length, digit| {
                length << 8 | usize::from(*digit)
            })
        }
    };
    let content = after.split_off(..length)?;
    *rest = after;
    Some((*tag, content))
}

fn time(rest: &mut &[u8]) -> Option<i64> {
    let (tag, text) = element(rest)?;
    let text = std::str::from_utf8(text).ok()?;
    let text = match tag {
        // Years from 50 on are of the last century.
        UTC_TIME if text.get(..2)? >= "50" => format!("19{text}"),
        UTC_TIME => format!("20{text}"),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let moment = jiff::civil::DateTime::strptime("%Y%m%d%H%M%SZ", &text).ok()?;
    Some(moment.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    // Of `localhost` and 127.0.0.1, an authority as openssl makes it, from 2026 to 2126.
    const OWN: &str = include_str!("../../../tests/it/certificates/own.pem");
    const OTHER: &str = include_str!("../../../tests/it/certificates/other.pem");

    fn certificate(pem: &str) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
    }

    fn at(moment: &str) -> UnixTime {
        let moment: jiff::Timestamp = moment.parse().unwrap();
        UnixTime::since_unix_epoch(Duration::from_secs(moment.as_second() as u64))
    }

    #[test]
    fn only_the_very_certificate_counts_for_its_host_and_in_its_time() {
        let (own, other) = (certificate(OWN), certificate(OTHER));
        let host = |name: &'static str| ServerName::try_from(name).unwrap();
        let now = at("2030-01-01T00:00:00Z");
        let is = |given: &CertificateDer<'static>, shown, name, now| {
            is_given(std::slice::from_ref(given), shown, &host(name), now)
        };
        assert!(is(&own, &own, "localhost", now));
        assert!(is(&own, &own, "127.0.0.1", now));
        assert!(!is(&own, &own, "example.com", now), "another host");
        assert!(!is(&own, &other, "localhost", now), "another certificate");
        assert!(!is(&own, &own, "localhost", at("2020-01-01T00:00:00Z")), "not yet");
        assert!(!is(&own, &own, "localhost", at("2200-01-01T00:00:00Z")), "no more");
    }

    #[test]
    fn what_is_no_certificate_is_valid_never() {
        let own = certificate(OWN);
        assert!(validity(&own).is_some());
        for end in 0..own.len() {
            // Cut anywhere, it is read to its end.
            assert_eq!(validity(&own[..end]), None, "{end}");
        }
        assert_eq!(validity(&[0x30, 0xff, 0xff]), None);
        assert_eq!(validity(&[0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), None);
    }
}
