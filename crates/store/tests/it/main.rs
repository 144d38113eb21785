//! The store on both databases: migrations, transactions, values, lists, durability.

mod data_keys;
mod durability;
mod history;
mod lists;
mod locks;
mod migrations;
mod names;
mod others;
mod run_lists;
mod runs;
mod support;
mod transactions;
mod values;
