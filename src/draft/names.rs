//! What columns are called by whoever filled them: the names of every role, in English and in Vietnamese.
//!
//! Names are compared without marks, capitals, and what is no letter: `Mã phiếu` is `maphieu`. The first name of a role is the
//! surest. A name says what a column may be for; whether its values fit is asked elsewhere.

use icu_normalizer::DecomposingNormalizerBorrowed;

/// What a column may be for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Ticket,
    Text,
    /// Says whether a note is for agents alone.
    Internal,
    /// Says the opposite.
    Visible,
    Author,
    Time,
    Key,
    Reminder,
    Due,
    Deleted,
    Spam,
    Attachments,
    /// Somebody's name, in a table of people.
    Name,
}

const ROLES: &[(Role, &[&str])] = &[
    (
        Role::Ticket,
        &[
            "ticketid",
            "ticketnumber",
            "ticketno",
            "ticket",
            "maphieu",
            "sophieu",
            "phieu",
            "mayeucau",
            "yeucau",
            "maticket",
            "soticket",
            "mave",
            "casenumber",
            "caseid",
            "issuekey",
            "issueid",
            "requestid",
            "conversationid",
            "tickets",
            "associatedticketids",
            "case",
            "issue",
            "mavuviec",
            "masuco",
            "parentid",
            "number",
            "displayid",
        ],
    ),
    (
        Role::Text,
        &[
            "bodyhtml",
            "htmlbody",
            "body",
            "commentbody",
            "notebody",
            "note",
            "comment",
            "noidung",
            "ghichu",
            "noidungghichu",
            "text",
            "plainbody",
            "bodytext",
            "content",
            "message",
            "binhluan",
            "traodoi",
            "abody",
            "hsnotebody",
            "details",
            "chitiet",
            "description",
            "mota",
            "dienbien",
        ],
    ),
    (
        Role::Internal,
        &[
            "isinternalnote",
            "internal",
            "isinternal",
            "private",
            "isprivate",
            "noibo",
            "ghichunoibo",
            "internalnote",
            "lanoibo",
            "riengtu",
            "chinoibo",
        ],
    ),
    (
        Role::Visible,
        &[
            "public",
            "ispublic",
            "ispublished",
            "isvisibleforcustomer",
            "visible",
            "isvisible",
            "congkhai",
            "hienthichokhach",
            "khachxem",
            "visibletocustomer",
            "customervisible",
            "published",
        ],
    ),
    (
        Role::Author,
        &[
            "author",
            "authorname",
            "createdbyname",
            "nguoighi",
            "nguoiviet",
            "nguoitao",
            "nhanvien",
            "poster",
            "authorid",
            "createdby",
            "createdbyid",
            "userid",
            "user",
            "agent",
            "agentname",
            "activityassignedto",
            "owner",
            "ownerid",
            "from",
            "staff",
            "nguoidung",
            "nguoigui",
            "tennhanvien",
            "nvghi",
        ],
    ),
    (
        Role::Time,
        &[
            "createdat",
            "created",
            "createddate",
            "createdtime",
            "writtenat",
            "ngayghi",
            "ngaytao",
            "ngay",
            "thoigian",
            "time",
            "date",
            "timestamp",
            "activitydate",
            "commentdate",
            "notedate",
            "hstimestamp",
            "createtime",
            "incomingtime",
            "ngaygio",
            "thoidiem",
            "when",
            "datetime",
        ],
    ),
    (
        Role::Key,
        &[
            "noteid",
            "commentid",
            "id",
            "legacyid",
            "recordid",
            "entryid",
            "maghichu",
            "externalid",
            "articleid",
            "uuid",
            "guid",
            "oldid",
            "macu",
        ],
    ),
    (
        Role::Reminder,
        &[
            "remindat",
            "reminder",
            "remind",
            "taskremindertime",
            "remindertime",
            "nhaclai",
            "nhacviec",
            "nhac",
            "ngaynhac",
            "nhacluc",
            "hennhac",
            "followupat",
            "followup",
            "henlai",
        ],
    ),
    (
        Role::Due,
        &[
            "dueat",
            "duedate",
            "due",
            "taskduedate",
            "deadline",
            "han",
            "hanxuly",
            "hanchot",
            "denhan",
            "ngayhan",
            "hanhoanthanh",
        ],
    ),
    (Role::Deleted, &["deleted", "isdeleted", "daxoa", "removed"]),
    (Role::Spam, &["spam", "isspam"]),
    (Role::Attachments, &["attachments"]),
    (
        Role::Name,
        &[
            "name",
            "displayname",
            "fullname",
            "hoten",
            "hovaten",
            "tennhanvien",
            "ten",
            "agentname",
            "staffname",
            "username",
            "email",
        ],
    ),
];

/// A name as it is compared: small letters and digits, without their marks.
pub(super) fn plain(name: &str) -> String {
    let name = name.rsplit('.').next().filter(|_| name.starts_with("parent.")).unwrap_or(name);
    let apart = DecomposingNormalizerBorrowed::new_nfd().normalize(name.trim());
    let letters = apart.chars().flat_map(char::to_lowercase);
    let letters = letters.map(|letter| if letter == 'đ' { 'd' } else { letter });
    letters.filter(char::is_ascii_alphanumeric).collect()
}

/// How well a name fits a role: the more the surer, 0 where it does not.
pub(super) fn fits(role: Role, name: &str) -> usize {
    let names = ROLES.iter().filter(|(known, _)| *known == role).flat_map(|(_, names)| *names);
    let (plain, count) = (plain(name), names.clone().count());
    if plain.is_empty() {
        return 0;
    }
    // A name of a few letters is a part of many others.
    let is_within = |known: &str| known.len() >= 5 && plain.contains(known);
    let exact = names.clone().position(|known| *known == plain).map(|at| 100 + count - at);
    exact
        .or_else(|| names.clone().position(|known| is_within(known)).map(|at| count - at))
        .unwrap_or(0)
}

/// Whether a name is one of those of a role and says nothing else: no sign that turns it round, no word in other letters.
pub(super) fn is_exactly(role: Role, name: &str) -> bool {
    let apart = DecomposingNormalizerBorrowed::new_nfd().normalize(name);
    let is_other = |letter: char| {
        (letter.is_alphabetic() && !letter.is_ascii() && !matches!(letter, 'đ' | 'Đ'))
            || "!~^=\u{338}¬✗✘×".contains(letter)
    };
    fits(role, name) >= 100 && !apart.contains(is_other)
}

/// Whether a name is that of an id of the row itself, and not of somebody or of something it belongs to.
pub(super) fn is_called_id(name: &str) -> bool {
    let plain = plain(name);
    let others = [
        "user", "agent", "author", "customer", "contact", "group", "parent", "team", "khach",
        "nhanvien", "owner",
    ];
    let is_other = others.iter().any(|other| plain.contains(other))
        || [Role::Ticket, Role::Author].iter().any(|role| fits(*role, name) >= 100);
    let is_id = plain.ends_with("id")
        || ["ma", "maso", "so", "stt", "key", "code"].contains(&plain.as_str());
    is_id && !is_other
}

/// The names by which people call what is new to a table of tickets.
pub(super) fn is_of_new_system(name: &str) -> bool {
    let plain = plain(name);
    ["stringee", "newid", "newticket", "new", "moi", "mamoi", "phieumoi", "target", "destination"]
        .iter()
        .any(|known| plain == *known || (known.len() > 4 && plain.contains(known)))
}

/// Whether a column is called by any of the names.
pub(super) fn is_known(name: &str) -> bool {
    let plain = plain(name);
    ROLES.iter().any(|(_, names)| names.contains(&plain.as_str()))
}
