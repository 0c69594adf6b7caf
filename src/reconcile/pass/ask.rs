//! What a pass asks: everything that is due, the most urgent first.

use std::collections::BTreeSet;

use super::Pass;
use crate::domain::entry::Entry;
use crate::domain::news::Baseline;
use crate::domain::payload::Observation;
use crate::domain::plan;
use crate::domain::published::Published;
use crate::domain::query::Query;
use crate::domain::status::Status;
use crate::ports::{Vault, Volume};

impl<V: Vault + 'static, W: Volume> Pass<V, W> {
    /// Lets the questions that are due leave, as their gates let them; gives the entries as they are with all that is
    /// known now.
    pub(super) fn ask(&mut self, observed: &Observation, status: &mut Status) -> Vec<Entry> {
        let published = Published::new(observed);
        let now = self.uptime.now();
        let answers = self.asking.answers();
        let expansion = self.expand(answers, &published, status, &status.schedule.at(now));
        status
            .schedule
            .begin_pass(&expansion.intervals(), now, self.jitter.sample());

        let open = self.asking.open();
        let published = published.wanted_by(&expansion.entries);
        let lacks = plan::lacks(&expansion.entries, &published, answers, &open);
        status.schedule.need(lacks, now);
        let timing = status.schedule.at(now);
        let questions = plan::questions(&expansion, &published, answers, &open, &timing);
        if questions.is_empty() && self.asking.is_idle() {
            self.asking.ask_nothing();
            return expansion.entries;
        }
        let required = required(&expansion.entries);
        let mut questions: Vec<Query> = questions.into_iter().collect();
        questions.sort_by_cached_key(|query| status.schedule.urgency(query, required.contains(query)));
        self.asking.ask(
            questions,
            Baseline::new(observed),
            &mut status.schedule,
            &self.uptime,
        );
        expansion.entries
    }
}

/// The questions that start-up waits for.
fn required(entries: &[Entry]) -> BTreeSet<Query> {
    let required = entries.iter().filter(|entry| entry.required);
    required.flat_map(Entry::questions).collect()
}
