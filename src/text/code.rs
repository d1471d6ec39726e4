//! The codes of diagnostics: a stable word for each kind of mistake, and what it means for an administrator.
//!
//! Scripts compare the words, so a word never changes. What is wrong in one case, and where, is for the
//! diagnostic; a code explains the kind. How an explanation is laid out is for `report`.

use std::fmt;

/// Declares [`Code`] by groups; each code has its word, a summary of one line, and an explanation.
macro_rules! codes {
    ($($group:literal: { $($code:ident $word:literal $summary:literal $explanation:literal)+ })+) => {
        /// What kind of mistake a diagnostic is about.
        // `UnknownCode` is about a code.
        #[allow(clippy::enum_variant_names)]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code { $($(#[doc = $summary] $code,)+)+ }

        impl Code {
            /// All codes, under the headings of what they are about.
            pub const GROUPS: &'static [(&'static str, &'static [Code])] =
                &[$(($group, &[$(Code::$code),+])),+];

            /// The stable word for scripts, as in `past-time`.
            pub const fn word(self) -> &'static str {
                match self { $($(Self::$code => $word,)+)+ }
            }

            /// What is wrong, in a few words without a full stop.
            pub const fn summary(self) -> &'static str {
                match self { $($(Self::$code => $summary,)+)+ }
            }

            /// What it means, why it matters, and what to do; one to four sentences.
            pub const fn explanation(self) -> &'static str {
                match self { $($(Self::$code => $explanation,)+)+ }
            }
        }
    };
}

codes! {
    "Command line, credentials and ledger": {
        Usage "usage"
            "the command line does not fit the file it names"
            "`--operation` says what the rows of a data file do; a job file says that itself, and a file with an unknown \
             ending is taken for a job file. The flags that say how a file is written are for data files, too. Leave the flag \
             out, or say the format: by one of the endings .csv, .tsv, .jsonl, .ndjson, .json, .xlsx and .ods, or by --input."
        UnknownCode "unknown-code"
            "no diagnostic has this code"
            "`noteferry explain` without a code lists all of them. A code stands in the brackets after `error` or \
             `warning`, and in the field `code` of a `problem` event."
        Deadline "deadline"
            "the time that --deadline names has passed"
            "The run would have to be over before it begins, so nothing was sent. A date in the past is most often a \
             leftover in a script: name a time of day such as 06:00, which means the next one, or use --max-duration."
        Address "address"
            "the address or the certificates cannot be used"
            "The base URL, a header that the connector declares, or the file of --ca-file is of no use for requests; the \
             message says which. Nothing was sent; correct --base-url, --ca-file or the connector."
        NotSettled "not-settled"
            "a row cannot be settled so"
            "A person can say of a row in doubt that it is there or that it is not, and of one in doubt or failed that it is not \
             to be told of again. The message says which row stands otherwise, and the hint what to do. Where one of \
             several rows cannot be settled none is."
        UnknownReference "unknown-reference"
            "a row that comes back does not say which row it is"
            "`noteferry rejects` writes each row with a name for it, in the column `_ref`, and `run --from` sends a corrected row as \
             the row of that name: so nothing is made twice, and nothing is missed. A row without one, with one that was altered, or \
             with one of another job is not sent. Put the cell back as it was; add new rows to the job's own source."
        SentBefore "sent-before"
            "a corrected row says what another row has sent"
            "The row comes back, and what it says now was sent already: by another row of the job, most often since the same \
             correction was made in the source as well, or by this very row under another key, or as its source has it. It is not \
             sent once more. Take the row out of the file where that is so; where both are meant, make them differ. What the ledger \
             knows of a file that is older than the last run is best had from a new one: `noteferry rejects`."
        SecretInAddress "secret-in-address"
            "the base URL has a name or a password in it"
            "The address is shown on screen and kept in the ledger, so a password in it would be there for everybody to \
             read. Leave out what stands before the @, and give the credentials through the environment."
        PlainHttp "plain-http"
            "credentials would go to another machine unencrypted"
            "Over plain http everybody on the way can read the token, the password and all that is sent. Write https:// in the \
             base URL. Only where the whole way is yours, as in a test network, let --allow-http carry them all the same; to \
             this machine itself (localhost, 127.0.0.1, ::1) it needs no leave."
        Credentials "credentials"
            "no usable credentials are in the environment"
            "Noteferry takes tokens and passwords from environment variables alone, or from the files that variables \
             such as API_TOKEN_FILE name. Set all variables of one of the ways that the hint lists, or rehearse \
             without any by --sandbox."
        OtherAccount "other-account"
            "the ledger knows this job for another account"
            "The rows of this job were sent to the same address with other credentials. If that was another account, this \
             one needs a ledger of its own (--ledger); if it is the same account under another name, say so with \
             `account:` in the job, or everything would be sent a second time."
        DoneElsewhere "done-elsewhere"
            "another job has done these very rows"
            "The job has sent nothing yet, and the ledger knows another job that has sent the same content to the same \
             address: most often the same file under another name, or the same job with another ledger. Each job has a \
             history of its own, so all of it would be sent a second time. Go on under the old name and with the \
             old key, put the rows that are not done into a file of their own, or add --as-new to send all of them once more."
        KeyChanged "key-changed"
            "the job's key is not the one that its rows are known by"
            "The ledger finds a row again by what `key` says of it. Under another key no row would be found, and all that \
             is done would be sent again. Put the old key back, or take the new one out where there was none. To know rows by the new \
             key from now on, put those that are not done yet into a file of their own, with a job of another name."
        NotAPlan "not-a-plan"
            "the file is no saved plan"
            "A file that ends in .nfplan is taken for a plan that `noteferry plan JOB -o FILE` has saved. This one does not begin \
             as such a file does; nothing was sent. Name the plan, or the job itself."
        PlanVersion "plan-version"
            "the plan was saved by another version of noteferry"
            "How a plan is written may change from version to version, and what is not understood is not carried out. Nothing \
             was sent. Use the version that has made the plan, or plan anew with this one."
        DamagedPlan "damaged-plan"
            "the saved plan is not complete, or was changed"
            "A plan ends with a sum over all that is in it, and that does not fit: the file was cut off, damaged on its way, or \
             edited. Nothing was sent. Copy it once more as a whole, or plan anew."
        RunUnderWay "run-under-way"
            "a run is at work on the job"
            "Each of its rows may change what a plan says, so a plan that is saved meanwhile would not hold. Save it when that \
             run has ended; `noteferry status` shows whether it has."
        JobChanged "job-changed"
            "the job or the connector is not the one that was planned"
            "A saved plan is for the job and the connector as they were, to the letter. Nothing was sent. Plan anew, and have \
             that approved; or put the file back as it was."
        TargetChanged "target-changed"
            "the plan was made for another address or account"
            "What was approved for one account is not sent to another. Nothing was sent. Use the credentials and the address \
             that the plan was made with, or plan anew."
        RowsChanged "rows-changed"
            "the source is not the one that was planned"
            "Rows were changed, added, removed or moved since the plan was saved; the message names the first of them. Nothing \
             was sent, not even what is as it was. Put the source back as it was, or plan anew and have that approved."
        DoneMeanwhile "done-meanwhile"
            "another run has sent rows of the plan"
            "Since the plan was saved, a run that does not belong to it has sent some of its rows, or tried to; or somebody has \
             settled some (`settle`), even if the plan's own run has left them in doubt. Nothing was sent. Plan anew: what is \
             done or settled is not sent again. Rows that the plan's own runs have sent are no reason to refuse it."
        NoLongerValid "no-longer-valid"
            "rows of the plan are invalid by now"
            "They could be sent when the plan was saved; most often a reminder has become past since, and the problems above say \
             which. Nothing was sent. Correct these rows and plan anew."
        DecidedOtherwise "decided-otherwise"
            "something else would be done with rows than was planned"
            "A row that was not to be sent would be sent, or the other way round, though the row itself is the same: the ledger \
             is another one, or an older copy. Nothing was sent. Put the ledger back, or plan anew."
        Sandbox "sandbox"
            "the local sandbox cannot be started"
            "A rehearsal with --sandbox starts a server on 127.0.0.1, and the system did not allow that; the message \
             repeats its words. Nothing was sent."
        Ledger "ledger"
            "the ledger cannot be used"
            "Every request is written into the ledger before it leaves, so no run begins without one. The message names \
             the cause: no permission, a full disk, a damaged or a newer file. Never delete a ledger to get rid of the message: \
             all rows would be sent again."
        Locked "locked"
            "another run holds the job"
            "One job is never sent by two runs at once, nor settled or undone while one sends. The message says which process it \
             is and since when; wait until it has ended, or stop it, and call again. This call has sent nothing. A schedule that \
             may overlap itself says with --if-locked what it wants."
        OutcomesWait "outcomes-wait"
            "the last run could not write all outcomes into the ledger"
            "They are safe in the rescue file beside the ledger, and the next `run` of the job brings them in before it \
             sends anything. Until then these rows are shown as in doubt. Keep the rescue file where it is."
    }
    "Files": {
        UnreadableFile "unreadable-file"
            "a file cannot be read"
            "The file is not there, may not be read by this account, or is a folder, a pipe or a device. Paths in a job \
             start from the job's folder. Rows are read twice, to be checked and to be sent, so a named pipe will not do; what \
             is piped into the program is read by the name `-`."
        Unrecognised "unrecognised"
            "what the columns of a file are for cannot be told"
            "A first job is made from what columns are called and what stands in them, and nothing in the file says enough. \
             Name the column by the flag that the hint shows. Nothing was written."
        UnwritableFile "unwritable-file"
            "a file cannot be written"
            "What was asked for could not be put there: the folder is missing, this account may not write to it, or the disk is \
             full. Nothing else was changed; name another place, or make room."
        InvalidUtf8 "invalid-utf8"
            "a text is not UTF-8"
            "Guessing the encoding could put wrong letters into customers' records, so nothing is guessed. The file is \
             most often in Windows-1252 or Windows-1258: name that (`encoding` under `source`, or --encoding), or save or \
             export it again as UTF-8."
        UnfitByte "unfit-byte"
            "a byte is no letter of the encoding that was named"
            "`encoding`, or --encoding, says how the letters of the file are written, and this byte is none of them. It is \
             not replaced by anything: a customer would read it. Most often the file is in another encoding after all; \
             where only a few rows are told of, they are damaged in the file."
        DamagedPacking "damaged-packing"
            "a packed file cannot be unpacked to its end"
            "The file is packed with gzip or zstd, and was cut off, changed, or written on behind what is packed. What was \
             read before that is not sent either, since nobody can tell what is missing. Copy it or export it again."
        Encoding "encoding"
            "a file is no UTF-8 text"
            "The file begins like UTF-16 (Excel calls that Unicode text), like a compressed file, a workbook or a \
             database, or has zero bytes in it, as damaged files have. Say its encoding (`encoding` under `source`, or \
             --encoding), or give it as a text in UTF-8; in Excel that is CSV UTF-8."
        EmptyFile "empty-file"
            "a file is empty"
            "A source without a header or a list has probably been cut off on its way: export it again. If it is a ledger \
             that is empty, put a copy of it back before the next run, which would send every row again."
        YamlSyntax "yaml-syntax"
            "a file is not good YAML"
            "The caret shows where the text stops making sense; the mistake is there or just before. Most often it is the \
             indentation, a tab, a missing quote, or a text with `: ` or `{` in it that has to stand in quotes."
        DuplicateKey "duplicate-key"
            "the same key is written twice"
            "Only one of the two could count, and nobody can tell which was meant. Delete or rename one of them."
        JsonSyntax "json-syntax"
            "a file is not good JSON"
            "A .json source is one list of objects, a .jsonl source one object on each line. The message says at which \
             line and column reading failed; a file that ends too early was cut off when it was copied."
    }
    "Values in a job, a connector or a row": {
        UnknownKey "unknown-key"
            "a key is not known here"
            "A key that nobody reads is most often a typing error, and passing over it would quietly drop a setting. \
             Correct the spelling, or move the key to where it belongs: indentation decides what a key is part of."
        MissingField "missing-field"
            "a required value is missing"
            "The job, the connector or the row lacks something that is required. For a row the cell is empty, or an \
             expression came to nothing. Fill it in, or add the field to the job's `map`."
        WrongType "wrong-type"
            "a value is of another type than what is asked for"
            "Text is turned into numbers and truth values only where nothing is lost: whole numbers in digits, and true, \
             false, 1, 0, yes and no. Spreadsheets like to change values on their own; look at the cell in a text editor."
        InvalidValue "invalid-value"
            "a value is not one of those that are allowed"
            "The message says which values there are. Whatever is allowed is declared by the connector for the fields of a \
             row, and by docs/jobs.md for the keys of a job."
        Empty "empty"
            "a text is empty that must not be"
            "An empty text would arrive with nothing in it, or not be accepted at all. Fill it in, or leave the row out."
        TooShort "too-short"
            "a text is shorter than allowed"
            "The connector says how many characters a field needs, and the other side would refuse fewer. Correct the cell \
             or the expression that makes the text."
        TooLong "too-long"
            "a text is longer than allowed"
            "Nothing is cut off for you, since a part would be lost without a trace. Shorten the text at its \
             source, or split it over several rows."
        TooSmall "too-small"
            "a number is smaller than allowed"
            "The connector says what the field takes at the least. Look for a wrong unit, such as seconds for \
             milliseconds, and for a sign that slipped in."
        TooLarge "too-large"
            "a number is larger than allowed"
            "The connector says what the field takes at the most. Look for a wrong unit, such as milliseconds for seconds, \
             and for a digit too many."
        TooFew "too-few"
            "a list or a mapping has too few entries"
            "The schema asks for more of them than there are. Add what is missing."
        TooMany "too-many"
            "a list has too many entries"
            "The schema allows no more than the message says. Take some out, or spread them over several rows."
        Pattern "pattern"
            "a text does not have the form that is asked for"
            "The connector gives the form as a regular expression, which the message repeats. Blanks before or after the \
             text are a frequent cause: `| trim` in the expression takes them away."
        Format "format"
            "a text is no valid date, address or the like"
            "The connector names the format that a text must have, such as `date-time`, `email` or `uri`. Correct the cell \
             or the expression that makes the text."
        InvalidQuota "invalid-quota"
            "a quota cannot be read"
            "A quota is a number of requests in a time, as in 30/10s or 9000/1h; several in a list hold all at once. Too \
             generous a quota makes the other side refuse requests, so nothing is guessed."
        InvalidDuration "invalid-duration"
            "a length of time cannot be read"
            "A length of time is a number with its unit, as in 500ms, 30s, 10m or 1h."
    }
    "Jobs": {
        MissingOperation "missing-operation"
            "nothing says what the rows do"
            "Each row needs an operation, such as contact.create: from `operation:` in the job, from --operation for \
             a data file, or from a column `operation`."
        UnknownOperation "unknown-operation"
            "the connector has no such operation"
            "An operation is a file in the connector's folder. Correct the name, and see that the job names the right \
             `connector`."
        UnknownConnector "unknown-connector"
            "there is no such connector"
            "Connectors are looked for in the folders of --connectors, in `schemas/` beside the job and beside its folder, \
             and last among the built-in ones. A connector is a folder there with a file connector.yaml in it."
        BuiltInReplaced "built-in-replaced"
            "a folder near the job would take the place of a built-in connector"
            "A connector says where the rows and the credentials go, so one that came along with a job does not replace a \
             built-in one in silence. If it is meant, name its folder with --connectors; a copy that is the same to the \
             letter is no matter."
        UnknownField "unknown-field"
            "the operation has no such field"
            "A value for a field that is not known would be lost, or refused by the other side. Correct the name in `map`, \
             in the row or in the connector; in a row of mixed operations leave cells empty that its operation does not take."
        UnusedColumn "unused-column"
            "a column is no field and is left out"
            "A data file without a job sends the columns that bear the name of a field, and no others. If the column is \
             needed, rename it, or write a job whose `map` says where it goes."
        ExportedRows "exported-rows"
            "the rows look like an export, and would be made once more"
            "`noteferry export` writes what each thing is called and when it was made, and a create makes all of them anew: whoever \
             still has them has them twice then. That is meant where they are lost; `plan --remote` shows which are there."
        TextComparison "text-comparison"
            "true or false hangs on a comparison with a text"
            "A cell that says the same with another blank, another capital or another form of a letter is not equal, and quietly \
             means the other: what is for colleagues could be seen by customers. A table of values names every text, and \
             whatever it does not name is a problem that is shown: see `values` in docs/mapping.md."
        TextOfColumn "text-of-column"
            "a field has the name of a column as its text, the same for every row"
            "Without braces a value stands for itself: `owner: person` sends the word person with every row, and \
             `owner: \"{{ person }}\"` what the column person holds. If the word itself is meant, nothing has to be done."
        UnknownColumn "unknown-column"
            "the source has no such column"
            "Names must be as in the header, capitals included; a name that is no identifier is written \
             row[\"Legacy ID\"]. In JSON a column exists once any row has the key."
        Variable "variable"
            "a variable is not known, not used, or has no value"
            "`vars` in a job names values that --var name=value replaces, for {{ var.name }} in expressions and in names of \
             files. One that is spelt otherwise, or that nothing uses, would change nothing where something was meant to change."
        UnknownTimezone "unknown-timezone"
            "there is no such time zone"
            "A zone is named as in the IANA database, as in Asia/Ho_Chi_Minh, Europe/Berlin or UTC. Abbreviations such as \
             ICT mean different zones to different people and are not taken."
        ExpressionSyntax "expression-syntax"
            "an expression cannot be read"
            "What stands between {{ and }} is an expression of Jinja: a column, or a calculation with columns, as in \
             {{ column | trim }} or {{ a if b else c }}. Between {% and %} stand statements: for, if and set; every for and if \
             has its end. See docs/mapping.md."
        UnknownFilter "unknown-filter"
            "there is no such filter"
            "What follows a | in an expression is a filter, such as trim, default or epoch_ms. Without it the value would \
             not be what the job means, so nothing is sent."
        UnknownLookup "unknown-lookup"
            "the job has no such table to look values up in"
            "lookup('users') finds a value in the table that the job calls `users` under `lookups`. Correct the name, or add the \
             table: { csv: users.csv, key: id, value: name }."
        LookupTable "lookup-table"
            "a table of the job's lookups cannot be used as it is"
            "Each key of a table stands for one value: of two values for one key nobody can know which is meant, and a row without \
             a key or a value is no entry. Correct the table's file."
        HiddenColumn "hidden-column"
            "a value under `let` has the name of a column"
            "Whatever stands below sees the value and no longer the column. If both are needed, give the value another name; \
             if that is meant, the warning can be passed over."
        TestFailed "test-failed"
            "a test of the job came to something else"
            "The job's `tests` say what has to come of a row, and `check` tries them. Either the job does not do what is meant, \
             or the test is wrong; the message shows both values. No row was sent."
    }
    "Connectors": {
        WrongName "wrong-name"
            "a connector or an operation is called otherwise than its file"
            "A connector is found by its folder's name and an operation by its file's. If the name inside differs, a job \
             and the ledger could mean different things by it: make both the same."
        ForeignVariable "foreign-variable"
            "a connector asks for an environment variable that is not its own"
            "What a connector reads goes to its server, so each reads only variables that begin with its own name in \
             capitals, as ACME_DESK_TOKEN for acme-desk; `variables` may allow the beginning of that name. Rename the \
             variable, or copy its value into one of the right name when you start the run."
        InvalidPointer "invalid-pointer"
            "a text is no JSON pointer"
            "A JSON pointer says where something stands in an answer: a slash before each key or index, as in /data/id. A \
             slash within a key is written ~1, and a tilde ~0."
        InvalidTemplate "invalid-template"
            "a template's braces are broken"
            "In a path, a query or a lane {field} stands for the value of a field. Close the brace, or name the field in it."
        InvalidSchema "invalid-schema"
            "the operation's `fields` are no usable JSON Schema"
            "The fields of an operation are declared by a JSON Schema (2020-12) of `type: object`. One that says nothing \
             sensible would let wrong rows pass, so it is refused; the caret shows the part at fault."
        SeveralLanes "several-lanes"
            "the list that settles lost answers shows items of several lanes"
            "After a lost answer the item is looked for in a list while rows of other lanes are under way. If the list \
             shows those too, one row's item could be taken for another's. Give the list each field of `lane` under \
             `recover: with`, or take the field out of `lane`."
    }
    "The layout of sources": {
        KeyTaken "key-taken"
            "a row has the key of another one that is done"
            "The ledger knows a row by its key. Under this one a row was sent that did something else, or to something else, \
             so this cannot be the same row; passed over as done it would be lost. It happens where numbers begin anew each \
             month: give such a file's job another name, which begins a history of its own. Or make the keys differ in the \
             file itself, as by the month before each number; the `key` of the job stays as it is, for another one is \
             refused once rows are done (key-changed)."
        SourceChanged "source-changed"
            "the source has changed between its two readings"
            "A source is read once to check its rows and once to send them, and what is sent must be what was checked. \
             Nothing more was taken from it; what was sent is in the ledger. Run again when nobody writes to the file."
        Delimiter "delimiter"
            "the columns seem to be parted by something else"
            "The whole header was read as one column with other usual delimiters in its name. Set `delimiter` in the job's \
             source, as in \";\" or \"\\t\"; for a data file without a job give --delimiter ';' or --delimiter tab."
        EmptyColumnName "empty-column-name"
            "a column has no name"
            "A job finds columns by their names in the header. Give the column a name or delete it; at the end of a header \
             it is most often a delimiter too many."
        DuplicateColumn "duplicate-column"
            "a name that several columns have"
            "An expression could mean either of them, and the wrong one would send wrong values. Columns of one name in a header of \
             CSV are told apart by their place among them, as in row['Labels[2]']; elsewhere rename one of them."
        Sheet "sheet"
            "a sheet of a workbook cannot be read as a table"
            "The file is no workbook whatever its name says, has a password, is damaged or too large, or has no such sheet; or \
             nobody can tell which row of the sheet names its columns. The message says which. XLSX is read best; the job's \
             `source` names the sheet and its header, as in `sheet: March` and `header_row: 4`."
        SheetCell "sheet-cell"
            "a cell of a sheet does not hold what it shows"
            "A workbook keeps 15 digits of a number and the last value of a formula, if any program has calculated it; an \
             error, a day that never was and a time without a day are no values. What is lost is not made up, so the row is not sent. \
             Correct the cell and save the workbook anew. Cells of columns that the job does not use do not matter."
        MissingColumn "missing-column"
            "one of several files lacks a column that the others have"
            "Files that a job reads together have the same columns. In one that lacks a column all its rows would be sent without \
             that value. Add the column to the file, or read the file as a source of its own under `sources`."
        NoFile "no-file"
            "no file bears a name of this pattern"
            "A name with *, ? or [ ] stands for all files that fit it, in natural order: 2 before 10. None fits, so there is nothing \
             to read. Paths in a job start from the job's folder."
        TemporaryFile "temporary-file"
            "rows that wait for their turn have no place on the disk"
            "A job with `order_by` writes its rows into a temporary file first, which takes as much room as the source. Make room, \
             or name a folder on another disk by the environment variable TMPDIR."
        NoRows "no-rows"
            "the source has no rows"
            "The file is there and has a header, or is empty, and nothing follows: perhaps an export came out empty. Nothing is \
             to be done, which is no error; where it would be one, set `min_rows: 1` in the job, or give --min-rows 1."
        SystemNote "system-note"
            "the row would act on something that the system has made"
            "`plan --remote` has found what the row would change or delete, and the connector says by which field (`look`, \
             `system`) such a thing is known to be the system's own: a log of a call, say. Most often the id is a wrong one. \
             Where it is meant, the job can allow it by name; the hint says how."
        UnknownRow "unknown-row"
            "the source has no row of that number"
            "`plan --row` shows a row by its number, which counts from 1 over the rows of the source: the header is none, and a \
             row may take several lines. Each message about a row says both numbers, as in `row 5, line 7`."
        NothingToUndo "nothing-to-undo"
            "there is nothing of that run to undo"
            "A run is undone by its number, in the ledger that knows it, at the place where its rows went. Another job, another \
             ledger or another address has other runs, and a run that sent nothing has done nothing. `noteferry status` lists \
             the runs of a job."
        TooFewRows "too-few-rows"
            "the source has fewer rows than it must have"
            "The job's `min_rows`, or --min-rows, says how many rows there are at least. With fewer the export may have come \
             out empty or have been cut off, so nothing is sent. Look at the file; if it is right, lower the number."
        RepeatedHeader "repeated-header"
            "a header stands among the rows"
            "Where files are put together, the header of each comes along; sent as a row it would make something \
             of the names of columns. Delete the line. Where the second header has another order, the rows below it belong into a file of \
             their own."
        BlankRows "blank-rows"
            "rows in which nothing is written were passed over"
            "Spreadsheets save empty rows below a table as rows of delimiters alone. They are no rows: they are counted and \
             passed over. Delete them where they are in the way."
        LackingList "lacking-list"
            "objects lack the list that rows are made of"
            "`each` in `source` leads to a list within each object, and a row is made of every item. An object that has no such \
             list has no rows; where none has, the path is most likely misspelt, and nothing would be sent. `check` names the keys \
             that come near."
        RaggedRow "ragged-row"
            "a row has more or fewer cells than the header"
            "Its cells may have slipped into the wrong columns, so the row is not sent. A text with the delimiter, a \
             quote or a line break in it has to stand in double quotes."
        UnclosedQuote "unclosed-quote"
            "a quote is never closed, or closed in the midst of text"
            "From there on nobody can tell where rows begin and end, so nothing of the file is sent, not even with \
             --skip-invalid. Close the quote; a double quote inside a quoted text is written twice."
        RowTooLong "row-too-long"
            "a row is longer than rows may be"
            "Hardly a row is meant to be that long: the line breaks between rows are probably missing, or the file is no text. Export it \
             again. Where a row is meant to be that long, the job's `source` says so: `longest_row_mib: 64`."
        NotAnObject "not-an-object"
            "a row is no JSON object"
            "Each row must be an object whose keys are the columns, as in {\"id\": \"c_1\"}. Lists, texts and numbers \
             have no columns."
        TooManyColumns "too-many-columns"
            "there are more than 10,000 columns or different keys"
            "In JSON, data such as ids are used as keys: a key names a column and is the same in every row; what differs \
             from row to row has to be a value. In a CSV, the header is no header or never ends: look whether the delimiter \
             is right, whether the file has line breaks, and whether it is turned by its side (a row for each column)."
    }
    "The content of rows": {
        Expression "expression"
            "an expression has no value on this row"
            "What the row holds does not suit the expression, such as a word where it calculates with a number. Correct \
             the cell, or make the expression provide for it, as in {{ amount | default(0) }}."
        LookupMissing "lookup-missing"
            "a key is in none of the entries of a table"
            "Nobody can know what the row means, so it is not sent. Add the key to the table's file, leave such rows out with \
             `where`, or say what stands for a missing key: `missing: keep`, `missing: { default: … }`, or \
             lookup('users', default='…')."
        ValueNotListed "value-not-listed"
            "a cell says something that the job's table of values does not list"
            "A table under `values` says what stands for each text, and anything else is a mistake: a guess could show to the wrong \
             people what is internal. Correct the cell, add its text to the table, or give the table a `default`."
        RequiredCell "required-cell"
            "a cell is empty that the job requires"
            "The job's `required` lists columns whose cells may not be empty. Fill the cell, or leave such rows out with `where`."
        Condition "condition"
            "a condition of `where` is neither true nor false on a row"
            "Whether the row is to be sent cannot be said, and it is not left out in silence. Compare with what is meant, as in \
             {{ deleted != 'true' }}: a text such as \"false\" is not false by itself."
        InvalidTime "invalid-time"
            "epoch_ms cannot make a point in time of a value"
            "The text does not fit the format, is no date of the calendar, names no zone where the job has no `timezone`, \
             or falls into the hour that a change of clocks skips or repeats. A guess could be wrong by hours, \
             and nobody would see it: correct the cell, the format after epoch_ms, or the job's `timezone`."
        TimeFormat "time-format"
            "the format of epoch_ms reads no time, or reads times wrongly"
            "Formats are written as for strftime: %d/%m/%Y %H:%M is 31/01/2027 14:00, %y a year of two digits, %z an offset \
             such as +07:00 or Z, %s seconds since 1970. Formats of other languages, such as dd/MM/yyyy, are not understood. \
             No row is read before the format is right, since it would be wrong for all of them."
        MissingKey "missing-key"
            "a row has no key"
            "The job's `key` tells rows apart, and a row without one could not be found in the ledger again: it would be \
             sent by every run. Fill in the cell, or leave `key` out to know rows by their whole content."
        RepeatedKey "repeated-key"
            "two rows have the same key"
            "By the key the ledger knows what is done, so the second row would count as done already. Make the keys differ, \
             or drop one of the rows."
        PastTime "past-time"
            "a time that must lie ahead has passed"
            "The other side refuses a time in the past. Whether it is past is checked once more right before each \
             request, so a row may become invalid during a long run. Give a later time, or leave the field out."
        TimeInSeconds "time-in-seconds"
            "a time looks like seconds where milliseconds are asked for"
            "Taken as milliseconds it would lie around 1970. Multiply it by 1000, or make it from a written time with \
             epoch_ms."
        TimeInMicroseconds "time-in-microseconds"
            "a time looks like microseconds where milliseconds are asked for"
            "Taken as milliseconds it would lie tens of thousands of years ahead. Divide it by 1000."
        TimeInMilliseconds "time-in-milliseconds"
            "a time looks like milliseconds where seconds are asked for"
            "Taken as seconds it would lie tens of thousands of years ahead. Divide it by 1000."
        TimeOrder "time-order"
            "a time comes after one that it should precede"
            "In this order one of the two comes too late to be of use. The row is sent all the same; look whether the two \
             columns are mixed up."
        NoEffect "no-effect"
            "a field is set that does nothing in this row"
            "The other side takes no notice of the field unless another one is set, too. The row is sent all the same; see \
             the hint for what is missing."
        UnusualValue "unusual-value"
            "a value is allowed but seldom meant"
            "The other side accepts the value and uses it for something else than what people mean as a rule. The row is \
             sent all the same; see the message for what the value stands for."
        ManyLines "many-lines"
            "a text has more than a thousand lines"
            "It is sent as it is. A text of so many lines is seldom meant: a quote that opens a cell and is closed far below \
             takes the rows between for text. Look at the row, and at how many rows there are."
        SplitText "split-text"
            "texts are too long for one request, and are sent as several"
            "The job says by `split_at` how many letters a text may have. A row with a longer one comes to several requests, in \
             order, and each is counted as a row from there on; its text ends with (1/2), (2/2) and so on. The ledger knows the first \
             by the row's key and the others by that key with #2, #3: a rerun sends what is missing."
        GarbledText "garbled-text"
            "a text has letters that were read in the wrong encoding"
            "Such as Tiáº¿ng for Tiếng: a program has read UTF-8 as windows-1252 and saved what it saw; or windows-1258 or TCVN3 were \
             read as another encoding, as in goòi or l¹i. Letters may be lost for good, so nothing is repaired. Where the job names an \
             encoding, name the right one; else export the data anew, as UTF-8 all the way."
        ImplicitDefault "implicit-default"
            "an important field is left to its default"
            "The rows are sent, but the default may not be what you want: what is sent may be seen by customers, for one. Map the \
             field to say what you mean; the warning is given once a job."
    }
    "What `ledger check` finds": {
        DamagedHead "damaged-head"
            "the first bytes of the ledger are damaged"
            "The file cannot be opened as a database any more. Keep it with its -wal and run no job with it; put a copy \
             back, and take out of the source what was sent after that copy was made."
        TruncatedFile "truncated-file"
            "the ledger is shorter than it says"
            "Its end was lost, as happens on a full disk or in a copy that was broken off. Put a whole copy back before the \
             next run, which would send the lost rows again."
        DamagedFile "damaged-file"
            "a part of the ledger is damaged"
            "SQLite's own check found pages or indexes that contradict each other, which points to the disk or to a program \
             that wrote over the file. Keep the file, put a copy back, and have the disk looked at."
        ReadingStopped "reading-stopped"
            "the ledger could not be read to its end"
            "Rows and attempts beyond that point were not checked, and a run could not find them either. Treat the file as \
             damaged: keep it, and put a copy back."
        UnreadableEntry "unreadable-entry"
            "an entry holds something else than its column promises"
            "A text stands where a number belongs, or the like. Noteferry does not write such entries; somebody edited the \
             file, or it is damaged."
        IncompleteLedger "incomplete-ledger"
            "something is missing that every ledger has"
            "A table, a column, the jobs of its runs, or the next free id is not there: somebody edited the file with another \
             program. No run goes on with it, since it could send again what was sent. Put back a copy from after the last \
             run."
        DanglingEntries "dangling-entries"
            "entries belong to an entry that is not there"
            "Runs without their job, outcomes without their start, or the like were left when something was deleted by hand. \
             What they record is out of reach for a run: put a copy back before the next one."
        NoAttempt "no-attempt"
            "a row has no attempt"
            "A row is entered together with its first attempt, so its attempts were deleted, or never reached the disk. \
             Whether it was sent cannot be told from here: look for it on the other side."
        MissingAttempt "missing-attempt"
            "a number is missing among a row's attempts"
            "Attempts are numbered from 1 without gaps. What the missing one did is not known, and it may have acted: look \
             for the row on the other side, and put a copy back before the next run."
        UnknownOutcome "unknown-outcome"
            "an attempt has an outcome that no version writes"
            "Somebody edited the file, or it is damaged. A run cannot tell what became of the row: put a copy back."
        MadeUnsuccessfully "made-unsuccessfully"
            "an attempt that says that it made nothing has the id of what it made"
            "Only a row that succeeded, or was found, gets the id of what was made, so somebody edited the file. What has an \
             id may be there on the other side: look for it, and put a copy back before the next run."
        HalfEnded "half-ended"
            "an attempt has an end without an outcome, or an outcome without an end"
            "Both are written at once, so one of them was changed afterwards. Whether the row is done is not certain: put a \
             copy back, and keep this file for an inquiry."
        SentAfterSuccess "sent-after-success"
            "a row was sent again after it had succeeded"
            "The same thing may be there twice. Look for it on the other side, delete what is too much there, and \
             keep the ledger for an inquiry: this is what Noteferry promises never to do."
        ContestedAttempt "contested-attempt"
            "two runs have found different outcomes of an attempt"
            "One says that it did what it was for, the other that it did not, and may have sent it again. That takes two \
             runs that both believed to hold the job, as when its lock was deleted. Look for it on the other side, and delete \
             what is too much there."
        ImpossibleStep "impossible-step"
            "an attempt follows that cannot follow"
            "The row's earlier attempts do not allow this one, so one of them was changed by hand or lost. Put a copy back \
             before the next run."
        NeverBegun "never-begun"
            "an attempt has an outcome and was never begun"
            "A start is written before its outcome, so the start was deleted, or an older copy of it was put back. What the \
             attempt did is in its outcome alone: put a copy back before the next run."
        ImpossibleOperation "impossible-operation"
            "a row goes on to an operation before the one before it has succeeded"
            "A row is created, then changed, then deleted, each when the one before is done. An attempt says otherwise, so \
             entries were changed or lost: put a copy back before the next run."
        KeysDiffer "keys-differ"
            "the attempts of a row have different keys"
            "A row keeps its key, so entries of two rows were given one id by hand, or the file is damaged. Put a copy back \
             before the next run."
        ForeignRun "foreign-run"
            "an attempt belongs to a run of another job"
            "Two ledgers were merged by hand, or entries were moved. Put a copy back before the next run."
        ViewDiffers "view-differs"
            "the view row_states contradicts the attempts"
            "Runs and `status` go by the attempts and are not harmed, but your own queries read the view and are wrong. \
             Somebody replaced the view; its definition is in src/ledger/sqlite/schema.sql."
        ViewReplaced "view-replaced"
            "a view of the ledger is not the one that belongs there"
            "Runs and `status` go by the tables and are not harmed, but your own queries read the views and may be wrong. The \
             next run of any job of the ledger makes `rows`, `attempts` and `row_states` anew; their definitions are in \
             src/ledger/sqlite/schema.sql."
        ViewUnreadable "view-unreadable"
            "the view row_states cannot be read"
            "Runs and `status` do without it, but your own queries do not. Somebody changed or deleted the view; its \
             definition is in src/ledger/sqlite/schema.sql."
        KeyTwice "key-twice"
            "two rows of a job have the same key"
            "A run finds only one of them and may send what the other has done. Noteferry enters each key \
             once, so the file was edited: put a copy back before the next run."
        MadeTwice "made-twice"
            "two rows claim to have made the same thing"
            "Each create makes a thing of its own, so one of the two was taken for the other and what it made is probably \
             missing. Look for both on the other side, and send the missing one under a new key."
        OutcomesGone "outcomes-gone"
            "outcomes of a run are not in the ledger any more"
            "The run says that so many rows were done in it, and the ledger has the outcomes of fewer. Whoever deleted the \
             others has made the ledger forget what was sent, and a run may send those rows again. Put a copy of the ledger \
             back, or look on the other side before the next run."
        UnreadableSnapshot "unreadable-snapshot"
            "what was kept before something was changed or deleted cannot be read"
            "`undo` has nothing to give back there, and leaves the row as it is. What was sent and what came of it is not touched by \
             that. Put a copy of the ledger back, if one has it."
        RunSum "run-sum"
            "the counts of a run do not add up"
            "Where the counts come to more than the rows of that run, only what `status` says of it is wrong. Where they come to \
             less, somebody has lowered one, as whoever takes attempts out of the ledger would; the rows of those would be sent \
             again, so no run begins with such a ledger. Put a copy back."
    }
}

impl Code {
    /// All codes, in the order of their groups.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::GROUPS.iter().flat_map(|(_, codes)| codes.iter().copied())
    }

    /// The code of exactly this word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::all().find(|code| code.word() == word)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_code_has_a_word_of_its_own() {
        let words: HashSet<&str> = Code::all().map(Code::word).collect();
        assert_eq!(words.len(), Code::all().count());
        for code in Code::all() {
            let kebab = code.word().split('-').all(|part| {
                !part.is_empty()
                    && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            });
            assert!(kebab, "{code}");
            assert_eq!(Code::of_word(code.word()), Some(code));
        }
        assert_eq!(Code::of_word("past_time"), None);
    }

    #[test]
    fn every_code_is_explained_in_a_few_sentences() {
        for code in Code::all() {
            let (summary, explanation) = (code.summary(), code.explanation());
            assert!(summary.len() <= 80 && !summary.ends_with('.'), "{code}: {summary}");
            let sentences = explanation.split(". ").count();
            assert!((1..=4).contains(&sentences), "{code}: {sentences} sentences");
            assert!(explanation.ends_with('.'), "{code}: {explanation}");
            assert!(!explanation.contains("  "), "{code}: {explanation}");
            assert!(!explanation.contains(summary), "{code} says the same twice");
        }
    }

    #[test]
    fn an_explanation_is_for_any_connector() {
        for code in Code::all() {
            let text = format!("{} {}", code.summary(), code.explanation()).to_lowercase();
            let mut words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
            let of_one = words.find(|word| {
                ["note", "notes", "ticket", "tickets"].contains(word)
                    || word.starts_with("stringee")
            });
            assert_eq!(of_one, None, "{code}");
        }
    }

    #[test]
    fn every_code_is_told_somewhere() {
        let mut sources = String::new();
        collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut sources);
        for code in Code::all() {
            let name = format!("Code::{code:?}");
            let told = sources.match_indices(&name).any(|(at, _)| {
                !sources[at + name.len()..].starts_with(|next: char| next.is_ascii_alphanumeric())
            });
            assert!(told, "nothing tells of {name}");
        }
    }

    /// The sources but for this file.
    fn collect(folder: &Path, into: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, into);
            } else if path.extension().is_some_and(|ending| ending == "rs")
                && !path.ends_with("text/code.rs")
            {
                into.push_str(&std::fs::read_to_string(&path).unwrap());
            }
        }
    }
}
