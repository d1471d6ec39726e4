//! An API that a test plays itself: it sees every request as it comes, and answers or leaves it waiting.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::sync::oneshot;

/// A hang is a failure, but a slow machine is not.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub method: String,
    /// With the query.
    pub path: String,
    pub headers: HashMap<String, String>,
    pub body: Value,
    pub bytes: Bytes,
}

/// Status and body; none leaves the request without an answer.
pub(crate) type Play = dyn Fn(&Seen) -> Option<(u16, String)> + Send + Sync;

/// Listens until it is dropped.
pub(crate) struct Stand {
    address: String,
    arrivals: Mutex<Receiver<Seen>>,
    seen: Arc<Mutex<Vec<Seen>>>,
    _end: oneshot::Sender<()>,
}

impl Stand {
    pub(crate) fn open(
        play: impl Fn(&Seen) -> Option<(u16, String)> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (arrived, arrivals) = channel();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (end, ended) = oneshot::channel();
        let shared = Shared { play: Arc::new(play), arrived, seen: Arc::clone(&seen) };
        std::thread::spawn(move || serve(listener, shared, ended));
        Self { address, arrivals: Mutex::new(arrivals), seen, _end: end }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Waits for the next request to arrive.
    pub(crate) fn arrival(&self) -> Seen {
        self.arrivals.lock().unwrap().recv_timeout(PATIENCE).unwrap()
    }

    /// The bodies as they came.
    pub(crate) fn bodies(&self) -> Vec<String> {
        let text = |seen: Seen| String::from_utf8(seen.bytes.to_vec()).unwrap();
        self.seen().into_iter().map(text).collect()
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

#[derive(Clone)]
struct Shared {
    play: Arc<Play>,
    arrived: Sender<Seen>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

fn serve(listener: TcpListener, shared: Shared, ended: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        let accept = async {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let shared = shared.clone();
                let service = service_fn(move |request| answer(request, shared.clone()));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        };
        tokio::select! {
            () = accept => {}
            _ = ended => {}
        }
    });
}

async fn answer(
    request: Request<Incoming>,
    shared: Shared,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let headers = head
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()));
    let seen = Seen {
        method: head.method.to_string(),
        path: head.uri.to_string(),
        headers: headers.collect(),
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        bytes: body,
    };
    let played = (shared.play)(&seen);
    shared.seen.lock().unwrap().push(seen.clone());
    // A test that does not wait for arrivals does not listen for them.
    let _ = shared.arrived.send(seen);
    let Some((status, body)) = played else { return std::future::pending().await };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap();
    Ok(response)
}
