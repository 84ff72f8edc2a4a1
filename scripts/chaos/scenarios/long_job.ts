import type { OwnServer } from "../own_server.ts";
import type { Scenario } from "../scenario.ts";

const limitMs = 1_000;

/** A job takes longer than the server's delivery acknowledgement timeout. */
export const longJob: Scenario = {
  name: "long-job",
  title: "job longer than the delivery acknowledgement timeout (1 s)",
  broker: "rabbitmq",
  microservice: {
    takesMs: (path, attempt) => path.endsWith("/long") && attempt === 1 ? 3 * limitMs : 20,
  },
  async run({ server, services, microservice, url, fail }) {
    await setLimit(server, limitMs, 200);
    try {
      // A channel keeps what was configured when it was opened.
      await services.replaceDequeuer(0);
      await services.replaceDequeuer(1);
      const response = await fetch(`${url}/long`);
      await response.body?.cancel();
      if (!response.ok) fail(`the long job ended with ${response.status}`);
      const attempts = microservice.seen.get("/long")?.join(", ");
      if (!attempts?.startsWith("1, 2")) fail(`the attempts of the long job were ${attempts}`);
    } finally {
      await setLimit(server, 30 * 60_000, 60_000);
    }
  },
};

/** @param tickMs how often the server looks. */
async function setLimit(server: OwnServer, timeoutMs: number, tickMs: number): Promise<void> {
  await server.ctl(
    "eval",
    `application:set_env(rabbit, consumer_timeout, ${timeoutMs}), ` +
      `application:set_env(rabbit, channel_tick_interval, ${tickMs}).`,
  );
}
