//! Drivers: one pinned monoio thread per core, mailboxes, the log thread, checkpoints, boot.
