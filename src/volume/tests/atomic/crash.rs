//! State files that were being replaced inside a published generation.

use std::fs;

use crate::domain::desired::Layout;
use crate::domain::mode::FileMode;
use crate::volume::tests::support::{TestVolume, at_version, mode_of, payload, set_mode};

#[test]
fn a_crash_while_the_state_file_is_replaced_leaves_nothing_over() {
    let test = TestVolume::new(Layout::Atomic);
    let wanted = payload(&[("a", "1", 0o440)]);
    test.publish(&wanted);
    let staged = test.top().join("..akv-sync.json_tmp");
    for recorded_next in [1, 2] {
        fs::write(&staged, "half of a st").expect("writes");
        let wanted = at_version(&wanted, recorded_next);
        test.publish(&wanted);
        test.assert_tidy(&wanted);
    }
}

#[test]
fn half_a_state_file_is_removed_from_a_directory_that_nobody_may_write() {
    let mut test = TestVolume::new(Layout::Atomic);
    test.spec.dir_mode = FileMode::from_bits(0o555);
    let wanted = payload(&[("a", "1", 0o440)]);
    test.publish(&wanted);
    let generation = test.top();
    set_mode(&generation, 0o755);
    fs::write(generation.join("..akv-sync.json_tmp"), "half of a st").expect("writes");
    set_mode(&generation, 0o555);
    test.publish(&wanted);
    assert_eq!(test.top(), generation);
    test.assert_tidy(&wanted);
    assert_eq!(mode_of(&generation), 0o555);
    // So that an unprivileged test can remove its directory.
    set_mode(&generation, 0o755);
}
