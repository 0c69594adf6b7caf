//! What a hook does.

use std::collections::BTreeMap;

use super::Hooks;
use crate::field::{Located, Optional, Scalar};
use crate::problem::{Code, Mark, Problem};
use crate::scalar::{AbsoluteDirectory, AbsolutePath, HookUrl};
use crate::wire::{self, Exec, Header, Hook, Http, Signal, Touch};
use domain::desired::{
    ExecHook, HookAction, HookBody, HookHeader, HookHeaderValue, HookMethod, HttpHook, SignalHook,
    SignalTarget, Verify,
};
use domain::object::{ObjectId, ObjectKind};
use domain::path::RelativePath;

impl Hooks<'_> {
    /// The one thing that it does.
    pub(super) fn action(&self, hook: &Located<Hook>) -> Option<HookAction> {
        let wire = &hook.value;
        let given = [
            !wire.exec.is_absent(),
            !wire.signal.is_absent(),
            !wire.http.is_absent(),
            !wire.touch.is_absent(),
            !wire.exit.is_absent(),
        ];
        if given.iter().filter(|given| **given).count() != 1 {
            let message = "a hook has one of `exec`, `signal`, `http`, `touch` and `exit`";
            let problem = Problem::new(Code::EitherKey, message).at(hook.mark);
            self.sink
                .push(problem.hint("make several hooks of several actions; they may have the same `when`"));
        }
        if wire.signal.is_absent() {
            let message = "`verify` is for hooks with `signal`";
            let hint = "remove it; the other actions say themselves whether they succeeded";
            self.refuse(Code::EitherKey, wire.verify.mark(), message, hint);
        }
        let exec = wire.exec.given().map(|exec| self.exec(exec));
        let signal = wire
            .signal
            .given()
            .map(|signal| self.signal(signal, &wire.verify));
        let http = wire.http.given().map(|http| self.http(http));
        let touch = wire.touch.given().map(|touch| self.touch(touch));
        let exit = wire.exit.given().map(|exit| self.exit(exit, wire));
        exec.or(signal).or(http).or(touch).or(exit)?
    }

    fn exec(&self, exec: &Located<Exec>) -> Option<HookAction> {
        let wire = &exec.value;
        let command = wire.command.given()?;
        if command.value.is_empty() {
            super::super::refuse_empty_list(command.mark, "command", self.sink);
        }
        let mut words = command.value.iter();
        let program = words.next()?.given().and_then(|program| {
            let path = AbsolutePath::parse(program.text());
            path.map_err(|_| {
                let message = "the program must be an absolute path";
                let problem = Problem::new(Code::InvalidAbsolutePath, message).at(program.mark);
                self.sink
                    .push(problem.hint(
                        "there is no shell that would look for it; write `/bin/sh, -c, …` to have one",
                    ));
            })
            .ok()
        });
        let arguments = words.filter_map(|word| Some(word.parse(self.sink)?.0)).collect();
        let directory = super::super::or_default::<AbsoluteDirectory>(
            &wire.directory,
            wire::DEFAULT_DIRECTORY,
            self.sink,
        );
        let environment = self.environment(wire);
        Some(HookAction::Exec(ExecHook {
            program: program?.0,
            arguments,
            environment: environment?,
            directory: directory.0,
        }))
    }

    fn environment(&self, exec: &Exec) -> Option<BTreeMap<String, String>> {
        let Some(given) = exec.environment.given() else {
            return Some(BTreeMap::new());
        };
        let variables = given.value.0.iter().map(|(name, value)| {
            let mark = value.given().map_or(given.mark, |value| value.mark);
            if name.is_empty() || name.contains(['=', '\0']) {
                let message = "this cannot be the name of a variable";
                let hint = "write letters, digits and underscores";
                self.refuse(Code::InvalidName, Some(mark), message, hint);
            } else if name.starts_with("AKV_SYNC_") {
                let message = "this variable is set by the hook itself";
                let hint = "remove it; `AKV_SYNC_…` say what changed";
                self.refuse(Code::ReservedName, Some(mark), message, hint);
            }
            Some((name.clone(), value.parse(self.sink)?.0))
        });
        variables.collect()
    }

    fn signal(&self, signal: &Located<Signal>, verify: &Optional<wire::Verify>) -> Option<HookAction> {
        let wire = &signal.value;
        if wire.process.is_absent() == wire.pid_file.is_absent() {
            let message = "a signal goes to either `process` or `pidFile`";
            let problem = Problem::new(Code::EitherKey, message).at(signal.mark);
            self.sink
                .push(problem.hint("write the name of the process, or the path of its pid file"));
        }
        let process = wire
            .process
            .parse(self.sink)
            .map(|name| SignalTarget::Process(name.0));
        let pid_file = wire
            .pid_file
            .parse(self.sink)
            .map(|path| SignalTarget::PidFile(path.0));
        let kind = wire.number.parse(self.sink);
        let verify = match verify.given() {
            None => Some(None),
            Some(given) => self.verify(&given.value).map(Some),
        };
        Some(HookAction::Signal(SignalHook {
            to: process.or(pid_file)?,
            signal: kind?,
            verify: verify?,
        }))
    }

    fn verify(&self, wire: &wire::Verify) -> Option<Verify> {
        let within = super::time::<crate::scalar::TimeLimit>(&wire.within, wire::DEFAULT_WITHIN, self.sink);
        Some(Verify {
            url: wire.http.parse(self.sink)?.0,
            within: within.0,
        })
    }

    fn http(&self, http: &Located<Http>) -> Option<HookAction> {
        let wire = &http.value;
        let url = wire.url.parse(self.sink);
        let unix_socket = wire.unix_socket.parse(self.sink).map(|path| path.0);
        let in_clear = url.as_ref().filter(|url| url.0.scheme() == "http");
        if let Some(mark) = wire.ca_file.mark().filter(|_| in_clear.is_some()) {
            let message = "`caFile` is for `https`; this request goes without TLS";
            self.warn_of_no_effect(mark, message, "remove it, or write `https://` in `url`");
        }
        let is_private = unix_socket.is_some() || url.as_ref().is_none_or(HookUrl::keeps_secrets);
        if let Some(list) = wire.expect.given().filter(|list| list.value.is_empty()) {
            super::super::refuse_empty_list(list.mark, "expect", self.sink);
        }
        let expect = wire.expect.elements();
        let expect = expect
            .filter_map(|status| Some(status.parse(self.sink)?.0))
            .collect();
        let headers = wire
            .headers
            .elements()
            .filter_map(|header| self.header(header, is_private));
        let headers = headers.collect();
        Some(HookAction::Http(HttpHook {
            url: url?.0,
            unix_socket,
            ca_file: wire.ca_file.parse(self.sink).map(|path| path.0),
            method: match wire.method.value() {
                Some(wire::Method::Get) => HookMethod::Get,
                Some(wire::Method::Post) | None => HookMethod::Post,
                Some(wire::Method::Put) => HookMethod::Put,
            },
            expect,
            headers,
            body: match wire.body.value() {
                Some(wire::Body::None) | None => HookBody::Nothing,
                Some(wire::Body::Changes) => HookBody::Changes,
            },
        }))
    }

    fn header(&self, header: &Located<Header>, is_private: bool) -> Option<HookHeader> {
        let wire = &header.value;
        if wire.value.is_absent() == wire.value_from.is_absent() {
            let message = "a header has either `value` or `valueFrom`";
            let problem = Problem::new(Code::EitherKey, message).at(header.mark);
            self.sink
                .push(problem.hint("write the value, or where it comes from"));
        }
        if wire.value_from.is_absent() {
            let message = "`prefix` is for headers with `valueFrom`";
            self.refuse(
                Code::EitherKey,
                wire.prefix.mark(),
                message,
                "write it into `value`",
            );
        }
        let name = wire.name.parse(self.sink);
        let text = wire
            .value
            .parse(self.sink)
            .map(|text| HookHeaderValue::Text(text.0));
        let served = wire.value_from.given().and_then(|from| {
            if !is_private {
                let message = "this secret could be read on its way";
                let hint = "use `https`, an address of this machine, or `unixSocket`";
                self.refuse(Code::SecretInClear, Some(from.mark), message, hint);
            }
            Some(HookHeaderValue::Served {
                prefix: wire
                    .prefix
                    .parse(self.sink)
                    .map(|text| text.0)
                    .unwrap_or_default(),
                file: self.file_of(&from.value, from.mark)?,
            })
        });
        Some(HookHeader {
            name: name?.0,
            value: text.or(served)?,
        })
    }

    /// The file of a secret that the manifest lists; of a history that of the newest version.
    fn file_of(&self, from: &wire::ValueFrom, mark: Mark) -> Option<RelativePath> {
        let vault = self.vaults.choose(&from.vault, mark, self.sink);
        let object = ObjectId {
            name: from.secret.parse(self.sink)?,
            kind: ObjectKind::Secret,
            vault: vault?,
        };
        let listed = self
            .specs
            .objects
            .iter()
            .find(|spec| spec.wanted.object == object);
        let Some(spec) = listed else {
            let message = "this secret has no file whose value could be sent";
            let hint = "list it under `secrets`, or correct its name";
            self.refuse(Code::SecretWithoutFile, Some(mark), message, hint);
            return None;
        };
        let path = &spec.files.first()?.path;
        Some(match spec.history {
            Some(_) => path.join("0"),
            None => path.clone(),
        })
    }

    fn touch(&self, touch: &Located<Touch>) -> Option<HookAction> {
        let path = touch.value.path.parse(self.sink)?.0;
        if self.volume.is_some_and(|volume| path.starts_with(volume)) {
            let message = "a marker file must not be in the volume";
            let hint = "write it to another directory that both containers mount; `volume.path` has only what is published";
            self.refuse(
                Code::InsideVolume,
                touch.value.path.given().map(|path| path.mark),
                message,
                hint,
            );
        }
        Some(HookAction::Touch(path))
    }

    fn exit(&self, exit: &Located<wire::Exit>, hook: &Hook) -> Option<HookAction> {
        let code = exit.value.code.parse(self.sink)?.0;
        if hook.on_first_sync.value() == Some(true) {
            let message = "a hook with `exit` does not run after the first files";
            let hint = "remove it; the application starts with these files";
            self.refuse(Code::EitherKey, hook.on_first_sync.mark(), message, hint);
            return None;
        }
        if hook.splay.is_absent() {
            let message = "a hook with `exit` needs `splay`";
            let hint = "such as `splay: 5m`, so that the pods of a deployment do not restart in one second";
            self.refuse(Code::MissingKey, Some(exit.mark), message, hint);
            return None;
        }
        let message = "this needs a cluster with the feature gate RestartAllContainersOnContainerExits";
        let problem = Problem::new(Code::NeedsFeatureGate, message).at(exit.mark);
        self.sink.warn(problem.hint(
            "it is on by default from Kubernetes 1.36; without it only akv-sync restarts, and the application is not told",
        ));
        Some(HookAction::Exit(code))
    }
}
