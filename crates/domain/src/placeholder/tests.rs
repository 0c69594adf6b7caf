//! What is a placeholder, and what only looks like one.

use super::*;

#[test]
fn what_is_not_rendered_is_found_wherever_it_stands() {
    for (text, shown) in [
        ("https://${VAULT}.vault.azure.net", "${…}"),
        ("https://$(VAULT).vault.azure.net", "$(…)"),
        ("{{ .Values.vault }}", "{{ … }}"),
        ("{{- .Values.vault -}}-app", "{{ … }}"),
        ("https://{{ .Values.vault }}.vault.azure.net", "{{ … }}"),
        ("${{ secrets.VAULT }}", "${{ … }}"),
        ("https://${{ vars.VAULT }}.vault.azure.net", "${{ … }}"),
        ("{% if tls %}", "{% … %}"),
        ("a%{ if tls ~}b", "%{ … }"),
        ("<%= vault %>", "<% … %>"),
        ("%VAULT%", "%…%"),
        ("https://%VAULT_NAME%.vault.azure.net", "%…%"),
        ("@@V@@", "@@…@@"),
        ("@VAULT@", "@…@"),
        ("${var.vault}", "${var.…}"),
        ("${local.vault}", "${local.…}"),
        ("$[variables.vault]", "$[…]"),
        ("__V__", "__…__"),
        ("a__b__V__", "__…__"),
        ("a%20%VAULT%", "%…%"),
        ("a < b, <yours>", "<…>"),
        ("https://__VAULT__.vault.azure.net", "__…__"),
        ("<your-vault-name>", "<…>"),
        ("https://<vault name>.vault.azure.net", "<…>"),
        ("#{vaultName}#", "#{…}#"),
        ("$KEYVAULT_NAME", "$NAME"),
        ("/mnt/$APP/akv", "$NAME"),
    ] {
        let found = Placeholder::in_value(text).map(|placeholder| placeholder.shown());
        assert_eq!(found, Some(shown), "{text}");
    }
}

#[test]
fn a_brace_is_a_placeholder_where_none_can_stand_by_right() {
    let shown = |text| Placeholder::in_name(text).map(|placeholder| placeholder.shown());
    assert_eq!(shown("http://{p}:9"), Some("{…}"));
    assert_eq!(shown("http://${p}:9"), Some("${…}"));
    assert_eq!(shown("http://p:9"), None);
}

#[test]
fn a_password_is_a_placeholder_from_end_to_end_only() {
    let shown = |text| Placeholder::whole(text).map(|placeholder| placeholder.shown());
    assert_eq!(shown("${SECRET}"), Some("${…}"));
    assert_eq!(shown(" $SECRET\n"), Some("$NAME"));
    assert_eq!(shown("a${SECRET}"), None);
    assert_eq!(shown("x$AB"), None);
}

#[test]
fn a_line_that_is_not_yaml_is_so_by_a_placeholder_that_breaks_it_or_is_all_of_it() {
    for (line, shown, range) in [
        ("{% if tls %}", "{% … %}", 0..12),
        ("  - {{ .Values.x", "{{ … }}", 4..16),
        ("name: @@V@@", "@@…@@", 6..11),
        ("name: %VAULT%", "%…%", 6..13),
        ("  ${BLOCK}", "${…}", 2..10),
        ("<% end %>", "<% … %>", 0..9),
        ("$BLOCK", "$NAME", 0..6),
        ("__BLOCK__", "__…__", 0..9),
        ("vaults: [{ name: app, url: ${URL} }]", "${…}", 27..33),
        ("- {name: ${S}}", "${…}", 9..13),
        ("- {name: $[variables.s]}", "$[…]", 9..23),
        ("- { name: ${var.s} }", "${var.…}", 10..18),
        ("- { url: https://${V}.vault.azure.net }", "${…}", 17..21),
        ("- { name: \"it's\", url: ${V} }", "${…}", 23..27),
        ("- { url: #{V}# }", "#{…}#", 9..14),
        ("%{ for vault in vaults ~}", "%{ … }", 0..25),
        ("  %{~ endfor ~}", "%{ … }", 2..15),
    ] {
        let found = Placeholder::in_broken_line(line).expect(line);
        assert_eq!((found.shown(), found.range), (shown, range), "{line}");
    }
    for line in [
        "url: \"https://${V}",
        "- { url: \"https://${V}\" }",
        "- { name: 'a', url: '${V}' }",
        "conn=${V}",
        "exec: [curl, -w, \"%{http_code}\"]",
        "a: b # [ ${V} #{V}#",
    ] {
        assert_eq!(Placeholder::in_broken_line(line), None, "{line}");
    }
}

#[test]
fn a_placeholder_behind_a_blank_is_a_comment_to_yaml() {
    let found = |line| Placeholder::in_comment(line).map(|found| found.range);
    assert_eq!(found("url: #{VAULT_URL}#"), Some(5..18));
    assert_eq!(found("  - #{ VAULT }#"), Some(4..15));
    assert_eq!(found("url: \"#{VAULT_URL}#\""), None);
    assert_eq!(found("url: https://#{V}#.vault.azure.net"), None);
    assert_eq!(found("url: # once #{V}#"), None);
}

#[test]
fn what_only_looks_like_a_placeholder_is_none() {
    for text in [
        "",
        "app/{name}",
        "a$b",
        "$",
        "svc$",
        "$1",
        "a < b",
        "<>",
        "${}",
        "<a/b>",
        "contoso",
        "machine$",
        "__init__.py",
        "a__B",
        "______",
        "a__0__",
        "100%",
        "a%2Fb%20c",
        "%2F%20",
        "%AF%20",
        "a@@b",
        "user@example.com",
        "%{http_code}",
        "%{ form }",
    ] {
        assert_eq!(Placeholder::in_value(text), None, "{text}");
    }
}

#[test]
fn what_markup_and_templates_of_ours_have_is_no_variable() {
    let is_variable = |text| Placeholder::in_value(text).map(|found| found.is_variable());
    for text in [
        "${A}",
        "<%= password %>",
        "<% if a %>",
        "%{ if a ~}",
        "#{A}#",
        "@@A@@",
    ] {
        assert_eq!(is_variable(text), Some(true), "{text}");
    }
    for text in ["<name>", "{{ a }}", "{% if a %}"] {
        assert_eq!(is_variable(text), Some(false), "{text}");
    }
}
