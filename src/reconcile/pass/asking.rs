//! The questions of a pass, round by round.

use std::collections::BTreeSet;

use super::Reconciler;
use crate::domain::entry::Entry;
use crate::domain::plan::{self, Timing};
use crate::domain::published::Published;
use crate::domain::query::{Answer, Known, Query};
use crate::ports::{Vault, Volume};
use crate::reconcile::fetch::{self, FetchProgress, Round, ask_all};

/// Most rounds of questions in one pass. Each round is about what the one before told: lists, then the versions that
/// they name, then what else is needed of an entry that changed.
const ROUNDS: usize = 8;

/// What a pass was told, and what came of it.
pub(super) struct Told {
    pub(super) known: Known,
    /// The entries as they are with all that is known.
    pub(super) entries: Vec<Entry>,
    /// The number of questions.
    pub(super) asked: usize,
}

impl<V: Vault, W: Volume> Reconciler<V, W> {
    /// Asks until nothing that is due is left to ask.
    pub(super) async fn ask(
        &self,
        published: &Published<'_>,
        timing: &impl Timing,
        progress: &dyn FetchProgress,
    ) -> Told {
        let mut known = Known::default();
        let mut asked = 0;
        let round = Round::begin();
        let mut rounds = 0;
        loop {
            let expansion = self.expand(&known, published);
            let questions = plan::questions(&expansion, published, &known, timing);
            if questions.is_empty() || rounds == ROUNDS {
                return Told {
                    known,
                    entries: expansion.entries,
                    asked,
                };
            }
            rounds += 1;
            asked += questions.len();
            for (query, answer) in self.ask_round(questions, &round, progress).await {
                known.learn(query, answer);
            }
        }
    }

    async fn ask_round(
        &self,
        mut questions: BTreeSet<Query>,
        round: &Round,
        progress: &dyn FetchProgress,
    ) -> Vec<fetch::Told> {
        let files: Vec<_> = questions
            .extract_if(.., |query| matches!(query, Query::File(_)))
            .collect();
        let vaults = ask_all(&self.vault, questions, self.limits, round, progress);
        let (mut told, read) = tokio::join!(vaults, self.read_passwords(files, round));
        told.extend(read);
        told
    }

    async fn read_passwords(&self, files: Vec<Query>, round: &Round) -> Vec<fetch::Told> {
        let mut told = Vec::with_capacity(files.len());
        for query in files {
            if let Query::File(path) = &query {
                let deadline = round.deadline(&query, self.limits);
                let read = self.passwords.read(path, deadline).await;
                told.push((query, read.map(Answer::File)));
            }
        }
        told
    }
}
