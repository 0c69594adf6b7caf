//! `status --watch`: the same again and again; on a terminal in the same place, until a signal.

mod screen;

use std::io;
use std::thread;
use std::time::Duration;

use nix::libc::SIGTSTP;
use nix::sys::signal::{Signal as Number, raise};
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use self::screen::{Screen, draw};
use super::{Found, look, shown};
use crate::cli::args::OutputArg;
use crate::cli::ask;
use crate::cli::exit::Exit;
use crate::cli::failure::CommandFailure;
use crate::cli::output;
use crate::cli::place::Place;
use crate::cli::style::Style;

type Look = Result<Found, CommandFailure>;

/// Shows it again after each interval. What is wrong at the first look ends it; later it may pass.
pub(super) fn watch(
    place: Place,
    interval: Duration,
    form: OutputArg,
    style: Style,
) -> Result<Exit, CommandFailure> {
    let first = look(&place)?;
    if style.redraws && form == OutputArg::Text {
        in_place(first, place, interval, style)
    } else {
        one_below_the_other(first, &place, interval, form, style)
    }
}

/// Until nobody reads it. A signal ends the process, as it does elsewhere.
fn one_below_the_other(
    mut found: Found,
    place: &Place,
    interval: Duration,
    form: OutputArg,
    style: Style,
) -> Result<Exit, CommandFailure> {
    loop {
        if !output::more_data(&shown(&found, form, style)?)? {
            return Ok(Exit::Ok);
        }
        found = loop {
            ask::pause(interval);
            match look(place) {
                Err(failure) if style.draws => output::message(&failure.render(style.color)),
                Err(failure) => failure.log(),
                Ok(found) => break found,
            }
        };
    }
}

/// Until a signal, which finds the terminal as it was before.
fn in_place(first: Found, place: Place, interval: Duration, style: Style) -> Result<Exit, CommandFailure> {
    let runtime = Builder::new_current_thread()
        .enable_io()
        .build()
        .map_err(|error| defect(&error))?;
    runtime.block_on(async {
        let signals = Signals::listen().map_err(|error| defect(&error))?;
        let looks = looks(place, interval).map_err(|error| defect(&error))?;
        redraw(first, looks, signals, style).await
    })
}

fn defect(error: &io::Error) -> CommandFailure {
    CommandFailure::new(Exit::Internal, error, None)
}

/// Looks again and again, on a thread of its own: an answer may take its time, and Ctrl-C must not wait for it.
fn looks(place: Place, interval: Duration) -> io::Result<mpsc::Receiver<Look>> {
    let (seen, looks) = mpsc::channel(1);
    let thread = thread::Builder::new().name("looks".to_owned());
    thread.spawn(move || {
        loop {
            ask::pause(interval);
            if seen.blocking_send(look(&place)).is_err() {
                return;
            }
        }
    })?;
    Ok(looks)
}

async fn redraw(
    mut found: Found,
    mut looks: mpsc::Receiver<Look>,
    mut signals: Signals,
    style: Style,
) -> Result<Exit, CommandFailure> {
    let mut trouble = String::new();
    let mut screen = Screen::enter()?;
    loop {
        // Made anew each time: the terminal may have another width by now.
        draw(&trouble, &shown(&found, OutputArg::Text, style)?)?;
        tokio::select! {
            biased;
            woken = signals.next() => match woken {
                Woken::Stopped => return Ok(Exit::Interrupted),
                Woken::Resized => {}
                Woken::Suspended => {
                    drop(screen);
                    // It stands still here until it is continued.
                    raise(Number::SIGSTOP).map_err(|error| defect(&error.into()))?;
                    screen = Screen::enter()?;
                }
            },
            look = looks.recv() => match look {
                Some(Ok(seen)) => (found, trouble) = (seen, String::new()),
                Some(Err(failure)) => trouble = failure.render(style.color),
                // Its thread has no other end than that of the process.
                None => return Ok(Exit::Internal),
            },
        }
    }
}

/// What a terminal and its person ask for.
struct Signals {
    stops: [Signal; 3],
    resized: Signal,
    suspended: Signal,
}

enum Woken {
    Stopped,
    Resized,
    Suspended,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        let [hang_up, interrupt, terminate] = [
            SignalKind::hangup(),
            SignalKind::interrupt(),
            SignalKind::terminate(),
        ]
        .map(signal);
        Ok(Self {
            stops: [hang_up?, interrupt?, terminate?],
            resized: signal(SignalKind::window_change())?,
            suspended: signal(SignalKind::from_raw(SIGTSTP))?,
        })
    }

    async fn next(&mut self) -> Woken {
        let [hang_up, interrupt, terminate] = &mut self.stops;
        tokio::select! {
            _ = hang_up.recv() => Woken::Stopped,
            _ = interrupt.recv() => Woken::Stopped,
            _ = terminate.recv() => Woken::Stopped,
            _ = self.resized.recv() => Woken::Resized,
            _ = self.suspended.recv() => Woken::Suspended,
        }
    }
}
