//! What stands in the way of one file holds up everything that moves with it, and costs no file.

use super::*;
use crate::domain::desired::{FileSpec, ObjectSpec};
use crate::domain::object::GroupName;
use crate::domain::path::RelativePath;

fn at(name: &str, paths: &[&str]) -> ObjectSpec {
    let mut object = secret(name);
    let file = object.files.remove(0);
    let at = |path: &&str| FileSpec {
        path: RelativePath::parse(path).expect("valid"),
        ..file.clone()
    };
    object.files = paths.iter().map(at).collect();
    object
}

fn texts(bench: &Bench, paths: [&str; 2]) -> [Option<String>; 2] {
    paths.map(|path| bench.volume.text(path))
}

fn both(text: &str) -> [Option<String>; 2] {
    [Some(text.to_owned()), Some(text.to_owned())]
}

#[test]
fn no_file_of_an_entry_moves_while_one_of_them_cannot() {
    run(async {
        let bench = Bench::holding(&["pair"]);
        let paths = ["pub/tls.crt", "ext/tls.key"];
        let mut reconciler = bench.reconciler(spec(vec![at("pair", &paths)]));
        reconciler.pass(Turn::All).await;
        bench.vault.set("pair", "two", 2);
        bench.volume.take_name("ext", true);
        for _ in 0..2 {
            let report = reconciler.pass(Turn::All).await;
            assert_eq!(reasons(&report), [Reason::NameTaken]);
            assert_eq!(texts(&bench, paths), both("one"));
        }
        bench.volume.take_name("ext", false);
        assert!(reconciler.pass(Turn::All).await.required_are_served());
        assert_eq!(texts(&bench, paths), both("two"));
    });
}

#[test]
fn nothing_of_a_group_moves_while_one_of_its_names_is_taken() {
    run(async {
        let bench = Bench::new();
        let grouped = |name| ObjectSpec {
            group: GroupName::parse("pair").ok(),
            ..secret(name)
        };
        for name in ["a", "b", "alone"] {
            bench.vault.set(name, "one", 1);
        }
        let objects = vec![grouped("a"), grouped("b"), secret("alone")];
        let mut reconciler = bench.reconciler(spec(objects));
        reconciler.pass(Turn::All).await;
        bench.volume.take_name("b", true);
        for name in ["a", "b", "alone"] {
            bench.vault.set(name, "two", 2);
        }
        let report = reconciler.pass(Turn::All).await;
        assert_eq!(reasons(&report), [Reason::NameTaken, Reason::NameTaken]);
        assert_eq!(texts(&bench, ["a", "b"]), both("one"));
        assert_eq!(bench.volume.text("alone").as_deref(), Some("two"));
    });
}

#[test]
fn a_file_whose_new_path_is_taken_stays_where_it_is_also_while_its_object_cannot_be_fetched() {
    run(async {
        let bench = Bench::holding(&["a"]);
        bench
            .reconciler(spec(vec![at("a", &["x/a"])]))
            .pass(Turn::All)
            .await;
        let edited = || spec(vec![at("a", &["z/a"])]);
        for refusal in [None, Some(Reason::Unreachable)] {
            bench.volume.take_name("z", true);
            if let Some(reason) = refusal {
                bench.vault.refuse("a", reason, None);
            }
            let report = bench.reconciler(edited()).pass(Turn::All).await;
            assert_eq!(reasons(&report), [Reason::NameTaken]);
            assert!(!report.required_are_present(), "it is not where it should be");
            assert_eq!(texts(&bench, ["x/a", "z/a"]), [Some("one".to_owned()), None]);
        }
        bench.volume.take_name("z", false);
        bench.reconciler(edited()).pass(Turn::All).await;
        assert_eq!(texts(&bench, ["x/a", "z/a"]), [None, Some("one".to_owned())]);
    });
}

#[test]
fn what_wants_the_place_of_a_file_that_cannot_move_waits() {
    run(async {
        let bench = Bench::new();
        for name in ["a", "b", "c"] {
            bench.vault.set(name, name, 1);
        }
        bench
            .reconciler(spec(vec![at("a", &["x/a"])]))
            .pass(Turn::All)
            .await;
        bench.volume.take_name("z", true);
        for place in ["x/a/b", "x/a", "x"] {
            let edited = || spec(vec![at("a", &["z/a"]), at("b", &[place]), secret("c")]);
            let report = bench.reconciler(edited()).pass(Turn::All).await;
            assert_eq!(reasons(&report), [Reason::NameTaken, Reason::NameTaken]);
            assert_eq!(
                texts(&bench, ["x/a", "c"]),
                ["a", "c"].map(|text| Some(text.to_owned()))
            );
        }
        bench.volume.take_name("z", false);
        let edited = spec(vec![at("a", &["z/a"]), at("b", &["x"])]);
        bench.reconciler(edited).pass(Turn::All).await;
        assert_eq!(
            texts(&bench, ["z/a", "x"]),
            ["a", "b"].map(|text| Some(text.to_owned()))
        );
    });
}

#[test]
fn what_waits_for_the_place_of_another_file_keeps_its_own() {
    run(async {
        let bench = Bench::holding(&["a", "b"]);
        bench.vault.set("b", "two", 2);
        let before = spec(vec![at("a", &["x/a"]), at("b", &["w/b"])]);
        bench.reconciler(before).pass(Turn::All).await;
        bench.volume.take_name("z", true);
        let after = || spec(vec![at("a", &["z/a"]), at("b", &["x/a"])]);
        for _ in 0..2 {
            bench.reconciler(after()).pass(Turn::All).await;
            let kept = ["one", "two"].map(|text| Some(text.to_owned()));
            assert_eq!(texts(&bench, ["x/a", "w/b"]), kept);
        }
        bench.volume.take_name("z", false);
        bench.reconciler(after()).pass(Turn::All).await;
        let moved = ["one", "two"].map(|text| Some(text.to_owned()));
        assert_eq!(texts(&bench, ["z/a", "x/a"]), moved);
    });
}

#[test]
fn a_group_of_which_one_new_path_is_taken_stays_where_it_is() {
    run(async {
        let bench = Bench::new();
        let grouped = |name, path| ObjectSpec {
            group: GroupName::parse("pair").ok(),
            ..at(name, &[path])
        };
        for name in ["a", "k"] {
            bench.vault.set(name, "one", 1);
        }
        let before = spec(vec![grouped("a", "x/a"), grouped("k", "x/k")]);
        bench.reconciler(before).pass(Turn::All).await;
        bench.volume.take_name("y/k", true);
        let after = spec(vec![grouped("a", "y/a"), grouped("k", "y/k")]);
        let mut reconciler = bench.reconciler(after);
        for _ in 0..2 {
            let report = reconciler.pass(Turn::All).await;
            assert_eq!(reasons(&report), [Reason::NameTaken, Reason::NameTaken]);
            assert_eq!(texts(&bench, ["x/a", "x/k"]), both("one"));
            assert_eq!(texts(&bench, ["y/a", "y/k"]), [None, None]);
        }
        bench.volume.take_name("y/k", false);
        assert!(reconciler.pass(Turn::All).await.required_are_served());
        assert_eq!(texts(&bench, ["y/a", "y/k"]), both("one"));
    });
}

/// Nothing is told in the second pass, and the member without bytes puts none there.
#[test]
fn a_group_stays_where_it_is_also_in_a_pass_that_asks_nothing() {
    run(async {
        let bench = Bench::holding(&["a", "k"]);
        let grouped = |name, path| ObjectSpec {
            group: GroupName::parse("pair").ok(),
            ..at(name, &[path])
        };
        bench
            .reconciler(spec(vec![grouped("a", "x/a")]))
            .pass(Turn::All)
            .await;
        bench.volume.take_name("k", true);
        let after = spec(vec![grouped("a", "y/a"), grouped("k", "k")]);
        let mut reconciler = bench.reconciler(after);
        for turn in [Turn::All, Turn::Nothing] {
            let report = reconciler.pass(turn).await;
            assert_eq!(reasons(&report), [Reason::NameTaken, Reason::NameTaken]);
            assert_eq!(texts(&bench, ["x/a", "y/a"]), [Some("one".to_owned()), None]);
        }
    });
}
