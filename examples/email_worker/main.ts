import { readEnv } from "../../shared/runtime.ts";
import { runExample } from "../common/run_example.ts";
import { manual } from "./config.ts";
import { startEmailWorker } from "./start.ts";

await runExample(manual, (config) => startEmailWorker(config, readEnv));
