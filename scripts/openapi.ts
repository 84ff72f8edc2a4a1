import { parseArgs } from "node:util";
import { manual } from "../enqueuer/config.ts";
import { startEnqueuer } from "../enqueuer/enqueuer.ts";
import { loadConfig } from "../shared/config/config.ts";

const help = `deno task openapi [> openapi.json]

Prints the enqueuer's OpenAPI 3.1 document, as GET /openapi.json gives it: for clients to be made of
it, or to be compared with that of another version.
`;

/** The enqueuer's OpenAPI document, as its text. */
export async function openapi(): Promise<string> {
  const env: Record<string, string> = { BROKER_URL: "memory:openapi", ENQUEUER_PORT: "0" };
  const enqueuer = await startEnqueuer(loadConfig(manual.variables, (name) => env[name]));
  try {
    const response = await fetch(`${enqueuer.server.url}/openapi.json`);
    return `${JSON.stringify(await response.json(), null, 2)}\n`;
  } finally {
    await enqueuer.close(AbortSignal.timeout(1_000));
  }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { help: { type: "boolean", short: "h" } } });
  await Deno.stdout.write(new TextEncoder().encode(values.help ? help : await openapi()));
}
