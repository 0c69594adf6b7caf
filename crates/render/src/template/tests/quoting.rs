//! Each format against a reader of it: `serde_json`, a YAML parser, `sh`, and the rules by which Java reads properties.

use std::io::Write as _;
use std::process::Command;

use granit_parser::{Event, Parser};
use proptest::prelude::*;

use super::*;
use crate::template::quote::{self, Quote, quoted};

fn text(quote: Quote, value: &str) -> Result<String, QuoteProblem> {
    quoted(quote, value).map(|sink| sink.as_str().to_owned())
}

/// Texts with all that a format has a meaning for.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ a-z'\"\\\\$`{}#!=:~*?&|<>;()\\[\\]%@-]{0,12}",
        "[ \t\n\u{c}\u{b}\u{1}\u{7f}\u{85}\u{a0}\u{2028}\u{feff}\u{ffff}\u{1f600}ä€'\\\\nrtu0-9]{0,8}",
        any::<String>(),
    ]
}

/// What `sh` makes of words of a command line, or of the variables of a file; each word ends with NUL.
fn sh(script: &str) -> Vec<String> {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(script.as_bytes()).expect("written");
    let output = Command::new("/bin/sh")
        .arg(file.path())
        .output()
        .expect("a shell");
    assert!(output.status.success(), "{script:?}: {output:?}");
    let words = String::from_utf8(output.stdout).expect("text");
    words.split_terminator('\0').map(str::to_owned).collect()
}

/// As `Properties.load` reads the value of one line: escapes, and blanks before it skipped.
fn java_value(line: &str) -> String {
    let mut rest = line.trim_start_matches([' ', '\t', '\u{c}']).chars();
    let mut units = Vec::new();
    while let Some(char) = rest.next() {
        assert!(!matches!(char, '\n' | '\r') && char.is_ascii(), "{line:?}");
        let char = if char == '\\' {
            rest.next().expect("an escape")
        } else {
            units.extend(char.encode_utf16(&mut [0; 2]).iter());
            continue;
        };
        units.push(match char {
            'u' => {
                let digits: String = rest.by_ref().take(4).collect();
                u16::from_str_radix(&digits, 16).expect("four digits")
            }
            't' => 9,
            'n' => 10,
            'f' => 12,
            'r' => 13,
            other => u16::try_from(u32::from(other)).expect("ASCII"),
        });
    }
    String::from_utf16(&units).expect("whole pairs")
}

fn yaml_scalar(document: &str) -> String {
    let scalars: Vec<_> = Parser::new_from_str(document)
        .filter_map(|event| match event.expect("YAML").0 {
            Event::Scalar(text, ..) => Some(text.into_owned()),
            _ => None,
        })
        .collect();
    assert_eq!(scalars.len(), 2, "{document:?}");
    scalars[1].clone()
}

#[test]
fn a_dotenv_value_is_in_the_quotes_that_all_readers_take_literally() {
    for (value, expected) in [
        ("", "''"),
        ("a b#c$d`e\"f\\g!", "'a b#c$d`e\"f\\g!'"),
        ("two\nlines", "'two\nlines'"),
        ("it's", "\"it's\""),
        ("it's #1 = {x}\n!", "\"it's #1 = {x}\n!\""),
    ] {
        assert_eq!(text(quote::dotenv, value).as_deref(), Ok(expected));
    }
    for (value, expected) in [
        ("a\0", QuoteProblem::Nul),
        ("a\r\nb", QuoteProblem::CarriageReturn),
        ("'\"", QuoteProblem::Quotes),
        ("'\\", QuoteProblem::Quotes),
        ("'$", QuoteProblem::Quotes),
        ("'`", QuoteProblem::Quotes),
        ("a\\\\b", QuoteProblem::Backslash),
        ("a\\", QuoteProblem::Backslash),
        ("a${b}", QuoteProblem::Variable),
    ] {
        assert_eq!(text(quote::dotenv, value), Err(expected), "{value:?}");
        assert!(!expected.hint().is_empty());
    }
}

#[test]
fn properties_are_escaped_as_java_stores_them() {
    for (value, expected) in [
        ("  a b ", "\\  a b "),
        ("a=b:c#d!e\\f", "a\\=b\\:c\\#d\\!e\\\\f"),
        ("\t\n\r\u{c}\u{b}~\u{7f}", "\\t\\n\\r\\f\\u000B~\\u007F"),
        ("ä€\u{1f600}", "\\u00E4\\u20AC\\uD83D\\uDE00"),
    ] {
        assert_eq!(text(quote::properties, value).as_deref(), Ok(expected));
    }
    assert_eq!(text(quote::properties_key, " a b").as_deref(), Ok("\\ a\\ b"));
}

#[test]
fn shell_words_are_single_quoted() {
    assert_eq!(text(quote::shell, "it's $x").as_deref(), Ok(r"'it'\''s $x'"));
    assert_eq!(text(quote::shell, "a\0"), Err(QuoteProblem::Nul));
}

#[test]
fn yaml_escapes_what_is_not_printable_in_yaml() {
    assert_eq!(
        text(quote::yaml, "a\"\\\u{85}\u{2028}\u{feff}\u{7f}ä\u{1f600}\u{1}").as_deref(),
        Ok(r#""a\"\\\u0085\u2028\uFEFF\u007Fä😀\u0001""#)
    );
}

proptest! {
    #[test]
    fn json_and_yaml_come_back(value in value()) {
        let json = text(quote::json, &value).expect("any text");
        prop_assert_eq!(&serde_json::from_str::<String>(&json).expect("JSON"), &value);
        let yaml = text(quote::yaml, &value).expect("any text");
        // YAML is a superset of JSON.
        prop_assert_eq!(&serde_json::from_str::<String>(&yaml).expect("JSON"), &value);
        prop_assert_eq!(&yaml_scalar(&format!("{yaml}: {yaml}\n")), &value);
    }

    #[test]
    fn properties_come_back(value in value()) {
        for quote in [quote::properties as Quote, quote::properties_key] {
            let line = text(quote, &value).expect("any text");
            prop_assert_eq!(&java_value(&line), &value, "{:?}", line);
        }
    }

    #[test]
    fn shells_read_what_was_meant(values in prop::collection::vec(value(), 1..40)) {
        let values: Vec<_> = values.into_iter().filter(|value| !value.contains('\0')).collect();
        let mut script = String::new();
        let mut expected = Vec::new();
        for value in &values {
            let word = text(quote::shell, value).expect("no NUL");
            script.push_str(&["printf '%s\\0' ", &word, "\n"].concat());
            expected.push(value);
            if let Ok(quoted) = text(quote::dotenv, value) {
                script.push_str(&["A=", &quoted, "\nprintf '%s\\0' \"$A\"\n"].concat());
                expected.push(value);
            }
        }
        let read = sh(&script);
        prop_assert_eq!(read.iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn base64_and_json_filters_undo_each_other(value in value()) {
        let source = "{{ secret('v') | b64encode | b64decode }}";
        let came_back = rendered(source, &[("v", &value)]).expect("text");
        prop_assert_eq!(&came_back, &value);
        let source = "{{ secret('v') | json | from_json }}";
        let came_back = rendered(source, &[("v", &value)]).expect("text");
        prop_assert_eq!(&came_back, &value);
    }
}
