import assert from "node:assert/strict";
import { createClient } from "@redis/client";
import { topicMatches } from "../../shared/broker/topic_match.ts";
import { topicMatching } from "../../shared/broker/redis/topic_script.ts";

const url = Deno.env.get("TEST_REDIS_URL");
const missing = Deno.env.get("TEST_REDIS_MISSING") ?? "TEST_REDIS_URL is not set";

Deno.test({
  name: `redis: a pattern matches what it matches elsewhere${url ? "" : ` [${missing}]`}`,
  ignore: !url,
  async fn() {
    const patterns = words(["a", "b", "*", "#", ""], 3);
    const topics = words(["a", "b", ""], 4);
    const client = createClient({ url: url ?? "" });
    await client.connect();
    try {
      const script = `${topicMatching}
        local count, result = tonumber(ARGV[1]), {}
        for at = 2, count + 1 do
          for other = count + 2, #ARGV do
            result[#result + 1] = topicMatches(ARGV[at], ARGV[other]) and '1' or '0'
          end
        end
        return table.concat(result)`;
      const args = [`${patterns.length}`, ...patterns, ...topics];
      const matches = await client.eval(script, { arguments: args });
      const expected = patterns.flatMap((pattern) =>
        topics.map((topic) => topicMatches(pattern, topic) ? "1" : "0")
      ).join("");
      assert.equal(matches, expected);
    } finally {
      client.destroy();
    }
  },
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
