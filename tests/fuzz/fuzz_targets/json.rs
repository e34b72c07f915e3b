#![no_main]

use beckon_fuzz::targets::json::json;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| json(bytes));
