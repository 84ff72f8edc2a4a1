import { parseArgs } from "node:util";
import { down, restart, serviceNames, status, up } from "./manager.ts";

const help = `deno task services COMMAND [SERVICE...]

Servers for the tests (${serviceNames.join(", ")}), in .services/ of the project, on ports of
their own, reachable from this machine only.

Commands:
  up        starts them and waits until they accept connections; prints export lines, so that
            eval "$(deno task services up)" prepares a shell for the tests
  down      stops what up started, and deletes its data
  status    says what runs
  restart   stops and starts a server on the same data

Options:
  --kill    restart: by SIGKILL, not in good order
  --help    prints this

A server is had in this way: a URL in the environment (TEST_RABBITMQ_URL, TEST_REDIS_URL,
TEST_KAFKA_URL); else Docker; else RabbitMQ and Redis as installed on this machine, or, as root on
Debian, installed with apt-get, and Kafka from its jars, where there are mvn and java 17.
TEST_RABBITMQ_BIN names a folder with another version's rabbitmq-server and rabbitmqctl.
`;

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { help: { type: "boolean", short: "h" }, kill: { type: "boolean" } },
  });
  const [command, ...given] = positionals;
  if (values.help) {
    console.log(help);
    return 0;
  }
  const names = given.length > 0 ? given : serviceNames;
  const abort = new AbortController();
  const onSignal = () => abort.abort(new Error("interrupted"));
  Deno.addSignalListener("SIGINT", onSignal);
  Deno.addSignalListener("SIGTERM", onSignal);
  const options = { signal: abort.signal };
  try {
    switch (command) {
      case "up": {
        const services = await up(names, options);
        for (const { name, url, how } of services) console.error(`${name}: ${url} (${how})`);
        const environment: Record<string, string> = Object.assign(
          {},
          ...services.map(({ environment }) => environment),
        );
        for (const [name, value] of Object.entries(environment)) {
          console.log(`export ${name}="${value}"`);
        }
        return 0;
      }
      case "down": {
        for (const name of await down(names, options)) console.error(`${name}: stopped`);
        return 0;
      }
      case "status": {
        for (const { name, running } of await status(names, options)) {
          console.log(running ? `${name}: ${running.url} (${running.how})` : `${name}: stopped`);
        }
        return 0;
      }
      case "restart": {
        for (const name of names) {
          await restart(name, { ...options, kill: values.kill ?? false });
          console.error(`${name}: restarted`);
        }
        return 0;
      }
      default:
        console.error(help);
        return 2;
    }
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return abort.signal.aborted ? 130 : 1;
  } finally {
    Deno.removeSignalListener("SIGINT", onSignal);
    Deno.removeSignalListener("SIGTERM", onSignal);
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
