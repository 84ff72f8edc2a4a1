import assert from "node:assert/strict";
import { topicMatching } from "../../shared/broker/redis/topic_script.ts";
import { topicMatches } from "../../shared/broker/topic_match.ts";
import { withRedis } from "../support/redis_faults.ts";
import { redisTest, serverUrl } from "./server.ts";

redisTest("a pattern matches what it matches elsewhere", async () => {
  const patterns = words(["a", "b", "*", "#", ""], 3);
  const topics = words(["a", "b", ""], 4);
  const script = `${topicMatching}
    local count, result = tonumber(ARGV[1]), {}
    for at = 2, count + 1 do
      for other = count + 2, #ARGV do
        result[#result + 1] = topicMatches(ARGV[at], ARGV[other]) and '1' or '0'
      end
    end
    return table.concat(result)`;
  const matches = await withRedis(
    serverUrl,
    (send) => send("EVAL", script, "0", `${patterns.length}`, ...patterns, ...topics),
  );
  const expected = patterns.flatMap((pattern) =>
    topics.map((topic) => topicMatches(pattern, topic) ? "1" : "0")
  ).join("");
  assert.equal(matches, expected);
});

/** Everything of up to so many words. */
function words(of: readonly string[], most: number): string[] {
  let last = [""];
  const all = new Set(last);
  for (let length = 1; length <= most; length++) {
    last = last.flatMap((text) => of.map((word) => length === 1 ? word : `${text}.${word}`));
    for (const text of last) all.add(text);
  }
  return [...all];
}
