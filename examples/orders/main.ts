import { readEnv } from "../../shared/runtime.ts";
import { runExample } from "../common/run_example.ts";
import { manual } from "./config.ts";
import { startOrders } from "./start.ts";

await runExample(manual, (config) => startOrders(config, { env: readEnv }));
