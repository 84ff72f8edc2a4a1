import { readEnv } from "../../shared/runtime.ts";
import { runExample } from "../common/run_example.ts";
import { manual } from "./config.ts";
import { startWebhooks } from "./start.ts";

await runExample(manual, (config) => startWebhooks(config, { env: readEnv }));
