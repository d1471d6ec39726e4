//! From `connector.yaml` as written to a connector as meant, its operations being read already.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;

use crate::text::address::{AddressError, BaseUrl};
use crate::text::code::Code;
use crate::text::fingerprint::Fingerprint;
use crate::text::pointer::Pointer;
use crate::text::quota::Quota;

use super::super::reader::Reader;
use super::super::{Operation, answers, authentication};
use super::Connector;
use super::written::ConnectorFile;

const ITEM: &str = "item";
const CONCURRENCY: u32 = 8;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Resolves the connector's own file. What is wrong with it is told to the reader.
pub(in super::super) fn connector(
    file: ConnectorFile,
    operations: IndexMap<String, Arc<Operation>>,
    reader: &mut Reader<'_>,
) -> Connector {
    let base_url = base_url(&file.base_url, reader);
    let is_named_right =
        reader.named_like(&Pointer::of(["connector"]), &file.connector, Path::parent);
    if file.concurrency.is_some_and(|n| !(1..=1024).contains(&n)) {
        let at = Pointer::of(["concurrency"]);
        reader.refuse(&at, Code::InvalidValue, "this must be from 1 to 1024", "as in 8");
    }
    let answers = answers::resolve(file.answers, reader);
    let quotas = quotas(&file.quotas, reader);
    let timeouts = file.timeouts.unwrap_or_default();
    let mut timeout =
        |name: &str, text: Option<&str>| reader.duration(&Pointer::of(["timeouts", name]), text);
    let connect_timeout = timeout("connect", timeouts.connect.as_deref());
    let request_timeout = timeout("request", timeouts.request.as_deref());
    // Under a wrong name none of its variables would be its own.
    let name = is_named_right.then_some(file.connector.as_str());
    let authentication =
        file.authentication.and_then(|file| authentication::resolve(file, name, reader));
    for name in file.headers.keys() {
        reader.header(&Pointer::of(["headers"]).join(name), name);
    }
    Connector {
        folder: None,
        name: file.connector,
        item: file.item.unwrap_or_else(|| ITEM.to_owned()),
        base_url,
        quotas,
        concurrency: file.concurrency.unwrap_or(CONCURRENCY),
        connect_timeout: connect_timeout.unwrap_or(CONNECT_TIMEOUT),
        request_timeout: request_timeout.unwrap_or(REQUEST_TIMEOUT),
        headers: file.headers.into_iter().collect(),
        authentication,
        answers,
        operations,
        fingerprint: Fingerprint::default(),
    }
}

fn base_url(written: &str, reader: &mut Reader<'_>) -> String {
    let refuse = |error: AddressError| {
        let code = match error {
            AddressError::Credentials => Code::SecretInAddress,
            _ => Code::InvalidValue,
        };
        reader.refuse(&Pointer::of(["base_url"]), code, error.to_string(), &error.hint());
        String::new()
    };
    BaseUrl::parse(written).map_or_else(refuse, |url| url.as_str().to_owned())
}

fn quotas(written: &[String], reader: &mut Reader<'_>) -> Vec<Quota> {
    let at = Pointer::of(["quotas"]);
    let read = written.iter().enumerate();
    read.filter_map(|(number, text)| reader.quota(&at.join(number), text)).collect()
}
