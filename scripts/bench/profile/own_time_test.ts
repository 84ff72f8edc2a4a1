import assert from "node:assert/strict";
import { ownTimes } from "./own_time.ts";

Deno.test("a profile comes to what functions took by themselves", () => {
  const frame = (id: number, functionName: string, url = "", lineNumber = -1) => ({
    id,
    callFrame: { functionName, url, lineNumber },
  });
  const here = new URL("../../../shared/a.ts", import.meta.url).href;
  const spent = ownTimes({
    nodes: [frame(1, "(idle)"), frame(2, "early"), frame(3, "a", here, 4), frame(4, "", here, 9)],
    samples: [2, 1, 3, 4, 3],
    timeDeltas: [40, 20, 10, 10, 20],
  }, 0.4);
  assert.deepEqual(spent, {
    idle: 20 / 60,
    functions: [
      { name: "a", where: "shared/a.ts:5", share: 0.75 },
      { name: "(anonymous)", where: "shared/a.ts:10", share: 0.25 },
    ],
  });
});
