//! What `inject` takes: a file, and the words of a platform as flags.

use std::path::PathBuf;

use clap::{Arg, ArgMatches, Args, Command, Error, FromArgMatches};

use crate::inject::{Defaults, WORDS, Word};

/// What `inject` takes.
#[derive(Debug, Args)]
pub(in crate::cli) struct InjectArgs {
    /// The workloads, as YAML. `-` means stdin.
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    pub(in crate::cli) file: PathBuf,
    #[command(flatten)]
    pub(in crate::cli) platform: PlatformArgs,
}

/// A flag for each word that a platform may say for all workloads; an annotation of a pod comes before it.
#[derive(Debug)]
pub(in crate::cli) struct PlatformArgs {
    pub(in crate::cli) defaults: Defaults,
}

fn words() -> impl Iterator<Item = &'static Word> {
    WORDS.iter().filter(|word| word.of_platform)
}

/// As the other flags are told.
fn sentence(text: &str) -> String {
    let (first, rest) = text.split_at(usize::from(text.starts_with(|c: char| c.is_ascii_lowercase())));
    format!("{}{rest}", first.to_ascii_uppercase())
}

impl Args for PlatformArgs {
    fn augment_args(command: Command) -> Command {
        command.args(words().map(|word| {
            let flag = Arg::new(word.name)
                .long(word.name)
                .value_name(word.value)
                .help(sentence(word.is));
            if word.default.is_empty() {
                flag
            } else {
                flag.default_value(word.default)
            }
        }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for PlatformArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let given = words().filter_map(|word| {
            let value = matches.get_one::<String>(word.name)?;
            Some((word.name, value.clone()))
        });
        Ok(Self {
            defaults: given.collect(),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
