//! What a process left behind, as bytes that can be searched.

use std::fs;

use super::traces::Traces;
use crate::volume_reader::tree;

pub(super) fn state_files(traces: &Traces) -> Vec<u8> {
    let states = tree(&traces.volume).into_iter().filter(|(path, _)| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("..akv-sync.json")
    });
    let mut content = Vec::new();
    for (path, _) in states {
        content.extend(fs::read(traces.volume.join(path)).expect("readable"));
    }
    content
}

pub(super) fn metadata_files(traces: &Traces) -> Vec<u8> {
    let files = tree(&traces.volume).into_iter();
    let metadata = files.filter(|(path, metadata)| path.ends_with("metadata.json") && metadata.is_file());
    let content = metadata.map(|(path, _)| fs::read(traces.volume.join(path)).expect("readable"));
    content.collect::<Vec<_>>().concat()
}

pub(super) fn names_and_links(traces: &Traces) -> Vec<u8> {
    let mut content = Vec::new();
    for (path, metadata) in tree(&traces.volume) {
        content.push(path.display().to_string());
        if metadata.is_symlink() {
            let target = fs::read_link(traces.volume.join(path)).expect("readable");
            content.push(target.display().to_string());
        }
    }
    content.join("\n").into_bytes()
}

pub(super) fn files_elsewhere(traces: &Traces) -> Vec<u8> {
    let mut content = Vec::new();
    for (path, metadata) in tree(&traces.elsewhere) {
        content.extend(format!("{}\n", path.display()).into_bytes());
        if metadata.is_file() {
            content.extend(fs::read(traces.elsewhere.join(path)).expect("readable"));
        }
    }
    content
}
