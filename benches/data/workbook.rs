//! A workbook of eight columns whose texts are all shared, as Excel writes them, in memory that does not grow.

use std::fs::File;
use std::io::{self, BufWriter, Seek as _, Write};
use std::path::Path;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

/// Writes a workbook of so many rows below a header.
pub(crate) fn write(path: &Path, rows: u32) -> io::Result<()> {
    let mut archive =
        Archive { file: BufWriter::new(File::create(path)?), list: Vec::new(), count: 0 };
    archive.part("xl/workbook.xml", |to| {
        to.write_all(
            b"<workbook xmlns:r=\"r\"><sheets><sheet name=\"A\" r:id=\"a\"/></sheets></workbook>",
        )
    })?;
    archive.part("xl/_rels/workbook.xml.rels", |to| {
        let relation = |id: &str, kind: &str, target: &str| {
            format!("<Relationship Id=\"{id}\" Type=\"/{kind}\" Target=\"{target}\"/>")
        };
        let all =
            [relation("a", "worksheet", "sheet.xml"), relation("b", "sharedStrings", "texts.xml")];
        write!(to, "<Relationships>{}</Relationships>", all.concat())
    })?;
    archive.part("xl/sheet.xml", |to| {
        write!(to, "<worksheet><sheetData>")?;
        for row in 0..=rows {
            write!(to, "<row r=\"{}\">", row + 1)?;
            for (column, letter) in "ABCDEFGH".chars().enumerate() {
                let address = format!("{letter}{}", row + 1);
                match column {
                    7 if row > 0 => write!(to, "<c r=\"{address}\"><v>{row}</v></c>")?,
                    _ => write!(
                        to,
                        "<c r=\"{address}\" t=\"s\"><v>{}</v></c>",
                        row * 8 + column as u32
                    )?,
                }
            }
            write!(to, "</row>")?;
        }
        write!(to, "</sheetData></worksheet>")
    })?;
    archive.part("xl/texts.xml", |to| {
        write!(to, "<sst>")?;
        for name in ["ticket_id", "note", "c", "d", "e", "f", "g", "h"] {
            write!(to, "<si><t>{name}</t></si>")?;
        }
        for row in 1..=rows {
            write!(to, "<si><t>tk_{}</t></si>", row % 500)?;
            write!(
                to,
                "<si><t>Ghi chú số {row} của khách, gọi lại ngày mai và gửi báo giá</t></si>"
            )?;
            for column in 2..8 {
                write!(to, "<si><t>{column} of {row}</t></si>")?;
            }
        }
        write!(to, "</sst>")
    })?;
    archive.end()
}

struct Archive {
    file: BufWriter<File>,
    list: Vec<u8>,
    count: u16,
}

impl Archive {
    /// A part, packed as it is written; its sizes stand in the list alone.
    fn part(
        &mut self,
        name: &str,
        write: impl FnOnce(&mut BufWriter<Summed<'_>>) -> io::Result<()>,
    ) -> io::Result<()> {
        let start = self.file.stream_position()?;
        let of_name = u16::try_from(name.len()).map_err(io::Error::other)?;
        let head = [20_u16, 8, 8, 0, 0x21].map(u16::to_le_bytes).concat();
        let lengths = [of_name, 0].map(u16::to_le_bytes).concat();
        self.file.write_all(
            &[b"PK\x03\x04".as_slice(), &head, &[0; 12], &lengths, name.as_bytes()].concat(),
        )?;
        let from = self.file.stream_position()?;
        let packed = DeflateEncoder::new(&mut self.file, Compression::fast());
        let mut to = BufWriter::new(Summed { to: packed, sum: Crc::new(), length: 0 });
        write(&mut to)?;
        let Summed { to, sum, length } = to.into_inner().map_err(io::IntoInnerError::into_error)?;
        to.finish()?;
        let size = self.file.stream_position()? - from;
        let sizes = [u64::from(sum.sum()), size, length];
        let sizes =
            sizes.map(|size| u32::try_from(size).unwrap_or(u32::MAX).to_le_bytes()).concat();
        let offset = u32::try_from(start).map_err(io::Error::other)?.to_le_bytes();
        let entry = [
            b"PK\x01\x02\x14\x00".as_slice(),
            &head,
            &sizes,
            &lengths,
            &[0; 10],
            &offset,
            name.as_bytes(),
        ];
        self.list.extend(entry.concat());
        self.count += 1;
        Ok(())
    }

    fn end(mut self) -> io::Result<()> {
        let start = self.file.stream_position()?;
        self.file.write_all(&self.list)?;
        let sizes = [self.list.len() as u64, start];
        let sizes =
            sizes.map(|size| u32::try_from(size).unwrap_or(u32::MAX).to_le_bytes()).concat();
        let counts = [self.count, self.count].map(u16::to_le_bytes).concat();
        self.file.write_all(
            &[b"PK\x05\x06\x00\x00\x00\x00".as_slice(), &counts, &sizes, &[0, 0]].concat(),
        )?;
        self.file.flush()
    }
}

/// Counts and sums what is packed.
pub(crate) struct Summed<'a> {
    to: DeflateEncoder<&'a mut BufWriter<File>>,
    sum: Crc,
    length: u64,
}

impl Write for Summed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.to.write(bytes)?;
        self.sum.update(&bytes[..count]);
        self.length += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
