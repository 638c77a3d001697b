//! One running node: clock, randomness, tasks; a typed service over everything below
