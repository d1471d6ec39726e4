//! The way to the other side: over HTTP, unless whoever drives the task brings another.

use std::path::Path;

use crate::declared::connector::Connector;
use crate::text::small_file;
use crate::traffic::transport::{Client, ClientError, ClientOptions, Credentials, Http};

/// Where requests are to go, and with what they are let in.
pub(in crate::task) struct Destination<'a> {
    pub connector: &'a Connector,
    pub base_url: &'a str,
    pub credentials: Credentials,
    /// Requests under way at once, at the most.
    pub concurrency: usize,
}

/// Longer than all the certificates that a system trusts.
const LARGEST: u64 = 16 << 20;

/// `ca_file` has certificates that are trusted beside the system's.
pub(in crate::task) fn over_http(
    destination: Destination<'_>,
    ca_file: Option<&Path>,
) -> Result<Http, ClientError> {
    let read = |path| {
        let bytes = small_file::read(path, LARGEST);
        bytes.map_err(|error| ClientError::Certificates(error.to_string()))
    };
    let ca_pem = ca_file.map(read).transpose()?.map(without_mark);
    let Destination { connector, base_url, credentials, concurrency } = destination;
    let client = Client::new(connector, base_url, &ClientOptions { ca_pem, concurrency })?;
    Ok(Http::new(client, credentials))
}

/// A file without the mark that some editors put before UTF-8.
fn without_mark(mut bytes: Vec<u8>) -> Vec<u8> {
    let mark = "\u{feff}".as_bytes();
    if bytes.starts_with(mark) {
        bytes.drain(..mark.len());
    }
    bytes
}
