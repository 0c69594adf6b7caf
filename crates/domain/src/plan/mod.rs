//! What to ask for, and what to publish given what was told: pure functions that decide and render nothing.
//!
//! Each entry says first what it would do by itself (`own`): be made, be kept as it is, wait, or fail. Then one resolver
//! (`resolve`) says what may move, since entries hang on each other: by their groups, by the places that they want, and
//! by records that are lost. What comes of it is a plan for each path, with its reason.
//!
//! Four words have one meaning here. *Keep*: the published bytes are used again, perhaps at another path. *Held back*: an
//! entry could move and may not. *In place*: an entry keeps its bytes where they are, because one of its new paths is
//! refused. *Refused*: the volume cannot write at a name, since something foreign stands there.

mod ask;
mod decide;
mod entry_plan;
mod file_plan;
mod files;
mod given;
mod own;
mod resolve;
mod tell;
#[cfg(test)]
mod tests;

pub use self::ask::{lacks, questions};
pub use self::decide::{Plan, decide};
pub use self::entry_plan::{EntryPlan, HeldBack, Outcome};
pub use self::file_plan::{Action, FilePlan, Why};
pub use self::files::{confirmed, has_all, version};
pub use self::given::{Given, Tried};
pub use self::resolve::{Blocked, Exchange, STAYS, Standstill};
pub use self::tell::Tell;
