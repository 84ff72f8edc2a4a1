import assert from "node:assert/strict";
import { contentLength, type StreamStart, streamStart } from "./stream_rule.ts";

const rule = { thresholdBytes: 1_000, retryStatuses: new Set([429, 503]) };

Deno.test("which responses stream, by their heads", () => {
  const cases: [string, string, number, string[], StreamStart][] = [
    ["small, of a known length", "GET", 200, ["Content-Length", "1000"], "whole"],
    ["large, of a known length", "GET", 200, ["content-length", "1001"], "stream"],
    ["of no known length", "POST", 200, ["transfer-encoding", "chunked"], "watch"],
    ["to the end of the connection", "POST", 200, [], "watch"],
    ["an event stream", "GET", 200, ["Content-Type", "Text/Event-Stream; charset=utf-8"], "stream"],
    ["lines of JSON", "GET", 200, ["content-type", "application/x-ndjson"], "stream"],
    [
      "a short event stream of a known length",
      "GET",
      200,
      ["content-type", "text/event-stream", "content-length", "10"],
      "whole",
    ],
    ["a type that only starts alike", "GET", 200, ["content-type", "text/event-streams"], "watch"],
    ["large, an error", "GET", 500, ["content-length", "5000"], "stream"],
    ["a failure that is tried again", "GET", 503, ["content-type", "text/event-stream"], "whole"],
    ["the same, large", "GET", 429, ["content-length", "5000"], "whole"],
    ["to HEAD", "HEAD", 200, ["content-length", "5000"], "whole"],
    ["204", "GET", 204, [], "whole"],
    ["304 with the length of what it has not", "GET", 304, ["content-length", "5000"], "whole"],
  ];
  for (const [name, method, status, headers, expected] of cases) {
    assert.equal(streamStart({ status, method, headers }, rule), expected, name);
  }
});

Deno.test("the length that a head says", () => {
  assert.equal(contentLength(["a", "b", "CONTENT-LENGTH", "7"]), 7);
  assert.equal(contentLength(["content-length", "7x"]), undefined);
  assert.equal(contentLength(["content-lengths", "7"]), undefined);
});
