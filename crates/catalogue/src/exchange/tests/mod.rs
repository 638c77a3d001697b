//! What must hold of exchanges.
