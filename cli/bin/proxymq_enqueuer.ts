import { main } from "../../enqueuer/main.ts";
import { args } from "../../shared/runtime.ts";

await main({ command: "proxymq-enqueuer", args });
