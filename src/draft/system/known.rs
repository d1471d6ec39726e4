//! The table of systems. A system with more marks stands before one that has some of them.

use super::{FileKeys, Says, System, TableEach};
use crate::draft::drafted::Reason;

/// What most systems have not.
const NONE: System = System {
    name: "",
    job: "",
    marks: &[],
    ticket: &[],
    text: &[],
    time: &[],
    key: &[],
    author: &[],
    author_of: None,
    visibility: Says::Column,
    is_html: false,
    zone: None,
    keeps: &[],
    is_same_once: false,
    files: None,
    each: None,
};

pub(super) const SYSTEMS: &[System] = &[
    System {
        name: "Zendesk",
        job: "zendesk-comments",
        marks: &["author_id", "public", "html_body", "parent.id"],
        ticket: &["parent.id"],
        text: &["html_body", "plain_body", "body"],
        time: &["created_at"],
        key: &["id"],
        author: &["author_id"],
        keeps: &[
            (&["parent.status"], "parent.status != 'deleted'", Reason::TicketDeleted),
            (&["author_id"], "author_id != -1", Reason::BySystem),
        ],
        is_same_once: true,
        files: Some(FileKeys {
            name: "file_name",
            size: Some("size"),
            address: Some("content_url"),
            without: &["inline", "deleted"],
        }),
        ..NONE
    },
    System {
        name: "Freshdesk",
        job: "freshdesk-notes",
        marks: &["parent.display_id", "private", "body"],
        ticket: &["parent.display_id"],
        text: &["body_html", "body"],
        time: &["created_at"],
        key: &["id"],
        author: &["user_id"],
        files: Some(FileKeys {
            name: "content_file_name",
            size: Some("content_file_size"),
            address: Some("attachment_url"),
            without: &[],
        }),
        ..NONE
    },
    System {
        name: "Zammad",
        job: "zammad-articles",
        marks: &["internal", "content_type", "sender", "body"],
        ticket: &["parent.number", "ticket_id", "parent.id"],
        text: &["body"],
        time: &["created_at"],
        key: &["id"],
        author: &["from", "created_by"],
        author_of: Some((&["from", "created_by"], "from or created_by")),
        keeps: &[(&["sender"], "sender != 'System'", Reason::BySystem)],
        files: Some(FileKeys { name: "filename", size: None, address: None, without: &[] }),
        ..NONE
    },
    System {
        name: "Jira Service Management",
        job: "jira-comments",
        marks: &["Issue key", "Comment"],
        ticket: &["Issue key"],
        visibility: Says::Never,
        each: Some(TableEach::Cells("Comment")),
        ..NONE
    },
    System {
        name: "Salesforce",
        job: "salesforce-comments",
        marks: &["ParentId", "CommentBody"],
        ticket: &["ParentId"],
        text: &["CommentBody"],
        time: &["CreatedDate"],
        key: &["Id"],
        author: &["CreatedById"],
        zone: Some("UTC"),
        ..NONE
    },
    System {
        name: "HubSpot",
        job: "hubspot-notes",
        marks: &["Note body", "Record ID"],
        ticket: &["Associated Ticket IDs"],
        text: &["Note body"],
        time: &["Activity date", "Create date"],
        key: &["Record ID"],
        author: &["Activity assigned to", "Activity created by"],
        visibility: Says::AllInternal,
        is_html: true,
        each: Some(TableEach::Split { column: "Associated Ticket IDs", by: ";" }),
        ..NONE
    },
    System {
        name: "osTicket",
        job: "osticket-entries",
        marks: &["type", "flags", "poster", "body"],
        ticket: &["number", "ticket_id", "thread_id"],
        text: &["body"],
        time: &["created"],
        key: &["id"],
        author: &["poster"],
        author_of: Some((
            &["poster", "staff_id", "user_id"],
            "poster or ('#staff ' ~ staff_id if staff_id != '0' else '#user ' ~ user_id)",
        )),
        visibility: Says::Values("type", &[("M", false), ("R", false), ("N", true)]),
        keeps: &[
            (&["flags"], "not (flags | has_bit(4))", Reason::HiddenVersion),
            (&["flags"], "not (flags | has_bit(128))", Reason::BySystem),
        ],
        ..NONE
    },
    System {
        name: "Znuny or OTRS",
        job: "otrs-articles",
        marks: &["is_visible_for_customer", "a_body"],
        ticket: &["tn", "ticket_id"],
        text: &["a_body"],
        time: &["incoming_time", "create_time"],
        key: &["id", "article_id"],
        author: &["a_from"],
        ..NONE
    },
    System {
        name: "Intercom",
        job: "intercom-parts",
        marks: &["part_type", "author", "body", "parent.id"],
        ticket: &["parent.id"],
        text: &["body"],
        time: &["created_at"],
        key: &["id"],
        author: &["author"],
        visibility: Says::Values("part_type", &[("note", true), ("comment", false)]),
        // With a text, a conversation is closed by an agent; who saw that is not known.
        keeps: &[(&["part_type"], "part_type in ['note', 'comment', 'close']", Reason::BySystem)],
        ..NONE
    },
];
