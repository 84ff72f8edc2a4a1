import { aptInstall, aptMissing } from "./apt.ts";
import { dockerSource } from "./docker_source.ts";
import { givenSource } from "./given_source.ts";
import { acceptsRedis } from "./redis_ready.ts";
import { durably, installedRedis, redisMissing } from "./redis_server.ts";
import type { Service, Source } from "./service.ts";

const given = () => Deno.env.get("TEST_REDIS_URL") || undefined;

/** A server installed on this machine, after it was installed. */
const fromApt: Source = {
  ...installedRedis,
  missing: () => Promise.resolve(aptMissing()),
  async start(context) {
    await aptInstall("redis-server", context);
    const missing = redisMissing();
    if (missing) throw new Error(`apt-get installed redis-server, but ${missing}`);
    return await installedRedis.start(context);
  },
};

const inDocker = dockerSource({
  image: "redis:8.2.1",
  command: ["redis-server", ...durably],
  port: 6379,
  preferredPort: 6389,
  url: (port) => `redis://127.0.0.1:${port}/0`,
  accepts: acceptsRedis,
  ctl: "redis-cli",
});

/** Redis, on a port and a data folder of its own, with everything confirmed on disk. */
export const redis: Service = {
  name: "redis",
  given,
  sources: [
    givenSource("TEST_REDIS_URL", given, acceptsRedis),
    ...[inDocker, installedRedis, fromApt],
  ],
  environment: ({ url }) => ({ TEST_REDIS_URL: url }),
};
