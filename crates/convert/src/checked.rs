//! The last step: the manifest is loaded as `check` loads it, and an entry that it refuses is told and not written.
//!
//! The rules of a manifest that hold for several entries together, such as its size, are kept here for all tools, and so
//! is what the code of a tool does not think of.

use std::collections::BTreeMap;

use super::draft::Draft;
use super::emit::{self, Written};
use super::note::Notes;
use super::{ConvertError, MAX_BYTES};
use manifest::{self, Code, Mark, Problem, Problems};

/// Times that entries are taken out. A problem may hide those of the next step of reading, of which there are four.
const ROUNDS: usize = 10;

/// The text of a manifest that passes `check`; `None` when no entry is left for it.
pub(super) fn manifest(mut draft: Draft, notes: &Notes) -> Result<Option<String>, ConvertError> {
    let mut last = None;
    for _ in 0..ROUNDS {
        if draft.is_empty() {
            return Ok(None);
        }
        let written = emit::manifest(&draft);
        let problems = match load(&written.text) {
            Ok(warnings) => {
                draft.tell_permissions(notes);
                tell_warnings(&warnings, notes);
                return Ok(Some(written.text));
            }
            Err(problems) => problems,
        };
        let reasons = reasons(&problems, &written);
        if reasons.is_empty() {
            return Err(refused(&problems));
        }
        draft.take_out(&reasons, notes);
        last = Some(problems);
    }
    Err(refused(&last.expect("there was a round")))
}

/// Loads a manifest; gives its warnings.
fn load(text: &str) -> Result<Problems, Problems> {
    // Every vault has its URL, so that no variable is read.
    let no_variables: &[(&str, &str)] = &[];
    manifest::load(text, "the manifest", &no_variables).map(|loaded| loaded.warnings)
}

/// What `check` warns of goes into the manifest as the input has it, and is told.
fn tell_warnings(warnings: &Problems, notes: &Notes) {
    for warning in warnings {
        let line = warning
            .at
            .map_or_else(String::new, |at| format!(", line {}", at.line));
        notes.assumed(format!("the manifest{line}"), described("`check` warns", warning));
    }
}

/// Why there is no manifest when no entry is to blame.
fn refused(problems: &Problems) -> ConvertError {
    ConvertError::Refused {
        problem: problems.to_string().lines().next().unwrap_or_default().to_owned(),
    }
}

/// Why entries have to go, by their places in the draft.
fn reasons(problems: &Problems, written: &Written) -> BTreeMap<usize, String> {
    let mut reasons = BTreeMap::new();
    for problem in problems {
        let Some((line, and_behind)) = line_of(problem, &written.text) else {
            continue;
        };
        let reason = reason(problem);
        let from = written.elements.partition_point(|(lines, _)| lines.end <= line);
        let elements = written.elements[from..].iter();
        let meant = elements.take_while(|(lines, _)| and_behind || lines.start <= line);
        for place in meant.flat_map(|(_, places)| places) {
            reasons.entry(*place).or_insert_with(|| reason.clone());
        }
    }
    reasons
}

/// The line of a problem, counted from 0, and whether it is about everything behind as well.
fn line_of(problem: &Problem, text: &str) -> Option<(usize, bool)> {
    let at = problem.at?;
    if problem.code != Code::YamlLimit {
        return Some((usize::try_from(at.line).ok()? - 1, false));
    }
    // The manifest is too large. Where it is too large in bytes, no line is named.
    let line = if at == Mark::START {
        let fits = &text.as_bytes()[..text.len().min(MAX_BYTES)];
        fits.split(|byte| *byte == b'\n').count() - 1
    } else {
        usize::try_from(at.line).ok()? - 1
    };
    Some((line, true))
}

/// Messages and hints of problems hold no value of the manifest, but a name, which may be long.
fn reason(problem: &Problem) -> String {
    described("`check` would refuse it", problem)
}

fn described(by: &str, problem: &Problem) -> String {
    const LONGEST: usize = 200;
    let message: String = problem.message.chars().take(LONGEST).collect();
    let hint = problem.hint.as_ref();
    let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
    format!("{by}: {message}{hint}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Conversion, Fate, acs, with_all_notes};

    const VAULT: &str = "https://contoso.vault.azure.net";

    /// What is carried of an akva configuration with one worker, and the subjects and reasons of what is not.
    fn converted(resources: &str, sinks: &str) -> (String, Vec<(String, String)>) {
        let text = format!("workers:\n- resources: [{resources}]\n  sinks: [{sinks}]\n");
        let Conversion { manifest, notes } = with_all_notes(&text, None).expect("something is left");
        assert!(load(&manifest).is_ok(), "{manifest}");
        let dropped = notes.into_iter().filter(|note| note.fate == Fate::NotCarried);
        (
            manifest,
            dropped.map(|note| (note.subject, note.reason)).collect(),
        )
    }

    #[test]
    fn a_template_with_a_line_that_is_too_long_is_told_and_the_other_files_stay() {
        let resource = format!("{{ kind: secret, name: a, vaultBaseURL: '{VAULT}' }}");
        let long = "y".repeat(70_000);
        let sinks = format!(
            "{{ path: /app/long, template: '{{{{ .Secrets.a.Value }}}}{long}' }}, {{ path: /app/a, template: '{{{{ .Secrets.a.Value }}}}' }}"
        );
        let (manifest, dropped) = converted(&resource, &sinks);
        assert!(manifest.contains("  - name: a\n") && !manifest.contains("yyy"));
        assert_eq!(
            dropped,
            [(
                "sink `/app/long`".to_owned(),
                "`check` would refuse it: line 1 of this template: a template may have at most 65000 bytes in a line; make \
                 several files of it, or keep the bulk of the text in a file of the application"
                    .to_owned()
            )]
        );
    }

    #[test]
    fn a_key_of_a_json_file_that_is_too_long_is_told() {
        let alias = "b".repeat(200);
        let resource = format!("{{ kind: secret, name: a, alias: {alias}, vaultBaseURL: '{VAULT}' }}");
        let sinks = "{ path: /app/json, template: '{{ .Secrets | toValues | toJson }}' }, { path: /app/a, template: '{{ .Secrets.a.Value }}' }";
        let (manifest, dropped) = converted(&resource, sinks);
        assert!(manifest.contains("  - name: a\n") && !manifest.contains("format: json"));
        assert_eq!(dropped.len(), 1);
        assert!(
            dropped[0].1.starts_with("`check` would refuse it: `bbb"),
            "{dropped:?}"
        );
    }

    #[test]
    fn what_check_warns_of_is_told_and_carried() {
        let text = format!("VAULT_BASE_URL={VAULT}\nSECRETS_KEYS=a:\nSECRETS_FOLDER=/etc");
        let Conversion { manifest, notes } = with_all_notes(&text, None).expect("a manifest");
        assert!(manifest.contains("path: /etc\n"), "{manifest}");
        let warned: Vec<_> = notes
            .iter()
            .filter(|note| note.reason.starts_with("`check` warns: "))
            .collect();
        assert_eq!(warned.len(), 1, "{notes:?}");
        assert!(warned[0].subject.starts_with("the manifest, line "), "{warned:?}");
        assert!(
            warned[0].reason.contains("a directory of the system"),
            "{warned:?}"
        );
    }

    #[test]
    fn what_a_manifest_has_no_room_for_is_told_one_by_one() {
        let keys: Vec<String> = (0..4_999).map(|number| format!("a{number}:")).collect();
        let keys = keys.join(";");
        let text = format!("VAULT_BASE_URL={VAULT}\nSECRETS_KEYS={keys}");
        let Conversion { manifest, notes } = with_all_notes(&text, None).expect("a manifest");
        assert!(load(&manifest).is_ok());
        let carried = manifest.matches("  - name: a").count();
        let dropped = notes
            .iter()
            .filter(|note| note.reason.contains("more than 20000 keys and values"))
            .count();
        assert!(
            carried > 3_000 && carried + dropped == 4_999,
            "{carried} {dropped}"
        );
    }

    #[test]
    fn a_manifest_of_more_bytes_than_one_may_have_ends_where_it_is_too_large() {
        let resource = format!("{{ kind: secret, name: a, vaultBaseURL: '{VAULT}' }}");
        // Each brace takes several bytes in a manifest.
        let braces = "{{ `{{{{{{{{` }}\n\n".repeat(2_000);
        let template = serde_json::json!(format!("{{{{ .Secrets.a.Value }}}}\n{braces}"));
        let sinks: Vec<String> = (0..20)
            .map(|number| format!("{{ path: /app/{number}, template: {template} }}"))
            .collect();
        let (manifest, dropped) = converted(&resource, &sinks.join(", "));
        let carried = manifest.matches("  - path: ").count();
        assert!(carried > 1 && !dropped.is_empty(), "{}", manifest.len());
        assert_eq!(carried + dropped.len(), 20);
        assert!(manifest.len() <= MAX_BYTES);
    }

    #[test]
    fn vaults_that_fill_a_manifest_leave_no_room_for_an_entry_which_is_told() {
        let notes = Notes::default();
        let mut draft =
            acs::draft(&format!("VAULT_BASE_URL={VAULT}\nSECRETS_KEYS=a"), &notes).expect("a draft");
        draft.vaults = vec![draft.vaults[0].clone(); 5_000];
        assert_eq!(manifest(draft, &notes), Ok(None));
        let last = notes.into_list().pop().expect("a remark");
        assert!(last.reason.contains("more than 20000 keys and values"), "{last}");
    }

    #[test]
    fn what_is_wrong_with_no_entry_is_an_error() {
        let text = format!("VAULT_BASE_URL={VAULT}\nSECRETS_KEYS=a");
        let notes = Notes::default();
        let mut draft = acs::draft(&text, &notes).expect("a draft");
        draft.volume.path = "not absolute".to_owned();
        let error = manifest(draft, &notes).expect_err("refused");
        assert!(
            matches!(&error, ConvertError::Refused { problem } if problem.contains("invalid-absolute-path")),
            "{error}"
        );
    }
}
