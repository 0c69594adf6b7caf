//! Where the running program answers, and what it counts.

use crate::domain::desired::{AdminSpec, PerObject};
use crate::manifest::field::Optional;
use crate::manifest::problem::{Code, Problem, Sink};
use crate::manifest::wire::{self, Admin, Metrics};

pub(super) fn resolve(admin: &Optional<Admin>, sink: &Sink) -> AdminSpec {
    let Some(given) = admin.given() else {
        return AdminSpec::default();
    };
    let wire = &given.value;
    if wire.listen.is_absent() {
        if let Some(mark) = wire.token_file.mark() {
            let problem = Problem::new(Code::EitherKey, "`tokenFile` is for `listen`").at(mark);
            sink.push(problem.hint("remove it; who may open `socket` may ask"));
        }
        if wire.socket.is_absent() {
            let problem = Problem::new(Code::EitherKey, "`admin` needs `listen` or `socket`").at(given.mark);
            sink.push(problem.hint("add one of them, or remove `admin`"));
        }
    }
    AdminSpec {
        listen: wire.listen.parse(sink).map(|address| address.0),
        socket: wire.socket.parse(sink).map(|path| path.0),
        token_file: wire.token_file.parse(sink).map(|path| path.0),
    }
}

pub(super) fn per_object(metrics: &Optional<Metrics>) -> PerObject {
    let given = metrics.given().and_then(|given| given.value.per_object.value());
    match given {
        Some(wire::PerObject::All) => PerObject::All,
        Some(wire::PerObject::Few) | None => PerObject::Few,
        Some(wire::PerObject::None) => PerObject::None,
    }
}
