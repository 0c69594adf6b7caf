//! What is told of changes: who, how, and how soon.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use super::hook_filter::HookFilter;
use crate::object::HookName;
use crate::path::RelativePath;

/// One hook: something that is done after files changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookSpec {
    /// Its name; no two hooks share one.
    pub name: HookName,
    /// Which changes it is for; none stands for all.
    pub when: Vec<HookFilter>,
    /// What is done.
    pub action: HookAction,
    /// Whether it also runs after the first files of a new volume.
    pub on_first_sync: bool,
    /// Longest time of one try, what verifies it included.
    pub timeout: Duration,
    /// It runs when nothing changed for this long, so that several changes are one call.
    pub debounce: Duration,
    /// It runs up to this much later, by chance: many pods do not reload in one second.
    pub splay: Duration,
    /// When a try that failed is repeated.
    pub retry: HookRetry,
}

#[cfg(any(test, feature = "testing"))]
impl HookSpec {
    /// A hook for tests: it writes a marker file after any change, at once.
    pub fn marking(name: &str) -> Self {
        Self {
            name: HookName::parse(name).expect("valid"),
            when: Vec::new(),
            action: HookAction::Touch("/mnt/signals/changed".into()),
            on_first_sync: false,
            timeout: Duration::from_secs(30),
            debounce: Duration::ZERO,
            splay: Duration::ZERO,
            retry: HookRetry {
                initial: Duration::from_secs(1),
                max: Duration::from_mins(5),
            },
        }
    }
}

/// Waits between tries: the first, doubled after each failure up to the longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HookRetry {
    /// After the first failure.
    pub initial: Duration,
    /// The longest.
    pub max: Duration,
}

/// What a hook does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookAction {
    /// Runs a program.
    Exec(ExecHook),
    /// Sends a signal.
    Signal(SignalHook),
    /// Makes a request.
    Http(HttpHook),
    /// Writes the time of the change to a file, absolute path, for programs that look at one.
    Touch(PathBuf),
    /// Ends `run` with this code, 64 to 113, after it is recorded that this was told: the restart of the container reaches an
    /// application that cannot reload (KEP-5532).
    Exit(u8),
}

impl HookAction {
    /// Whether it ends the program.
    pub const fn is_exit(&self) -> bool {
        matches!(self, Self::Exit(_))
    }

    /// The key of the manifest that it is written under.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Exec(_) => "exec",
            Self::Signal(_) => "signal",
            Self::Http(_) => "http",
            Self::Touch(_) => "touch",
            Self::Exit(_) => "exit",
        }
    }
}

/// A program, without a shell. It gets nothing of the sidecar's environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecHook {
    /// Absolute path.
    pub program: PathBuf,
    /// What follows it.
    pub arguments: Vec<String>,
    /// Variables that it gets, besides those that say what changed.
    pub environment: BTreeMap<String, String>,
    /// Where it runs, absolute path.
    pub directory: PathBuf,
}

/// A signal to a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalHook {
    /// Who gets it.
    pub to: SignalTarget,
    /// Which.
    pub signal: HookSignal,
    /// How it is made sure that the process has done what was asked; a signal has no answer.
    pub verify: Option<Verify>,
}

/// Who gets a signal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignalTarget {
    /// The topmost process of this name.
    Process(String),
    /// The process whose number is in this file, absolute path.
    PidFile(PathBuf),
}

/// The signals by which programs are asked to do something, and those that end them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HookSignal {
    /// `SIGHUP`.
    Hup,
    /// `SIGINT`.
    Int,
    /// `SIGQUIT`.
    Quit,
    /// `SIGUSR1`.
    Usr1,
    /// `SIGUSR2`.
    Usr2,
    /// `SIGTERM`.
    Term,
    /// `SIGWINCH`.
    Winch,
}

impl HookSignal {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Hup,
        Self::Int,
        Self::Quit,
        Self::Usr1,
        Self::Usr2,
        Self::Term,
        Self::Winch,
    ];

    /// Its name without `SIG`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hup => "HUP",
            Self::Int => "INT",
            Self::Quit => "QUIT",
            Self::Usr1 => "USR1",
            Self::Usr2 => "USR2",
            Self::Term => "TERM",
            Self::Winch => "WINCH",
        }
    }
}

/// A request that shows that a signal had its effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verify {
    /// Where; an answer of 200 to 299 is a success.
    pub url: Url,
    /// For how long it is tried.
    pub within: Duration,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpHook {
    /// Where.
    pub url: Url,
    /// The socket that the request goes through, absolute path; `url` then says what is asked of it.
    pub unix_socket: Option<PathBuf>,
    /// The certificate authorities that its server is checked against, absolute path of a PEM file; those of the system
    /// otherwise.
    pub ca_file: Option<PathBuf>,
    /// How.
    pub method: HookMethod,
    /// The answers that are a success; none stands for 200 to 299.
    pub expect: BTreeSet<u16>,
    /// Headers, in order.
    pub headers: Vec<HookHeader>,
    /// What is sent.
    pub body: HookBody,
}

/// Methods of a hook's request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum HookMethod {
    /// `GET`.
    Get,
    /// `POST`.
    #[default]
    Post,
    /// `PUT`.
    Put,
}

impl HookMethod {
    /// As it is sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

/// A header of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookHeader {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: HookHeaderValue,
}

/// The value of a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookHeaderValue {
    /// As the manifest has it.
    Text(String),
    /// `prefix`, and then what the published file at `file` holds: the value that is served.
    Served {
        /// What stands before it, such as `Bearer `.
        prefix: String,
        /// The file of a secret.
        file: RelativePath,
    },
}

/// The body of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum HookBody {
    /// None.
    #[default]
    Nothing,
    /// What changed, as JSON.
    Changes,
}
