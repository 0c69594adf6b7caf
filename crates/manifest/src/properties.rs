//! What holds for any text: reading ends, within bounds, and what is accepted is safe to act on.

use std::collections::BTreeSet;
use std::path::Component;

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::fixtures::manifests;
use super::problem::Sink;
use super::tree::{MAX_ALIASES, MAX_NODES, Tree};
use super::*;
use domain::path::RelativePath;

fn try_load(text: &str) -> Result<SyncSpec, Problems> {
    let connected = (
        "AZURE_KEYVAULT_RESOURCEENDPOINT",
        "https://contoso.vault.azure.net/",
    );
    load(text, "manifest.yaml", &[connected].as_slice()).map(|loaded| loaded.spec)
}

/// Asserts what every user of a `SyncSpec` relies on.
fn assert_sound(spec: &SyncSpec) {
    let names: BTreeSet<_> = spec.vaults.iter().map(|vault| &vault.name).collect();
    assert_eq!(names.len(), spec.vaults.len());
    for vault in &spec.vaults {
        assert_eq!(vault.url.as_str(), format!("https://{}/", vault.url.authority()));
        assert!(vault.url.username().is_empty() && vault.url.password().is_none());
    }
    assert!(spec.volume.path.is_absolute());
    let intervals = spec.objects.iter().map(|object| object.interval);
    let intervals = intervals.chain(spec.selections.iter().map(|selection| selection.interval));
    let intervals = intervals.chain(spec.templates.iter().map(|template| template.interval));
    for interval in intervals.chain([spec.refresh.interval]) {
        assert!((10..=86_400).contains(&interval.as_secs()));
    }
    assert!(!(spec.objects.is_empty() && spec.selections.is_empty() && spec.templates.is_empty()));
    for object in &spec.objects {
        let of_object = &object.wanted.object.vault;
        let vault = spec.vaults.iter().find(|vault| vault.name == of_object.name);
        assert_eq!(vault.map(|vault| vault.id().host), Some(of_object.host.clone()));
        assert!(!object.files.is_empty());
    }
    let files = || spec.objects.iter().flat_map(|object| &object.files);
    let paths: BTreeSet<&RelativePath> = files().map(|file| &file.path).collect();
    assert_eq!(paths.len(), files().count());
    for path in &paths {
        assert!(
            path.as_path()
                .components()
                .all(|part| matches!(part, Component::Normal(_)))
        );
        assert!(!paths.iter().any(|other| path.is_directory_of(other)));
    }
}

/// Asserts what holds for every report on `text`.
fn assert_useful(problems: &Problems, text: &str) {
    assert!(!problems.is_empty());
    let told = problems.len().min(50) + usize::from(problems.len() > 50);
    assert_eq!(problems.to_string().lines().count(), told);
    let lines = text.split(['\n', '\r']).count();
    for problem in problems {
        let mark = problem.at.expect("every problem of a text has a place");
        assert!(mark.line >= 1 && mark.column >= 1);
        assert!(
            usize::try_from(mark.line).expect("small") <= lines + 1,
            "{mark} of {lines} lines"
        );
        let hint = problem.hint.as_deref().unwrap_or_default();
        for text in [&problem.message, hint] {
            assert!(!text.is_empty() && !text.ends_with('.'), "{problem:?}");
        }
    }
    let rendered = problems.render(false);
    assert!(rendered.len() <= 100 + told * 2000);
    assert!(!rendered.contains('\u{1b}'));
}

fn assert_decided(text: &str) {
    match try_load(text) {
        Ok(spec) => assert_sound(&spec),
        Err(problems) => assert_useful(&problems, text),
    }
}

/// One change of a text, at any place.
#[derive(Debug, Clone)]
enum Edit {
    Insert(Index, String),
    Delete(Index, usize),
    Replace(Index, String),
    Repeat(Index),
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let words = || {
        select(vec![
            "~",
            "{}",
            "[]",
            "[",
            "]",
            "{",
            "}",
            ": ",
            "- ",
            "\n",
            "  ",
            "\t",
            "\"",
            "'",
            "&a ",
            "*a",
            "<<: ",
            "!!str ",
            "|\n",
            "---\n",
            "? ",
            "#",
            "..",
            "/",
            "../x",
            "a/b",
            "app",
            "default",
            "latest",
            "true",
            "yes",
            "0440",
            "99999999999999999999",
            "https://",
            "\u{feff}",
            "\u{0}",
            "é",
            "name",
            "path: x",
            "vaults",
            "secrets",
        ])
        .prop_map(str::to_owned)
    };
    let edit = prop_oneof![
        (any::<Index>(), words()).prop_map(|(at, word)| Edit::Insert(at, word)),
        (any::<Index>(), 1..12_usize).prop_map(|(at, length)| Edit::Delete(at, length)),
        (any::<Index>(), words()).prop_map(|(at, word)| Edit::Replace(at, word)),
        any::<Index>().prop_map(Edit::Repeat),
    ];
    proptest::collection::vec(edit, 1..4)
}

fn edited(text: &str, edits: &[Edit]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for edit in edits {
        let length = chars.len() + 1;
        match edit {
            Edit::Insert(at, word) => {
                let at = at.index(length);
                chars.splice(at..at, word.chars());
            }
            Edit::Delete(at, count) => {
                let at = at.index(length);
                chars.drain(at..(at + count).min(chars.len()));
            }
            // The value at the end of a line is where most rules look.
            Edit::Replace(at, word) => {
                let end = (at.index(length)..chars.len())
                    .find(|i| chars[*i] == '\n')
                    .unwrap_or(chars.len());
                let start = (0..end).rev().find(|i| chars[*i] == ' ').map_or(0, |i| i + 1);
                chars.splice(start..end, word.chars());
            }
            Edit::Repeat(at) => {
                let text: String = chars.iter().collect();
                let lines: Vec<&str> = text.split('\n').collect();
                let line = lines[at.index(lines.len())];
                chars.extend(format!("{line}\n").chars());
            }
        }
    }
    chars.into_iter().collect()
}

fn valid_texts() -> impl Strategy<Value = String> {
    select(
        manifests("valid")
            .into_iter()
            .map(|(_, text)| text)
            .collect::<Vec<_>>(),
    )
}

proptest! {
    #[test]
    fn any_text_is_decided(text in "(\\PC|[\n:\\-{}\\[\\]&*!|>'\"%#?, \t\\x00-\\x1f]){0,80}") {
        assert_decided(&text);
    }

    #[test]
    fn any_edit_of_a_valid_manifest_is_decided(text in valid_texts(), edits in edits()) {
        assert_decided(&edited(&text, &edits));
    }

    #[test]
    fn paths_are_accepted_when_each_is_one_and_no_two_collide(
        paths in proptest::collection::vec("[ab.]{1,2}(/[ab]{1,2}){0,2}", 1..5)
    ) {
        let parsed: Vec<_> = paths.iter().filter_map(|path| RelativePath::parse(path).ok()).collect();
        let acceptable = parsed.len() == paths.len() && !any_collide(&parsed);
        let entries: Vec<_> = paths.iter().map(|path| format!("- {{ name: s, path: {path} }}\n")).collect();
        let head = "apiVersion: akv-sync/v1\nkind: SyncManifest\nvolume: { path: /mnt }\nsecrets:\n";
        let text = head.to_owned() + &entries.concat();
        assert_decided(&text);
        prop_assert_eq!(try_load(&text).is_ok(), acceptable, "{}", text);
    }
}

fn any_collide(paths: &[RelativePath]) -> bool {
    paths.iter().enumerate().any(|(i, path)| {
        let mut others = paths.iter().enumerate().filter(|(j, _)| i != *j);
        others.any(|(_, other)| path == other || path.is_directory_of(other))
    })
}

#[test]
fn every_valid_manifest_is_sound() {
    for (_, text) in manifests("valid") {
        assert_sound(&try_load(&text).expect("valid"));
    }
}

#[test]
fn a_report_for_logs_holds_no_value_of_the_manifest() {
    const MARKER: &str = "Marker_Of_A_Value/../@";
    let mut reports = 0;
    for (name, text) in manifests("valid") {
        let lines: Vec<&str> = text.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let Some((key, _)) = line.split_once(": ") else {
                continue;
            };
            let mut marked = lines.clone();
            let line = format!("{key}: \"{MARKER}\"");
            marked[index] = &line;
            if let Err(problems) = try_load(&marked.join("\n")) {
                reports += 1;
                let hints: String = problems
                    .iter()
                    .filter_map(|problem| problem.hint.clone())
                    .collect();
                assert!(
                    !format!("{problems}{hints}").contains("Marker"),
                    "{name}:{}\n{problems}",
                    index + 1
                );
            }
        }
    }
    assert!(reports > 100, "{reports} reports");
}

#[test]
fn one_fault_is_reported_once_however_often_an_alias_repeats_it() {
    let text = "apiVersion: akv-sync/v1\nkind: SyncManifest\nvolume: { path: /mnt }\nsecrets:\n\
                - { name: a, mode: &mode x }\n- { name: b, mode: *mode }\n- { name: c, mode: *mode }\n";
    let problems = try_load(text).expect_err("a bad mode");
    assert_eq!(problems.to_string().lines().count(), 1, "{problems}");
}

#[test]
fn text_is_what_is_written_not_what_it_looks_like() {
    let text = "apiVersion: akv-sync/v1\nkind: SyncManifest\nvolume: { path: /mnt, fileMode: \"0440\", group: 0020 }\n\
                secrets:\n- name: no\n- name: 0123\n- name: 1e3\n- name: \"null\"\n- name: \"true\"\n";
    let spec = try_load(text).unwrap_or_else(|problems| panic!("{}", problems.render(false)));
    let names: Vec<_> = spec
        .objects
        .iter()
        .map(|object| object.wanted.object.name.as_str())
        .collect();
    assert_eq!(names, ["no", "0123", "1e3", "null", "true"]);
    assert_eq!(spec.objects[0].files[0].mode.bits(), 0o440);
    assert_eq!(spec.volume.group, Some(domain::mode::Principal::Id(20)));
}

#[test]
fn a_byte_order_mark_and_carriage_returns_do_not_matter() {
    for (_, text) in manifests("valid") {
        let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
        assert_eq!(try_load(&windows), try_load(&text));
    }
    let problems = try_load("\u{feff}kind: x\r\n").expect_err("nothing in it");
    assert!(
        problems.render(false).contains("1 | kind: x\n  |       ^\n"),
        "{}",
        problems.render(false)
    );
}

/// A text that tries to make its reader work much harder than its writer.
fn bombs() -> Vec<String> {
    let levels = (1..10).map(|n| {
        let aliases = vec![format!("*a{}", n - 1); 10].join(",");
        format!("a{n}: &a{n} [{aliases}]\n")
    });
    let laughs: String = std::iter::once("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned())
        .chain(levels)
        .collect();
    vec![
        laughs,
        "[".repeat(100_000),
        "{".repeat(100_000),
        "- ".repeat(100_000),
        "? ".repeat(100_000),
        "a: ".repeat(100_000),
        "&a ".repeat(100_000),
        "!a ".repeat(100_000),
        "[x,".repeat(100_000),
        format!("[{}]", "x,".repeat(400_000)),
        "x:\n".repeat(300_000),
        (0..100_000)
            .map(|n| format!("k{n}:\n"))
            .collect::<Vec<_>>()
            .concat(),
        "\"".repeat(1_000_000),
        "a".repeat(2_000_000),
        format!("x: &a [{}]\ny: [{}]\n", "x,".repeat(5000), "*a,".repeat(1000)),
    ]
}

#[test]
fn a_bomb_is_refused_and_never_expanded() {
    for text in bombs() {
        let start: String = text.chars().take(12).collect();
        let problems = try_load(&text).expect_err("a bomb");
        assert_useful(&problems, &text);
        let codes: Vec<_> = problems.iter().map(|problem| problem.code).collect();
        assert!(
            matches!(
                codes.as_slice(),
                [.., Code::YamlLimit | Code::YamlSyntax | Code::WrongType]
            ),
            "{start}: {problems}"
        );
        assert!(problems.len() <= MAX_NODES, "{start}");
    }
}

#[test]
fn an_alias_shares_the_node_of_its_anchor() {
    let list = vec!["x"; 50].join(",");
    let aliases = vec!["*a"; MAX_ALIASES].join(",");
    let text = format!("a: &a [{list}]\nb: [{aliases}]\n");
    let sink = Sink::default();
    let tree = Tree::parse(&text, &sink).expect("within the budget");
    // The root, two keys, two lists and fifty values; the two hundred repetitions add none.
    assert_eq!(tree.len(), 55);
    let more = format!("a: &a [{list}]\nb: [{aliases},*a]\n");
    assert!(Tree::parse(&more, &sink).is_none());
    let larger = text.replace("[x", &format!("[{}x", "x,".repeat(50)));
    assert!(
        Tree::parse(&larger, &sink).is_none(),
        "two hundred times a hundred values are too many"
    );
}

#[test]
fn a_thousand_objects_fit_the_budget() {
    let head = "apiVersion: akv-sync/v1\nkind: SyncManifest\nvolume: { path: /mnt }\nsecrets:\n";
    let entries = (0..1000).map(|n| {
        format!(
            "- {{ name: s{n}, vault: default, path: s/{n}, encoding: hex, version: latest, required: true }}\n"
        )
    });
    let text = head.to_owned() + &entries.collect::<Vec<_>>().concat();
    assert_eq!(try_load(&text).map(|spec| spec.objects.len()), Ok(1000));
}
