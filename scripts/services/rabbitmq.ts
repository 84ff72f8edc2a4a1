import { acceptsAmqp } from "./amqp_ready.ts";
import { aptInstall, aptMissing } from "./apt.ts";
import { dockerSource } from "./docker_source.ts";
import { givenSource } from "./given_source.ts";
import { chosenRabbitmq, findRabbitmq } from "./rabbitmq_node.ts";
import { installedRabbitmq } from "./rabbitmq_server.ts";
import type { Service, Source } from "./service.ts";

const given = () => Deno.env.get("TEST_RABBITMQ_URL") || undefined;

/** A server installed on this machine, after it was installed. */
const fromApt: Source = {
  ...installedRabbitmq,
  missing: () => Promise.resolve(aptMissing()),
  async start(context) {
    await aptInstall("rabbitmq-server", context);
    if (!findRabbitmq()) throw new Error("apt-get installed rabbitmq-server, but it is not there");
    return await installedRabbitmq.start(context);
  },
};

const inDocker = dockerSource({
  image: "rabbitmq:4.3.2-management",
  port: 5672,
  preferredPort: 5679,
  url: (port) => `amqp://guest:guest@127.0.0.1:${port}/`,
  accepts: acceptsAmqp,
  ctl: "rabbitmqctl",
});

/** RabbitMQ, on a port, a node name and a data folder of its own. */
export const rabbitmq: Service = {
  name: "rabbitmq",
  given,
  sources: [
    givenSource("TEST_RABBITMQ_URL", given, acceptsAmqp),
    ...(chosenRabbitmq() ? [installedRabbitmq] : [inDocker, installedRabbitmq, fromApt]),
  ],
  environment({ url, ctl = Deno.env.get("TEST_RABBITMQ_CTL") }) {
    return { TEST_RABBITMQ_URL: url, ...(ctl ? { TEST_RABBITMQ_CTL: ctl } : {}) };
  },
};
