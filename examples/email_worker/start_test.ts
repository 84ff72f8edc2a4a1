import { deepEqual, equal, match } from "node:assert/strict";
import { loadConfig } from "../../shared/config/config.ts";
import { brokersUnderTest, eventually } from "../../tests/brokers.ts";
import { manual } from "./config.ts";
import { type ReceivedMail, startSmtpServer } from "./smtp_server.ts";
import { startEmailWorker } from "./start.ts";

for (const broker of brokersUnderTest) {
  Deno.test({
    name: `the email-worker example, whole, over ${broker.name}`,
    ignore: broker.missing !== undefined,
    async fn(t) {
      await using place = await broker.setUp();
      place.own("email");
      const data = await Deno.makeTempDir({ prefix: "proxymq_email_" });
      await using stack = new AsyncDisposableStack();
      stack.defer(() => Deno.remove(data, { recursive: true }));
      const got: ReceivedMail[] = [];
      const tries: string[] = [];
      const smtp = stack.use(
        await startSmtpServer({
          port: 0,
          onMail: (mail) => got.push(mail),
          refuses(to) {
            tries.push(to);
            if (to.startsWith("nobody")) return 550;
            const before = tries.filter((one) => one === to).length - 1;
            return to.startsWith("busy") && before < 2 ? 451 : undefined;
          },
        }),
      );
      const env: Readonly<Record<string, string>> = {
        BROKER_URL: place.url,
        ENQUEUER_PORT: "0",
        DEQUEUER_RETRY_BASE: "20ms",
        EMAIL_WORKER_PORT: "0",
        EMAIL_WORKER_DATA: data,
        EMAIL_WORKER_SMTP_URL: smtp.url,
        EMAIL_WORKER_FROM: "shop@example.com",
      };
      const read = (name: string) => env[name];
      const { enqueuerUrl } = stack.use(
        await startEmailWorker(loadConfig(manual.variables, read), read),
      );
      const send = async (to: string): Promise<string> => {
        const response = await fetch(`${enqueuerUrl}/send`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ topic: "email", payload: { to, subject: "Hello", text: "Hi" } }),
        });
        equal(response.status, 202);
        return (await response.json()).id;
      };
      const ended = (id: string) =>
        eventually(async () => {
          const state = await (await fetch(`${enqueuerUrl}/requests/${id}`)).json();
          return state.status === "succeeded" || state.status === "failed" ? state : undefined;
        });

      await t.step("a mail arrives, with the request's id in its Message-ID", async () => {
        const id = await send("ada@example.org");
        equal((await ended(id)).status, "succeeded");
        const response = await (await fetch(`${enqueuerUrl}/requests/${id}/response`)).json();
        equal(response.message_id, `<${id}@example.com>`);
        deepEqual(got.map(({ to }) => to), ["ada@example.org"]);
        match(got[0]?.source ?? "", new RegExp(`^Message-ID: <${id}@example.com>\\r$`, "m"));
      });

      await t.step("a server that says later is asked again, until it takes the mail", async () => {
        equal((await ended(await send("busy@example.org"))).status, "succeeded");
        equal(tries.filter((to) => to === "busy@example.org").length, 3);
        equal(got.at(-1)?.to, "busy@example.org");
      });

      await t.step("one that says never is not, and the caller can see why", async () => {
        const id = await send("nobody@example.org");
        const { status, response_status } = await ended(id);
        deepEqual([status, response_status], ["failed", 422]);
        equal(tries.filter((to) => to === "nobody@example.org").length, 1);
        const response = await (await fetch(`${enqueuerUrl}/requests/${id}/response`)).json();
        match(response.detail, /550/);
      });
    },
  });
}
