//! Many protocol nodes with virtual time, loss and latency, from one seed
