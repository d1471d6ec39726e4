//! Why something did not succeed: facts, and the words of others. Sentences are for `report`; what an answer means is for
//! `traffic`.

use std::borrow::Cow;

use super::Plight;

/// Why something did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cause {
    pub reason: Reason,
    /// Why looking for what a lost request may have made did not settle it; none where nothing was looked for.
    pub doubt: Option<Doubt>,
    /// The HTTP status of the answer.
    pub status: Option<u16>,
    /// The API's own code, as in `r`.
    pub code: Option<String>,
    /// Words that are not ours: the other side's, the operating system's, the HTTP library's. Of a connection it is a
    /// [`Plight`], as that is written.
    pub message: Option<String>,
}

impl Cause {
    pub fn of(reason: Reason) -> Self {
        Self { reason, ..Self::default() }
    }

    /// With what broke the connection.
    pub(crate) fn by(self, plight: Option<&Plight>) -> Self {
        Self { message: plight.map(|plight| plight.written().into_owned()), ..self }
    }

    /// With the words of others. No words are none.
    pub fn saying(self, message: impl Into<String>) -> Self {
        Self { message: Some(message.into()).filter(|text| !text.is_empty()), ..self }
    }
}

/// Why, in our facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Reason {
    /// What the message says: an entry of a ledger that has no reasons, or a failure that has no other name.
    #[default]
    Told,
    /// The other side answered; status, code and message are its own.
    Answered,
    /// The answer leads elsewhere; the message is where.
    Redirected,
    /// The answer says success by its status, and cannot be read.
    UnreadableAnswer,
    /// The answer was longer than an answer may be.
    AnswerTooLong,
    /// The connection broke while the answer came.
    AnswerBroken,
    /// The request could not be put together, so it was not sent.
    Unsendable,
    /// There was no connection, so nothing was sent.
    NoConnection,
    /// There was no connection: the system knows no host of this name.
    NoSuchHost,
    /// There was no connection: the server's certificate is not trusted, or not for this host.
    Untrusted,
    /// There was no connection: what answers there does not speak TLS.
    NoTls,
    /// There was no connection within the time allowed, so nothing was sent.
    ConnectionTimeout,
    /// No answer came within the time allowed.
    AnswerTimeout,
    /// The connection broke before an answer came.
    ConnectionBroken,
    /// The run of the attempt ended before the answer came.
    RunEnded,
    /// The run was stopped before the request was sent.
    Withdrawn,
    /// A time of the row passed before its turn came.
    TooLate,
    /// The row is not valid any more, though an earlier run has sent it.
    Invalid,
    /// The user interrupted the run before the answer came.
    Interrupted,
    /// What is there is not what the row expects, so its request did not leave.
    ChangedSince,
    /// The list that should show what the row is about does not, so its request did not leave.
    NotListed,
    /// What the row is about was made by the other side's system, so its request did not leave. The message is what says so.
    OfSystem,
    /// The list that shows what the row is about could not be read, so its request did not leave.
    ListUnread,
    /// What the row would make anew is there, so its request did not leave.
    StillThere,
    /// What was shown of the list does not have what the row is about, and was not all of it, so its request did not leave.
    ListInPart,
    /// The list shows what the row is about more than once, and not the same of it, so its request did not leave.
    Contradicting,
    /// The list does not show all that the row is about says, so its request did not leave.
    ShownInPart,
    /// As often as the list was read, that was too long ago when the row's turn came, so its request did not leave.
    ListStale,
}

impl Reason {
    pub const ALL: [Self; 28] = [
        Self::Told,
        Self::Answered,
        Self::Redirected,
        Self::UnreadableAnswer,
        Self::AnswerTooLong,
        Self::AnswerBroken,
        Self::Unsendable,
        Self::NoConnection,
        Self::NoSuchHost,
        Self::Untrusted,
        Self::NoTls,
        Self::ConnectionTimeout,
        Self::AnswerTimeout,
        Self::ConnectionBroken,
        Self::RunEnded,
        Self::Withdrawn,
        Self::TooLate,
        Self::Invalid,
        Self::Interrupted,
        Self::ChangedSince,
        Self::NotListed,
        Self::OfSystem,
        Self::ListUnread,
        Self::StillThere,
        Self::ListInPart,
        Self::Contradicting,
        Self::ShownInPart,
        Self::ListStale,
    ];

    /// The word in the ledger.
    pub fn word(self) -> &'static str {
        match self {
            Self::Told => "told",
            Self::Answered => "answered",
            Self::Redirected => "redirected",
            Self::UnreadableAnswer => "unreadable_answer",
            Self::AnswerTooLong => "answer_too_long",
            Self::AnswerBroken => "answer_broken",
            Self::Unsendable => "unsendable",
            Self::NoConnection => "no_connection",
            Self::NoSuchHost => "no_such_host",
            Self::Untrusted => "untrusted",
            Self::NoTls => "no_tls",
            Self::ConnectionTimeout => "connection_timeout",
            Self::AnswerTimeout => "answer_timeout",
            Self::ConnectionBroken => "connection_broken",
            Self::RunEnded => "run_ended",
            Self::Withdrawn => "withdrawn",
            Self::TooLate => "too_late",
            Self::Invalid => "invalid",
            Self::Interrupted => "interrupted",
            Self::ChangedSince => "changed_since",
            Self::NotListed => "not_listed",
            Self::OfSystem => "of_system",
            Self::ListUnread => "list_unread",
            Self::StillThere => "still_there",
            Self::ListInPart => "list_in_part",
            Self::Contradicting => "contradicting",
            Self::ShownInPart => "shown_in_part",
            Self::ListStale => "list_stale",
        }
    }

    /// Whether it is about a connection, so that the message is a [`Plight`].
    pub(crate) fn has_plight(self) -> bool {
        matches!(
            self,
            Self::NoConnection | Self::ConnectionBroken | Self::AnswerBroken | Self::Untrusted
        )
    }

    /// Whether what is there, or what could not be seen there, has kept the request from leaving.
    pub(crate) fn withholds(self) -> bool {
        matches!(self, Self::ListUnread | Self::ListStale) || self.needs_a_person()
    }

    /// Whether what is there has kept the request from leaving, and will until somebody has looked at it.
    pub(crate) fn needs_a_person(self) -> bool {
        matches!(
            self,
            Self::ChangedSince
                | Self::NotListed
                | Self::OfSystem
                | Self::StillThere
                | Self::ListInPart
                | Self::Contradicting
                | Self::ShownInPart
        )
    }

    /// Whether it lies in the address, or in what is trusted there, and waiting mends nothing.
    pub fn is_lasting(self) -> bool {
        matches!(self, Self::NoSuchHost | Self::Untrusted | Self::NoTls)
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.word() == word)
    }
}

/// Why looking for what a lost request may have made did not settle whether it is there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Doubt {
    /// The run was stopped before anybody looked.
    StoppedBefore,
    /// The row lacks a field that the request for the list needs.
    FieldMissing,
    /// The other side refused to show the list.
    ListRefused(Box<Look>),
    /// The list could not be read, as often as it was tried.
    ListUnread(Box<Look>),
    /// The answer is no list that the connector describes.
    ShapeUnknown,
    /// An item of the list has no id.
    ItemWithoutId,
    /// The list does not say when its items were made.
    Undated,
    /// The list goes on for longer than any list is read.
    Endless,
    /// The list has one page, and may have been cut there.
    OnePage,
    /// The item belongs to no row, and may be what was sent, with its text altered.
    Altered {
        /// The item's.
        id: String,
    },
    /// The item belongs to no row, and shows nothing that could be compared with what was sent.
    Unreadable {
        /// The item's.
        id: String,
    },
    /// The item was made since the request and belongs to no row, but its content differs.
    Differs {
        /// The item's.
        id: String,
    },
    /// The item has the same content and seems older than the request, by less than clocks may differ.
    OlderWithinClocks {
        /// The item's.
        id: String,
    },
    /// Likewise, and what the clocks showed at the request is not known.
    OlderByUnknownClocks {
        /// The item's.
        id: String,
    },
    /// The item has the same content, and so has another, or another row may have made it, or its time cannot be right.
    Alike {
        /// The item's.
        id: String,
    },
    /// Nothing is there, in a list that has not shown what is known to be there.
    ListUnproven,
    /// The list shows an item more than once, and not the same of it: what it shows proves nothing.
    Contradicting {
        /// The item's.
        id: String,
    },
}

/// What came of a request for a list.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Look {
    pub reason: Reason,
    pub status: Option<u16>,
    pub message: Option<String>,
}

impl Doubt {
    /// The text in the ledger: a word, and after it what belongs to it, as in `altered: tn_12` or
    /// `list_refused answered 500: try later`.
    pub fn word(&self) -> Cow<'static, str> {
        let with = |word: &str, id: &str| Cow::Owned(format!("{word}: {id}"));
        match self {
            Self::StoppedBefore => "stopped_before".into(),
            Self::FieldMissing => "field_missing".into(),
            Self::ShapeUnknown => "shape_unknown".into(),
            Self::ItemWithoutId => "item_without_id".into(),
            Self::Undated => "undated".into(),
            Self::Endless => "endless".into(),
            Self::OnePage => "one_page".into(),
            Self::ListUnproven => "list_unproven".into(),
            Self::Alike { id } => with("alike", id),
            Self::Contradicting { id } => with("contradicting", id),
            Self::ListRefused(look) => look.entry("list_refused").into(),
            Self::ListUnread(look) => look.entry("list_unread").into(),
            Self::Altered { id } => with("altered", id),
            Self::Unreadable { id } => with("unreadable", id),
            Self::Differs { id } => with("differs", id),
            Self::OlderWithinClocks { id } => with("older_within_clocks", id),
            Self::OlderByUnknownClocks { id } => with("older_by_unknown_clocks", id),
        }
    }

    /// What [`Self::word`] has made of a doubt; none for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let (head, detail) = match text.split_once(": ") {
            Some((head, detail)) => (head, Some(detail)),
            None => (text, None),
        };
        let (word, facts) = head.split_once(' ').unwrap_or((head, ""));
        let id = || detail.map(str::to_owned);
        Some(match word {
            "stopped_before" => Self::StoppedBefore,
            "field_missing" => Self::FieldMissing,
            "shape_unknown" => Self::ShapeUnknown,
            "item_without_id" => Self::ItemWithoutId,
            "undated" => Self::Undated,
            "endless" => Self::Endless,
            "one_page" => Self::OnePage,
            "list_unproven" => Self::ListUnproven,
            "alike" => Self::Alike { id: id()? },
            "contradicting" => Self::Contradicting { id: id()? },
            "list_refused" => Self::ListRefused(Box::new(Look::parse(facts, detail)?)),
            "list_unread" => Self::ListUnread(Box::new(Look::parse(facts, detail)?)),
            "altered" => Self::Altered { id: id()? },
            "unreadable" => Self::Unreadable { id: id()? },
            "differs" => Self::Differs { id: id()? },
            "older_within_clocks" => Self::OlderWithinClocks { id: id()? },
            "older_by_unknown_clocks" => Self::OlderByUnknownClocks { id: id()? },
            _ => return None,
        })
    }
}

impl From<Cause> for Look {
    fn from(cause: Cause) -> Self {
        Self { reason: cause.reason, status: cause.status, message: cause.message }
    }
}

impl Look {
    fn entry(&self, word: &str) -> String {
        let mut text = format!("{word} {}", self.reason.word());
        if let Some(status) = self.status {
            text.push_str(&format!(" {status}"));
        }
        if let Some(message) = &self.message {
            text.push_str(&format!(": {message}"));
        }
        text
    }

    fn parse(facts: &str, message: Option<&str>) -> Option<Self> {
        let (reason, status) = match facts.split_once(' ') {
            Some((reason, status)) => (reason, Some(status.parse().ok()?)),
            None => (facts, None),
        };
        Some(Self { reason: Reason::parse(reason)?, status, message: message.map(str::to_owned) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_word_of_its_own() {
        for reason in Reason::ALL {
            assert_eq!(Reason::parse(reason.word()), Some(reason));
        }
        assert_eq!(Reason::parse("whatever"), None);
    }

    #[test]
    fn every_doubt_comes_back_from_its_text() {
        let look = Look {
            reason: Reason::Answered,
            status: Some(500),
            message: Some("r: 3: later".into()),
        };
        let silent = Look { reason: Reason::AnswerTimeout, ..Look::default() };
        let id = || "tn: 1".to_owned();
        for (doubt, text) in [
            (Doubt::StoppedBefore, "stopped_before"),
            (Doubt::FieldMissing, "field_missing"),
            (Doubt::ListRefused(Box::new(look)), "list_refused answered 500: r: 3: later"),
            (Doubt::ListUnread(Box::new(silent)), "list_unread answer_timeout"),
            (Doubt::ShapeUnknown, "shape_unknown"),
            (Doubt::ItemWithoutId, "item_without_id"),
            (Doubt::Undated, "undated"),
            (Doubt::Endless, "endless"),
            (Doubt::OnePage, "one_page"),
            (Doubt::ListUnproven, "list_unproven"),
            (Doubt::Alike { id: id() }, "alike: tn: 1"),
            (Doubt::Contradicting { id: id() }, "contradicting: tn: 1"),
            (Doubt::Altered { id: id() }, "altered: tn: 1"),
            (Doubt::Unreadable { id: id() }, "unreadable: tn: 1"),
            (Doubt::Differs { id: id() }, "differs: tn: 1"),
            (Doubt::OlderWithinClocks { id: id() }, "older_within_clocks: tn: 1"),
            (Doubt::OlderByUnknownClocks { id: id() }, "older_by_unknown_clocks: tn: 1"),
        ] {
            assert_eq!(doubt.word(), text);
            assert_eq!(Doubt::parse(text), Some(doubt));
        }
        for text in ["", "altered", "list_refused", "list_unread so 1", "whatever"] {
            assert_eq!(Doubt::parse(text), None, "{text}");
        }
    }
}
