//! Wire types to the domain: the rules that need more than one value.
//!
//! Every rule records its problem and goes on, with a default in the place of what is not usable. The specification
//! that comes out is valid when no problem was recorded, and is thrown away otherwise.

mod admin;
mod certificates;
mod hooks;
mod identity;
mod keys;
mod objects;
mod paths;
mod secrets;
mod system;
mod templates;
mod vaults;

use self::hooks::Hooks;
use self::objects::{Defaults, Objects};
use self::vaults::Vaults;
use super::field::{Located, Optional, Scalar, Text};
use super::problem::{Code, Mark, Problem, Sink};
use super::scalar::{DirectoryMode, Interval};
use super::wire;
use domain::desired::{IdentitySpec, Layout, OnStart, RefreshSpec, SyncSpec, VolumeSpec};
use domain::mode::{FileMode, Principal};
use ports::Environment;

/// Resolves a manifest; `None`, and also a specification beside recorded problems, is to be thrown away.
pub(super) fn manifest(
    manifest: &Located<wire::Manifest>,
    env: &dyn Environment,
    sink: &Sink,
) -> Option<SyncSpec> {
    let wire = &manifest.value;
    let identity = wire.identity.given().map_or_else(IdentitySpec::default, |given| {
        identity::resolve(&given.value, sink)
    });
    let vaults = Vaults::resolve(&wire.vaults, manifest.mark, env, sink);
    let volume = wire.volume.given();
    let volume_spec = volume.and_then(|volume| resolve_volume(&volume.value, sink));
    let refresh = resolve_refresh(&wire.refresh, sink);

    let file_mode = volume.map_or(&Optional::Absent, |volume| &volume.value.file_mode);
    let defaults = Defaults {
        file_mode: or_default(file_mode, wire::DEFAULT_FILE_MODE, sink),
        interval: refresh.interval,
        owner_is_not_root: volume_spec.as_ref().is_some_and(has_another_owner),
    };
    let specs = Objects::new(&vaults, defaults, sink).resolve(wire);
    let volume_path = volume_spec.as_ref().map(|volume| volume.path.as_path());
    let hooks = Hooks {
        vaults: &vaults,
        specs: &specs,
        volume: volume_path,
        sink,
    };
    let hooks = hooks.resolve(&wire.hooks);
    let admin = admin::resolve(&wire.admin, manifest.mark, volume_path, env, sink);
    let no_objects =
        wire.secrets.holds_nothing() && wire.certificates.holds_nothing() && wire.keys.holds_nothing();
    if no_objects && wire.templates.holds_nothing() {
        let problem = Problem::new(
            Code::NoObjects,
            "this manifest names no secret, certificate, key or template",
        );
        sink.push(
            problem
                .at(manifest.mark)
                .hint("add an entry to `secrets`, `certificates`, `keys` or `templates`"),
        );
    }
    Some(SyncSpec {
        identity,
        vaults: vaults.into_specs(),
        volume: volume_spec?,
        refresh,
        objects: specs.objects,
        selections: specs.selections,
        templates: specs.templates,
        hooks,
        admin,
        per_object: admin::per_object(&wire.metrics),
    })
}

fn resolve_volume(volume: &wire::Volume, sink: &Sink) -> Option<VolumeSpec> {
    let path = volume.path.parse(sink);
    system::warn_of_path(&volume.path, path.as_ref(), sink);
    warn_of_mode(&volume.file_mode, sink);
    warn_of_mode(&volume.dir_mode, sink);
    let layout = match volume.layout.value() {
        Some(wire::Layout::Atomic) | None => Layout::Atomic,
        Some(wire::Layout::Flat) => Layout::Flat,
    };
    let dir_mode = or_default::<DirectoryMode>(&volume.dir_mode, wire::DEFAULT_DIR_MODE, sink).0;
    let owner = volume.owner.parse(sink);
    let group = volume.group.parse(sink);
    Some(VolumeSpec {
        path: path?.0,
        layout,
        dir_mode,
        owner,
        group,
    })
}

/// Whether the manifest says that the files belong to somebody else than root.
fn has_another_owner(volume: &VolumeSpec) -> bool {
    match &volume.owner {
        Some(Principal::Id(id)) => *id != 0,
        Some(Principal::Name(name)) => name != "root",
        // Whoever runs the program.
        None => false,
    }
}

fn resolve_refresh(refresh: &Optional<wire::Refresh>, sink: &Sink) -> RefreshSpec {
    let given = refresh.given().map(|refresh| &refresh.value);
    let interval = given.map_or(&Optional::Absent, |given| &given.interval);
    RefreshSpec {
        interval: or_default::<Interval>(interval, wire::DEFAULT_INTERVAL, sink).0,
        on_start: match given.and_then(|given| given.on_start.value()) {
            Some(wire::OnStart::Fresh) | None => OnStart::Fresh,
            Some(wire::OnStart::LastKnownGood) => OnStart::LastKnownGood,
        },
    }
}

/// Warns of a mode by which every user may change what has it.
fn warn_of_mode<T>(field: &Optional<Text<T>>, sink: &Sink) {
    const OTHERS_WRITE: u32 = 0o002;
    let Some(given) = field.given() else { return };
    // A mode of a directory is one of octal digits too; a wrong one is told where it is read.
    let open = FileMode::parse(given.text()).is_ok_and(|mode| mode.bits() & OTHERS_WRITE != 0);
    if open {
        let problem = Problem::new(Code::OpenToAll, "with this mode every user may change it");
        sink.warn(
            problem
                .at(given.mark)
                .hint("let the last digit be 0, or 4 for files that all may read"),
        );
    }
}

/// The value of a field, or of `default` when it is absent or a problem was recorded for it.
fn or_default<T: Scalar>(field: &Optional<Text<T>>, default: &str, sink: &Sink) -> T {
    let given = field.parse(sink);
    given.unwrap_or_else(|| T::parse(default).expect("the defaults of the wire types are valid"))
}

/// Records a list that needs an entry and has none.
fn refuse_empty_list(mark: Mark, key: &str, sink: &Sink) {
    let problem = Problem::new(Code::EmptyList, format!("`{key}` must have at least one entry"));
    sink.push(
        problem
            .at(mark)
            .hint("add one, or remove the key if it is optional"),
    );
}
