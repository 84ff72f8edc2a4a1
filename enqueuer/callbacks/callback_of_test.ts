import assert from "node:assert/strict";
import { Problem } from "../../shared/http/problem.ts";
import { parseAllowEntry } from "./allow_entry.ts";
import { AllowList } from "./allow_list.ts";
import { callbackReader } from "./callback_of.ts";

const entry = parseAllowEntry("example.com");
const allow = new AllowList(entry ? [entry] : []);

Deno.test("the callback that a request asks for", () => {
  const read = callbackReader(allow);
  assert.equal(read(new Headers()), undefined);
  assert.equal(
    read(new Headers({ "ProxyMQ-Callback": " https://EXAMPLE.com/a#b " })),
    "https://example.com/a",
  );
});

Deno.test("one that may not be is 400, and says what would be allowed", () => {
  const cases: [AllowList | undefined, string, RegExp][] = [
    [undefined, "https://example.com/", /ENQUEUER_CALLBACK_ALLOW and ENQUEUER_CALLBACK_SECRET/],
    [allow, "https://other.test/", /"https:\/\/other\.test\/": ENQUEUER_CALLBACK_ALLOW does not/],
    [allow, "", /is "": it is not one absolute/],
  ];
  for (const [list, value, detail] of cases) {
    assert.throws(
      () => callbackReader(list)(new Headers({ "proxymq-callback": value })),
      (error) =>
        error instanceof Problem && error.type === "bad-request" && detail.test(error.message),
      value,
    );
  }
});
