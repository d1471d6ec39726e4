//! A server's own certificate, given in `--ca-file`, is believed; any other is not.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::desk::{Desk, notes_csv};

fn file(name: &str) -> String {
    let path = format!("{}/tests/it/certificates/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

/// Says of whatever it gets that it is done. Gives its address.
fn server(name: &str) -> String {
    let certificate = CertificateDer::from_pem_slice(file(&format!("{name}.pem")).as_bytes());
    let key = PrivateKeyDer::from_pem_slice(file(&format!("{name}.key")).as_bytes());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.unwrap()], key.unwrap())
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            std::thread::spawn(move || serve(StreamOwned::new(connection, stream)));
        }
    });
    address
}

fn serve(stream: StreamOwned<ServerConnection, std::net::TcpStream>) {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut length, mut line) = (0, String::new());
        while stream.read_line(&mut line).is_ok_and(|read| read > 2) {
            if let Some(text) = line.to_lowercase().strip_prefix("content-length:") {
                length = text.trim().parse().unwrap_or(0);
            }
            line.clear();
        }
        if line.is_empty() || stream.read_exact(&mut vec![0; length]).is_err() {
            return;
        }
        let body = r#"{"r":0,"id":"tn_1"}"#;
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        if stream.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

#[test]
fn only_the_servers_own_certificate_is_believed_beside_the_systems() {
    for (shown, given, exit) in [
        // As openssl makes them: an authority for itself.
        ("own", "own", 0),
        ("leaf", "leaf", 0),
        ("own", "other", 2),
        ("leaf", "own", 2),
        // It names another host.
        ("elsewhere", "elsewhere", 2),
    ] {
        let desk = Desk::with_notes(notes_csv(1, 1))
            .env("STRINGEEX_TOKEN", "t")
            .file("ca.pem", file(&format!("{given}.pem")));
        let outcome =
            desk.call(&format!("run job.yaml --ca-file ca.pem --base-url {}", server(shown)));
        assert_eq!(outcome.status, exit, "{shown} with {given}: {outcome}");
        if exit == 2 {
            assert!(outcome.stderr.contains("certificate is not trusted"), "{outcome}");
        }
    }
}
