//! What is done after files changed.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;

use crate::field::{Optional, Required, Table, Text};
use crate::scalar::{
    AbsoluteDirectory, AbsolutePath, HeaderName, HeaderText, HookExitCode, HookUrl, HttpStatus, Pause,
    ProcessName, ProgramText, SocketPath, TimeLimit,
};
use domain::desired::{HookFilter, HookSignal};
use domain::object::{HookName, ObjectName, VaultName};

/// Time for one try of a hook when the manifest says nothing.
pub(crate) const DEFAULT_TIMEOUT: &str = "30s";
/// First wait after a failed try when the manifest says nothing.
pub(crate) const DEFAULT_RETRY_INITIAL: &str = "1s";
/// Longest wait after a failed try when the manifest says nothing.
pub(crate) const DEFAULT_RETRY_MAX: &str = "5m";
/// Longest time for a signal to have its effect when the manifest says nothing.
pub(crate) const DEFAULT_WITHIN: &str = "10s";
/// Where a program runs when the manifest says nothing.
pub(crate) const DEFAULT_DIRECTORY: &str = "/";
/// Wait for more changes, and the longest random delay, when the manifest says nothing.
pub(crate) const NO_PAUSE: &str = "0s";

/// Something that is done after files changed: a program, a signal, a request, a marker file or a restart. It is done at least once for
/// each change, after the files are in place.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, schemars(extend("oneOf" = [{ "required": ["exec"] }, { "required": ["signal"] }, { "required": ["http"] }, { "required": ["touch"] }, { "required": ["exit"] }], "allOf" = [
    { "if": { "required": ["verify"] }, "then": { "required": ["signal"] } },
    { "if": { "required": ["exit"] }, "then": { "required": ["splay"], "properties": { "onFirstSync": { "const": false } } } },
])))]
pub(crate) struct Hook {
    /// Name of the hook, in logs, metrics and `status`.
    pub(crate) name: Required<Text<HookName>>,
    /// Which changes: the names of entries, `together:NAME`, or paths in the volume, where `*` stands for any characters but
    /// `/`, and `**` for any. When absent, every change.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("minItems" = 1)))]
    pub(crate) when: Optional<Vec<Required<Text<HookFilter>>>>,
    /// Runs a program, without a shell.
    #[serde(default)]
    pub(crate) exec: Optional<Exec>,
    /// Sends a signal to a process.
    #[serde(default)]
    pub(crate) signal: Optional<Signal>,
    /// Makes an HTTP request, never through a proxy; redirects are not followed.
    #[serde(default)]
    pub(crate) http: Optional<Http>,
    /// Writes the time to a file, for programs that look at one.
    #[serde(default)]
    pub(crate) touch: Optional<Touch>,
    /// Ends `run` with a code, at which a pod with a matching `restartPolicyRules` restarts all its containers in place: for
    /// applications that cannot reload. Needs `splay`. `once` leaves it out.
    #[serde(default)]
    pub(crate) exit: Optional<Exit>,
    /// How it is made sure that a signal had its effect. Only with `signal`.
    #[serde(default)]
    pub(crate) verify: Optional<Verify>,
    /// Whether it also runs after the first files of a new volume.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("default" = false)))]
    pub(crate) on_first_sync: Optional<bool>,
    /// Longest time of one try, from `1s` to `1h`.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("default" = DEFAULT_TIMEOUT)))]
    pub(crate) timeout: Optional<Text<TimeLimit>>,
    /// The hook runs when nothing changed for this long, at most `1h`: several changes are one call.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("default" = NO_PAUSE)))]
    pub(crate) debounce: Optional<Text<Pause>>,
    /// The hook runs up to this much later, at random, at most `1h`: a fleet does not reload in one second.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("default" = NO_PAUSE)))]
    pub(crate) splay: Optional<Text<Pause>>,
    /// When a failed try is repeated.
    #[serde(default)]
    pub(crate) retry: Optional<Retry>,
}

/// Waits between tries of a hook.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Retry {
    /// After the first failure; it doubles with each. From `1s` to `1h`.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("default" = DEFAULT_RETRY_INITIAL)))]
    pub(crate) initial: Optional<Text<TimeLimit>>,
    /// The longest, from `1s` to `1h`.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("default" = DEFAULT_RETRY_MAX)))]
    pub(crate) max: Optional<Text<TimeLimit>>,
}

/// A program. It gets what changed as JSON on stdin, and the variables `AKV_SYNC_HOOK`, `AKV_SYNC_CHANGED` and
/// `AKV_SYNC_VOLUME`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Exec {
    /// Absolute path of the program, and its arguments.
    #[cfg_attr(test, schemars(extend("minItems" = 1)))]
    pub(crate) command: Required<Vec<Required<Text<ProgramText>>>>,
    /// Its environment variables; it gets no others but those above.
    #[serde(default)]
    pub(crate) environment: Optional<Table<ProgramText>>,
    /// Directory in which it runs.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("default" = DEFAULT_DIRECTORY)))]
    pub(crate) directory: Optional<Text<AbsoluteDirectory>>,
}

/// A signal.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, schemars(extend("oneOf" = [{ "required": ["process"] }, { "required": ["pidFile"] }])))]
pub(crate) struct Signal {
    /// Name of the process; of several, those whose parent has another name. In a pod it needs `shareProcessNamespace: true`.
    #[serde(default)]
    pub(crate) process: Optional<Text<ProcessName>>,
    /// Instead of `process`: a file with the number of the process.
    #[serde(default)]
    pub(crate) pid_file: Optional<Text<AbsolutePath>>,
    /// The signal: `HUP`, `INT`, `QUIT`, `USR1`, `USR2`, `TERM` or `WINCH`, with or without `SIG`.
    #[serde(rename = "signal")]
    pub(crate) number: Required<Text<HookSignal>>,
}

/// What shows that a signal had its effect.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Verify {
    /// URL that is asked until its answer is one of 200 to 299.
    pub(crate) http: Required<Text<HookUrl>>,
    /// For how long, from `1s` to `1h`.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("default" = DEFAULT_WITHIN)))]
    pub(crate) within: Optional<Text<TimeLimit>>,
}

/// An HTTP request.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Http {
    /// Where; with `unixSocket`, what is asked of it.
    pub(crate) url: Required<Text<HookUrl>>,
    /// Unix socket that the request goes through.
    #[serde(default)]
    pub(crate) unix_socket: Optional<Text<SocketPath>>,
    /// PEM file with the certificate authorities that are trusted for this request, instead of the system's.
    #[serde(default)]
    pub(crate) ca_file: Optional<Text<AbsolutePath>>,
    /// Method of the request.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("default" = "POST")))]
    pub(crate) method: Optional<Method>,
    /// Statuses that are a success. When absent, 200 to 299.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("minItems" = 1)))]
    pub(crate) expect: Optional<Vec<Required<Text<HttpStatus>>>>,
    /// Headers of the request.
    #[serde(default)]
    pub(crate) headers: Optional<Vec<Required<Header>>>,
    /// Body of the request.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("default" = "none")))]
    pub(crate) body: Optional<Body>,
}

/// Methods of a request.
#[derive(Debug, Clone, Copy, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "UPPERCASE")]
#[cfg_attr(test, schemars(inline))]
pub(crate) enum Method {
    /// Reads.
    Get,
    /// Asks for something to be done.
    Post,
    /// Sets.
    Put,
}

/// Bodies of a request.
#[derive(Debug, Clone, Copy, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schemars(inline))]
pub(crate) enum Body {
    /// Nothing.
    None,
    /// What changed, as JSON.
    Changes,
}

/// A header of a request.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, schemars(extend("oneOf" = [{ "required": ["value"] }, { "required": ["valueFrom"] }], "allOf" = [
    { "if": { "required": ["prefix"] }, "then": { "required": ["valueFrom"] } },
])))]
pub(crate) struct Header {
    /// Its name.
    pub(crate) name: Required<Text<HeaderName>>,
    /// Its value.
    #[serde(default)]
    pub(crate) value: Optional<Text<HeaderText>>,
    /// Instead of `value`: where it comes from.
    #[serde(default)]
    pub(crate) value_from: Optional<ValueFrom>,
    /// What stands before it, such as `Bearer `. Only with `valueFrom`.
    #[serde(default)]
    pub(crate) prefix: Optional<Text<HeaderText>>,
}

/// Where the value of a header comes from. The request must be `https`, to this machine, or through a Unix socket.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ValueFrom {
    /// Name of a secret that the manifest lists under `secrets`; the value that its file has is sent.
    pub(crate) secret: Required<Text<ObjectName>>,
    /// Name of its vault. May be left out when there is one vault.
    #[serde(default)]
    pub(crate) vault: Optional<Text<VaultName>>,
}

/// A marker file.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Touch {
    /// The file, outside of `volume.path`; its directory must be there.
    pub(crate) path: Required<Text<AbsolutePath>>,
}

/// The end of the program.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Exit {
    /// The code that `restartPolicyRules` of the container names: 64 to 113, which neither akv-sync nor a shell has another
    /// meaning for.
    pub(crate) code: Required<Text<HookExitCode>>,
}
