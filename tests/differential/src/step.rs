//! The steps of a scenario. A line without `@` is a command of the manager; how it ended is
//! observed. `@` begins a step of the suite's own:
//!
//! | step | does |
//! |---|---|
//! | `@list FIELD…` | observes these fields of all elements of `jlist`, by id |
//! | `@pretty FIELD…` | the same of `prettylist`, read as JavaScript; `keys` for the names of all |
//! | `@record NAME` | looks at the app's statuses from now on |
//! | `@statuses [BUT…]` | observes which they were, by their first time; but for these |
//! | `@wait NAME FIELD=VALUE…` | waits until all elements of that name are so (or `FIELD>N`) |
//! | `@env NAME VAR…` | observes these variables of the app's processes (`env.js`) |
//! | `@until FILE TEXT` | waits until the file holds the text; observes whether |
//! | `@file FILE` | observes what is in the file |
//! | `@files FOLDER` | observes the names in the folder |
//! | `@out [TEXT]`, `@err [TEXT]` | observes the last command's output, or if it holds a text |
//! | `@says TEXT` | the same, of both streams |
//! | `@count TEXT` | observes how many lines of its standard output hold a text |
//! | `@json` | observes whether its standard output is JSON and nothing else |
//! | `@http PATH` | observes what the app answers at `{port}` |
//! | `@signal NAME SIGNAL` | signals the app's processes, or the `daemon` |
//! | `@running TEXT` | observes how many processes have a command line with this text |
//! | `@sh LINE` | runs a shell line, with `$PM` and `$RUNTIME`; observes status and output |
//! | `@write FILE TEXT`, `@rm FILE` | changes a file |
//! | `@set NAME VALUE`, `@unset NAME` | changes the environment of later commands |
//! | `@stdin TEXT` | what the next command reads |
//! | `@cd FOLDER` | where later commands are given |
//! | `@sleep MS` | lets time go by |
//!
//! In all steps and files `{work}`, `{home}` and `{port}` stand for the folders and a free port, and
//! `{modules}` for the folder in which npm has installed PM2 and its module for log rotation.

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A command of the manager.
    Command(Vec<String>),
    /// A step of the suite, with its words and all that stands behind the first of them.
    Own {
        /// The word behind the `@`.
        name: String,
        /// The words.
        words: Vec<String>,
        /// Everything, as it was written.
        rest: String,
    },
}

impl Step {
    /// Reads a line.
    pub(crate) fn read(line: &str) -> Result<Self, String> {
        let Some(own) = line.strip_prefix('@') else {
            return Ok(Self::Command(words(line)?));
        };
        let (name, rest) = own.split_once(' ').unwrap_or((own, ""));
        let raw = ["sh", "write", "stdin", "out", "err", "says", "count", "until", "set"];
        let words = if raw.contains(&name) {
            rest.splitn(2, ' ').map(str::to_owned).collect()
        } else {
            words(rest)?
        };
        Ok(Self::Own { name: name.to_owned(), words, rest: rest.to_owned() })
    }
}

fn words(text: &str) -> Result<Vec<String>, String> {
    shlex::split(text).ok_or_else(|| format!("quotes do not match: {text}"))
}
