//! A file made of several objects.

use std::sync::Arc;
use std::time::Duration;

use super::object::Wanted;
use crate::domain::mode::FileMode;
use crate::domain::object::GroupName;
use crate::domain::path::RelativePath;
use crate::domain::template::{Reference, Template};

/// One file made of several objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateSpec {
    /// Where, in the volume.
    pub path: RelativePath,
    /// What is put together, and how.
    pub template: Arc<Template>,
    /// The object and version behind each reference of the template.
    pub inputs: Vec<(Reference, Wanted)>,
    /// Mode of the file.
    pub mode: FileMode,
    /// Whether start-up waits for it.
    pub required: bool,
    /// The entries that it moves together with.
    pub group: Option<GroupName>,
    /// Mean time after which its objects are asked for again: the entry's own, or that of `refresh`.
    pub interval: Duration,
}
