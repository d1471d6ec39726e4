//! Notes as a helpdesk has them: about 110 bytes of Vietnamese each, 2 % with a reminder. The same every time.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use fastrand::Rng;

const SEED: u64 = 20;
/// Notes for each ticket, on the average; they come in no order.
const NOTES_A_TICKET: u64 = 5;
/// 2100-01-01, in unix milliseconds: no bench will be late for it.
const FAR_AHEAD: u64 = 4_102_444_800_000;
const DAY: u64 = 86_400_000;

/// The file that [`KEYED_JOB`] reads.
#[allow(dead_code)]
pub(crate) const KEYED_FILE: &str = "keyed.csv";

/// A job with a key and an expression, for numbered notes.
#[allow(dead_code)]
pub(crate) const KEYED_JOB: &str = r#"
job: bench
connector: stringeex
operation: ticket_note.create
source:
  csv: keyed.csv
map:
  ticket_id: "{{ ticket_id }}"
  note: "{{ note | trim }}"
  is_internal_note: "{{ is_internal_note }}"
  note_type: "{{ note_type }}"
  task_type: "{{ task_type }}"
  task_reminder_time: "{{ task_reminder_time }}"
  task_due_date: "{{ task_due_date }}"
key: "{{ legacy_id }}"
"#;

const OPENINGS: [&str; 6] = [
    "Khách hàng gọi lại hỏi tình trạng đơn hàng",
    "Đã xác nhận địa chỉ giao hàng mới với khách, đơn",
    "Khách báo chưa nhận được hoá đơn điện tử của đơn",
    "Bộ phận kho đã kiểm tra và đóng gói lại đơn",
    "Khách muốn đổi sang màu khác cho đơn",
    "Kỹ thuật viên đã liên hệ để hẹn lịch bảo hành cho đơn",
];
const ENDINGS: [&str; 5] = [
    "hẹn gọi lại sau.",
    "chờ phản hồi từ đối tác.",
    "khách đồng ý, đã chuyển kế toán.",
    "khách không hài lòng, cần theo dõi thêm.",
    "đã xử lý xong và gửi email.",
];

/// Writes a CSV file of `rows` notes with the columns of `ticket_note.create`, after `legacy_id` if they are `numbered`.
pub(crate) fn write_notes(path: &Path, rows: u64, numbered: bool) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    if numbered {
        write!(file, "legacy_id,")?;
    }
    writeln!(
        file,
        "ticket_id,note,is_internal_note,note_type,task_type,task_reminder_time,task_due_date"
    )?;
    let mut random = Rng::with_seed(SEED);
    for row in 0..rows {
        if numbered {
            write!(file, "L{row:08},")?;
        }
        write_note(&mut file, &mut random, rows)?;
    }
    file.flush()
}

fn write_note(file: &mut impl io::Write, random: &mut Rng, rows: u64) -> io::Result<()> {
    let ticket = random.u64(..(rows / NOTES_A_TICKET).max(1));
    let opening = OPENINGS[random.usize(..OPENINGS.len())];
    let order = random.u32(..1_000_000);
    let ending = ENDINGS[random.usize(..ENDINGS.len())];
    let internal = random.bool();
    write!(file, "tk_bench{ticket:08},\"{opening} DH{order:06}, {ending}\",{internal},0,")?;
    if random.u8(..50) > 0 {
        return writeln!(file, "0,,");
    }
    let reminder = FAR_AHEAD + random.u64(..365) * DAY;
    writeln!(file, "1,{reminder},{}", reminder + DAY)
}
