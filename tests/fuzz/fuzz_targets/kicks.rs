#![no_main]

use beckon_fuzz::targets::sequences::kicks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kicks(bytes));
