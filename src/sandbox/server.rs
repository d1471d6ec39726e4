//! The sandbox's sockets: HTTP/1.1 on the loopback interface, bytes in and out of the books.
//!
//! It knows nothing of notes. It adds what only a server can: the time, delays, and connections that end
//! badly on purpose.

use std::future::poll_fn;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio::time::sleep;

use super::Options;
use super::answer::{Answer, MediaType, Reply, Request};
use super::books::Books;
use super::manners::ClockModel;

/// The largest body that is accepted, in bytes.
const LARGEST_BODY: usize = 1 << 20;
/// How much of a larger body is read and dropped, so that its sender gets to hear the answer.
const LARGEST_DRAINED: usize = 16 << 20;
/// Connections that may wait to be accepted.
const BACKLOG: u32 = 4096;
/// How long to wait when no connection can be accepted, as when there are no more descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);
const TOKEN_HEADER: &str = "x-stringee-auth";

/// The books, even if a thread panicked while it held them: they are only ever changed whole.
pub(super) fn lock(books: &Mutex<Books>) -> MutexGuard<'_, Books> {
    books.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What every connection shares.
#[derive(Clone)]
pub(super) struct Server {
    books: Arc<Mutex<Books>>,
    latency: Duration,
    slow: Duration,
    is_dated: bool,
    /// Room for connections.
    room: Arc<Semaphore>,
}

impl Server {
    pub(super) fn new(options: &Options, books: Arc<Mutex<Books>>) -> Self {
        let connections = options.connections.unwrap_or(Semaphore::MAX_PERMITS);
        let room = Arc::new(Semaphore::new(connections.min(Semaphore::MAX_PERMITS)));
        let is_dated = options.clock != ClockModel::NoDate;
        Self { books, latency: options.latency, slow: options.slow, is_dated, room }
    }

    /// Serves on this thread until told to stop. Says on `bound` where, or why it cannot.
    pub(super) fn run(
        self,
        port: u16,
        bound: &mpsc::Sender<io::Result<SocketAddr>>,
        stopped: &Arc<Notify>,
    ) {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return tell(bound, Err(error)),
        };
        runtime.block_on(async {
            match listen(port) {
                Ok((listener, address)) => {
                    tell(bound, Ok(address));
                    tokio::select! {
                        () = self.accept(&listener) => {}
                        () = stopped.notified() => {}
                    }
                }
                Err(error) => tell(bound, Err(error)),
            }
        });
    }

    async fn accept(&self, listener: &TcpListener) {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => match Arc::clone(&self.room).try_acquire_owned() {
                    Ok(place) => {
                        let served = serve(self.clone(), stream);
                        tokio::spawn(async move {
                            served.await;
                            drop(place);
                        });
                    }
                    // Closing it now resets it.
                    Err(_) => drop(stream.set_zero_linger()),
                },
                Err(_) => sleep(ACCEPT_PAUSE).await,
            }
        }
    }

    async fn answer(&self, request: hyper::Request<Incoming>) -> Result<Response, Dropped> {
        let (head, body) = request.into_parts();
        let body = read(body).await.map_err(|_| Dropped)?;
        let header = |name: &str| head.headers.get(name).map(HeaderValue::as_bytes);
        let request = Request {
            method: &head.method,
            path: head.uri.path(),
            query: head.uri.query().unwrap_or_default(),
            token: header(TOKEN_HEADER),
            content_type: header("content-type"),
            body: body.as_deref(),
        };
        let (reply, offset) = self.handle(&request);
        if !self.latency.is_zero() && request.path.starts_with("/v1/") {
            sleep(self.latency).await;
        }
        self.deliver(reply, offset).await
    }

    fn handle(&self, request: &Request) -> (Reply, i64) {
        let mut books = lock(&self.books);
        let reply = books.handle(request, unix_milliseconds());
        (reply, books.offset())
    }

    async fn deliver(&self, reply: Reply, offset: i64) -> Result<Response, Dropped> {
        let (answer, cut) = match reply {
            Reply::Answer(answer) => (answer, false),
            Reply::Cut(answer) => (answer, true),
            Reply::Late(answer) => {
                sleep(self.slow).await;
                (answer, false)
            }
            Reply::Dropped { .. } => return Err(Dropped),
        };
        Ok(respond(answer, cut, offset))
    }
}

/// Whoever started the server may have given up on it; then nobody needs to hear.
fn tell(bound: &mpsc::Sender<io::Result<SocketAddr>>, outcome: io::Result<SocketAddr>) {
    let _ = bound.send(outcome);
}

fn listen(port: u16) -> io::Result<(TcpListener, SocketAddr)> {
    let socket = TcpSocket::new_v4()?;
    // On Windows the option would let two servers share the port.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into())?;
    let listener = socket.listen(BACKLOG)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

fn unix_milliseconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Serves a connection to its end, orderly or not.
async fn serve(server: Server, stream: TcpStream) {
    // Only a matter of speed; a socket that refuses it works all the same.
    let _ = stream.set_nodelay(true);
    let is_dated = server.is_dated;
    let service = service_fn(move |request| {
        let server = server.clone();
        Box::pin(async move { server.answer(request).await })
    });
    let mut builder = http1::Builder::new();
    builder.auto_date_header(is_dated);
    let mut connection = builder.serve_connection(TokioIo::new(stream), service);
    let ended = poll_fn(|context| connection.poll_without_shutdown(context)).await;
    let dropped = ended.err().is_some_and(|error| {
        std::error::Error::source(&error).is_some_and(|source| source.is::<Dropped>())
    });
    if dropped {
        // Closing now sends a reset, as a crashed server or a broken gateway would.
        let _ = connection.into_parts().io.inner().set_zero_linger();
    }
}

/// The connection ends without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is dropped")]
struct Dropped;

/// The connection ends in the middle of an answer, whose first half is still to arrive.
#[derive(Debug, thiserror::Error)]
#[error("the answer is cut short")]
struct CutShort;

/// The whole body, or none when it is too large.
async fn read(body: Incoming) -> Result<Option<Vec<u8>>, hyper::Error> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let mut whole = Vec::with_capacity(announced.min(LARGEST_BODY));
    let mut size = 0_usize;
    let mut body = pin!(body);
    while size <= LARGEST_DRAINED
        && let Some(frame) = body.frame().await
    {
        let Ok(data) = frame?.into_data() else { continue };
        size = size.saturating_add(data.len());
        if size <= LARGEST_BODY {
            whole.extend_from_slice(&data);
        }
    }
    Ok((size <= LARGEST_BODY).then_some(whole))
}

type Response = hyper::Response<AnswerBody>;

/// An answer as HTTP. `offset` (milliseconds) is how far the sandbox's clock is ahead.
fn respond(answer: Answer, cut: bool, offset: i64) -> Response {
    let mut response = hyper::Response::new(AnswerBody::new(answer.body, cut));
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(answer.media_type)));
    if let Some(seconds) = answer.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(seconds) = answer.age {
        headers.insert(header::AGE, HeaderValue::from(seconds));
    }
    if let Some(methods) = answer.allow {
        headers.insert(header::ALLOW, HeaderValue::from_static(methods));
    }
    // Unshifted, hyper writes the date, and remembers its text for a second.
    if offset != 0 {
        insert_date(headers, offset);
    }
    response
}

fn media_type(media_type: MediaType) -> &'static str {
    match media_type {
        MediaType::Json => "application/json",
        MediaType::Html => "text/html",
    }
}

fn insert_date(headers: &mut HeaderMap, offset: i64) {
    let shift = Duration::from_millis(offset.unsigned_abs());
    let now = SystemTime::now();
    let shifted = if offset < 0 { now.checked_sub(shift) } else { now.checked_add(shift) };
    // Beyond the year 9999 the header has no notation; then hyper's date has to do.
    let latest = UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    if let Some(shifted) = shifted.filter(|time| (UNIX_EPOCH..=latest).contains(time))
        && let Ok(value) = HeaderValue::from_str(&httpdate::fmt_http_date(shifted))
    {
        headers.insert(header::DATE, value);
    }
}

/// A body in one piece, or half of it and then the end of the connection.
struct AnswerBody {
    length: u64,
    rest: Option<Bytes>,
    cut: Cut,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Cut {
    No,
    /// After what is left of `rest`.
    Next,
    /// As soon as what was written has had a chance to leave.
    Flushed,
}

impl AnswerBody {
    fn new(body: Bytes, cut: bool) -> Self {
        let length = body.len() as u64;
        let (rest, cut) =
            if cut { (body.slice(..body.len() / 2), Cut::Next) } else { (body, Cut::No) };
        Self { length, rest: Some(rest), cut }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = CutShort;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, CutShort>>> {
        if let Some(rest) = self.rest.take() {
            return Poll::Ready(Some(Ok(Frame::data(rest))));
        }
        match self.cut {
            Cut::No => Poll::Ready(None),
            Cut::Next => {
                self.cut = Cut::Flushed;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Cut::Flushed => Poll::Ready(Some(Err(CutShort))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_none() && self.cut == Cut::No
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}
