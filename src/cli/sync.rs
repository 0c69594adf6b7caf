//! `sync`: asks a running program to sync now, waits for the end, and shows what came of it.

mod outcome;
mod text;

use std::time::{Duration, Instant};

use super::args::{OutputArg, SyncNowArgs};
use super::ask::{Answer, Program, Request, pause, refusal};
use super::exit::Exit;
use super::failure::CommandFailure;
use super::output;
use super::place::{NO_ADMIN, Place};
use super::style::Style;
use super::table::Look;

/// Longest wait for the end of a sync; the program itself gives up after two minutes.
const PATIENCE: Duration = Duration::from_secs(150);

/// For so long it asks again while the program says that it was asked a moment ago.
const TURNS: Duration = Duration::from_secs(30);

/// Ends with the codes of `once`. Of an optional object the outcome counts when it was named.
pub(super) fn sync(args: &SyncNowArgs, style: Style) -> Result<Exit, CommandFailure> {
    let place = Place::of(&args.ask)?;
    let program = place.program().ok_or_else(|| {
        let hint =
            "add `admin.socket` to the manifest of `akv-sync run`, or sync with `akv-sync once`".to_owned();
        CommandFailure::said(Exit::Unavailable, vec![NO_ADMIN.to_owned()], Some(hint))
    })?;
    let answer = ask(program, &target(&args.object))?;
    let outcome = match answer.status {
        200 | 502 => outcome::read(&answer.body)?,
        _ => return Err(refusal(&answer)),
    };
    let look = Look {
        width: style.shows_table.then(output::stdout_width),
        color: style.color_of_data,
    };
    output::data(&match args.output {
        OutputArg::Text => text::render(&outcome, look),
        OutputArg::Json => String::from_utf8_lossy(&answer.body).into_owned(),
    })?;
    match outcome.failure(!args.object.is_empty()) {
        Some(failure) => Err(failure),
        None => Ok(Exit::Ok),
    }
}

/// Asks until it is its turn: one sync comes five seconds after another.
fn ask(program: &Program, target: &str) -> Result<Answer, CommandFailure> {
    let request = Request {
        method: "POST",
        target,
        private: true,
    };
    let end = Instant::now() + TURNS;
    loop {
        let answer = program.ask(&request, PATIENCE)?;
        match answer.retry_after.filter(|_| answer.status == 429) {
            Some(wait) if Instant::now() + wait <= end => pause(wait),
            _ => return Ok(answer),
        }
    }
}

fn target(objects: &[String]) -> String {
    if objects.is_empty() {
        return "/sync".to_owned();
    }
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for object in objects {
        query.append_pair("object", object);
    }
    format!("/sync?{}", query.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_named_in_the_query_whatever_is_in_their_names() {
        assert_eq!(target(&[]), "/sync");
        let named = ["app/secrets/db".to_owned(), "a b&c\r\n".to_owned()];
        assert_eq!(
            target(&named),
            "/sync?object=app%2Fsecrets%2Fdb&object=a+b%26c%0D%0A"
        );
    }
}
