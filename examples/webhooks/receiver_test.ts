import { deepEqual, equal, match } from "node:assert/strict";
import { createHmac } from "node:crypto";
import { Webhook as Signer } from "standardwebhooks";
import { receiver, type Webhook } from "./receiver.ts";
import { githubSender, standardSender } from "./senders.ts";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const githubSecret = "It's a Secret to Everybody";
const body = '{ "type":"order.paid",\n "amount": 12.50 }';

function front(down = false) {
  const accepted: Webhook[] = [];
  const senders = { standard: standardSender(secret), github: githubSender(githubSecret) };
  const app = receiver(senders, (webhook) => {
    accepted.push(webhook);
    return down ? Promise.reject(new Error("the queue is down")) : Promise.resolve();
  });
  const post = (sender: string, headers: Record<string, string>, sent = body) =>
    app.request(`/webhooks/${sender}`, { method: "POST", body: sent, headers });
  return { app, accepted, post };
}

function standard(time = new Date()): Record<string, string> {
  return {
    "webhook-id": "msg_1",
    "webhook-timestamp": String(Math.floor(time.getTime() / 1000)),
    "webhook-signature": `v1,AAAA ${new Signer(secret).sign("msg_1", time, body)}`,
    "content-type": "application/json",
    "x-other": "stays here",
  };
}

function github(): Record<string, string> {
  const hmac = createHmac("sha256", githubSecret).update(body).digest("hex");
  return {
    "x-hub-signature-256": `sha256=${hmac}`,
    "x-github-delivery": "72d3162e",
    "x-github-event": "push",
  };
}

Deno.test("a webhook that is signed right is taken to the byte, with what its processor needs", async () => {
  const { accepted, post } = front();
  const response = await post("standard", standard());
  equal(response.status, 202);
  deepEqual(await response.json(), { id: "msg_1", status: "accepted" });
  equal((await post("github", github())).status, 202);
  deepEqual(accepted.map((one) => new TextDecoder().decode(one.body)), [body, body]);
  deepEqual(accepted.map(({ sender, id }) => [sender, id]), [
    ["standard", "msg_1"],
    ["github", "72d3162e"],
  ]);
  deepEqual(Object.keys(accepted[0]?.headers ?? {}).sort(), [
    "content-type",
    "webhook-id",
    "webhook-timestamp",
  ]);
  equal(accepted[1]?.headers["x-github-event"], "push");
});

Deno.test("GitHub's own example of a signature is right", () => {
  const signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
  const headers = new Headers({ "x-hub-signature-256": signature, "x-github-delivery": "1" });
  const verify = (text: string) =>
    githubSender(githubSecret).verify(headers, new TextEncoder().encode(text));
  deepEqual(verify("Hello, World!"), { id: "1" });
  equal("fault" in verify("Hello, World."), true);
});

Deno.test("what is not known to be from its sender is refused", async (t) => {
  const old = standard(new Date(Date.now() - 6 * 60_000));
  const { "webhook-signature": _, ...unsigned } = standard();
  const { "x-github-delivery": __, ...nameless } = github();
  const cases: [name: string, sender: string, Record<string, string>, string, RegExp][] = [
    ["another body", "standard", standard(), `${body} `, /No matching signature/],
    ["no signature", "standard", unsigned, body, /Missing/],
    ["too old", "standard", old, body, /too old/],
    ["another id", "standard", { ...standard(), "webhook-id": "msg_2" }, body, /No matching/],
    ["another body, GitHub's", "github", github(), `${body} `, /another body/],
    ["no signature, GitHub's", "github", {}, body, /X-Hub-Signature-256/],
    ["no id, GitHub's", "github", nameless, body, /X-GitHub-Delivery/],
    ["signed by the other", "github", standard(), body, /X-Hub-Signature-256/],
  ];
  for (const [name, sender, headers, sent, fault] of cases) {
    await t.step(name, async () => {
      const { accepted, post } = front();
      const response = await post(sender, headers, sent);
      equal(response.status, 401);
      match((await response.json()).detail, fault);
      deepEqual(accepted, []);
    });
  }
});

Deno.test("what cannot be kept is to be sent again, and what nobody sends is 404", async () => {
  const response = await front(true).post("standard", standard());
  equal(response.status, 503);
  equal(response.headers.get("retry-after"), "5");
  const { app, post } = front();
  equal((await post("stripe", standard())).status, 404);
  equal((await post("constructor", standard())).status, 404);
  equal((await post("standard", standard(), "x".repeat(2 ** 20 + 1))).status, 413);
  deepEqual(await (await app.request("/health")).json(), { status: "ok" });
});
