//! What must hold of single stances.
