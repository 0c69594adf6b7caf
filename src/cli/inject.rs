//! `inject`: the YAML of workloads in a file or on stdin; on stdout the same with akv-sync in pods that ask for it.

use crate::inject::{self, InjectError, Injection, Outcome, Told};

use super::args::InjectArgs;
use super::exit::Exit;
use super::failure::CommandFailure;
use super::input;
use super::output;
use super::style::Style;

/// Reads the workloads, prints them, and tells what became of each.
pub(super) fn inject(args: &InjectArgs, style: Style) -> Result<Exit, CommandFailure> {
    let hint = "name the file with the workload, or `-` for stdin";
    let text = input::text(&args.file, inject::MAX_BYTES, hint)?;
    let text = text.ok_or_else(|| failure(&InjectError::TooLarge))?;
    match inject::inject(&text, &args.platform.defaults) {
        Ok(Injection { text, told }) => {
            let written = output::exact(&text);
            for one in &told {
                tell(one, style);
            }
            if told.is_empty() {
                tell_nothing(style);
            }
            written.map(|()| Exit::Ok)
        }
        Err(error) => {
            if let InjectError::Refused { problems } = &error {
                for (workload, problem) in problems {
                    refuse(workload, problem, style);
                }
            }
            Err(failure(&error))
        }
    }
}

fn failure(error: &InjectError) -> CommandFailure {
    let hint = match error {
        InjectError::TooLarge => "give it the workloads alone",
        InjectError::Syntax { hint, .. } => hint,
        _ => {
            "see above for what to change; what is said of akv-sync/WORD may come from the flag --WORD; nothing was printed"
        }
    };
    CommandFailure::new(Exit::Manifest, error, hint.to_owned())
}

fn tell(Told { workload, outcome }: &Told, style: Style) {
    if !style.is_json() {
        let what = match outcome {
            Outcome::Added { mode } => format!("akv-sync added ({mode})"),
            Outcome::AlreadyThere => "has akv-sync already".to_owned(),
            Outcome::NotAsked => "left as it is: its pods have no label akv-sync/inject: \"true\"".to_owned(),
            Outcome::Unknown => "warning: it has the label akv-sync/inject, but this kind is not known, or has no containers; \
                                 left as it is, without files"
                .to_owned(),
        };
        say(workload, &what);
        return;
    }
    match outcome {
        Outcome::Added { mode } => tracing::info!(workload, mode, "Added to workload"),
        Outcome::AlreadyThere => tracing::info!(workload, "Workload has it already"),
        Outcome::NotAsked => tracing::info!(workload, "Workload does not ask for it"),
        Outcome::Unknown => tracing::warn!(workload, "Workload asks for it, but cannot be changed"),
    }
}

fn tell_nothing(style: Style) {
    if style.is_json() {
        tracing::info!("No workload in the input");
    } else {
        output::message("left as it is: there is no workload in it");
    }
}

fn refuse(workload: &str, problem: &str, style: Style) {
    if style.is_json() {
        tracing::error!(workload, error = problem, "Cannot be added to workload");
    } else {
        say(workload, problem);
    }
}

/// On one line: names and values may hold what moves the cursor, or looks like another line.
fn say(workload: &str, what: &str) {
    let mut line = String::new();
    for c in format!("{workload}: {what}").chars() {
        if c.is_control() {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    output::message(&line);
}
