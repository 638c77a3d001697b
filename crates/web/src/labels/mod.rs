//! Labels to print: what stands on one, and how large it is in the dots of a label printer.

mod code128;
mod size;

pub(crate) use code128::Bars;
pub(crate) use size::{bars_svg, code_svg};
