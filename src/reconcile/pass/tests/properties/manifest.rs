//! Manifests.

use std::num::NonZeroU16;
use std::time::Duration;

use proptest::prelude::*;
use time::OffsetDateTime;

use super::super::template;
use super::world::NAMES;
use crate::domain::desired::{
    Content, FileSpec, ObjectSpec, PathTemplate, SecretEncoding, SelectionSpec, SyncSpec, VersionPolicy,
};
use crate::domain::object::{GroupName, VaultId, VaultName};
use crate::domain::path::RelativePath;
use crate::domain::path_set::PathSet;
use crate::reconcile::fakes::{secret, select, spec, version_id};

/// Where entries may be, some in the way of others.
pub(super) const PLACES: [&str; 6] = ["p", "p/q", "q", "r", "r/s", "r/t"];

/// Where a selection may put its secrets.
pub(super) const PICKED: [&str; 2] = ["picked/{suffix}", "chosen/{suffix}"];

/// A manifest, in choices that shrink well.
#[derive(Debug, Clone)]
pub(super) struct Manifest {
    objects: Vec<Object>,
    selection: Option<Selection>,
    /// Whether there is a template, in the group.
    template: Option<bool>,
    /// Whether the vault has another name; it is the same one.
    renamed: bool,
}

#[derive(Debug, Clone, Copy)]
struct Selection {
    path: usize,
    grouped: bool,
    /// Whether the name of its vault stands for another one.
    other_vault: bool,
}

/// One edit of a manifest. Objects are meant by number; where there are fewer, it is counted round.
#[derive(Debug, Clone, Copy)]
pub(super) enum Edit {
    /// An object, or its history, gets another path.
    Place { object: usize, place: usize },
    /// The path is that of another object now.
    Name { object: usize, name: usize },
    /// The object is that of another vault now.
    Vault { object: usize },
    /// The vault gets another name.
    Rename,
    /// The selection gets another `pathTemplate`.
    PickedPath,
    /// The name of the selection's vault stands for another one.
    PickedVault,
}

pub(super) fn any_edit() -> impl Strategy<Value = Edit> {
    let object = 0_usize..4;
    prop_oneof![
        4 => (object.clone(), 0..PLACES.len()).prop_map(|(object, place)| Edit::Place { object, place }),
        2 => (object.clone(), 0_usize..3).prop_map(|(object, name)| Edit::Name { object, name }),
        1 => object.prop_map(|object| Edit::Vault { object }),
        1 => Just(Edit::Rename),
        2 => Just(Edit::PickedPath),
        1 => Just(Edit::PickedVault),
    ]
}

#[derive(Debug, Clone)]
struct Object {
    name: usize,
    place: usize,
    shape: Shape,
    policy: Policy,
    grouped: bool,
    other_vault: bool,
    minutes: u64,
}

#[derive(Debug, Clone, Copy)]
enum Shape {
    One,
    Two,
    History(u16),
}

#[derive(Debug, Clone, Copy)]
enum Policy {
    Latest,
    LatestEnabled,
    CreatedBefore(u32),
    Exact(u32),
}

fn any_object() -> impl Strategy<Value = Object> {
    let shape = prop_oneof![
        3 => Just(Shape::One),
        1 => Just(Shape::Two),
        1 => (1_u16..4).prop_map(Shape::History),
    ];
    let policy = prop_oneof![
        4 => Just(Policy::Latest),
        1 => Just(Policy::LatestEnabled),
        1 => (1_u32..4).prop_map(Policy::CreatedBefore),
        1 => (1_u32..4).prop_map(Policy::Exact),
    ];
    let minutes = prop_oneof![Just(2_u64), Just(2), Just(30)];
    let place = 0..PLACES.len();
    (
        0_usize..3,
        place,
        shape,
        policy,
        any::<bool>(),
        prop::bool::weighted(0.2),
        minutes,
    )
        .prop_map(
            |(name, place, shape, policy, grouped, other_vault, minutes)| Object {
                name,
                place,
                shape,
                policy,
                grouped,
                other_vault,
                minutes,
            },
        )
}

pub(super) fn any_manifest() -> impl Strategy<Value = Manifest> {
    let selection = (0..PICKED.len(), any::<bool>()).prop_map(|(path, grouped)| Selection {
        path,
        grouped,
        other_vault: false,
    });
    let selection = prop::option::weighted(0.3, selection);
    let template = prop::option::weighted(0.3, any::<bool>());
    (prop::collection::vec(any_object(), 1..5), selection, template).prop_map(
        |(objects, selection, template)| Manifest {
            objects,
            selection,
            template,
            renamed: false,
        },
    )
}

fn pair(grouped: bool) -> Option<GroupName> {
    GroupName::parse("pair").ok().filter(|_| grouped)
}

impl Manifest {
    /// What it asks for; an object whose place another one has is left out.
    pub(super) fn spec(&self) -> SyncSpec {
        let mut paths = PathSet::default();
        let mut free = |object: &ObjectSpec| {
            let mut files = object.files.iter();
            files.all(|file| paths.claim(&file.path).is_ok())
        };
        let objects = self
            .objects
            .iter()
            .map(Object::spec)
            .filter(|object| free(object));
        let mut spec = spec(objects.collect());
        spec.selections.extend(self.selection.map(Selection::spec));
        if let Some(grouped) = self.template {
            let mut template = template();
            template.group = pair(grouped);
            spec.templates.push(template);
        }
        if self.renamed {
            rename(&mut spec);
        }
        spec
    }

    pub(super) fn edit(&mut self, edit: Edit) {
        let count = self.objects.len();
        match (edit, &mut self.selection) {
            (Edit::Place { object, place }, _) => self.objects[object % count].place = place,
            (Edit::Name { object, name }, _) => self.objects[object % count].name = name,
            (Edit::Vault { object }, _) => self.objects[object % count].other_vault ^= true,
            (Edit::Rename, _) => self.renamed ^= true,
            (Edit::PickedPath, Some(selection)) => selection.path = (selection.path + 1) % PICKED.len(),
            (Edit::PickedVault, Some(selection)) => selection.other_vault ^= true,
            (Edit::PickedPath | Edit::PickedVault, None) => {}
        }
    }
}

/// Gives the vault `app` another name. It stays the same one.
fn rename(spec: &mut SyncSpec) {
    let objects = spec
        .objects
        .iter_mut()
        .map(|object| &mut object.wanted.object.vault);
    let inputs = spec
        .templates
        .iter_mut()
        .flat_map(|template| &mut template.inputs);
    let inputs = inputs.map(|(_, wanted)| &mut wanted.object.vault);
    let selections = spec.selections.iter_mut().map(|selection| &mut selection.vault);
    let app = VaultId::named("app");
    for vault in objects
        .chain(inputs)
        .chain(selections)
        .filter(|vault| **vault == app)
    {
        vault.name = VaultName::parse("renamed").expect("valid");
    }
}

impl Selection {
    fn spec(self) -> SelectionSpec {
        let mut spec = SelectionSpec {
            path: PathTemplate::parse(PICKED[self.path]).expect("valid"),
            form: SecretEncoding::Base64.into(),
            group: pair(self.grouped),
            ..select("app-")
        };
        if self.other_vault {
            spec.vault.host = VaultId::named("other").host;
        }
        spec
    }
}

impl Object {
    fn spec(&self) -> ObjectSpec {
        let mut object = secret(NAMES[self.name]);
        if self.other_vault {
            object.wanted.object.vault = VaultId::named("other");
        }
        let file = |path: String| FileSpec {
            path: RelativePath::parse(&path).expect("valid"),
            content: Content::Secret(SecretEncoding::Base64.into()),
            ..object.files[0].clone()
        };
        let place = PLACES[self.place];
        let files = match self.shape {
            Shape::Two => vec![file(format!("{place}/one")), file(format!("{place}/two"))],
            Shape::One | Shape::History(_) => vec![file(place.to_owned())],
        };
        let history = match self.shape {
            Shape::History(count) => NonZeroU16::new(count),
            Shape::One | Shape::Two => None,
        };
        object.wanted.version = match self.policy {
            Policy::CreatedBefore(number) => {
                let time = OffsetDateTime::from_unix_timestamp(i64::from(number) + 1);
                VersionPolicy::CreatedBefore(time.expect("in range"))
            }
            Policy::Exact(number) if history.is_none() => VersionPolicy::Exact(version_id(number)),
            Policy::LatestEnabled if history.is_none() => VersionPolicy::LatestEnabled,
            Policy::Latest | Policy::LatestEnabled | Policy::Exact(_) => VersionPolicy::Latest,
        };
        ObjectSpec {
            history,
            group: pair(self.grouped),
            interval: Duration::from_mins(self.minutes),
            files,
            ..object
        }
    }
}
