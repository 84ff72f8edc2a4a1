import { equal, match, ok, rejects } from "node:assert/strict";
import { createMailer } from "./mailer.ts";
import { type ReceivedMail, startSmtpServer } from "./smtp_server.ts";
import { verdictOf } from "./verdict.ts";

const mail = {
  from: "shop@example.com",
  to: "ada@example.org",
  subject: "Grüße",
  text: "Hi",
  messageId: "<id-1@example.com>",
};

Deno.test("mails leave by SMTP, no faster than allowed, and what is refused is told", async () => {
  const got: (ReceivedMail & { at: number })[] = [];
  await using smtp = await startSmtpServer({
    port: 0,
    onMail: (received) => got.push({ ...received, at: performance.now() }),
    refuses: (to) => to.startsWith("nobody") ? 550 : undefined,
  });
  using mailer = createMailer({ url: smtp.url, connections: 2, perSecond: 2 });
  await rejects(mailer.send({ ...mail, to: "nobody@example.org" }), (error) => {
    return verdictOf(error).kind === "never";
  });
  const responses = await Promise.all([1, 2, 3].map(() => mailer.send(mail)));
  match(responses[0] ?? "", /^250/);
  equal(got.length, 3);
  match(got[0]?.source ?? "", /^Message-ID: <id-1@example.com>\r$/m);
  match(got[0]?.source ?? "", /^Subject: =\?UTF-8\?/m);
  const took = (got[2]?.at ?? 0) - (got[0]?.at ?? 0);
  ok(took > 500, `three mails took ${took} ms, at two a second`);
});

Deno.test("a server that is not there is worth another try", async () => {
  using mailer = createMailer({ url: "smtp://127.0.0.1:1", connections: 1, perSecond: 1 });
  await rejects(mailer.send(mail), (error) => verdictOf(error).kind === "down");
});
