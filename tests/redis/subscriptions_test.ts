import assert from "node:assert/strict";
import { Subscriptions } from "../../shared/broker/redis/subscriptions.ts";
import { parseUrl } from "../../shared/broker/redis/url.ts";
import { WakeUp } from "../../shared/wake_up.ts";
import { withRedis } from "../support/redis_faults.ts";
import { networkTo } from "../support/network.ts";
import { eventually, uniqueName, within } from "../support/waiting.ts";
import { redisTest, serverUrl } from "./server.ts";

/** How many are subscribed to a channel, as the server has it. */
const subscribers = (channel: string) =>
  withRedis(serverUrl, async (send) => Number((await send("PUBSUB", "NUMSUB", channel))[1]));

redisTest("who listens as another leaves is told too", async () => {
  await using subscriptions = new Subscriptions(parseUrl(serverUrl), "test", () => {});
  const { signal } = new AbortController();
  await subscriptions.presence(signal);
  const channel = uniqueName("channel");
  const [one, two] = [new WakeUp(), new WakeUp()];
  await subscriptions.listen(channel, one);
  subscriptions.unlisten(channel, one);
  await subscriptions.listen(channel, two);
  await withRedis(serverUrl, (send) => send("PUBLISH", channel, ""));
  await within(two.next([signal]), "a message");
  subscriptions.unlisten(channel, two);
  await eventually(async () => await subscribers(channel) === 0);
});

redisTest("two who listen at the same time both know from when on", async () => {
  await using stack = new AsyncDisposableStack();
  const { url, proxy } = await networkTo(stack, serverUrl);
  await using subscriptions = new Subscriptions(parseUrl(url), "test", () => {});
  await subscriptions.presence(new AbortController().signal);
  const channel = uniqueName("channel");
  proxy.hold();
  let listening = 0;
  const both = [new WakeUp(), new WakeUp()].map((wakeUp) =>
    subscriptions.listen(channel, wakeUp).then(() => listening++)
  );
  assert.equal(await subscribers(channel), 0);
  assert.equal(listening, 0);
  proxy.release();
  await Promise.all(both);
  assert.equal(await subscribers(channel), 1);
});
