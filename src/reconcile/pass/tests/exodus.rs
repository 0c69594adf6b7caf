//! Many secrets of a selection leave at once.

use super::*;
use crate::domain::desired::SelectionSpec;
use crate::reconcile::fakes;

/// Five minutes: the interval of the selection, and the least time between the two words of the vault.
const SPAN: i64 = 300;

fn select(prefix: &str) -> SelectionSpec {
    SelectionSpec {
        limit: 100,
        ..fakes::select(prefix)
    }
}

/// A bench with so many published secrets, `app-0` and on.
async fn holding(count: usize) -> Bench {
    let bench = Bench::new();
    for number in 0..count {
        bench.vault.set(&format!("app-{number}"), "one", 1);
    }
    sync(&bench, select("app-"), 0).await;
    assert_eq!(left(&bench), count);
    bench
}

/// A process that starts at this second, and asks once.
async fn sync(bench: &Bench, selection: SelectionSpec, second: i64) -> Report {
    let mut sync = bench.reconciler(SyncSpec {
        selections: vec![selection],
        ..spec(Vec::new())
    });
    sync.pass.clock = Arc::new(OffsetDateTime::from_unix_timestamp(second).expect("in range"));
    sync.pass(Turn::All).await
}

/// How many files there are.
fn left(bench: &Bench) -> usize {
    let is_there = |number: &i32| bench.volume.text(&format!("picked/{number}")).is_some();
    (0..40).filter(is_there).count()
}

fn delete(bench: &Bench, numbers: std::ops::Range<usize>) {
    for number in numbers {
        bench.vault.delete(&format!("app-{number}"));
    }
}

fn may_be_empty() -> SelectionSpec {
    SelectionSpec {
        may_be_empty: true,
        ..select("app-")
    }
}

#[test]
fn thirty_files_stay_when_the_vault_comes_back_empty_until_the_manifest_says_that_it_may_be_empty() {
    run(async {
        let bench = holding(30).await;
        delete(&bench, 0..30);
        for second in [10, 10 + SPAN, 10 + 10 * SPAN] {
            let report = sync(&bench, select("app-"), second).await;
            assert_eq!(left(&bench), 30, "after {second} s");
            assert_eq!(
                reasons(&report),
                [Reason::ManyGone],
                "one failure for all of them"
            );
            assert!(report.required_are_present());
        }
        sync(&bench, may_be_empty(), 20 + 10 * SPAN).await;
        assert_eq!(left(&bench), 0);
    });
}

#[test]
fn more_than_half_of_four_or_more_leave_on_the_second_word_of_the_vault() {
    run(async {
        let bench = holding(4).await;
        delete(&bench, 0..3);
        for (second, files) in [(10, 4), (9 + SPAN, 4), (10 + SPAN, 1)] {
            let report = sync(&bench, select("app-"), second).await;
            assert_eq!(left(&bench), files, "after {second} s");
            assert_eq!(report.required_are_served(), files == 1);
        }
    });
}

#[test]
fn the_time_counts_for_each_secret_and_what_comes_back_counts_anew() {
    run(async {
        let bench = holding(10).await;
        delete(&bench, 0..6);
        sync(&bench, select("app-"), 0).await;
        delete(&bench, 6..7);
        bench.vault.set("app-0", "two", 2);
        sync(&bench, select("app-"), 100).await;
        assert_eq!(bench.volume.text("picked/0").as_deref(), Some("two"));
        sync(&bench, select("app-"), SPAN).await;
        assert_eq!(left(&bench), 5, "five were told at 0 s, one at 100 s");
        bench.vault.delete("app-0");
        sync(&bench, select("app-"), 100 + SPAN).await;
        assert_eq!(left(&bench), 3, "app-6 was told twice, and app-0 is one of five");
    });
}

#[test]
fn half_of_four_and_one_of_two_leave_at_once_and_one_of_one_does_not() {
    run(async {
        for (count, gone, files) in [(4, 2, 2), (2, 1, 1), (1, 1, 1), (3, 3, 3), (3, 2, 1)] {
            let bench = holding(count).await;
            delete(&bench, 0..gone);
            sync(&bench, select("app-"), 10).await;
            assert_eq!(left(&bench), files, "{gone} of {count}");
        }
    });
}

#[test]
fn a_rule_that_is_edited_holds_nothing() {
    run(async {
        let bench = holding(6).await;
        let mut edited = select("app-");
        edited.rule.tags.insert("env".to_owned(), "prod".to_owned());
        sync(&bench, edited.clone(), 10).await;
        assert_eq!(left(&bench), 0);

        let bench = holding(6).await;
        for number in 0..6 {
            bench.vault.tag(&format!("app-{number}"), "env", "prod");
        }
        sync(&bench, edited.clone(), 10).await;
        for number in 0..6 {
            bench.vault.tag(&format!("app-{number}"), "env", "test");
        }
        sync(&bench, edited, 20).await;
        assert_eq!(left(&bench), 6, "here the vault's tags changed");
    });
}

/// What is told of the selection itself: detail and hint.
fn told(report: &Report) -> (String, String) {
    let failures: Vec<_> = report.failures().collect();
    let (_, failure) = failures.first().expect("one fails");
    (failure.detail.clone(), failure.hint.action().to_owned())
}

#[test]
fn secrets_with_other_tags_are_not_called_gone_and_nobody_is_told_to_recover_them() {
    run(async {
        let mut tagged = select("app-");
        tagged.rule.tags.insert("env".to_owned(), "prod".to_owned());
        let bench = Bench::new();
        for number in 0..5 {
            bench.vault.set(&format!("app-{number}"), "one", 1);
            bench.vault.tag(&format!("app-{number}"), "env", "prod");
        }
        sync(&bench, tagged.clone(), 0).await;
        for number in 0..4 {
            bench.vault.tag(&format!("app-{number}"), "env", "test");
        }
        let (detail, hint) = told(&sync(&bench, tagged.clone(), 10).await);
        assert!(
            detail.contains("4 of 5 secrets do not fit the rule any more (4 have other tags);"),
            "{detail}"
        );
        assert!(
            hint.starts_with("give the secrets their tags back, or edit the rule; otherwise"),
            "{hint}"
        );
        delete(&bench, 4..5);
        let (detail, hint) = told(&sync(&bench, tagged, 20).await);
        assert!(
            detail.contains("5 of 5 secrets do not fit the rule any more (4 have other tags, 1 is gone)"),
            "{detail}"
        );
        assert!(
            hint.contains("recover those that are gone; if the selection is to become empty"),
            "{hint}"
        );

        let bench = holding(4).await;
        delete(&bench, 0..3);
        let (detail, hint) = told(&sync(&bench, select("app-"), 10).await);
        assert!(detail.contains("3 of 4 secrets are gone"), "{detail}");
        assert!(hint.starts_with("recover the secrets; otherwise"), "{hint}");
    });
}

#[test]
fn a_time_in_the_future_counts_as_now() {
    run(async {
        let bench = holding(4).await;
        delete(&bench, 0..3);
        for second in [1_000_000, 10, 9 + SPAN] {
            sync(&bench, select("app-"), second).await;
            assert_eq!(left(&bench), 4, "after {second} s");
        }
        sync(&bench, select("app-"), 10 + SPAN).await;
        assert_eq!(left(&bench), 1);
    });
}

#[test]
fn while_the_vault_does_not_answer_for_it_a_secret_is_held() {
    run(async {
        let bench = holding(4).await;
        delete(&bench, 0..3);
        sync(&bench, select("app-"), 10).await;
        bench.vault.refuse("app-0", Reason::Unavailable, None);
        sync(&bench, select("app-"), 10 + SPAN).await;
        assert_eq!(left(&bench), 2);
    });
}
