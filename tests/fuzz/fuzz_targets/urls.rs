#![no_main]

use beckon_fuzz::targets::urls::urls;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| urls(bytes));
