//! What a circle's records add up to: admission, replacement, life, quotas, digests
