//! Rows on their way into a file or to standard output, for the verbs that write them out: begun with the first row, put in
//! its place when it is whole.

use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::table::{Destination, Out, Refusal, Shape, Staying, Table, Taken};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};

use super::streams::data;

/// Where rows are written to, and how.
#[derive(Debug, Args)]
pub(super) struct WrittenArguments {
    /// The file [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// How they are written [default: as the file's ending says, or as the source is]
    #[arg(long = "as", value_enum, value_name = "FORMAT")]
    pub shape: Option<WrittenAs>,
    /// Replace the file, whatever it is; what the rows are read from stays all the same
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum WrittenAs {
    Csv,
    Jsonl,
    Xlsx,
}

/// Rows that are being written.
pub(super) struct Written {
    destination: Destination,
    shape: Shape,
    names: Vec<String>,
    /// None before the first row.
    begun: Option<(Taken, Table)>,
    /// What went wrong; nothing is written after that.
    fault: Option<Diagnostic>,
}

impl Written {
    /// Looks whether rows may be written there. `usual` is how they are written unless something says otherwise; `staying` are
    /// files that must stay; `is_such` says whether a file may be replaced.
    pub(super) fn new(
        arguments: &WrittenArguments,
        (usual, is_of_texts): (Shape, bool),
        staying: &Staying,
        is_such: impl Fn(&Path) -> bool,
    ) -> Result<Self, Diagnostic> {
        let destination = Destination { path: arguments.output.clone(), replaces: arguments.force };
        let shape = shape(arguments, usual)?;
        if shape.is_of_texts() && !is_of_texts {
            let message = "the rows of the source have numbers, lists or columns of their own, which a table of texts would lose";
            let problem = Diagnostic::error(Code::Usage, Place::Nowhere, message);
            return Err(
                problem.hint("write lines of JSON: name a file that ends in .jsonl, or --as jsonl")
            );
        }
        destination
            .refuse(staying, is_such)
            .map_err(|refusal| of_refusal(&destination, &refusal))?;
        Ok(Self { destination, shape, names: Vec::new(), begun: None, fault: None })
    }

    /// The columns, for tables.
    pub(super) fn with_names(self, names: Vec<String>) -> Self {
        Self { names, ..self }
    }

    /// Writes a row. Gives whether more can be written.
    pub(super) fn row(&mut self, cells: &[(&str, Out<'_>)]) -> bool {
        if self.fault.is_some() {
            return false;
        }
        if let Err(refusal) = self.write(cells) {
            self.fault = Some(of_refusal(&self.destination, &refusal));
        }
        self.fault.is_none()
    }

    fn write(&mut self, cells: &[(&str, Out<'_>)]) -> Result<(), Refusal> {
        let (_, table) = match &mut self.begun {
            Some(begun) => begun,
            none => {
                let (taken, to) = self.destination.take()?;
                let names = self.names.iter().map(String::as_str);
                let table = Table::begin(self.shape, names, to).map_err(Refusal::Io)?;
                none.insert((taken, table))
            }
        };
        table.row(cells).map_err(Refusal::Io)
    }

    /// Puts the rows in their place. Gives whether there was nothing to write and an earlier file is still there.
    pub(super) fn finish(self) -> Result<bool, Diagnostic> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let Some((taken, table)) = self.begun else { return Ok(self.destination.is_there()) };
        let put = table.finish().and_then(|()| taken.put(&mut data()));
        match put {
            Ok(()) => Ok(false),
            // That standard output is closed is told with all that was lost there.
            Err(_) if self.destination.path.is_none() => Ok(false),
            Err(error) => Err(of_refusal(&self.destination, &Refusal::Io(error))),
        }
    }
}

fn shape(arguments: &WrittenArguments, usual: Shape) -> Result<Shape, Diagnostic> {
    let csv = match usual {
        Shape::Csv { .. } => usual,
        Shape::JsonLines | Shape::Workbook => Shape::Csv { delimiter: b',', marked: false },
    };
    let named = arguments.output.as_deref().map(|path| (path, Shape::of_path(path)));
    match (arguments.shape, named) {
        (Some(WrittenAs::Csv), _) => Ok(csv),
        (Some(WrittenAs::Jsonl), _) => Ok(Shape::JsonLines),
        (Some(WrittenAs::Xlsx), _) => Ok(Shape::Workbook),
        (None, None) => Ok(match usual {
            // No workbook goes to a terminal.
            Shape::Workbook => csv,
            usual => usual,
        }),
        (None, Some((path, Some(Shape::Csv { delimiter, .. })))) => Ok(match csv {
            // Tabs where the name says so; otherwise what the source has, which its program reads.
            Shape::Csv { marked, .. }
                if delimiter == b'\t' || path.extension().is_some_and(|end| end == "tsv") =>
            {
                Shape::Csv { delimiter: b'\t', marked }
            }
            csv => csv,
        }),
        (None, Some((_, Some(shape)))) => Ok(shape),
        (None, Some((path, None))) => {
            let place = Place::File(path.display().to_string().into());
            let message = "the file's name does not say how its rows are to be written";
            Err(Diagnostic::error(Code::Usage, place, message)
                .hint("name a file that ends in .csv, .tsv, .jsonl or .xlsx, or add --as"))
        }
    }
}

fn of_refusal(destination: &Destination, refusal: &Refusal) -> Diagnostic {
    let place = match &destination.path {
        Some(path) => Place::File(path.display().to_string().into()),
        None => Place::Nowhere,
    };
    let (message, hint) = match refusal {
        Refusal::Source => (
            "the rows are read from this file, or it is the job or its ledger".to_owned(),
            "name another one: what the job lives on is never replaced",
        ),
        Refusal::Other => (
            "something else is there that this command has not written".to_owned(),
            "name a file that is not there yet, or add --force to replace it",
        ),
        Refusal::Special => (
            "it is a folder, a link or a device".to_owned(),
            "name a file; for standard output leave -o out",
        ),
        Refusal::Io(error) => {
            (unwritten(error), "is the folder there, may it be written to, and is its disk full?")
        }
    };
    Diagnostic::error(Code::UnwritableFile, place, message).hint(hint)
}

fn unwritten(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            format!("the rows cannot be written here: the disk is full ({error})")
        }
        _ => format!("the rows cannot be written here: {error}"),
    }
}
