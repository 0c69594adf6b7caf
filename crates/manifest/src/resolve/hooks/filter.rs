//! Which changes a hook is for, and whether the manifest has any of them.

use crate::field::{Optional, Required, Text};
use crate::problem::{Code, Problem, Sink};
use crate::resolve::objects::ObjectSpecs;
use domain::desired::{HookFilter, SelectionRule};
use domain::object::{GroupName, ObjectName};

/// The files that a manifest can bring.
pub(super) struct Files<'s>(Vec<Possible<'s>>);

/// One file, or those of a rule.
struct Possible<'s> {
    /// Its path; `*` stands for what is not known.
    path: String,
    /// The name of its object.
    name: Option<&'s str>,
    together: Option<&'s GroupName>,
    /// The rule, where a rule picks its object.
    rule: Option<&'s SelectionRule>,
}

impl Possible<'_> {
    /// Whether its rule picks what is called so.
    fn picks(&self, text: &str) -> bool {
        let name = ObjectName::parse(text).ok();
        self.rule
            .zip(name)
            .is_some_and(|(rule, name)| rule.fits_name(&name))
    }
}

impl<'s> Files<'s> {
    pub(super) fn of(specs: &'s ObjectSpecs) -> Self {
        let objects = specs.objects.iter().flat_map(|object| {
            object.files.iter().map(|file| Possible {
                // Each version of a history has a path of its own below the entry's.
                path: match object.history {
                    Some(_) => format!("{}/*", file.path),
                    None => file.path.to_string(),
                },
                name: Some(object.wanted.object.name.as_str()),
                together: object.group.as_ref(),
                rule: None,
            })
        });
        let templates = specs.templates.iter().map(|template| Possible {
            path: template.path.to_string(),
            name: None,
            together: template.group.as_ref(),
            rule: None,
        });
        let selections = specs.selections.iter().map(|selection| Possible {
            path: selection
                .path
                .as_str()
                .replace("{name}", "*")
                .replace("{suffix}", "*"),
            name: None,
            together: selection.group.as_ref(),
            rule: Some(&selection.rule),
        });
        Self(objects.chain(templates).chain(selections).collect())
    }

    fn can_have(&self, filter: &HookFilter) -> bool {
        let text = filter.to_string();
        self.0.iter().any(|file| {
            filter.fits(&file.path, file.name, file.together)
                || filter.may_fit(&file.path)
                || file.picks(&text)
        })
    }
}

/// The filters of `when`; records those that no file of the manifest can fit.
pub(super) fn resolve(
    wire: &Optional<Vec<Required<Text<HookFilter>>>>,
    files: &Files<'_>,
    sink: &Sink,
) -> Vec<HookFilter> {
    if let Some(list) = wire.given().filter(|list| list.value.is_empty()) {
        super::super::refuse_empty_list(list.mark, "when", sink);
    }
    let filters = wire.elements().filter_map(|given| {
        let filter = given.parse(sink)?;
        if !files.can_have(&filter) {
            let message = "no file of this manifest can be one of those";
            let hint = match &filter {
                HookFilter::Together(_) => "write a name that entries have after `together`",
                HookFilter::Pattern(_) => "write the name of an entry, or a path as the entries have it",
            };
            sink.push(
                Problem::new(Code::UnmatchedFilter, message)
                    .at(given.mark)
                    .hint(hint),
            );
        }
        Some(filter)
    });
    filters.collect()
}
