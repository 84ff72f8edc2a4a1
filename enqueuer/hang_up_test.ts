import assert from "node:assert/strict";
import { onHangUp } from "./hang_up.ts";

Deno.test("a hang-up is told once, be it early or late, until nobody watches any more", () => {
  const told: string[] = [];
  const watch = (name: string, before: boolean, after: boolean) => {
    const caller = new AbortController();
    if (before) caller.abort();
    const request = new Request("http://a/", { signal: caller.signal });
    {
      using _ = onHangUp(request, () => told.push(name));
      if (!before && !after) caller.abort();
    }
    caller.abort();
  };
  watch("gone before", true, false);
  watch("gone meanwhile", false, false);
  watch("gone after", false, true);
  assert.deepEqual(told, ["gone before", "gone meanwhile"]);
});
