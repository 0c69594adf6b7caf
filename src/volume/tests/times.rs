//! Times that a vault says.

use std::sync::Arc;

use time::macros::datetime;

use super::support::{TestVolume, expected, path, payload};
use crate::domain::desired::Layout;
use crate::domain::fetched::{Attributes, FetchedContent, FetchedObject, SecretContent};
use crate::domain::object::{ObjectId, ObjectKind, ObjectName, VaultId, VersionId};
use crate::domain::payload::Validity;
use crate::domain::secret::SecretBytes;
use crate::volume::BlockingVolume as _;

for_both_layouts! { a_time_that_no_state_file_can_have_is_left_out_and_every_object_is_published }

fn a_time_that_no_state_file_can_have_is_left_out_and_every_object_is_published(layout: Layout) {
    let object = FetchedObject {
        object: ObjectId {
            vault: VaultId::named("app"),
            kind: ObjectKind::Secret,
            name: ObjectName::parse("old").expect("valid"),
        },
        version: VersionId::parse(&"0a".repeat(16)).expect("valid"),
        id: String::new(),
        attributes: Attributes {
            not_before: Some(datetime!(-0001-12-31 23:59:59 UTC)),
            expires: Some(datetime!(9999-12-31 23:59:59 UTC)),
            ..Attributes::default()
        },
        content: FetchedContent::Secret(SecretContent {
            value: SecretBytes::from("value".to_owned()),
            content_type: None,
            backs_certificate: false,
        }),
    };
    let test = TestVolume::new(layout);
    let volume = test.open();
    let mut wanted = payload(&[("old", "value", 0o440), ("other", "value", 0o440)]);
    let old = wanted.files.get_mut(&path("old")).expect("there");
    Arc::make_mut(&mut old.record).validity = Validity::of(&object);
    volume.publish(&wanted).expect("publishes");
    assert_eq!(test.visible(), expected(&wanted));

    let observed = volume.observe().expect("observes");
    let validity = observed.files[&path("old")].record.validity;
    assert_eq!(
        (validity.not_before, validity.expires),
        (None, object.attributes.expires)
    );
}
