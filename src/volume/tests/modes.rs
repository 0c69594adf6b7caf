//! Modes of files and directories, and whose change is noticed.

use std::fs;
use std::io::Read as _;

use super::publishing::OLD;
use super::support::{TestVolume, at_version, expected, kept, payload, set_mode, texts};
use crate::domain::desired::Layout;
use crate::domain::mode::FileMode;
use crate::domain::payload::{Payload, Publication};
use crate::volume::BlockingVolume as _;

for_both_layouts! {
    a_mode_of_directories_alone_is_applied,
    a_mode_changed_by_somebody_else_is_put_right,
    a_file_that_nobody_may_read_any_more_is_written_again,
    a_read_only_file_is_replaced_and_an_open_one_stays_what_it_was,
    a_directory_without_write_permission_is_changed_like_any_other,
}

fn a_mode_of_directories_alone_is_applied(layout: Layout) {
    let mut test = TestVolume::new(layout);
    let wanted = payload(&[("a/b/c", "x", 0o440), ("a/d", "y", 0o440), ("e", "z", 0o440)]);
    test.publish(&wanted);
    test.spec.dir_mode = FileMode::from_bits(0o750);
    // The generation is a directory of akv-sync's own above all files; the root is not.
    let affected = match layout {
        Layout::Atomic => &["a/b/c", "a/d", "e"][..],
        Layout::Flat => &["a/b/c", "a/d"],
    };
    let volume = test.open();
    for (path, file) in volume.observe().expect("observes").files {
        assert_eq!(file.owner_matches, !affected.contains(&path.as_str()), "{path}");
    }
    let publication = volume.publish(&kept(&wanted)).expect("publishes");
    assert_eq!(texts(&publication.adjusted), affected);
    test.assert_directory_modes(0o750);
    assert_eq!(test.visible(), expected(&wanted));
    assert_eq!(
        volume.publish(&kept(&wanted)).expect("publishes"),
        Publication::default()
    );
}

fn a_mode_changed_by_somebody_else_is_put_right(layout: Layout) {
    let test = TestVolume::new(layout);
    let volume = test.open();
    let wanted = payload(&[("db/password", "one", 0o400)]);
    volume.publish(&wanted).expect("publishes");
    set_mode(&test.top().join("db/password"), 0o666);
    set_mode(&test.top().join("db"), 0o777);
    let observed = volume.observe().expect("observes");
    assert!(observed.files.values().all(|file| !file.owner_matches));
    let publication = volume.publish(&wanted).expect("publishes");
    assert_eq!(texts(&publication.adjusted), ["db/password"]);
    assert_eq!(test.visible(), expected(&wanted));
    test.assert_directory_modes(0o755);
}

fn a_file_that_nobody_may_read_any_more_is_written_again(layout: Layout) {
    let test = TestVolume::new(layout);
    let wanted = payload(&[("token", "t", 0o400)]);
    test.publish(&wanted);
    set_mode(&test.top().join("token"), 0o000);
    test.publish(&wanted);
    assert_eq!(test.visible(), expected(&wanted));
}

fn a_read_only_file_is_replaced_and_an_open_one_stays_what_it_was(layout: Layout) {
    let test = TestVolume::new(layout);
    let volume = test.open();
    for mode in [0o440, 0o400, 0o444] {
        volume
            .publish(&payload(&[("token", "old", mode)]))
            .expect("publishes");
        let mut reader = fs::File::open(test.root().join("token")).expect("opens");
        let new = payload(&[("token", "new", mode)]);
        volume.publish(&new).expect("publishes");
        assert_eq!(test.visible(), expected(&new));
        let mut found = String::new();
        reader.read_to_string(&mut found).expect("readable");
        assert_eq!(found, "old");
    }
}

fn a_directory_without_write_permission_is_changed_like_any_other(layout: Layout) {
    let mut test = TestVolume::new(layout);
    test.spec.dir_mode = FileMode::from_bits(0o555);
    let volume = test.open();
    let nested = |bytes| payload(&[("db/deep/password", bytes, 0o440), ("db/user", "app", 0o440)]);
    let token = |bytes| payload(&[("token", bytes, 0o400)]);
    for wanted in [
        payload(OLD),
        at_version(&payload(OLD), 2),
        nested("one"),
        nested("two"),
        at_version(&nested("two"), 2),
        token("t"),
        token("u"),
        Payload::default(),
    ] {
        volume.publish(&wanted).expect("publishes");
        assert_eq!(test.visible(), expected(&wanted));
        test.assert_directory_modes(0o555);
        test.assert_tidy(&wanted);
    }
    // So that an unprivileged test can remove its directory.
    set_mode(&test.top(), 0o755);
}
