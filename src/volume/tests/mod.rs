//! Tests of the volume through its port, on a real file system.
//!
//! What both layouts must do is written once; what only one of them does is in a module of its own.

/// Makes of each function a test for each layout. The layout is the last module in the name of the test.
macro_rules! for_both_layouts {
    ($($(#[$attribute:meta])* $test:ident),+ $(,)?) => {
        mod atomic {
            $(
                #[test]
                $(#[$attribute])*
                fn $test() {
                    super::$test(crate::domain::desired::Layout::Atomic);
                }
            )+
        }

        mod flat {
            $(
                #[test]
                $(#[$attribute])*
                fn $test() {
                    super::$test(crate::domain::desired::Layout::Flat);
                }
            )+
        }
    };
}

mod atomic;
mod crash;
mod flat;
mod growth;
mod modes;
mod moving;
mod opening;
mod owners;
mod power_cut;
mod processes;
mod properties;
mod publishing;
mod read_only;
mod records;
mod support;
mod times;
