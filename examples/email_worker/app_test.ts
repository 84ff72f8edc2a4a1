import { deepEqual, equal, match } from "node:assert/strict";
import { createApp } from "./app.ts";
import type { Mail } from "./mailer.ts";

function worker(fail?: { responseCode: number }) {
  const mails: Mail[] = [];
  const app = createApp({
    from: "Shop <shop@example.com>",
    send(mail) {
      mails.push(mail);
      return fail
        ? Promise.reject(Object.assign(new Error("refused"), fail))
        : Promise.resolve("250 OK");
    },
  });
  const post = (body: unknown, path = "/send", headers: Record<string, string> = {}) =>
    app.request(path, { method: "POST", body: JSON.stringify(body), headers });
  return { app, mails, post };
}

const mail = { to: "ada@example.org", subject: "Hello", text: "Hi" };

Deno.test("a mail is sent, by a Message-ID that follows from the request's id", async () => {
  const { mails, post } = worker();
  for (const path of ["/", "/send"]) {
    const response = await post(mail, path, { "proxymq-request-id": "id-1" });
    equal(response.status, 200);
    deepEqual(await response.json(), {
      message_id: "<id-1@example.com>",
      response: "250 OK",
    });
  }
  const expected = { ...mail, from: "Shop <shop@example.com>", messageId: "<id-1@example.com>" };
  deepEqual(mails, [expected, expected]);
});

Deno.test("429 is for a mail that is worth another try, 503 for all, and 422 for never", async () => {
  equal((await worker({ responseCode: 451 }).post(mail)).status, 429);
  equal((await worker({ responseCode: 421 }).post(mail)).status, 503);
  const response = await worker({ responseCode: 550 }).post(mail);
  equal(response.status, 422);
  equal((await response.json()).detail, "refused");
});

Deno.test("bad input is told what is allowed", async () => {
  const { app, mails, post } = worker();
  const cases: [unknown, RegExp][] = [
    [{ ...mail, to: "ada" }, /to Invalid email/],
    [{ to: mail.to, subject: "Hello" }, /text or html is needed/],
    [{ ...mail, bcc: "x@example.org" }, /bcc/],
    ["mail", /allowed is/],
  ];
  for (const [body, detail] of cases) {
    const response = await post(body);
    equal(response.status, 400);
    match((await response.json()).detail, detail);
  }
  deepEqual(mails, []);
  equal((await app.request("/")).status, 404);
  deepEqual(await (await app.request("/health")).json(), { status: "ok" });
});
