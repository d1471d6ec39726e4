//! The words by which rows and runs are told in summaries, plans, `status` and events, and what each means for whoever
//! reads it.
//!
//! Not the codes of diagnostics, which say what is wrong with what a person has written: those are in [`super::code`].

/// A word of the output.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Term {
    /// As it is asked for, as in `in-doubt`.
    pub word: &'static str,
    /// Other words that mean the same in some place.
    pub also: &'static [&'static str],
    pub summary: &'static str,
    pub explanation: &'static str,
}

/// The words, under the headings of what they are said of.
pub(crate) const GROUPS: &[(&str, &[Term])] = &[
    ("Where a row stands", ROWS),
    ("What a plan does with a row", FATES),
    ("What a plan finds on the other side", REMOTE),
    ("What a verification found", VERIFIED),
    ("What the last count found", COUNTS),
    ("How a run ended", ENDS),
    ("Exit codes of a run", EXITS),
    ("Other words", OTHERS),
    ("Events of --format json", EVENTS),
];

const fn term(
    word: &'static str,
    also: &'static [&'static str],
    summary: &'static str,
    explanation: &'static str,
) -> Term {
    Term { word, also, summary, explanation }
}

const ROWS: &[Term] = &[
    term(
        "succeeded",
        &["done"],
        "the row is done, by the other side's own answer",
        "The answer said so, or what was sent was found on the other side. No run sends the row again.",
    ),
    term(
        "already-done",
        &[],
        "an earlier run has done the row",
        "Its key, or its content where the job has no key, is in the ledger as done at this target, so nothing was sent.",
    ),
    term(
        "changed",
        &[],
        "the row is done, and its content is another since",
        "It is not sent again, for it would be there twice. To change what was sent, run a job of an operation that changes \
         things, with the ids that `noteferry plan` shows; to send it as another one, give the row another key.",
    ),
    term(
        "repeated",
        &["by-content"],
        "rows of a job without a key that say what old ones said",
        "Without a key nobody can tell such a row from an old one, so it is passed over. Where it is a new one, put it into \
         a file of its own under another job name, and send that with --as-new.",
    ),
    term(
        "failed",
        &["refused", "given-up"],
        "the other side refused the row, or it could not be sent as often as it was tried",
        "It surely did not act. `noteferry status` names each such row and why. Correct it and run again; --retry-failed \
         sends rows that were refused once more as they are.",
    ),
    term(
        "invalid",
        &["reject"],
        "the row breaks a rule, so nothing was sent of it",
        "`noteferry check` names each with line, column and a hint. A run sends nothing at all while one is invalid, unless \
         --skip-invalid has it send the others.",
    ),
    term(
        "in-doubt",
        &["doubt"],
        "a request left, and no answer says what became of it",
        "What was sent may or may not exist on the other side. With `in_doubt: verify`, which is the default, the next run \
         looks for it and sends again only what surely is not there; `in_doubt: hold` leaves it alone until you have looked \
         yourself; `in_doubt: resend` sends it again, and it may be there twice. What you have seen yourself, `noteferry settle` \
         writes down. `noteferry plan` says why a row is held and \
         `noteferry status` what came of its request.",
    ),
    term(
        "not-started",
        &["some-done"],
        "nothing of the row was sent yet",
        "The run ended before, its limit was reached, or the row waits behind another one of its lane that is in doubt or was \
         given up. The next run sends it.",
    ),
    term(
        "under-way",
        &["running"],
        "a run is at work on the row at this moment",
        "Its request may be on its way. Wait for that run: one job is never sent by two.",
    ),
    term(
        "dismissed",
        &["skipped"],
        "a person has looked at the row and wants no more of it",
        "It is neither sent nor told of again, whatever became of it. `noteferry settle --dismiss` says so, and `--unsettle` \
         takes that back.",
    ),
    term(
        "undone",
        &["undo"],
        "what the row had done was taken back",
        "`noteferry undo` deletes what a run has created, gives back what it has changed and makes anew what it has deleted, as \
         a run of its own. Such a row is left out by later runs: it is not sent again by itself.",
    ),
    term(
        "changed-since",
        &["of-system"],
        "what is there has kept a request from leaving",
        "Before something is changed or deleted, the list that shows it is read. The request does not leave where that shows \
         something else than is expected, does not show it at all, shows that the other side's system has made it, or cannot \
         be read. The next run reads it once more.",
    ),
    term(
        "confirmed",
        &["denied", "withdrawn"],
        "a person says that what was sent is there, or that it is not, or takes that back",
        "Said with `noteferry settle` of rows in doubt. A confirmed row is done, one that is denied is sent by the next run. \
         The ledger keeps who said it, when and why; nothing is looked up on the other side.",
    ),
];

const FATES: &[Term] = &[
    term(
        "send",
        &[],
        "a run would send the row",
        "Its request is what the plan shows, byte for byte.",
    ),
    term(
        "skip",
        &[],
        "the row is done already",
        "A run passes it over. Where the row has changed since, that is said.",
    ),
    term(
        "hold",
        &["held", "behind"],
        "a run would not send the row before somebody has decided",
        "It is in doubt, failed earlier and has not changed since, waits behind a row that is in doubt, or is in the \
         hands of another run; the plan says which. See in-doubt and failed.",
    ),
    term(
        "filtered",
        &["filter"],
        "the job's `where` leaves the row out",
        "A condition under `where` is not true of the row, so nothing is sent of it. Summary, plan and events count such rows by \
         reason. A row that was sent before the condition came counts as filtered, too; what was sent stays there.",
    ),
    term(
        "duplicates",
        &["duplicate"],
        "an earlier row says the same, and is sent for both",
        "With `duplicates: same_once` rows that have one key and one content are sent once. Rows of one key that say different \
         things stay a mistake (repeated-key).",
    ),
    term(
        "later",
        &["beyond-limit"],
        "the row is beyond the limit of the pilot",
        "With --limit a run sends the first rows that are still to do; without, it sends this one, too.",
    ),
];

const REMOTE: &[Term] = &[
    term(
        "asking",
        &[],
        "what `plan --remote` will cost, before it begins",
        "The event comes once: so many lists, so many of them known from an interrupted call before (`known_since` \
         says from when on these were asked for), so many requests at the \
         least, and so many seconds at the quotas.",
    ),
    term(
        "remote",
        &[],
        "what `plan --remote` has found of a row on the other side",
        "The event comes once for each row that would be sent; `found` says what was found, `why` how that is known, `change` \
         which text would go and which would come. The closing event counts them.",
    ),
    term(
        "there-already",
        &[],
        "the same is in the list already, and no row of this ledger has made it",
        "A run would make it a second time. Most often an earlier import has made it, by another ledger or by hand: leave the \
         row out, or name that import's ledger with --ledger.",
    ),
    term(
        "there-otherwise",
        &[],
        "the same text is in the list, and something else that matters differs there",
        "The customer sees what is there, say, and the row is internal. A run makes a second one and leaves the first as it is: \
         look at it there, and leave the row out if the first is to stay.",
    ),
    term(
        "alike",
        &[],
        "something in the list may be the same, altered",
        "Its letters are the same, or are the beginning of the row's text: servers trim, escape and cut texts. Look at it before \
         a run makes the row's own.",
    ),
    term(
        "not-there",
        &[],
        "it is not there yet",
        "The list was shown whole, and shows others of the same kind, so it would show this one.",
    ),
    term(
        "not-shown",
        &[],
        "the list does not show it, and shows nothing of its kind either",
        "A list may leave things out, as internal notes, and an empty one does not show that it would not. So this is no proof \
         that it is not there.",
    ),
    term(
        "found",
        &[],
        "what the row would change or delete is there",
        "The list shows it, with the text that it has at present.",
    ),
    term(
        "not-listed",
        &[],
        "what the row would change or delete is not in its list",
        "The list was shown whole. The id may be wrong, the thing may be gone, or be in another list, or the list may leave such \
         things out.",
    ),
    term(
        "list-missing",
        &[],
        "what the list is of, as a ticket, is not there",
        "The other side says so. A run would be refused the same way.",
    ),
    term(
        "flag-not-shown",
        &[],
        "the list does not show a yes or no of everything in it",
        "As whether a note is internal. Written as nothing, that would count as no where the file is run back in, and the customer \
         would see the note: so nothing of the list is in the file of an export. Where the other side calls the field otherwise, \
         say so in the connector.",
    ),
    term(
        "list-inconsistent",
        &[],
        "the list shows one id more than once, with different contents",
        "What of it is so cannot be known: nothing of the list is in the file of an export. Something may have been changed while \
         the list was read; then another call comes to its end.",
    ),
    term(
        "not-known",
        &[],
        "nothing is known of the row on the other side",
        "There is no list that would show it, nothing says in which list to look, or the list could not be had, or not to its \
         end. The words beside it say which.",
    ),
    term(
        "system-refused",
        &[],
        "the row would act on something that the system has made, which the job does not allow",
        "See the code system-note.",
    ),
    term(
        "system-allowed",
        &[],
        "the row would act on something that the system has made, as the job allows",
        "The job says `allow_system_notes: true`.",
    ),
];

const COUNTS: &[Term] = &[
    term(
        "miscounted",
        &["some-miscounted"],
        "a row is there twice, or one item is two rows'",
        "Before a run ends, lists in which a lost answer was settled are read once more. This row does not have exactly one \
         item there, though the ledger has it as done: the message names the row, its key and the ids, and which of them the \
         ledger knows. Keep that one, look at the others, delete what is too much, and run the job again, which counts once \
         more. The exit code is 6 until that is put right.",
    ),
    term(
        "uncounted",
        &["some-uncounted"],
        "a list in which a lost answer was settled was not read once more to its end",
        "Nothing is known to be wrong: it was not seen that everything is there exactly once. The run was stopped before, or \
         the list shows too little. The next run reads it once more, and needs the time for that; the exit code is 6 until the \
         list shows everything. Where that never comes, as where somebody has deleted what was sent, look at the places that \
         the run has named, and say with --as-counted that they are as they should be.",
    ),
];

const VERIFIED: &[Term] = &[
    term(
        "verified",
        &[],
        "what `verify` came to",
        "The closing event: so many rows by what was found of them, so many lists read, and whether all is right. The ledger keeps \
         it, and `noteferry status` shows the last one.",
    ),
    term(
        "verified-row",
        &[],
        "what `verify` has found of a row",
        "The event comes once for each row that did something last to a thing. `found` is the gravest of `matters`; `change` has \
         the text that was sent and the one that is there. Rows that are not right are for a person to look at on the other \
         side: no run sends again what the ledger has as done.",
    ),
    term(
        "there",
        &["there-by-id"],
        "it is there once, as it was sent",
        "The list shows it with its text, its flags, and in the order of the source. `there_by_id`: the source does not have the \
         row any more, or another one than was sent, as where it was sent corrected: so nothing but its id could be compared. What it \
         says, and who sees it, is not known, and `verify` ends with 1, unless --by-id takes that for enough.",
    ),
    term(
        "exposed-copy",
        &[],
        "a copy of it lacks a flag that was sent, and no row of the ledger has made that",
        "As of a note that was sent as internal, whose text stands on the same ticket once more where the customer can see it. This \
         is told before all else: look who made the copy, and delete it on the other side where it should not be there. `ids` names \
         it; the row's own is `id`. Where the list does not show whether a copy has the flag, the row is `not_known`.",
    ),
    term(
        "exposed",
        &[],
        "a flag that was sent is not on it",
        "As of a note that was sent as internal, and that the customer can see. It has to be mended on the other side.",
    ),
    term(
        "twice",
        &[],
        "the same is there once more, and no row of the ledger has made that",
        "A person may have written it, another import, or something on the way has sent a request twice. `ids` names what is \
         too much; the row's own is `id`.",
    ),
    term(
        "missing-there",
        &[],
        "it is not in its list",
        "The list was read to its end, twice, and it or another list shows such things. Somebody has deleted it, or it was moved. \
         The ledger has the row as done, so no run sends it again.",
    ),
    term(
        "still-there",
        &[],
        "it was deleted, and the list shows it",
        "The other side has said that it was deleted. Look at it there.",
    ),
    term(
        "altered",
        &[],
        "another text is there than was sent",
        "Somebody has changed it, or the other side writes texts in a way that the connector does not say (`text` under \
         `recover`, as in html_escapes).",
    ),
    term(
        "otherwise",
        &[],
        "something else of it differs from what was sent",
        "Each field that was sent and that the list shows under the same name is compared.",
    ),
    term(
        "out-of-order",
        &[],
        "it was made before a note that comes first in the source",
        "By the time that the list says, in whole seconds. Rows that were put into the source later, or that were sent again \
         after a failure, stand behind those that were there before.",
    ),
    term(
        "row-changed",
        &[],
        "the row of the source says something else than what was sent",
        "What is there was compared by its id alone. The other side lacks what the row says now.",
    ),
];

const EVENTS: &[Term] = &[
    term(
        "report",
        &[],
        "what `report` says of a job or of a run",
        "One event with all of it: `rows` is the sum of the counts after it, and what is null among those only the source can say. \
         Lists in it are bounded; how many more there are stands beside them. Of a report in a file, `file` says where it is.",
    ),
    term(
        "exported",
        &[],
        "what `export` came to",
        "The closing event: so many things written, so many lists read, and whether the file is whole. As long as it is not, it \
         bears the ending `.part`, and the same command goes on.",
    ),
    term(
        "exported-list",
        &["written"],
        "a list of an export, as that of a ticket",
        "`written` says how many of its things are in the file, which are all of them; a list that could not be read to its end \
         is not in it at all.",
    ),
    term(
        "started",
        &[],
        "a run has begun",
        "It comes once, with the number of the run, the rows and how many of them are to be sent.",
    ),
    term(
        "row",
        &[],
        "a row has come to its end in this run",
        "`state` says how, `id` what was made, `message` why it did not succeed. The ledger has it before the event is told.",
    ),
    term(
        "note",
        &[],
        "something worth knowing while the run goes on",
        "It is for people: its message may change, so no script should depend on it.",
    ),
    term(
        "finished",
        &[],
        "the run is over",
        "Always the last event, whatever the end: the counts of all rows, the exit code, and `reason` and `message` where the \
         run did not come to its end.",
    ),
    term(
        "problem",
        &[],
        "something is wrong with what was written, or may be",
        "`code` says what kind of mistake and never changes; `severity` whether it is an error or a warning; the place is by \
         file, row, line, column and pointer. `noteferry explain CODE` explains the code.",
    ),
    term(
        "rejects",
        &[],
        "rows that are not done were written out",
        "The last event of `rejects`, which counts what was written; where no file was named each row comes before it as a `reject`, \
         with its cells, its state, and why. In a plan, `reject` is said of a row that is invalid and not sent.",
    ),
    term(
        "done-row",
        &[],
        "a row that is done, with what was made of it",
        "Of `done`, where no file was named: its key, the id that the other side gave, where, when, and the run that did it.",
    ),
    term(
        "checked",
        &[],
        "all rows were checked",
        "The last event of `check`. A count that is null could not be found out.",
    ),
    term(
        "step",
        &[],
        "what a run would do with a row",
        "`action` is send, skip, hold or reject; path and body are what would be sent, byte for byte.",
    ),
    term(
        "planned",
        &[],
        "what a plan comes to",
        "The last event of `plan`. `send` counts all rows that a run would begin with; of these, `looked_for_first` are in doubt \
         and looked for, `behind_doubts` stand behind such rows and go only once those are settled, `sent_again` are in doubt \
         and sent again, and of those `may_be_twice` are sent again by `in_doubt: resend`. `reminders` says how many will be past \
         before their rows' turns, and `plan` names a plan that was saved.",
    ),
    term(
        "behind-doubts",
        &["if-settled"],
        "rows that go only once a row before them is settled",
        "They are for the same ticket, say, as a row in doubt, and nothing overtakes such a row. A run looks for that row \
         first; where the look settles nothing, these are left not started.",
    ),
    term(
        "sent-again",
        &["may-be-twice", "looked-for-first"],
        "rows in doubt that a run would send again",
        "Where a repeat is harmless they are sent again without a look. By `in_doubt: resend` they are, too, and what a lost \
         request has made is then there twice: `may_be_twice` counts those. Those `looked_for_first` are sent only where they \
         surely are not there.",
    ),
    term("explanation", &[], "what a code or a word means", "An event of `explain`, one for each."),
    term(
        "operation",
        &[],
        "an operation and its fields",
        "An event of `operations`, one for each operation of the connector; `fields` is their JSON Schema.",
    ),
    term(
        "ledger-checked",
        &[],
        "a ledger was looked through",
        "The last event of `ledger check`, with what there is and how many problems were found.",
    ),
    term(
        "pruned",
        &[],
        "what nobody needs was taken out of the ledger, or would be",
        "The last event of `ledger prune`: rehearsals, jobs that were forgotten and are sent again, those that were asked for and \
         stay, and how large the file was and is. With --dry-run nothing was changed.",
    ),
    term(
        "status",
        &[],
        "where a job stands",
        "The counts are of the source's rows, or of those that the ledger knows where `counted` says so.",
    ),
    term(
        "no-ledger",
        &["missing", "empty", "without-the-job"],
        "nothing is known of the job",
        "There is no ledger yet, it is empty, or it does not know the job: nothing was recorded there.",
    ),
];

const ENDS: &[Term] = &[
    term(
        "interrupted",
        &[],
        "somebody stopped the run",
        "Ctrl-C, SIGTERM or a terminal that was closed. What was under way was waited for; run again to go on.",
    ),
    term(
        "killed",
        &[],
        "the run ended without a last word",
        "It was killed, or the machine stopped. What was under way then is looked for by the next run before anything is \
         sent again.",
    ),
    term(
        "no-login-there",
        &[],
        "nothing at the base URL takes a login",
        "The address leads to something else than the API: most often a path is missing or one too many. No row is marked \
         failed for it. Correct the base URL, as the message says, and run again.",
    ),
    term(
        "unauthorized",
        &["token"],
        "the credentials were refused",
        "No row is marked failed for it. Correct the credentials and run again.",
    ),
    term(
        "outage",
        &[],
        "nothing got through for too long",
        "The run tried one row at a time until --give-up-after had passed. No row is marked failed for it; run again when the \
         server is back.",
    ),
    term(
        "wrong-address",
        &["address"],
        "nothing can ever answer at this address",
        "There is no such host, no TLS at this port, or a certificate that is not trusted. Correct the base URL, or name the \
         certificate by --ca-file.",
    ),
    term(
        "too-many-failures",
        &["budget"],
        "more rows failed than --max-failures allows",
        "The run stopped so that the others can be looked at first. Find the cause with `noteferry status`, then run again.",
    ),
    term(
        "time-over",
        &["deadline", "max-duration", "longest-time"],
        "the time of --deadline or --max-duration was over",
        "The run started nothing more early enough for what was under way to end. The next run goes on.",
    ),
    term(
        "in-other-hands",
        &[],
        "rows are in the hands of another process that has started them",
        "What it has started is its own until it ends, or until the time that the ledger has for it. Nothing of it is sent; \
         run again then, and the rest goes on.",
    ),
    term(
        "too-many-missing",
        &["nothing-deleted"],
        "more rows are missing from the source than the job lets be deleted",
        "All else was sent, and nothing was deleted: where so much is missing, the source is likelier to be wrong than the rows. \
         Look whether it is whole; where so much is to go, raise `at_most` of the job's `on_missing`.",
    ),
    term(
        "files-gone",
        &["gone"],
        "rows are missing from the source, and so are files that they came from",
        "All else was sent, and nothing was deleted: a file that was not delivered, is empty or is read otherwise is likelier than \
         that all its rows are gone. Bring it back; or, where it is gone on purpose, name it with --gone.",
    ),
    term(
        "ledger-failed",
        &[],
        "the ledger could not be written",
        "Without it nothing is sent. Make room or give leave, as the message says, and run again: nothing that is known is \
         lost.",
    ),
    term(
        "source-failed",
        &["source"],
        "the source could not be read a second time, or is not what it was",
        "Nothing more was taken from it. Let nobody write to it while a run reads it, and run again.",
    ),
    term(
        "no-runtime",
        &[],
        "the system did not give the run what it needs to begin",
        "Nothing was sent. The message has the system's own words.",
    ),
    term(
        "fault",
        &[],
        "something went wrong in noteferry itself",
        "Your data is not at fault, and what had left was waited for. Keep the message for whoever looks after noteferry.",
    ),
    term(
        "all-done",
        &["some-failed", "some-invalid", "some-in-doubt", "ended", "stopped"],
        "the run came to its end",
        "`status` says with it whether all rows were done then, or some failed, were invalid or in doubt.",
    ),
    term(
        "settled",
        &["settled-row"],
        "a person has said what became of rows",
        "No run, though it stands among them: nothing was sent. `noteferry status` lists who has said what of which row. As \
         an event it closes what `settle` tells, after one event for each row.",
    ),
];

/// What a run ends with. Other verbs say in their help what theirs mean.
const EXITS: &[Term] = &[
    term(
        "0",
        &[],
        "every row is done, or every one that was asked for",
        "There is nothing to do. With --limit rows may be left, which the summary counts as not started.",
    ),
    term(
        "1",
        &[],
        "the run came to its end, and some rows failed or were left out as invalid",
        "All others are done. `noteferry status` names the rows and why; `noteferry rejects JOB -o rejects.csv` writes them \
         out to be corrected, and `run JOB --from rejects.csv` sends them.",
    ),
    term(
        "2",
        &[],
        "the command line, the job, the connector or the address is wrong",
        "The message names the place and says what is allowed there. Nothing was sent where it stands before a run has \
         begun; a schedule need not try again before somebody has mended it.",
    ),
    term(
        "3",
        &[],
        "rows are invalid, and nothing was sent",
        "`noteferry check` names each with line, column and a hint. Correct them, or send the others with --skip-invalid.",
    ),
    term(
        "4",
        &[],
        "the run stopped before its end, and goes on where it was",
        "The last line says why: credentials, an outage, --deadline, --max-duration, --max-failures, the source or the ledger. \
         With --format json that is `reason`. Once the cause is gone the same command goes on: what is done stays done, and \
         what may have been sent is looked for first.",
    ),
    term(
        "5",
        &[],
        "another run holds the job",
        "The message says which process it is and since when. Nothing was sent. A schedule that may overlap itself says what \
         it wants with --if-locked.",
    ),
    term(
        "6",
        &[],
        "the run came to its end, and something may be there twice or not at all",
        "Rows are in doubt, or the last count found a row twice, or could not be made. `noteferry status` names each; the next \
         run looks again, and `noteferry settle` writes down what a person has seen.",
    ),
    term(
        "130",
        &["143"],
        "somebody stopped the run, with Ctrl-C (130) or SIGTERM (143)",
        "What was under way was waited for and written down. The same command goes on.",
    ),
];

const OTHERS: &[Term] = &[
    term(
        "pilot",
        &["limit"],
        "a run of the first rows only, to be looked at before the others go",
        "`run --limit 20` sends so many rows and no more, with --spread of all kinds that the source has. They are done for \
         good: the run without --limit goes on behind them.",
    ),
    term(
        "lane",
        &["lanes"],
        "rows that go one after another, as those of one ticket",
        "Each waits for the answer to the one before it, so that notes of a ticket stand in the order of the source. Where a row \
         is in doubt or given up, those behind it wait for the next run.",
    ),
    term(
        "target",
        &["targets"],
        "the address and the account that rows go to",
        "A ledger keeps what was done at each target apart: a rehearsal against a sandbox is none of the real import.",
    ),
    term(
        "snapshot",
        &["snapshots"],
        "what a note was before a run changed or deleted it",
        "It is read right before the change and kept in the ledger, so that `noteferry undo` can give it back. `snapshot: false` \
         in a job keeps none, and `noteferry plan` says so.",
    ),
    term(
        "rehearsal",
        &["sandbox"],
        "a run against a StringeeX that noteferry plays itself",
        "`run JOB --sandbox` sends every row to this machine only. What it did is kept under a target of its own and counts for \
         no real run.",
    ),
];

/// The term of a word, however it is spelt: `in-doubt`, `in_doubt`, `In doubt`.
pub(crate) fn of_word(word: &str) -> Option<&'static Term> {
    let word = word.trim().to_lowercase().replace(['_', ' '], "-");
    all().find(|term| term.word == word || term.also.contains(&word.as_str()))
}

/// All terms, in the order of their groups.
pub(crate) fn all() -> impl Iterator<Item = &'static Term> {
    GROUPS.iter().flat_map(|(_, terms)| *terms)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_word_means_one_thing_and_is_found_however_it_is_spelt() {
        let mut words = HashSet::new();
        for term in all() {
            for word in term.also.iter().chain([&term.word]) {
                assert!(words.insert(*word), "{word}");
                assert_eq!(of_word(&word.replace('-', "_")), Some(term));
            }
            assert!(term.summary.len() <= 90 && !term.summary.ends_with('.'), "{}", term.word);
            assert!(term.explanation.ends_with('.'), "{}", term.word);
        }
        assert_eq!(of_word("In doubt").map(|term| term.word), Some("in-doubt"));
        assert_eq!(of_word("past-time"), None);
    }
}
