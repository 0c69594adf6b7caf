//! What passes leave in the status holds no value.

use super::*;
use crate::domain::desired::{JsonPointer, SecretForm};
use crate::reconcile::fakes::select;

/// Searches what is shown of a value; it stands in no name.
fn shows(status: &Status, value: &str) -> bool {
    let json = serde_json::to_string(status).expect("a form as JSON");
    json.contains(value) || format!("{status:?}").contains(value)
}

#[test]
fn the_status_never_holds_a_value_of_whatever_became_of_it() {
    const VALUE: &str = "hunter2-is-the-value";
    run(async {
        let bench = Bench::new();
        let names = ["a", "b", "base64", "json", "db-one"];
        for name in names {
            bench.vault.set(name, VALUE, 1);
        }
        let mut base64 = secret("base64");
        base64.files[0].content = Content::Secret(SecretEncoding::Base64.into());
        let mut json = secret("json");
        json.files[0].content = Content::Secret(SecretForm {
            property: Some(JsonPointer::parse("/password").expect("valid")),
            ..SecretForm::default()
        });
        let mut desired = spec(vec![secret("a"), secret("b"), base64, json]);
        desired.templates = vec![template()];
        desired.selections = vec![select("db-")];
        let mut reconciler = bench.reconciler(desired);

        let report = reconciler.pass(Turn::All).await;
        assert_eq!(reasons(&report), [Reason::Unrenderable; 2]);
        let served = ["a", "app.conf", "picked/one"].map(|path| bench.volume.text(path).unwrap_or_default());
        assert!(served.iter().all(|text| text.contains(VALUE)), "{served:?}");
        let json = serde_json::to_string(&reconciler.status).expect("a form as JSON");
        for name in names {
            assert!(
                json.contains(&format!("app/secrets/{name}")),
                "{name} is in {json}"
            );
        }
        assert!(!shows(&reconciler.status, VALUE));

        // Rotated while the volume is broken, then refused, then away.
        let next = format!("{VALUE}-2");
        for name in names {
            bench.vault.set(name, &next, 2);
        }
        *bench.volume.broken.lock().expect("not poisoned") = true;
        let report = reconciler.pass(Turn::All).await;
        assert!(report.volume_failure.is_some());
        assert!(!shows(&reconciler.status, VALUE));
        *bench.volume.broken.lock().expect("not poisoned") = false;
        for reason in [Reason::Forbidden, Reason::Unreachable] {
            for name in names {
                bench.vault.refuse(name, reason, None);
            }
            reconciler.pass(Turn::All).await;
            assert!(reconciler.status.failing().count() > 0);
            assert!(!shows(&reconciler.status, VALUE), "{reason}");
        }
    });
}
