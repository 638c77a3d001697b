//! sled: records that survive
