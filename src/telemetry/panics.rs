//! What a defect of the program says before it ends a task: a line of the log as any other, through the same writer.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{self, PanicHookInfo};
use std::thread;
use std::time::Duration;

use super::stderr;

/// Longest wait for whoever reads stderr: the process may end with the panic.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// From now on, panics are told by the log.
pub(super) fn install() {
    panic::set_hook(Box::new(|info| {
        tell(info);
        stderr::settle(LAST_WORDS);
    }));
}

fn tell(info: &PanicHookInfo<'_>) {
    let location = info.location().map(ToString::to_string);
    // A text that was made at run time may quote a value.
    let error = info.payload().downcast_ref::<&'static str>().copied();
    let thread = thread::current();
    let backtrace = Backtrace::capture();
    let backtrace = (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string());
    tracing::error!(
        location,
        thread = thread.name(),
        error,
        backtrace,
        hint = "this is a defect of akv-sync: report it with this line",
        "Panicked"
    );
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use tracing::Level;

    use super::stderr::Stderr;

    use crate::telemetry::{self, LogFormat};

    #[test]
    #[ignore = "ends its process: the other test runs it in one of its own"]
    fn panicking_process() {
        telemetry::install(LogFormat::Text, Level::INFO, false).expect("the first");
        let value = std::hint::black_box("marker of a value");
        assert!(value.is_empty(), "{value}");
    }

    #[test]
    fn a_panic_is_a_line_of_the_log_without_a_text_that_may_quote_a_value() {
        let child = "telemetry::panics::tests::panicking_process";
        let output = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", child, "--ignored", "--nocapture"])
            .env("RUST_BACKTRACE", "0")
            .output()
            .expect("runs");
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(
            text.contains(" ERROR Panicked location=src/telemetry/panics.rs:"),
            "{text}"
        );
        assert!(text.contains("hint=\"this is a defect"), "{text}");
        assert!(!text.contains("marker of a value"), "{text}");
    }

    #[test]
    #[ignore = "ends its process: the other test runs it in one of its own"]
    fn panicking_process_with_much_to_say() {
        telemetry::install(LogFormat::Text, Level::INFO, false).expect("the first");
        let message = vec![b'x'; 64 * 1024];
        // More than a pipe holds, and than may wait for it.
        for _ in 0..64 {
            Stderr.write_all(&message).expect("never fails");
        }
        panic!("ends although nobody reads");
    }

    #[test]
    fn a_panic_ends_the_process_while_nobody_reads_its_stderr() {
        let child = "telemetry::panics::tests::panicking_process_with_much_to_say";
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", child, "--ignored", "--nocapture"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("runs");
        let unread = child.stderr.take().expect("a pipe");
        let (ended, end) = mpsc::channel();
        thread::spawn(move || ended.send(child.wait()));
        let status = end
            .recv_timeout(Duration::from_mins(1))
            .expect("it ends")
            .expect("waited for");
        assert!(!status.success(), "{status}");
        drop(unread);
    }
}
