//! Where the running program answers, and what it counts.

use std::path::Path;

use crate::field::{Optional, Scalar, Text};
use crate::problem::{Code, Mark, Problem, Sink};
use crate::scalar::{ListenAddress, SocketPath};
use crate::wire::{self, Admin, Metrics};
use domain::desired::{AdminSpec, PerObject};
use domain::placeholder::Placeholder;
use domain::variable;
use ports::Environment;

/// Where the program answers when its manifest does not say: what adds it to a pod sets this, and probes the pod there.
const LISTEN: &str = "AKV_SYNC_ADMIN_LISTEN";
/// The same of the socket.
const SOCKET: &str = "AKV_SYNC_ADMIN_SOCKET";

/// `manifest` is where the manifest begins.
pub(super) fn resolve(
    admin: &Optional<Admin>,
    manifest: Mark,
    volume: Option<&Path>,
    env: &dyn Environment,
    sink: &Sink,
) -> AdminSpec {
    let absent = Admin::default();
    let wire = admin.given().map_or(&absent, |given| &given.value);
    let listen = said(&wire.listen, LISTEN, manifest, env, sink);
    let socket = said(&wire.socket, SOCKET, manifest, env, sink);
    if let Some(given) = admin.given() {
        let (no_listen, no_socket) = (wire.listen.is_absent(), wire.socket.is_absent());
        if let Some(mark) = wire.token_file.mark().filter(|_| no_listen && listen.is_none()) {
            let problem = Problem::new(Code::EitherKey, "`tokenFile` is for `listen`").at(mark);
            sink.push(problem.hint("remove it; who may open `socket` may ask"));
        }
        if no_listen && no_socket && listen.is_none() && socket.is_none() {
            let problem = Problem::new(Code::EitherKey, "`admin` needs `listen` or `socket`").at(given.mark);
            sink.push(problem.hint("add one of them, or remove `admin`"));
        }
    }
    let is_in_volume = socket
        .as_ref()
        .zip(volume)
        .is_some_and(|(socket, volume)| socket.0.starts_with(volume));
    if is_in_volume {
        let problem = Problem::new(Code::InsideVolume, "the socket must not be in the volume");
        let mark = wire.socket.mark().unwrap_or(manifest);
        sink.push(
            problem
                .at(mark)
                .hint("give it another directory; `volume.path` has only what is published"),
        );
    }
    AdminSpec {
        listen: listen.map(|address: ListenAddress| address.0),
        socket: socket.map(|path: SocketPath| path.0),
        token_file: wire.token_file.parse(sink).map(|path| path.0),
    }
}

/// What the manifest says, else what the environment does.
fn said<T: Scalar>(
    field: &Optional<Text<T>>,
    variable: &str,
    manifest: Mark,
    env: &dyn Environment,
    sink: &Sink,
) -> Option<T> {
    if !field.is_absent() {
        return field.parse(sink);
    }
    let text = env.var(variable)?;
    let problem = match variable::problem(variable, text.trim(), Placeholder::in_name(&text).as_ref()) {
        Some((message, hint)) => Problem::new(Code::EnvironmentAdmin, message).hint(hint),
        None => match T::parse(&text) {
            Ok(value) => return Some(value),
            Err(problem) => Problem {
                code: Code::EnvironmentAdmin,
                message: format!("{variable}: {}", problem.message).into(),
                ..problem
            },
        },
    };
    sink.push(problem.at(manifest));
    None
}

pub(super) fn per_object(metrics: &Optional<Metrics>) -> PerObject {
    let given = metrics.given().and_then(|given| given.value.per_object.value());
    match given {
        Some(wire::PerObject::All) => PerObject::All,
        Some(wire::PerObject::Few) | None => PerObject::Few,
        Some(wire::PerObject::None) => PerObject::None,
    }
}
