//! The presets for legacy systems under `jobs/`: each, with the small export beside it, makes notes.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::desk::{Desk, sandbox};

/// A preset, how many rows it leaves out by its own conditions, and what its notes say, in the order of their times.
const PRESETS: &[(&str, u64, &[&str])] = &[
    (
        "zendesk",
        1,
        &[
            "[Nguyễn Thị Mai, 04/03/2025 09:11]\nXin chào,\n\nĐơn hàng của tôi chưa tới.",
            "[Trần Khôi, 04/03/2025 10:00]\nĐã gọi kho, mai giao.\n\nAttachments:\n\
             - phieu-giao.pdf (20480 bytes) https://example.zendesk.example/attachments/1",
        ],
    ),
    (
        "freshdesk",
        1,
        &[
            "[#99, 05/03/2025 08:30]\nKho báo thiếu hàng.",
            "[Đỗ Nam, 05/03/2025 09:30]\nĐã hoàn tiền.",
        ],
    ),
    (
        "zammad",
        1,
        &[
            "[Lê Hoa <hoa@mail.example>, 04/03/2025 09:11]\nMáy in không chạy",
            "[tu@cskh.example, 04/03/2025 10:00]\nĐã thay mực\r\nchờ khách thử\n\nAttachments:\n\
             - anh.png https://support.example.com/api/v1/ticket_attachment/5/302/9",
        ],
    ),
    (
        "jira",
        0,
        &[
            "[Hoàng Lan, 04/03/2025 08:15]\nĐã nhận; đang kiểm tra.",
            "[#712020:bb22, 04/03/2025 12:05]\nXong. Xem hướng dẫn (https://wiki.example/in)",
        ],
    ),
    (
        "salesforce",
        1,
        &[
            "[#0055g00000UuAa9AAF, 05/03/2025 08:00]\nKhách quen, ưu tiên",
            "[Thảo Ngô, 05/03/2025 09:12]\nDear customer,\nwe have received your request.",
        ],
    ),
    (
        "hubspot",
        0,
        &[
            "[Tú Ngô, 04/03/2025 08:00]\nGọi lại sau",
            "[Lan Phạm, 04/03/2025 09:15]\nKhách xin gia hạn",
            "[Lan Phạm, 04/03/2025 09:15]\nKhách xin gia hạn",
        ],
    ),
    (
        "osticket",
        1,
        &[
            "[Hà Dũng, 05/03/2025 08:00]\nTôi thanh toán 2 lần.",
            "[#staff 3, 05/03/2025 08:30]\nĐã kiểm tra: đúng 2 lần",
        ],
    ),
    (
        "spreadsheet",
        1,
        &["[Hằng, 04/03/2025 12:00]\nKhách gọi lần 1", "[Tuấn, 05/03/2025 10:20]\nHẹn giao chiều"],
    ),
    (
        "windows-1258",
        0,
        &[
            "[Nguyễn Hằng, 05/03/2025 08:12]\nKhách đã gọi, hẹn \"mai\"",
            "[Đỗ Tuấn, 05/03/2025 15:20]\nTrả tiền 1.500.000 đ",
        ],
    ),
];

/// All of these notes are there, and on each ticket in this order.
fn assert_arrived(books: &Value, notes: &[&str], context: &str) {
    let mut tickets: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for note in books["notes"].as_array().unwrap() {
        let text = note["note"].as_str().unwrap();
        tickets.entry(note["ticket_id"].as_str().unwrap()).or_default().push(text);
    }
    for texts in tickets.values() {
        let mut expected = notes.iter();
        let are_in_order = texts.iter().all(|text| expected.any(|note| note == text));
        assert!(are_in_order, "{texts:#?} of {notes:#?}: {context}");
    }
    let mut arrived: Vec<&str> = tickets.into_values().flatten().collect();
    let mut expected = notes.to_vec();
    arrived.sort_unstable();
    expected.sort_unstable();
    assert_eq!(arrived, expected, "{context}");
}

#[test]
fn every_preset_makes_the_notes_of_its_export() {
    for (name, filtered, notes) in PRESETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs").join(name);
        let desk = Desk::new();
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let file = path.file_name().unwrap().to_str().unwrap();
            desk.write(file, std::fs::read(&path).unwrap());
        }
        let checked = desk.call("check job.yaml").exits(0);
        assert!(!checked.stderr.contains("warning"), "{name}: {checked}");
        let sandbox = sandbox("");
        let run = desk.run(&sandbox, "job.yaml").exits(0);
        assert_arrived(&sandbox.books(), notes, &format!("{name}\n{run}"));
        assert_eq!(run.finished()["filtered"], *filtered, "{name}\n{run}");
    }
}

#[test]
fn there_is_a_preset_for_every_folder_of_jobs() {
    let jobs = Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs");
    let entries = std::fs::read_dir(jobs).unwrap().map(|entry| entry.unwrap());
    let folders = entries.filter(|entry| entry.path().is_dir());
    let mut found: Vec<String> =
        folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    found.sort();
    let mut known: Vec<&str> = PRESETS.iter().map(|(name, ..)| *name).collect();
    known.sort_unstable();
    assert_eq!(found, known);
}
