//! Why the objects do not make the file. Never a byte of a value: the engine's own errors quote values, so that only
//! their kind and their line are taken over.

use std::error::Error;
use std::fmt;

use encoding::EncodingProblem;
use minijinja::ErrorKind;

use super::limits;
use super::pem::PartProblem;
use super::quote::QuoteProblem;
use crate::RenderError;
use crate::json::JsonProblem;
use domain::desired::Reference;
use domain::failure::{Failure, Reason};

/// A file that could not be made of its objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateFault {
    /// Where in the template.
    pub place: Option<Place>,
    /// What is wrong there.
    pub fault: Box<Fault>,
}

/// A place in a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The line, from 1.
    Line(u32),
    /// The key of a combined value.
    Key(String),
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The caller did not give it.
    #[error("{0} is not there")]
    Missing(Reference),
    /// A part of an object cannot be rendered.
    #[error(transparent)]
    Object(#[from] RenderError),
    /// Only text can be part of a text.
    #[error("the value of {0} is not UTF-8 text")]
    NotText(Reference),
    /// A filter does not take the value.
    #[error("the filter `{filter}` does not take this value: {problem}")]
    Filter {
        /// Its name.
        filter: &'static str,
        /// What is wrong with the value.
        problem: FilterProblem,
    },
    /// The format cannot express the value.
    #[error("the format does not take this value: {0}")]
    Format(#[from] QuoteProblem),
    /// Something without text is written.
    #[error("{found} cannot be written as text")]
    Unprintable {
        /// What it is.
        found: &'static str,
    },
    /// Something does not exist.
    #[error("something is used that does not exist: an attribute, an element or a variable")]
    Undefined,
    /// The file would be too long.
    #[error("the file would have more than {} bytes", limits::OUTPUT)]
    TooLong,
    /// It does too much.
    #[error("the template does not come to its end within {} steps", limits::FUEL)]
    TooMuchWork,
    /// The engine stopped.
    #[error("{0}")]
    Engine(&'static str),
}

/// Why a filter does not take a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterProblem {
    /// It takes text.
    #[error("it is {0}, not text")]
    NotText(&'static str),
    /// What it gives is not text.
    #[error("what it stands for is not UTF-8 text")]
    BinaryResult,
    /// The format cannot express it.
    #[error(transparent)]
    Quote(#[from] QuoteProblem),
    /// It is not base64.
    #[error(transparent)]
    Encoding(#[from] EncodingProblem),
    /// It is not JSON.
    #[error(transparent)]
    Json(#[from] JsonProblem),
    /// JSON cannot express it.
    #[error("JSON has nothing for {0}")]
    NotJson(&'static str),
    /// It is not PEM, or has no such part.
    #[error(transparent)]
    Pem(#[from] PartProblem),
}

impl From<fmt::Error> for FilterProblem {
    fn from(error: fmt::Error) -> Self {
        Self::Quote(error.into())
    }
}

impl Fault {
    /// As an error of the engine, from which [`TemplateFault::from`] takes it back.
    pub(super) fn into_engine(self) -> minijinja::Error {
        minijinja::Error::from(ErrorKind::InvalidOperation).with_source(self)
    }

    /// The next action of the person who reads it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Missing(_) => "report this as a defect of akv-sync",
            Self::Object(error) => error.hint(),
            Self::NotText(_) => "write the object to a file of its own",
            Self::Filter { problem, .. } => problem.hint(),
            Self::Format(problem) => problem.hint(),
            Self::Unprintable { .. } => "write one of its parts, or use the filter `json` or `join`",
            Self::Undefined => "compare the template with the secret's value, or give a `default`",
            Self::TooLong | Self::TooMuchWork => "make several files of it",
            Self::Engine(_) => "see `docs/templates.md` for what the functions and filters take",
        }
    }
}

impl FilterProblem {
    fn hint(&self) -> &'static str {
        match self {
            Self::NotText(_) | Self::NotJson(_) => "give the filter one part of it",
            Self::BinaryResult => "write the secret to a file of its own, with `encoding: base64`",
            Self::Quote(problem) => problem.hint(),
            Self::Encoding(_) => "store standard base64 with its padding (RFC 4648, section 4)",
            Self::Json(_) => "store JSON, or leave the filter out",
            Self::Pem(problem) => problem.hint(),
        }
    }
}

impl TemplateFault {
    /// The next action of the person who reads it.
    pub fn hint(&self) -> &'static str {
        self.fault.hint()
    }

    /// A file that is too long as a whole.
    pub(super) fn too_long() -> Self {
        Self {
            place: None,
            fault: Box::new(Fault::TooLong),
        }
    }

    /// A fault of a value of a combined file.
    pub(super) fn at_key(key: &str, fault: Fault) -> Self {
        if fault == Fault::Format(QuoteProblem::TooLong) {
            return Self::too_long();
        }
        Self {
            place: Some(Place::Key(key.to_owned())),
            fault: Box::new(fault),
        }
    }
}

impl From<&minijinja::Error> for TemplateFault {
    fn from(error: &minijinja::Error) -> Self {
        let line = error.line().and_then(|line| u32::try_from(line).ok());
        let mut cause: Option<&(dyn Error + 'static)> = error.source();
        let mut own = None;
        while let Some(found) = cause {
            own = own.or(found.downcast_ref::<Fault>());
            cause = found.source();
        }
        Self {
            place: line.map(Place::Line),
            fault: Box::new(own.cloned().unwrap_or_else(|| kind(error.kind()))),
        }
    }
}

/// An engine's error in our words; its own detail can hold values.
fn kind(kind: ErrorKind) -> Fault {
    match kind {
        ErrorKind::UndefinedError => Fault::Undefined,
        ErrorKind::OutOfFuel => Fault::TooMuchWork,
        ErrorKind::UnknownFilter => Fault::Engine("a filter is named that does not exist"),
        ErrorKind::UnknownTest => Fault::Engine("a test is named that does not exist"),
        ErrorKind::UnknownFunction | ErrorKind::UnknownMethod => {
            Fault::Engine("something is called that is not a function")
        }
        ErrorKind::TooManyArguments | ErrorKind::MissingArgument => {
            Fault::Engine("a function, filter or macro got too many or too few arguments")
        }
        ErrorKind::CannotUnpack => {
            Fault::Engine("a list has not as many elements as there are variables for them")
        }
        ErrorKind::NonKey | ErrorKind::NonPrimitive | ErrorKind::InvalidOperation => {
            Fault::Engine("an operator, function or filter does not take its values, or calls are too deep")
        }
        _ => Fault::Engine("the template cannot be evaluated"),
    }
}

impl fmt::Display for TemplateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(Place::Line(line)) => write!(f, "line {line} of the template: {}", self.fault),
            Some(Place::Key(key)) => write!(f, "key `{}`: {}", key.escape_debug(), self.fault),
            None => write!(f, "{}", self.fault),
        }
    }
}

impl Error for TemplateFault {}

impl From<TemplateFault> for Failure {
    fn from(fault: TemplateFault) -> Self {
        Self::new(Reason::Unrenderable, fault.to_string(), fault.hint()).caused_by(fault)
    }
}
