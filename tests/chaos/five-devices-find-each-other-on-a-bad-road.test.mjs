import assert from "node:assert/strict";
import { test } from "node:test";
import { runs } from "./chaos.mjs";

test("five devices end up all connected, and every click arrives once and in order", async () => {
  assert.deepEqual(await runs(8), []);
});
